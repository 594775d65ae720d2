"""Streams: they decode, they are as long as the likelihood says, and bytes are always the same."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import numpy as np
import pytest
from circuits import random_circuit, random_images
from hypothesis import given
from hypothesis import strategies as st

from ncodec.circuit.circuit import ABSENT, Circuit, Levels
from ncodec.circuit.coding import code_length, decode_rows, encode_rows
from ncodec.circuit.structure import Tree
from ncodec.circuit.variables import Variables
from ncodec.errors import DamagedFile, UsageError

CIRCUIT = random_circuit()
ROWS = CIRCUIT.variables.to_rows(random_images(CIRCUIT.variables, 150))
DATA = encode_rows(CIRCUIT, ROWS)


def smooth_circuit(shape=(4, 4, 1), seed=3):
    """One without zeros, so that all images have a likelihood."""
    circuit = random_circuit(shape, seed=seed)
    levels = circuit.levels
    halved = [array // 2 for array in (levels.root, levels.transitions, levels.mixes)]
    components = tuple(array // 4 for array in levels.components)
    return Circuit(circuit.variables, circuit.tree, Levels(*halved, components))


@pytest.mark.parametrize(
    ("shape", "depth", "tied"),
    [((4, 5, 3), 8, False), ((3, 3, 1), 16, True), ((2, 2, 4), 8, True), ((1, 1, 1), 8, False)],
)
def test_rows_come_back(shape, depth, tied):
    circuit = random_circuit(shape, depth, tied=tied)
    rows = circuit.variables.to_rows(random_images(circuit.variables, 70))
    data = encode_rows(circuit, rows)
    assert (decode_rows(circuit, data, len(rows)) == rows).all()


@pytest.mark.parametrize("value", [0, 255])
def test_constant_images_come_back(value):
    rows = CIRCUIT.variables.to_rows(np.full((3, 4, 5, 3), value, np.uint8))
    assert (decode_rows(CIRCUIT, encode_rows(CIRCUIT, rows), 3) == rows).all()


def test_no_images_take_no_bytes():
    assert encode_rows(CIRCUIT, ROWS[:0]) == b""
    assert decode_rows(CIRCUIT, b"", 0).shape == (0, 60)


def test_the_stream_is_as_long_as_the_intervals_say():
    bits = code_length(CIRCUIT, ROWS).sum()
    assert bits <= 8 * len(DATA) <= bits + 100


def test_code_lengths_are_the_joint_likelihood():
    circuit = smooth_circuit()
    rows = circuit.variables.to_rows(random_images(circuit.variables, 200))
    bits, exact = code_length(circuit, rows), -circuit.log_likelihood(rows)
    assert np.abs(bits - exact).max() / circuit.variables.count < 0.002


def test_intervals_partition_the_range():
    """All conditionals of two variables: each has widths that sum to 2**24, none is empty."""
    circuit = random_circuit((1, 2, 1))
    first, second = circuit.tree.variable
    marginal = 2.0 ** -code_length(alone(circuit), np.arange(256, dtype=np.int32)[:, None])
    assert marginal.sum() == pytest.approx(1, abs=1e-9)
    for before in (0, 200):
        rows = np.empty((256, 2), np.int32)
        rows[:, first], rows[:, second] = before, np.arange(256)
        widths = 2.0 ** (24 - code_length(circuit, rows)) / marginal[before]
        assert widths == pytest.approx(np.rint(widths), rel=1e-9)
        assert widths.min() > 0.5
        assert widths.sum() == pytest.approx(1 << 24, rel=1e-9)


def alone(circuit):
    """The circuit of the root's variable."""
    levels = circuit.levels
    return Circuit(
        Variables((1, 1, 1), 8),
        Tree(np.zeros(1, np.int32), circuit.tree.parent[:1]),
        Levels(levels.root, levels.transitions[:0], levels.mixes[:1], levels.components),
    )


def test_the_order_and_company_of_images_do_not_change_what_they_cost():
    bits = code_length(CIRCUIT, ROWS)
    order = np.random.default_rng(5).permutation(len(ROWS))
    assert (code_length(CIRCUIT, ROWS[order]) == bits[order]).all()
    parts = [code_length(CIRCUIT, part) for part in np.array_split(ROWS, 7)]
    assert (np.concatenate(parts) == bits).all()


SCRIPT = """
from hashlib import sha256
from test_circuit_coding import CIRCUIT, DATA, ROWS
from ncodec.circuit.coding import decode_rows
assert (decode_rows(CIRCUIT, DATA, len(ROWS)) == ROWS).all()
print(sha256(DATA).hexdigest())
"""


@pytest.mark.parametrize("kernel", ["Haswell", "Prescott"])
def test_bytes_do_not_depend_on_the_blas_kernel(kernel):
    environment = {**os.environ, "OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": "2"}
    here = os.path.dirname(__file__)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, cwd=here, capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == sha256(DATA).hexdigest()


def test_bytes_do_not_depend_on_the_threads():
    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(lambda _: encode_rows(CIRCUIT, ROWS), range(4))) == {DATA}


@given(st.binary(max_size=400))
def test_any_bytes_are_rows_or_damage(data):
    try:
        rows = decode_rows(CIRCUIT, data, 3)
    except DamagedFile:
        return
    assert encode_rows(CIRCUIT, rows)


def test_a_stream_of_another_length_is_damage():
    for data in (DATA + bytes(12), DATA[:-1], DATA * 2):
        with pytest.raises(DamagedFile):
            decode_rows(CIRCUIT, data, len(ROWS))


def test_rows_that_do_not_fit_are_refused():
    for rows in (ROWS[:, :-1], ROWS + 600, ROWS - 600):
        with pytest.raises(UsageError, match="cannot be coded"):
            encode_rows(CIRCUIT, rows)


def test_values_that_the_model_excludes_can_still_be_coded():
    """Every table has zeros: what they exclude costs up to 24 bits and comes back."""
    shape = CIRCUIT.levels
    levels = [np.full_like(array, ABSENT) for array in (shape.root, shape.transitions, shape.mixes)]
    for array in levels:
        array[..., 0] = 0
    components = tuple(np.full_like(array, ABSENT) for array in shape.components)
    for array in components:
        array[:, 0] = 0
    circuit = Circuit(CIRCUIT.variables, CIRCUIT.tree, Levels(*levels, components))
    assert (decode_rows(circuit, encode_rows(circuit, ROWS), len(ROWS)) == ROWS).all()
