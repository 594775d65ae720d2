import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncodec.errors import DamagedFile, UsageError
from ncodec.formats.entropy.coder import TOTAL, Decoder, Encoder, Table, uniform
from ncodec.formats.entropy.integers import decode_integers, encode_integers, integer_bits

SKEWED = Table(np.array([TOTAL - 10, 9, 1]))


def coded(symbols, table):
    encoder = Encoder()
    encoder.encode(np.array(symbols, dtype=np.int32), table)
    return encoder.finish()


def test_exact_words():
    assert coded([], SKEWED) == b""
    assert coded([0, 1, 2, 0], SKEWED).hex(" ", 4) == "fff4ffff 0b005bfe"
    assert coded(range(7), uniform(7)).hex(" ", 4) == "be591c07"


def test_rarest_symbol_costs_24_bits():
    data = coded([2] * 400, SKEWED)
    assert len(data) == 400 * 24 // 8 + 4
    assert Decoder(data).decode(400, SKEWED).tolist() == [2] * 400


@given(st.lists(st.integers(1, 1 << 20), min_size=2, max_size=14), st.data())
def test_any_table_gives_back_its_symbols(frequencies, data):
    table = Table(np.array([*frequencies, TOTAL - sum(frequencies)]))
    symbols = data.draw(st.lists(st.integers(0, len(frequencies)), max_size=50))
    decoder = Decoder(coded(symbols, table))
    assert decoder.decode(len(symbols), table).tolist() == symbols
    decoder.finish()


def test_cost_of_a_table_is_what_its_symbols_take():
    symbols = np.random.default_rng(0).integers(0, 3, 3000)
    assert abs(8 * len(coded(symbols, SKEWED)) - SKEWED.bits[symbols].sum()) <= 64


@pytest.mark.parametrize("size", [2, 3, 34, 112, 256])
def test_uniform_sums_exactly(size):
    frequencies = uniform(size).frequencies
    assert frequencies.sum() == TOTAL
    assert np.ptp(frequencies) <= 1


@pytest.mark.parametrize("frequencies", [[], [TOTAL], [TOTAL, 0], [TOTAL, 1], [TOTAL + 1, -1]])
def test_a_bad_table_is_refused(frequencies):
    with pytest.raises(UsageError, match="cannot drive the coder"):
        Table(np.array(frequencies, dtype=np.int64))


def test_a_table_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        SKEWED.frequencies[0] = 1


def test_part_of_a_word_is_damage():
    with pytest.raises(DamagedFile, match="multiple of 4"):
        Decoder(b"12345")


def test_words_left_over_are_damage():
    decoder = Decoder(coded([0, 1, 2, 0], SKEWED) + b"left over...")
    decoder.decode(4, SKEWED)
    with pytest.raises(DamagedFile, match="words are left"):
        decoder.finish()


def test_a_point_outside_every_interval_is_damage():
    with pytest.raises(DamagedFile, match="within its next 3 symbols"):
        Decoder(b"\xff" * 8).decode(3, SKEWED)


@given(st.lists(st.integers(0, 2**34 - 2), max_size=40))
def test_integers_come_back(values):
    encoder = Encoder()
    encode_integers(encoder, np.array(values, dtype=np.int64))
    data = encoder.finish()
    assert decode_integers(Decoder(data), len(values)).tolist() == values
    assert abs(8 * len(data) - integer_bits(np.array(values, dtype=np.int64)).sum()) <= 64
