"""Where the blocks of a picture that was a JPEG file lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.dct.frame import Component, Frame
from ncodec.photo.past.jpeg_samples import enlarge, samples_of_blocks

__all__ = ["Layout", "Part"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Part:
    """A component along its two axes, rows first.

    Attributes:
        blocks: blocks down and across.
        divisors: 1, or 2 where the component has half as many samples as the picture.
        limits: samples that the plane has before it is enlarged.
    """

    blocks: tuple[int, int]
    divisors: tuple[int, int]
    limits: tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """The grid of a picture.

    Attributes:
        size: height and width of the picture.
        phase: how many rows and columns of its first MCUs were cut off.
        divisors: how many times smaller chroma is down and across, 1 or 2; None for grey.
        ends: whether the picture ended below and at the right where this one does; else it went on,
            and chroma was enlarged with what followed.
    """

    size: tuple[int, int]
    phase: tuple[int, int]
    divisors: tuple[int, int] | None
    ends: tuple[bool, bool]

    @cached_property
    def units(self) -> tuple[int, int]:
        """MCUs down and across."""
        down, across = self.divisors or (1, 1)
        height, width = (n + p for n, p in zip(self.size, self.phase, strict=True))
        return -(-height // (8 * down)), -(-width // (8 * across))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The components."""
        if self.divisors is None:
            return (self._part(1, 1, 1, 1),)
        down, across = self.divisors
        luma = self._part(down, across, 1, 1)
        return (luma, *(self._part(1, 1, down, across) for _ in "ab"))

    def _part(self, down: int, across: int, by_down: int, by_across: int) -> Part:
        blocks = self.units[0] * down, self.units[1] * across
        divisors = by_down, by_across
        limits = [8 * n for n in blocks]
        for axis in range(2):
            if self.ends[axis]:
                limits[axis] = -(-(self.size[axis] + self.phase[axis]) // divisors[axis])
        return Part(blocks, divisors, (limits[0], limits[1]))

    @cached_property
    def frame(self) -> Frame:
        """The same as a JPEG file's frame."""
        down, across = self.divisors or (1, 1)
        height, width = (n + p for n, p in zip(self.size, self.phase, strict=True))
        components: list[Component] = []
        first = 0
        for number, part in enumerate(self.parts):
            factors = (across, down) if number == 0 else (1, 1)
            rows, columns = part.blocks
            table = min(number, 1)
            components.append(
                Component(number + 1, *factors, table, columns, rows, columns, rows, first)
            )
            first += rows * columns
        return Frame(width, height, False, tuple(components), self.units[::-1])

    def plane(self, number: int, values: Array) -> NDArray[np.int32]:
        """A component at the picture's size.

        Args:
            values: int32 [blocks, 64] in natural order, coefficients times quantisers.
        """
        part = self.parts[number]
        rows, columns = part.blocks
        samples = samples_of_blocks(values.reshape(rows, columns, 8, 8).transpose(2, 3, 0, 1))
        plane = samples.transpose(2, 0, 3, 1).reshape(8 * rows, 8 * columns)
        height, width = part.limits
        whole = enlarge(plane[:height, :width], part.divisors[1], part.divisors[0])
        (top, left), (height, width) = self.phase, self.size
        return np.ascontiguousarray(whole[top : top + height, left : left + width])
