"""Mutual information and Chow-Liu trees."""

import numpy as np
import pytest

from ncodec.circuit.structure import (
    candidate_pairs,
    chow_liu_tree,
    mutual_information,
    tree_of_parents,
)
from ncodec.circuit.variables import Variables
from ncodec.errors import DamagedFile


def test_information_is_that_of_the_joint_histogram():
    random = np.random.default_rng(0)
    a = random.integers(0, 256, 4000)
    rows = np.column_stack([a, a, 255 - a, random.integers(0, 256, 4000)]).astype(np.int32)
    first, second = np.triu_indices(4, 1)
    found = mutual_information(rows, np.full(4, 256), (first, second))
    assert found[[0, 1, 3]] == pytest.approx(np.log(16), abs=0.02)
    assert found[[2, 4, 5]] == pytest.approx(0, abs=0.05)


def test_a_chain_becomes_a_chain_with_its_middle_as_root():
    count = 9
    first, second = (pair.astype(np.int32) for pair in np.triu_indices(count, 1))
    tree = chow_liu_tree(count, (first, second), 1.0 / (second - first))
    assert tree.variable[0] == 4
    assert [level.stop - level.start for level in tree.levels] == [1, 2, 2, 2, 2]
    assert (np.abs(tree.variable[1:] - tree.variable[tree.parent[1:]]) == 1).all()


def test_a_tree_follows_from_its_parents():
    pairs = candidate_pairs(Variables((5, 4, 1), 8))
    tree = chow_liu_tree(20, pairs, np.random.default_rng(1).random(len(pairs[0])))
    again = tree_of_parents(tree.parents)
    assert (again.variable == tree.variable).all()
    assert (again.parent == tree.parent).all()
    assert (np.diff(tree.parent) >= 0).all()


def test_large_images_join_neighbours_only_and_are_connected():
    variables = Variables((20, 20, 3), 8)
    first, second = candidate_pairs(variables)
    apart = np.abs(variables.position[first] - variables.position[second])
    assert apart.max() == 2
    assert len(first) == len(set(zip(first.tolist(), second.tolist(), strict=True)))
    tree = chow_liu_tree(variables.count, (first, second), np.ones(len(first)))
    assert sorted(tree.variable) == list(range(variables.count))


@pytest.mark.parametrize("parents", [[-1, -1, 0], [1, 0, -1], [0, 1, 2], [-1, 0, 7]])
def test_what_is_no_tree_is_damage(parents):
    with pytest.raises(DamagedFile, match="tree is damaged"):
        tree_of_parents(np.array(parents, np.int32))


def test_one_variable_is_a_tree():
    tree = chow_liu_tree(1, candidate_pairs(Variables((1, 1, 1), 8)), np.empty(0))
    assert tree.parent.tolist() == [-1]
    assert len(tree.levels) == 1
