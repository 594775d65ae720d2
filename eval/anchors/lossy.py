"""JPEG and WebP as anchors of features: Pillow's encoders at the settings of lossy.json."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import features

from ncodec.errors import InputError, MissingDependency

__all__ = ["ANCHORS", "SETTINGS_VERSION", "Anchor", "versions"]

Pixels = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A format with its setting.

    Attributes:
        name: the name of format and setting.
        codec: Pillow's name of the format.
        settings: the keywords of its encoder, besides the quality.
        qualities: the qualities from coarse to fine.
    """

    name: str
    codec: str
    settings: tuple[tuple[str, Any], ...]
    qualities: tuple[int, ...]

    def encode(self, pixels: Pixels, quality: int) -> bytes:
        """The bytes of a whole file of `pixels`, uint8 (height, width, channels) with 1 or 3
        channels.

        Raises:
            InputError: other samples or channels.
            MissingDependency: Pillow was built without the format.
        """
        self._check_installed()
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
            raise InputError(
                f"{self.codec} takes 8-bit images of 1 or 3 channels, not {pixels.dtype} of shape"
                f" {pixels.shape}: convert them"
            )
        stream = io.BytesIO()
        picture = Pillow.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
        picture.save(stream, self.codec, quality=quality, **dict(self.settings))
        return stream.getvalue()

    def decode(self, data: bytes) -> Pixels:
        """The pixels of a file that `encode` made; WebP has no grey and gives RGB."""
        self._check_installed()
        with Pillow.open(io.BytesIO(data), formats=[self.codec]) as picture:
            return np.atleast_3d(np.asarray(picture))

    def _check_installed(self) -> None:
        if not features.check({"JPEG": "jpg", "WEBP": "webp"}[self.codec]):
            raise MissingDependency(
                f"{self.name} needs a Pillow with {self.codec}: run python -m pip install"
                " --force-reinstall --only-binary pillow pillow"
            )


def _load() -> tuple[int, tuple[Anchor, ...]]:
    record = json.loads(Path(__file__).with_name("lossy.json").read_text())
    return record["version"], tuple(
        Anchor(
            line["name"],
            line["codec"],
            tuple(line["settings"].items()),
            tuple(line["qualities"]),
        )
        for line in record["formats"]
    )


SETTINGS_VERSION, ANCHORS = _load()
"""The version of lossy.json, which grows with every change that changes a file, and its anchors."""


def versions() -> str:
    """The versions of the libraries behind the anchors."""
    jpeg = "libjpeg-turbo" if features.check_feature("libjpeg_turbo") else "libjpeg"
    releases = {
        "Pillow": PIL.__version__,
        jpeg: features.version_feature("libjpeg_turbo") or features.version_codec("jpg"),
        "libwebp": features.version_module("webp"),
    }
    return ", ".join(f"{name} {version or '?'}" for name, version in releases.items())
