import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from ncodec.errors import DamagedFile, UsageError
from ncodec.formats.entropy.choice import ADAPTIVE, CONSTANT, GAUSSIAN, LAPLACE, choose
from ncodec.formats.entropy.tensor import decode_arrays, encode_arrays, estimate_bytes

INT32 = arrays(np.int32, array_shapes(max_dims=3, min_side=0, max_side=9))
NARROW = arrays(np.int16, array_shapes(max_dims=2, max_side=60), elements=st.integers(-9, 9))


def gaussian_weights(size, sigma):
    return np.rint(np.random.default_rng(size).normal(0, sigma, size)).astype(np.int32)


def laplace_weights(size, b):
    return np.rint(np.random.default_rng(size).laplace(0, b, size)).astype(np.int32)


def signs(size, level):
    return level * np.random.default_rng(size).choice([-1, 1], size).astype(np.int32)


def heavy_tailed(size, width):
    return np.rint(np.random.default_rng(size).standard_cauchy(size) * width).astype(np.int32)


FAMILIES = [gaussian_weights, laplace_weights, signs, heavy_tailed]

EXACT = {
    "constant": (CONSTANT, np.full(1000, -7), "800f0f07"),
    "adaptive": (
        ADAPTIVE,
        np.tile([-5, 5, 5, 5], 25),
        "f62d6d46 9adc9568 3c34c398 d8283dff 9f36e94c",
    ),
    "laplace": (
        LAPLACE,
        np.array([0, 0, 1, 0, -1, 0, 0, 5, 0, 0, 1, -2, 0, 0, 0, 0]),
        "b5cd5c80 53f2abbe",
    ),
    "gaussian": (
        GAUSSIAN,
        np.array([3, -4, 1, 5, -2, -6, 4, 2, -1, 0, -3, 6]),
        "8816abc0 77a915f2",
    ),
    "outlier": (LAPLACE, np.array([0, 1] * 6 + [1 << 20]), "3dd25480 28db4d32 da5b66ae"),
    "escapes": (
        ADAPTIVE,
        np.array([0] * 40 + [1 << 20, -(1 << 31)]),
        "44495240 1b8e8626 2d9928ff f1ba2b5b 0000acef",
    ),
}


@pytest.mark.parametrize(("model", "values", "words"), EXACT.values(), ids=EXACT)
def test_exact_words(model, values, words):
    assert choose(values.astype(np.int32)).model == model
    assert encode_arrays([values]).hex(" ", 4) == words
    assert decode_arrays(encode_arrays([values]), [values.size])[0].tolist() == values.tolist()


@settings(deadline=None)
@given(st.lists(INT32 | NARROW, max_size=5))
def test_arrays_come_back(tensors):
    decoded = decode_arrays(encode_arrays(tensors), [tensor.size for tensor in tensors])
    assert len(decoded) == len(tensors)
    for tensor, values in zip(tensors, decoded, strict=True):
        assert values.dtype == np.int32
        assert np.array_equal(values, tensor.ravel())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", [40_000, 300])
def test_large_arrays_come_back(family, size):
    tensors = [family(size, width) for width in (1, 30, 3000)]
    decoded = decode_arrays(encode_arrays(tensors), [size] * 3)
    assert all(map(np.array_equal, decoded, tensors))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64])
def test_any_integer_type_is_taken(dtype):
    values = np.array([[1, 2], [3, 127]], dtype=dtype)
    assert decode_arrays(encode_arrays([values]), [4])[0].tolist() == [1, 2, 3, 127]


def test_extremes_come_back():
    values = np.array([-(2**31), 2**31 - 1] * 50 + [0])
    assert decode_arrays(encode_arrays([values]), [101])[0].tolist() == values.tolist()


def test_empty_arrays_take_no_bytes():
    assert encode_arrays([]) == encode_arrays([np.zeros((3, 0), dtype=int)]) == b""
    assert [values.size for values in decode_arrays(b"", [0, 0])] == [0, 0]


def test_many_small_arrays_share_one_stream():
    assert len(encode_arrays([np.zeros(9, dtype=int)] * 100)) <= 100 * 8 / 8


def assert_size_is_entropy_and_the_models_cost(values):
    """The model's cost: half a log2(n) for the frequency of each distinct value, and one word."""
    counts = np.unique(values, return_counts=True)[1]
    entropy = -(counts * np.log2(counts / values.size)).sum()
    model = len(counts) / 2 * np.log2(values.size) + 32
    assert 8 * len(encode_arrays([values])) <= 1.01 * (entropy + model)


@pytest.mark.parametrize("family", [gaussian_weights, laplace_weights])
@pytest.mark.parametrize("width", [0.5, 2, 8, 60])
@pytest.mark.parametrize("size", [1000, 100_000])
def test_weights_take_their_entropy(family, width, size):
    assert_size_is_entropy_and_the_models_cost(family(size, width))


@pytest.mark.parametrize("level", [1, 5, 60])
def test_a_shape_that_no_table_has_is_learnt(level):
    assert_size_is_entropy_and_the_models_cost(signs(20_000, level))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", [1, 20, 500, 50_000])
def test_estimate_is_the_size(family, size):
    tensors = [family(size, width) for width in (1, 7, 80)]
    actual = len(encode_arrays(tensors))
    assert abs(estimate_bytes(tensors) - actual) <= 0.01 * actual + 8 * len(tensors)


def test_estimate_of_nothing_is_nothing():
    assert estimate_bytes([]) == estimate_bytes([np.zeros(0, dtype=int)]) == 0


@pytest.mark.parametrize("values", [np.array([0.5]), np.array([True]), np.array([1 << 31])])
def test_what_is_not_int32_is_refused(values):
    with pytest.raises(UsageError, match="cannot be entropy-coded"):
        encode_arrays([values])


def survives(data, sizes):
    """Damaged bytes give either the error or as many integers as were asked for."""
    try:
        decoded = decode_arrays(data, sizes)
    except DamagedFile:
        return
    assert [values.size for values in decoded] == sizes
    assert all(values.dtype == np.int32 for values in decoded)


@settings(deadline=None)
@given(st.binary(max_size=400), st.lists(st.integers(0, 300), max_size=6))
def test_random_bytes_never_crash(data, sizes):
    survives(data, sizes)
    survives(data[: len(data) // 4 * 4], sizes)


TENSORS = [family(400, 20) for family in FAMILIES] + [np.full(9, 3)]
CODED = encode_arrays(TENSORS)
SIZES = [tensor.size for tensor in TENSORS]


@settings(deadline=None)
@given(st.integers(0, len(CODED)))
def test_cut_streams_never_crash(length):
    survives(CODED[:length], SIZES)


@settings(deadline=None)
@given(st.integers(0, 8 * len(CODED) - 1))
def test_flipped_bits_never_crash(position):
    damaged = bytearray(CODED)
    damaged[position // 8] ^= 1 << position % 8
    survives(bytes(damaged), SIZES)


def test_too_many_words_are_damage():
    with pytest.raises(DamagedFile, match="words are left"):
        decode_arrays(CODED + b"left over...", SIZES)
