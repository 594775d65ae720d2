"""Circuits as bytes: a header, then entropy-coded integers.

    height, width u32 | channels, bits a sample, tied u8 | K, M u16
    parents: of each variable, the root's own being itself, minus the variable's number
    levels: root, transitions, mixes, components of each kind

The integers are one stream of `ncodec.formats.entropy`; all little-endian.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.circuit.circuit import ABSENT, Circuit, Levels
from ncodec.circuit.integers import LARGEST_STATES
from ncodec.circuit.structure import tree_of_parents
from ncodec.circuit.variables import Variables
from ncodec.errors import DamagedFile, UsageError
from ncodec.formats import Limits
from ncodec.formats.entropy.tensor import decode_arrays, encode_arrays

__all__ = ["pack_circuit", "unpack_circuit"]

_HEADER = struct.Struct("<IIBBBHH")


def pack_circuit(circuit: Circuit) -> bytes:
    """The bytes of `circuit`."""
    variables, levels = circuit.variables, circuit.levels
    tied = len(levels.mixes) != variables.count
    header = _HEADER.pack(
        *variables.shape, variables.bit_depth, tied, circuit.states, levels.mixes.shape[2]
    )
    own = np.arange(variables.count)
    parents = circuit.tree.parents
    arrays: list[NDArray[Any]] = [np.where(parents < 0, own, parents) - own]
    arrays += [levels.root, levels.transitions, levels.mixes, *levels.components]
    return header + encode_arrays(arrays)


def unpack_circuit(data: bytes, limits: Limits | None = None) -> Circuit:
    """What `pack_circuit` packed.

    Raises:
        DamagedFile: `data` is no circuit.
        LimitExceeded: it asks for more parameters than `limits` allow.
    """
    try:
        height, width, channels, depth, tied, states, mixed = _HEADER.unpack_from(data)
        variables = Variables((height, width, channels), depth)
        if not (min(states, mixed) >= 1 and max(states, mixed) <= LARGEST_STATES and tied <= 1):
            raise ValueError(f"{states} states and {mixed} components")
    except (struct.error, ValueError, UsageError) as error:
        raise DamagedFile(f"a circuit's header is damaged: {error}") from None
    # Too many may not even be counted in 64 bits.
    count = variables.count
    kinds = variables.kinds
    tables = kinds if tied else count
    sizes = [count, states, (count - 1) * states * states, tables * states * mixed]
    sizes += [mixed * alphabet for alphabet in variables.alphabets]
    (limits or Limits()).check("parameters", sum(sizes))
    differences, *arrays = decode_arrays(data[_HEADER.size :], sizes)
    if any(len(a) and not 0 <= int(a.min()) <= int(a.max()) <= ABSENT for a in arrays):
        raise DamagedFile(f"a circuit's tables are damaged: levels go from 0 to {ABSENT}")
    root, transitions, mixes, *components = (a.astype(np.uint8) for a in arrays)
    own = np.arange(count, dtype=np.int32)
    if np.abs(differences).max() >= count:
        raise DamagedFile("a circuit's tree is damaged: a parent is no variable of the image")
    parents = np.where(differences == 0, -1, own + differences).astype(np.int32)
    levels = Levels(
        root,
        transitions.reshape(count - 1, states, states),
        mixes.reshape(tables, states, mixed),
        tuple(component.reshape(mixed, -1) for component in components),
    )
    return Circuit(variables, tree_of_parents(parents), levels)
