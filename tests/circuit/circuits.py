"""Circuits with random tables, for tests of what does not depend on learning."""

import numpy as np

from ncodec.circuit.circuit import ABSENT, Circuit, Levels
from ncodec.circuit.structure import candidate_pairs, chow_liu_tree
from ncodec.circuit.variables import Variables


def random_circuit(shape=(4, 5, 3), depth=8, latents=9, components=12, tied=False, seed=0):
    random = np.random.default_rng(seed)
    variables = Variables(shape, depth)
    count = variables.count
    pairs = candidate_pairs(variables)
    tree = chow_liu_tree(count, pairs, random.random(len(pairs[0])))

    def levels(*size):
        return random.integers(0, ABSENT + 1, size).astype(np.uint8)

    tables = variables.kinds if tied else count
    return Circuit(
        variables,
        tree,
        Levels(
            levels(latents),
            levels(count - 1, latents, latents),
            levels(tables, latents, components),
            tuple(levels(components, alphabet) for alphabet in variables.alphabets),
        ),
    )


def random_images(variables, count, seed=1):
    random = np.random.default_rng(seed)
    kind = np.uint8 if variables.bit_depth == 8 else np.uint16
    return random.integers(0, np.iinfo(kind).max + 1, (count, *variables.shape)).astype(kind)
