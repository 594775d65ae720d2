"""JPEG and WebP at a quality: what features are compared with."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from ncodec.errors import UsageError
from ncodec.eval.anchors.lossy import ANCHORS, SETTINGS_VERSION, Anchor, versions
from ncodec.eval.bench.coders import Cost, timed
from ncodec.media import Image, read_image, write_image

__all__ = ["BASELINES", "Lossy", "lossy_coders"]

BASELINES: Mapping[str, Anchor] = {anchor.codec.lower(): anchor for anchor in ANCHORS}
"""By name on the command line."""


@dataclass(frozen=True, slots=True)
class Lossy:
    """A format at a quality, on one thread; its source is read before its time begins."""

    kind: ClassVar[str] = "lossy"
    role: ClassVar[Literal["anchor"]] = "anchor"
    lossless: ClassVar[bool] = False

    format: str
    quality: int

    @property
    def anchor(self) -> Anchor:
        return BASELINES[self.format]

    @property
    def name(self) -> str:
        return self.anchor.name

    @property
    def setting(self) -> str:
        return f"quality {self.quality}"

    @property
    def settings(self) -> str:
        parts = [f"{name} {value}" for name, value in self.anchor.settings]
        return ", ".join([*parts, "1 thread", f"settings {SETTINGS_VERSION}, {versions()}"])

    @property
    def suffix(self) -> str:
        return f".{self.format}"

    @property
    def depends(self) -> Mapping[str, Any]:
        return {"settings": SETTINGS_VERSION, "libraries": versions()}

    def encode(self, source: Path, coded: Path) -> Cost:
        pixels = read_image(source).pixels
        with timed() as cost:
            coded.write_bytes(self.anchor.encode(pixels, self.quality))
        return cost

    def decode(self, coded: Path, output: Path) -> Cost:
        with timed() as cost:
            pixels = self.anchor.decode(coded.read_bytes())
        write_image(output, Image(pixels))
        return cost

    def commands(self, source: Path) -> Sequence[str]:
        arguments = "".join(f", {name}={value!r}" for name, value in self.anchor.settings)
        coded = shlex.quote(source.with_suffix(self.suffix).name)
        script = (
            "import sys; from PIL import Image; Image.open(sys.argv[1])"
            f".save(sys.argv[2], '{self.anchor.codec}', quality={self.quality}{arguments})"
        )
        return [f'python -c "{script}" {shlex.quote(str(source))} {coded}']


def lossy_coders(name: str, points: int) -> list[Lossy]:
    """A format at that many of its qualities, evenly spread, or at all where it has fewer.

    Raises:
        UsageError: there is no such format here.
    """
    if name not in BASELINES:
        raise UsageError(
            f"{name!r} is no lossy image format here: choose from {', '.join(BASELINES)}"
        )
    qualities = BASELINES[name].qualities
    places = np.linspace(0, len(qualities) - 1, points).round().astype(int)
    return [Lossy(name, qualities[index]) for index in sorted(set(places.tolist()))]
