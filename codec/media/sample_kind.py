"""Samples that no image of 8 or 16 bits holds as they are: signed, floating-point or longer ones,
more bands than four, colours other than RGB. They become words of 8 or 16 bits, in planes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile

__all__ = ["SampleKind", "as_words", "from_words"]

_TYPES = ("", "i1", "i2", "i4", "i8", "u4", "u8", "f2", "f4", "f8")
_COLOURS = {1: "grey", 2: "RGB", 4: "mask", 5: "CMYK", 8: "Lab", 9: "ICC Lab", 10: "ITU Lab"}
_CHANNELS = 4
_MOST_BANDS = 1 << 16


@dataclass(frozen=True, slots=True)
class SampleKind:
    """What a file's samples were, where pixels and their number of channels do not say so.

    Attributes:
        type: NumPy's name of their type, such as ``f4``; "" for the pixels' own.
        bands: how many of them a pixel has, where more than four; else 0.
        photometric: TIFF's PhotometricInterpretation, 0 where channels say what they mean.
        extra: TIFF's ExtraSamples, empty where a second or fourth channel is straight alpha.
    """

    type: str = ""
    bands: int = 0
    photometric: int = 0
    extra: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return self != SampleKind()

    @property
    def is_plain(self) -> bool:
        """Whether pixels are the samples, and their channels grey, RGB and alpha."""
        return not (self.type or self.bands or self.photometric)

    @property
    def words(self) -> str:
        """What the samples are, in words; "" where pixels say it all."""
        numbers = np.dtype(self.type).name if self.type else ""
        bands = f"{self.bands} bands" if self.bands else ""
        colour = _COLOURS.get(self.photometric, "")
        return ", ".join(filter(None, (colour, bands, numbers)))

    @property
    def planes(self) -> int:
        """The planes that stand one below another in an image's pixels."""
        return _words(self.type) * max(self.bands, 1)

    def to_record(self) -> list[Any]:
        return [self.type, self.bands, self.photometric, list(self.extra)]

    @classmethod
    def from_record(cls, record: Any) -> SampleKind:
        """The kind of which `to_record` gave `record`.

        Raises:
            DamagedFile: it is something else.
        """
        damaged = DamagedFile(f"image metadata has samples of the kind {record!r:.80}")
        try:
            name, bands, photometric, extra = record
            numbers = (bands, photometric, *extra)
        except (TypeError, ValueError):
            raise damaged from None
        sound = all(type(number) is int and 0 <= number < 1 << 16 for number in numbers)
        if not sound or name not in _TYPES or 0 < bands <= _CHANNELS or bands > _MOST_BANDS:
            raise damaged
        return cls(name, bands, photometric, tuple(extra))


def as_words(samples: NDArray[Any]) -> NDArray[Any]:
    """Samples (height, width, bands) as pixels (planes x height, width, channels).

    Signed and floating-point numbers become unsigned ones in the same order. Longer ones than 16
    bits are cut into words, the planes of the first words above those of the next; of more than
    four bands each is a plane of one channel.
    """
    size = samples.dtype.itemsize
    numbers = np.ascontiguousarray(samples).view(f"u{size}")
    top = numbers.dtype.type(1 << (8 * size - 1))
    if samples.dtype.kind == "i":
        numbers = numbers ^ top
    elif samples.dtype.kind == "f":
        numbers = np.where(numbers & top, ~numbers, numbers | top)
    words = [numbers]
    if size > 2:
        words = [(numbers >> shift).astype(np.uint16) for shift in range(8 * size - 16, -1, -16)]
    if samples.shape[2] > _CHANNELS:
        words = [word[:, :, band, None] for word in words for band in range(word.shape[2])]
    return np.concatenate(words)


def from_words(pixels: NDArray[Any], kind: SampleKind) -> NDArray[Any]:
    """The samples (height, width, bands) of which `as_words` made `pixels`.

    Raises:
        DamagedFile: it did not.
    """
    count = _words(kind.type)
    dtype = np.dtype(kind.type or pixels.dtype)
    fits = pixels.itemsize == min(dtype.itemsize, 2) and not len(pixels) % kind.planes
    if not fits or (kind.bands and pixels.shape[2] != 1):
        raise DamagedFile(
            f"{pixels.shape[1]}x{pixels.shape[0]} pixels are no planes of {kind.type or 'samples'}"
        )
    planes = pixels.reshape(kind.planes, -1, *pixels.shape[1:])
    if kind.bands:
        planes = np.moveaxis(planes.reshape(count, kind.bands, *planes.shape[1:3]), 1, -1)
    numbers = planes[0].astype(f"u{dtype.itemsize}")
    for plane in planes[1:count]:
        numbers = (numbers << numbers.dtype.type(16)) | plane
    top = numbers.dtype.type(1 << (8 * dtype.itemsize - 1))
    if dtype.kind == "i":
        numbers = numbers ^ top
    elif dtype.kind == "f":
        numbers = np.where(numbers & top, numbers ^ top, ~numbers)
    return np.ascontiguousarray(numbers).view(dtype)


def _words(name: str) -> int:
    """The planes of words that samples of a type take."""
    return max(np.dtype(name).itemsize // 2, 1) if name else 1
