"""Random crops of photographs, and labels where folders say them."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from ncodec.errors import InputError, UsageError
from ncodec.threads import in_order

__all__ = ["Photographs"]

_SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}
_KEPT_PIXELS = 200_000_000
_SMALLEST_SHARE = 0.08
"""The smallest share of the largest square's area, as in ImageNet's usual augmentation."""


class Photographs:
    """Image files to take crops of; small sets are decoded once and kept.

    Attributes:
        labels: the class of each file, or None where there are none.
    """

    def __init__(self, sources: Sequence[str]) -> None:
        """Reads files, globs and folders; a folder of folders has a class in each, sorted by name.

        Raises:
            InputError: there is no image, or one cannot be read.
            UsageError: some images have labels and some have none.
        """
        self._paths: list[Path] = []
        labels: list[int | None] = []
        for source in sources:
            for path, label in _files(source):
                self._paths.append(path)
                labels.append(label)
        if not self._paths:
            raise InputError(f"{', '.join(sources)} has no images: give a folder of photographs")
        known = [label for label in labels if label is not None]
        if known and len(known) != len(labels):
            raise UsageError("some images lie in folders of classes and some do not: give one kind")
        self.labels = np.array(known, np.int64) if known else None
        self._kept: dict[int, NDArray[np.uint8]] = {}
        self._pixels = 0

    def __len__(self) -> int:
        return len(self._paths)

    def batch(
        self, which: Sequence[int], side: int, seed: Sequence[int], threads: int
    ) -> NDArray[np.uint8]:
        """A random crop of each image `which`, uint8 [n, side, side, 3], flipped half the time."""
        crop = partial(self._crop, which, side, seed)
        return np.stack(list(in_order(crop, range(len(which)), threads)))

    def sample(self, count: int, side: int, seed: int, threads: int) -> NDArray[np.uint8]:
        """Random crops of all images alike, uint8 [count, side, side, 3]."""
        which = [number % len(self) for number in range(count)]
        return self.batch(which, side, [seed], threads)

    def _crop(
        self, which: Sequence[int], side: int, seed: Sequence[int], number: int
    ) -> NDArray[np.uint8]:
        rng = np.random.default_rng([*seed, number])
        image = self._image(which[number])
        height, width, _ = image.shape
        shortest = min(height, width)
        least = min(max(_SMALLEST_SHARE**0.5 * shortest, side), shortest)
        # Evenly in the logarithm: as many close views as wide ones.
        part = round(float(np.exp(rng.uniform(np.log(least), np.log(shortest)))))
        top, left = rng.integers(height - part + 1), rng.integers(width - part + 1)
        square = Pillow.fromarray(image[top : top + part, left : left + part])
        crop = np.asarray(square.resize((side, side), Pillow.Resampling.BICUBIC, reducing_gap=2))
        crop = crop[:, ::-1] if rng.integers(2) else crop
        light, contrast = rng.uniform(-16, 16), rng.uniform(0.8, 1.2)
        changed = (crop.astype(np.float32) - 128) * contrast + 128 + light
        return changed.clip(0, 255).astype(np.uint8)

    def _image(self, index: int) -> NDArray[np.uint8]:
        if index in self._kept:
            return self._kept[index]
        path = self._paths[index]
        try:
            with Pillow.open(path) as picture:
                image = np.asarray(picture.convert("RGB"))
        except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
            raise InputError(
                f"{path} cannot be read as an image ({error}): check the file"
            ) from None
        if self._pixels + image.size <= 3 * _KEPT_PIXELS:
            self._pixels += image.size
            self._kept[index] = image
        return image


def _files(source: str) -> Iterator[tuple[Path, int | None]]:
    path = Path(source)
    if not path.is_dir():
        for name in sorted(glob.glob(source)) or [source]:
            yield Path(name), None
        return
    folders = sorted(child for child in path.iterdir() if child.is_dir())
    for label, folder in enumerate(folders):
        yield from ((file, label) for file in _images(folder))
    yield from ((file, None) for file in _images(path))


def _images(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if e.is_file() and not e.name.startswith(".")]
    return [folder / name for name in sorted(names) if Path(name).suffix.lower() in _SUFFIXES]
