import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numba import njit

from ncodec.errors import DamagedFile
from ncodec.formats.entropy import ranges
from ncodec.formats.entropy.coder import TOTAL, Decoder, Encoder, Table


@njit
def write(lefts, widths, words):
    state = ranges.start_encoding()
    for i in range(len(lefts)):
        ranges.put(state, words, lefts[i], widths[i])
    return ranges.finish(state, words)


@njit
def read(lefts, widths, words):
    state = ranges.start_decoding(words)
    points = np.empty(len(lefts), dtype=np.uint64)
    for i in range(len(lefts)):
        points[i] = ranges.peek(state)
        ranges.advance(state, words, lefts[i], widths[i])
    return points, state


@njit
def write_bits(bits, zeros, words):
    state = ranges.start_encoding()
    for i in range(len(bits)):
        ranges.put_bit(state, words, zeros[i], bits[i])
    return ranges.finish(state, words)


@njit
def read_bits(zeros, words):
    state = ranges.start_decoding(words)
    bits = np.empty(len(zeros), dtype=np.int64)
    for i in range(len(zeros)):
        bits[i] = ranges.get_bit(state, words, zeros[i])
    return bits, state


def coded(lefts, widths):
    words = np.empty(len(lefts) + 2, dtype=np.uint32)
    return ranges.to_bytes(words, write(lefts, widths, words))


def by_constriction(lefts, widths):
    """The bytes of an encoder whose tables hold the interval between two others."""
    encoder = Encoder()
    for left, width in zip(lefts.tolist(), widths.tolist(), strict=True):
        around = [left, width, TOTAL - left - width]
        kept = [f for f in around if f]
        if len(kept) == 1:  # no table has one symbol, and such a symbol takes no bits
            continue
        encoder.encode(np.array([1 if left else 0], dtype=np.int32), Table(np.array(kept)))
    return encoder.finish()


def check(lefts, widths):
    data = coded(lefts, widths)
    words = ranges.to_words(data)
    points, state = read(lefts, widths, words)
    assert np.all((points >= lefts) & (points < lefts + widths))
    ranges.require_intact(state, words)
    return data


def intervals(*pairs):
    lefts, widths = np.array(pairs, dtype=np.uint64).reshape(-1, 2).T.copy()
    return lefts, widths


EDGES = st.sampled_from([0, 1, 2, TOTAL // 2, TOTAL - 2, TOTAL - 1])
POINTS = st.one_of(EDGES, st.integers(0, TOTAL - 1))


@st.composite
def interval(draw):
    left, right = sorted([draw(POINTS), draw(POINTS)])
    return left, draw(st.sampled_from([1, right - left + 1]))


@given(st.lists(interval(), max_size=60))
def test_the_bytes_are_constrictions(pairs):
    # Constriction's encoder, which certain symbols never reach, writes no word for them alone.
    assume(not pairs or any(width < TOTAL for _, width in pairs))
    lefts, widths = intervals(*pairs)
    assert check(lefts, widths) == by_constriction(lefts, widths)


@given(st.integers(0, 2**32), st.integers(1, TOTAL))
@settings(max_examples=20)
def test_long_streams(seed, widest):
    rng = np.random.default_rng(seed)
    lefts = rng.integers(0, TOTAL, 300, dtype=np.uint64)
    widths = np.minimum(rng.integers(1, widest + 1, 300, dtype=np.uint64), TOTAL - lefts)
    assert check(lefts, widths) == by_constriction(lefts, widths)


def test_a_carry_runs_through_many_words():
    # Every interval but the last holds the middle of the whole range; the last lies above it.
    words = np.empty(70, dtype=np.uint32)
    state = ranges.start_encoding()
    steps = []
    for _ in range(40):
        middle = 1 << (64 if state[2] else 63)
        cut = (middle - int(state[0])) // (int(state[1]) >> 24)
        steps.append((cut, 1))
        ranges.put(state, words, np.uint64(cut), np.uint64(1))
    assert words[0] == 0x7FFFFFFF
    data = check(*intervals(*steps, (TOTAL - 1, 1)))
    assert data[:100] == bytes([0, 0, 0, 0x80]) + bytes(96)
    assert data == by_constriction(*intervals(*steps, (TOTAL - 1, 1)))


@pytest.mark.parametrize("pairs", [[], [(0, TOTAL)], [(0, TOTAL)] * 5])
def test_a_stream_without_information_is_short(pairs):
    assert len(check(*intervals(*pairs))) <= 4


def test_bits_are_symbols_of_two():
    rng = np.random.default_rng(1)
    zeros = np.append(rng.integers(1, TOTAL, 400), [1, TOTAL - 1] * 20)
    bits = rng.integers(0, 2, len(zeros))
    words = np.empty(len(bits) + 2, dtype=np.uint32)
    data = ranges.to_bytes(words, write_bits(bits, zeros, words))
    lefts = np.where(bits, zeros, 0).astype(np.uint64)
    widths = np.where(bits, TOTAL - zeros, zeros).astype(np.uint64)
    assert data == coded(lefts, widths)
    words = ranges.to_words(data)
    found, state = read_bits(zeros, words)
    assert np.array_equal(found, bits)
    ranges.require_intact(state, words)


def test_arrays_coded_under_one_table_are_read():
    table = Table(np.array([5, TOTAL - 12, 7]))
    encoder = Encoder()
    encoder.encode(np.array([1, 0, 2, 2], dtype=np.int32), table)
    lefts, widths = intervals((5, TOTAL - 12), (0, 5), (TOTAL - 7, 7), (TOTAL - 7, 7))
    assert coded(lefts, widths) == encoder.finish()
    decoder = Decoder(coded(lefts, widths))
    assert decoder.decode(4, table).tolist() == [1, 0, 2, 2]
    decoder.finish()


@pytest.mark.parametrize("more", [bytes(8), b"\xff" * 8])
def test_words_left_over_are_damage(more):
    lefts, widths = intervals((3, 9), (70, 1))
    words = ranges.to_words(coded(lefts, widths) + more)
    _, state = read(lefts, widths, words)
    with pytest.raises(DamagedFile, match="fetch the file again"):
        ranges.require_intact(state, words)


def test_a_point_outside_every_interval_is_damage():
    words = ranges.to_words(b"\xff" * 8)
    points, state = read(*intervals((TOTAL - 1, 1)), words)
    assert points.tolist() == [TOTAL - 1]
    assert not ranges.is_intact(state, words)
    _, state = read_bits(np.array([TOTAL // 2]), words)
    assert not ranges.is_intact(state, words)


def test_part_of_a_word_is_damage():
    with pytest.raises(DamagedFile, match="multiple of 4"):
        ranges.to_words(b"12345")


@given(st.binary(max_size=40))
def test_any_bytes_are_read_within_bounds(data):
    words = ranges.to_words(data[: len(data) // 4 * 4])
    zeros = np.full(50, TOTAL // 3)
    bits, _ = read_bits(zeros, words)
    assert set(bits.tolist()) <= {0, 1}
