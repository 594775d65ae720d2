"""Least squares of photographs: what is solved, against numpy in float64."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.formats.entropy.vectors import LANES, load
from ncodec.photo.predict import (
    WIDE,
    Effort,
    Squares,
    accumulate,
    begin_row,
    end_block,
    predict,
    squares,
)
from ncodec.photo.solve import solve_block

DECAYS = (0.8, 0.9)
BLOCK, STEP, BLOCKS = 4, 2, 5


@kernel
def run(equations: Squares, samples: NDArray[np.float32], shares: NDArray[np.float32]) -> None:
    """Takes the rows of `samples`, float32 [rows, BLOCKS * BLOCK * 32], and solves at the end of
    the last but two samples."""
    for y in range(len(samples)):
        begin_row(equations)
        for b in range(BLOCKS):
            for x in range(b * BLOCK, (b + 1) * BLOCK):
                if y == len(samples) - 1 and x == BLOCKS * BLOCK - STEP:
                    solve_block(equations, b)
                    return
                place = WIDE * x
                low, high = load(samples[y], place), load(samples[y], place + LANES)
                accumulate(equations, low, high, shares[y, x])
            end_block(equations, b)


@kernel
def guess(equations: Squares, sample: NDArray[np.float32]) -> tuple[float, float]:
    return predict(equations, load(sample, 0), load(sample, LANES))


@pytest.mark.parametrize("order", [1, 14, 15, 16, 22, 31])
def test_weights_solve_the_decayed_equations(order: int) -> None:
    rng = np.random.default_rng(order)
    prior = rng.normal(0, 1, order).astype(np.float32)
    width, rows = BLOCKS * BLOCK, 3
    equations = squares(order, width, Effort(0, BLOCK, STEP, DECAYS), prior)
    samples = np.zeros((rows, width, WIDE), np.float32)
    samples[:, :, : order + 1] = rng.normal(0, 9, (rows, width, order + 1))
    shares = rng.uniform(0.1, 2, (rows, width)).astype(np.float32)
    run(equations, samples.reshape(rows, -1), shares)
    probe = np.zeros(WIDE, np.float32)
    probe[:order] = rng.normal(0, 1, order)
    for window, (decay, said) in enumerate(zip(DECAYS, guess(equations, probe), strict=True)):
        system = np.zeros((order + 1, order + 1))
        for y, x in np.ndindex(rows, width):
            if (y, x) >= (rows - 1, width - STEP):
                break
            # Whole blocks to either side, and rows, but for the own block of the last row.
            away = BLOCK * (BLOCKS - 1 - x // BLOCK) + (rows - 1 - y)
            vector = samples[y, x, : order + 1].astype(np.float64)
            system += decay**away * shares[y, x] * np.outer(vector, vector)
        left = system[:order, :order] + 24 * np.eye(order)
        expected = np.linalg.solve(left, system[:order, order] + 24 * prior)
        found = equations.weights[WIDE * window :][:order]
        np.testing.assert_allclose(found, expected, atol=2e-3)
        assert said == pytest.approx(float(probe[:order] @ found), abs=1e-4)
