import hashlib
from decimal import Decimal, getcontext

import numpy as np
import pytest
from scipy.stats import laplace as laplace_reference
from scipy.stats import norm

from ncodec.formats.entropy.coder import TOTAL
from ncodec.formats.entropy.tables import SCALES, gaussian, laplace, scale


def support(table):
    radius = len(table) // 2 - 1
    return np.arange(-radius, radius + 1)


def test_tables_never_change():
    digest = hashlib.sha256()
    for family in (laplace, gaussian):
        for index in range(SCALES):
            digest.update(family(index).frequencies.astype("<u4").tobytes())
    assert digest.hexdigest() == "8ea0404265065cf7885004e9441474ea2974836f7caeaf3a08ae1fbaa4b12e67"


def test_scales_are_exact_roots():
    getcontext().prec = 60
    for index in range(SCALES):
        exact = Decimal(2) ** (Decimal(index) / 8 + 32)
        assert 0 <= exact - scale(index) < 1


@pytest.mark.parametrize("index", range(0, SCALES, 3))
def test_laplace_is_scipys(index):
    table, b = laplace(index), 2 ** (index / 8 - 3)
    k = np.abs(support(table))
    mass = laplace_reference.sf(k - 0.5, scale=b) - laplace_reference.sf(k + 0.5, scale=b)
    assert_shares(table, mass)


@pytest.mark.parametrize("index", range(0, SCALES, 3))
def test_gaussian_is_scipys(index):
    table, sigma = gaussian(index), 2 ** (index / 8 - 3)
    everywhere = np.arange(-int(10 * sigma) - 2, int(10 * sigma) + 3)
    mass = norm.pdf(support(table), scale=sigma) / norm.pdf(everywhere, scale=sigma).sum()
    assert_shares(table, mass)


def assert_shares(table, mass):
    """Each symbol has 1 and its share of the rest, rounded; what is rounded off is the centre's."""
    expected = 1 + mass * (TOTAL - len(table))
    assert np.abs(table.frequencies[:-1] - expected).max() < 2.01
    assert table.frequencies[-1] < 128


@pytest.mark.parametrize("family", [laplace, gaussian])
def test_neighbouring_scales_cost_little(family):
    for index in range(16, SCALES - 1, 10):
        here, there = family(index), family(index + 1)
        inside = np.abs(support(there)) <= len(here) // 2 - 1
        mass = here.frequencies[:-1] / TOTAL
        assert mass @ (there.bits[:-1][inside] - here.bits[:-1]) < 0.016
