"""Lossless image formats as anchors: imagecodecs' encoders at settings that people would choose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

__all__ = ["ANCHORS", "Anchor", "versions"]

Pixels = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A format with its setting.

    Attributes:
        name: the name of format and setting.
        codec: imagecodecs' name of the format.
        settings: the keywords of its encoder.
        depths: the bits a sample that it takes.
    """

    name: str
    codec: str
    settings: tuple[tuple[str, Any], ...]
    depths: tuple[int, ...] = (8, 16)

    def encode(self, pixels: Pixels) -> bytes:
        """The bytes of a whole file of `pixels`, (height, width, channels)."""
        data: bytes = self._call("encode")(_squeezed(pixels), **dict(self.settings))
        return data

    def decode(self, data: bytes) -> Pixels:
        """The pixels of a file that `encode` made."""
        pixels: Pixels = np.atleast_3d(self._call("decode")(data))
        return pixels

    def takes(self, pixels: Pixels) -> bool:
        """Whether the format holds pixels of their channels and depth."""
        grey = pixels.shape[2] < 3
        return 8 * pixels.itemsize in self.depths and not (grey and self.codec in ("webp", "qoi"))

    def _call(self, what: str) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(imagecodecs, f"{self.codec}_{what}")
        return function


ANCHORS = (
    Anchor("PNG, level 9", "png", (("level", 9),)),
    Anchor("WebP, method 6", "webp", (("lossless", True), ("level", 100), ("method", 6)), (8,)),
    Anchor("JPEG-LS", "jpegls", ()),
    Anchor("JPEG XL, effort 7", "jpegxl", (("lossless", True), ("effort", 7))),
    Anchor("JPEG XL, effort 9", "jpegxl", (("lossless", True), ("effort", 9))),
    Anchor("QOI", "qoi", (), (8,)),
)


def versions() -> str:
    """The versions of the libraries behind the anchors."""
    names = ("imagecodecs", "libpng", "libwebp", "charls", "libjxl")
    releases = imagecodecs.version(dict)
    return ", ".join(f"{name} {releases.get(name, '?')}" for name in names)


def _squeezed(pixels: Pixels) -> Pixels:
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
