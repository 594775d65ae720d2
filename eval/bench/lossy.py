"""JPEG and WebP at a quality, through Pillow: what features are compared with."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from PIL import Image as Pillow
from PIL import __version__ as pillow_version
from PIL import features

from ncodec.errors import UsageError
from ncodec.eval.bench.coders import Cost, timed
from ncodec.media import Image, read_image, write_image

__all__ = ["BASELINES", "Lossy", "lossy_coders"]

BASELINES: dict[str, tuple[str, dict[str, Any]]] = {
    "jpeg": ("JPEG", {"optimize": True}),
    "webp": ("WebP", {"method": 6}),
}
"""By name on the command line: Pillow's name, and keywords of its encoder beside the quality."""

_LOWEST, _HIGHEST = 5, 95


@dataclass(frozen=True, slots=True)
class Lossy:
    """A format at a quality, on one thread; its source is read before its time begins."""

    kind: ClassVar[str] = "lossy"
    role: ClassVar[Literal["anchor"]] = "anchor"

    format: str
    quality: int

    @property
    def name(self) -> str:
        return BASELINES[self.format][0]

    @property
    def setting(self) -> str:
        return f"quality {self.quality}"

    @property
    def settings(self) -> str:
        chosen = [f"{name} {value}" for name, value in BASELINES[self.format][1].items()]
        return ", ".join([f"Pillow {pillow_version}", *chosen, "1 thread"])

    @property
    def suffix(self) -> str:
        return f".{self.format}"

    @property
    def depends(self) -> Mapping[str, Any]:
        library = features.version("libjpeg_turbo" if self.format == "jpeg" else "webp")
        return {"pillow": pillow_version, "library": library}

    def encode(self, source: Path, coded: Path) -> Cost:
        name, settings = BASELINES[self.format]
        picture = Pillow.fromarray(read_image(source).pixels)
        with timed() as cost:
            picture.save(coded, name, quality=self.quality, **settings)
        return cost

    def decode(self, coded: Path, output: Path) -> Cost:
        with timed() as cost, Pillow.open(coded) as picture:
            pixels = np.asarray(picture)
        write_image(output, Image(pixels))
        return cost

    def commands(self, source: Path) -> Sequence[str]:
        name, settings = BASELINES[self.format]
        given = "".join(f", {key}={value!r}" for key, value in settings.items())
        return [
            'python -c "import sys; from PIL import Image; Image.open(sys.argv[1])'
            f".save(sys.argv[2], '{name}', quality={self.quality}{given})\" "
            f"{shlex.quote(str(source))} {shlex.quote(source.with_suffix(self.suffix).name)}"
        ]


def lossy_coders(name: str, points: int) -> list[Lossy]:
    """A format at that many qualities, evenly spread.

    Raises:
        UsageError: there is no such format here.
    """
    if name not in BASELINES:
        raise UsageError(
            f"{name!r} is no lossy image format here: choose from {', '.join(BASELINES)}"
        )
    qualities = np.linspace(_LOWEST, _HIGHEST, points).round().astype(int)
    return [Lossy(name, quality) for quality in sorted(set(qualities.tolist()))]
