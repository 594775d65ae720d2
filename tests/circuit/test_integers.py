"""Exact tables and messages against Python's integers."""

import numpy as np
from circuits import random_circuit
from hypothesis import given
from hypothesis import strategies as st

from ncodec.circuit.integers import (
    COMPONENT_BITS,
    LANES,
    LARGEST_STATES,
    MESSAGE_BITS,
    TABLE_BITS,
    backward,
    exact_rows,
    forward,
    require_exact_arithmetic,
    rescale,
)


@given(st.lists(st.integers(0, 1 << 24), min_size=1, max_size=40))
def test_rows_sum_to_a_power_of_two_and_keep_their_proportions(weights):
    row = exact_rows(np.array(weights), TABLE_BITS)
    total = sum(weights)
    assert row.sum() == 1 << TABLE_BITS
    if total:
        exact = np.array([w * (1 << TABLE_BITS) / total for w in weights])
        assert np.abs(row - exact).max() < 1
        assert (row[np.array(weights) == 0] == 0).all()


def test_components_give_every_value_some_probability():
    row = exact_rows(np.array([[0, 1 << 24, 0, 0]]), COMPONENT_BITS, least=1)
    assert row.tolist() == [[1, (1 << COMPONENT_BITS) - 3, 1, 1]]


def test_products_at_the_full_budget_of_bits_are_exact():
    """256 states whose messages and weights are all as large as they get."""
    full = np.full((LARGEST_STATES, LANES), 2.0**MESSAGE_BITS - 1)
    table = np.full((LARGEST_STATES, LARGEST_STATES), (1 << COMPONENT_BITS) - 1, np.int32)
    exact = LARGEST_STATES * ((1 << MESSAGE_BITS) - 1) * ((1 << COMPONENT_BITS) - 1)
    assert exact < 1 << 53
    for product in (forward, lambda m, t, *rest: backward(t, m, *rest)):
        out = np.empty_like(full)
        product(full, table, out, LANES)
        assert (out == exact).all()
        assert out[0, 0].is_integer()
    require_exact_arithmetic()


@given(st.lists(st.integers(0, (1 << 53) - 1), min_size=1, max_size=9))
def test_rescaled_messages_are_shifted_integers(values):
    vector = np.zeros((len(values), LANES))
    vector[:, 2] = values
    rescale(vector, 3)
    shift = max(values).bit_length() - MESSAGE_BITS
    exact = [max(1, v >> shift if shift > 0 else v << -shift) for v in values]
    assert vector[:, 2].tolist() == exact
    assert (vector[:, 0] == 1).all()


def test_a_circuits_tables_are_exact():
    tables = random_circuit().tables
    assert (tables.transitions[1:].sum(axis=-1) == 1 << TABLE_BITS).all()
    assert (tables.mixes.sum(axis=-1) == 1 << TABLE_BITS).all()
    steps = np.diff(tables.cumulative[:257], axis=0)
    assert steps.min() >= 1
    assert (tables.cumulative[256] == 1 << COMPONENT_BITS).all()
