"""The values of options that people write in more than one way."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import click

__all__ = ["DURATION", "FRAMES", "NAMES", "PICTURE_SIZE", "RATE", "REGION", "SCALE", "SIZE"]

_SECONDS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}
_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}


class _Duration(click.ParamType[float]):
    """A number of seconds: ``90``, ``90s``, ``1.5m``, ``2h``, ``1:30``, ``1:02:03.5``."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        if match := re.fullmatch(r"(\d{1,18}(?:\.\d*)?|\.\d+)(s|m|min|h)?", value):
            return float(match[1]) * _SECONDS[match[2] or ""]
        if match := re.fullmatch(r"(?:(\d{1,9}):)?(\d{1,9}):(\d{1,9}(?:\.\d*)?)", value):
            hours, minutes, seconds = match.groups()
            return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
        self.fail(f"{value!r} is not a time: write 90, 90s, 1.5m, 2h or 1:30", param, ctx)


class _Size(click.ParamType[int]):
    """A number of bytes: ``150000``, ``150k``, ``1.5M``, ``64KiB``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,18}(?:\.\d*)?)([kmg]i?)?b?", value.lower())
        size = round(float(match[1]) * _BYTES[match[2] or ""]) if match else 0
        if size <= 0:
            self.fail(f"{value!r} is not a size: write 150000, 150k, 1.5M or 64KiB", param, ctx)
        return size


class _Frames(click.ParamType[slice]):
    """A range as Python slices: ``10:20``, ``:50``, ``-25:``."""

    name = "first:end"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> slice:
        if isinstance(value, slice):
            return value
        match = re.fullmatch(r"(-?\d{1,18})?:(-?\d{1,18})?", value)
        if not match:
            self.fail(
                f"{value!r} is not a range of frames: write 10:20 (without 20), :50 or -25:",
                param,
                ctx,
            )
        return slice(*(None if edge is None else int(edge) for edge in match.groups()))


class _Region(click.ParamType[tuple[int, int, int, int]]):
    """Part of an image: ``X,Y,WIDTH,HEIGHT``."""

    name = "x,y,w,h"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int, int, int]:
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{1,9}),(\d{1,9}),(\d{1,9}),(\d{1,9})", value)
        if not match:
            self.fail(
                f"{value!r} is not a region: write X,Y,WIDTH,HEIGHT in pixels, as 0,0,640,480",
                param,
                ctx,
            )
        x, y, width, height = map(int, match.groups())
        return x, y, width, height


class _Names(click.ParamType[tuple[str, ...]]):
    """A list of names: ``a,b,c``, or ``none``."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = tuple(dict.fromkeys(name.strip() for name in value.split(",")))
        if "" in names:
            self.fail(f"{value!r} is not a list of names: write a,b,c or none", param, ctx)
        return () if names == ("none",) else names


class _Scale(click.ParamType[Fraction]):
    """A scale of at most 1: ``1/4``, ``0.25``, ``1``."""

    name = "scale"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction:
        try:
            scale = Fraction(value)
        except (ValueError, ZeroDivisionError):
            scale = Fraction(0)
        if not 0 < scale <= 1:
            self.fail(f"{value!r} is not a scale: write 1/4, 0.25 or 1, at most 1", param, ctx)
        return scale


class _PictureSize(click.ParamType[tuple[int, int]]):
    """Width and height: ``640x360``."""

    name = "wxh"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{1,9})[xX](\d{1,9})", value)
        if not match:
            self.fail(f"{value!r} is not a size of pictures: write 640x360", param, ctx)
        return int(match[1]), int(match[2])


class _Rate(click.ParamType[Fraction]):
    """Frames a second: ``25``, ``29.97``, ``30000/1001``."""

    name = "rate"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction:
        try:
            rate = Fraction(value)
        except (ValueError, ZeroDivisionError):
            rate = Fraction(0)
        if rate <= 0:
            self.fail(f"{value!r} is not a rate: write 25, 29.97 or 30000/1001", param, ctx)
        return rate


DURATION, SIZE, FRAMES, REGION = _Duration(), _Size(), _Frames(), _Region()
NAMES, SCALE, PICTURE_SIZE, RATE = _Names(), _Scale(), _PictureSize(), _Rate()
