"""Circuits as bytes."""

import numpy as np
import pytest
from circuits import random_circuit, random_images
from hypothesis import given
from hypothesis import strategies as st

from ncodec.circuit.coding import decode_rows, encode_rows
from ncodec.circuit.packing import pack_circuit, unpack_circuit
from ncodec.errors import DamagedFile, LimitExceeded, NcodecError
from ncodec.formats import Limits
from ncodec.store import shipped_model

CIRCUIT = random_circuit((3, 3, 1))
PACKED = pack_circuit(CIRCUIT)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(("shape", "depth"), [((3, 4, 3), 8), ((2, 3, 1), 16), ((1, 1, 1), 8)])
def test_a_circuit_comes_back(shape, depth, tied):
    circuit = random_circuit(shape, depth, tied=tied)
    packed = pack_circuit(circuit)
    again = unpack_circuit(packed)
    rows = circuit.variables.to_rows(random_images(circuit.variables, 5))
    assert again.variables == circuit.variables
    assert encode_rows(again, rows) == encode_rows(circuit, rows)
    assert pack_circuit(again) == packed


def test_limits_hold_before_anything_is_allocated():
    with pytest.raises(LimitExceeded, match="parameters"):
        unpack_circuit(PACKED, Limits(parameters=100))
    huge = b"\xff" * 8 + PACKED[8:]
    with pytest.raises(DamagedFile, match="header"):
        unpack_circuit(huge)


@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255))
def test_a_damaged_circuit_is_an_error_or_another_circuit(place, change):
    damaged = bytearray(PACKED)
    damaged[place] ^= change
    try:
        circuit = unpack_circuit(bytes(damaged), Limits(parameters=1 << 16))
        rows = np.zeros((1, circuit.variables.count), np.int32)
        encode_rows(circuit, rows)
    except NcodecError:
        pass


@pytest.mark.parametrize("data", [b"", PACKED[:7], b"\0" * 40, PACKED + bytes(12)])
def test_what_is_no_circuit_is_damage(data):
    with pytest.raises(DamagedFile, match="damaged"):
        unpack_circuit(data)


def test_the_shipped_digits_code_digits():
    model = shipped_model("digits")
    circuit = unpack_circuit(model.expect("pc-hclt", 1))
    assert circuit.variables.shape == (28, 28, 1)
    assert len(model.pack()) < 1 << 20
    assert pack_circuit(circuit) == model.data
    one = np.zeros((1, 28, 28, 1), np.uint8)
    one[0, 5:23, 13:15] = 254
    rows = circuit.variables.to_rows(one)
    data = encode_rows(circuit, rows)
    assert len(data) < 100
    assert (decode_rows(circuit, data, 1) == rows).all()
