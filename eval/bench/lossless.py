"""Lossless image formats: what lossless codecs are compared with."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from numpy.typing import NDArray

from ncodec.errors import InputError, UsageError
from ncodec.eval.anchors.lossless import ANCHORS, Anchor, versions
from ncodec.eval.anchors.png import as_rgb, smallest_png
from ncodec.eval.bench.coders import Cost, timed
from ncodec.media import Image, read_image, write_image

__all__ = ["FORMATS", "Format", "format_coders"]

_OPTIMISED = "PNG, optimised"


@dataclass(frozen=True, slots=True)
class Format:
    """A lossless image format, on one thread; its source is read before its time begins."""

    kind: ClassVar[str] = "format"
    role: ClassVar[Literal["anchor"]] = "anchor"
    lossless: ClassVar[bool] = True

    name: str

    @property
    def anchor(self) -> Anchor:
        return next(
            (anchor for anchor in ANCHORS if anchor.name == self.name),
            Anchor(self.name, "png", (("level", 9),)),
        )

    @property
    def setting(self) -> str:
        return self.name.partition(", ")[2] or "lossless"

    @property
    def settings(self) -> str:
        if self.name == _OPTIMISED:
            return "level 9, the best of six filters, a palette where that is smaller, 1 thread"
        parts = [f"{name} {value}" for name, value in self.anchor.settings]
        return ", ".join([*parts, "1 thread"])

    @property
    def suffix(self) -> str:
        return {"jpegxl": ".jxl", "jpegls": ".jls"}.get(self.anchor.codec, f".{self.anchor.codec}")

    @property
    def depends(self) -> Mapping[str, Any]:
        return {"libraries": versions()}

    def encode(self, source: Path, coded: Path) -> Cost:
        pixels = read_image(source).pixels
        if 8 * pixels.itemsize not in self.anchor.depths:
            raise InputError(f"{self.name} has no samples of {8 * pixels.itemsize} bits")
        if not self.anchor.takes(pixels):
            pixels = as_rgb(pixels)
        with timed() as cost:
            coded.write_bytes(self._encoded(pixels))
        return cost

    def decode(self, coded: Path, output: Path) -> Cost:
        with timed() as cost:
            pixels = self.anchor.decode(coded.read_bytes())
        write_image(output, Image(pixels))
        return cost

    def commands(self, source: Path) -> Sequence[str]:
        coded = shlex.quote(f"{source.stem}.coded{self.suffix}")
        both = f"{shlex.quote(str(source))} {coded}"
        decode = f"{_IMAGECODECS} i.imread(sys.argv[1], codec='{self.anchor.codec}')\" {coded}"
        if self.name == _OPTIMISED:
            return [f'{_SMALLEST_PNG}" {both}', decode]
        arguments = "".join(f", {name}={value!r}" for name, value in self.anchor.settings)
        pixels = f"i.imread(sys.argv[1]), codec='{self.anchor.codec}'{arguments}"
        return [f'{_IMAGECODECS} i.imwrite(sys.argv[2], {pixels})" {both}', decode]

    def _encoded(self, pixels: NDArray[Any]) -> bytes:
        if self.name == _OPTIMISED:
            return smallest_png(pixels)
        try:
            return self.anchor.encode(pixels)
        except (RuntimeError, ValueError) as error:  # what imagecodecs' errors derive from
            raise InputError(f"{self.name} does not take it ({error})") from None


_IMAGECODECS = 'python -c "import sys, imagecodecs as i;'
_SMALLEST_PNG = (
    'python -c "import sys; from pathlib import Path; from ncodec.media import read_image; '
    "from ncodec.eval.anchors.png import smallest_png; "
    "Path(sys.argv[2]).write_bytes(smallest_png(read_image(sys.argv[1]).pixels))"
)

FORMATS: dict[str, Sequence[str]] = {
    "png": (_OPTIMISED,),
    "webp": ("WebP, method 6",),
    "jpegxl": ("JPEG XL, effort 7", "JPEG XL, effort 9"),
    "jpegls": ("JPEG-LS",),
    "qoi": ("QOI",),
}
"""Names on the command line, and the lines that each stands for."""


def format_coders(names: Sequence[str]) -> list[Format]:
    """Lossless formats by their names on the command line, in that order.

    Raises:
        UsageError: there is no such format here.
    """
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise UsageError(
            f"{unknown[0]!r} is no lossless image format here: choose from {', '.join(FORMATS)}"
        )
    return [Format(line) for name in dict.fromkeys(names) for line in FORMATS[name]]
