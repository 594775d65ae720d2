"""How a tile of simple content is modelled: which planes are coded, and in what way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.photo.simple.pixels import MOST_COLOURS

__all__ = [
    "CODED",
    "COPY",
    "FLAT",
    "NOTHING",
    "Pixels",
    "Plan",
    "best_references",
    "damaged",
    "kinds_of_planes",
]

Pixels = NDArray[Any]
"""uint8 or uint16 [height, width, channels], 1 to 4 channels."""

CODED, FLAT, COPY = range(3)
"""The kinds of plane; COPY + j is a copy of plane j."""

NOTHING = -1
"""The reference of a channel whose prediction takes no other channel's error into account."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a modelled tile's header says, but for its shape.

    Attributes:
        planes: the kind of each channel: CODED, FLAT or COPY + the channel it copies.
        levels: the one sample of each FLAT channel.
        references: the references of the second and third coded channel, as in `code_colour`.
        colours: distinct colours of the coded planes, 0 if they are coded without numbers.
        guessing: whether pixels may be candidates; else each colour is coded.
    """

    planes: list[int]
    levels: list[int]
    references: tuple[int, int]
    colours: int
    guessing: bool

    @property
    def coded(self) -> list[int]:
        return [i for i, plane in enumerate(self.planes) if plane == CODED]

    @property
    def how(self) -> int:
        """The references, and whether pixels are guessed, in four bits."""
        second, third = self.references
        return second + 1 + 2 * (third + 1) + 8 * self.guessing

    def pack(self, size: int) -> bytes:
        """The header, for samples of `size` bytes."""
        levels = iter(self.levels)
        data = bytearray()
        for plane in self.planes:
            data.append(plane)
            if plane == FLAT:
                data += next(levels).to_bytes(size, "little")
        data.append(self.how)
        return bytes(data) + self.colours.to_bytes(3, "little")

    @staticmethod
    def unpack(data: bytes, channels: int, size: int) -> tuple[Plan, bytes]:
        """The header of pixels of so many channels and bytes a sample, and what follows it."""
        planes: list[int] = []
        levels: list[int] = []
        place = 0
        for i in range(channels):
            plane = data[place] if place < len(data) else COPY + i
            if plane >= COPY + i or (plane >= COPY and planes[plane - COPY] != CODED):
                raise damaged(f"channel {i} is of kind {plane}")
            planes.append(plane)
            place += 1
            if plane == FLAT:
                levels.append(int.from_bytes(data[place : place + size], "little"))
                place += size
        if len(data) < place + 4:
            raise damaged(f"it ends within its header, after {len(data)} bytes")
        colours = int.from_bytes(data[place + 1 : place + 4], "little")
        return Plan.checked(planes, levels, data[place], colours), data[place + 4 :]

    @staticmethod
    def checked(planes: list[int], levels: list[int], how: int, colours: int) -> Plan:
        """The plan that a header says, if there is one."""
        third, second = divmod(how % 8, 2)
        if third > 2 or colours > MOST_COLOURS or CODED not in planes:
            raise damaged(f"its header names {colours} colours and reference {how}")
        return Plan(planes, levels, (second - 1, third - 1), colours, how >= 8)


def kinds_of_planes(pixels: Pixels) -> tuple[list[int], list[int]]:
    """What each plane is, and the samples of those that are flat."""
    planes: list[int] = []
    levels = []
    for i in range(pixels.shape[2]):
        plane = pixels[:, :, i]
        if (plane == plane[0, 0]).all():
            planes.append(FLAT)
            levels.append(int(plane[0, 0]))
            continue
        twins = (j for j in range(i) if planes[j] == CODED)
        twin = next((j for j in twins if np.array_equal(plane, pixels[:, :, j])), None)
        planes.append(CODED if twin is None else COPY + twin)
    return planes, levels


def best_references(pixels: Pixels) -> tuple[int, int]:
    """The references of the second and third channel in coding order: the channel before whose
    horizontal steps are most like theirs, or NOTHING."""
    if pixels.shape[2] < 3:
        return NOTHING, NOTHING
    # Green, red, blue.
    planes = [pixels[:, :, i].astype(np.int64) for i in (1, 0, 2)]
    steps = [np.diff(plane, axis=1) for plane in planes]
    references = []
    for turn in (1, 2):
        costs = {NOTHING: np.abs(steps[turn]).sum()}
        for other in range(turn):
            costs[other] = np.abs(steps[turn] - steps[other]).sum()
        references.append(min(costs, key=lambda option: costs[option]))
    return references[0], references[1]


def damaged(what: str) -> DamagedFile:
    """The error for data that no encoder wrote."""
    return DamagedFile(f"a tile of simple content is damaged: {what}; fetch the file again")
