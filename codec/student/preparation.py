"""How a teacher wants its images: resized, cut to a square, normalised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from ncodec.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Preparation"]


@dataclass(frozen=True, slots=True)
class Preparation:
    """A square of the image's centre, `side` / `outside` of the shorter side, resized to `side`.

    Attributes:
        outside: the length that the shorter side would be resized to.
        side: the side of the square that is cut out of that.
        mean, deviation: those of R, G and B on the scale 0..255.
    """

    outside: int
    side: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def prepare(self, pixels: NDArray[Any], whole: bool = False) -> NDArray[np.uint8]:
        """An image, uint8 [height, width, channels], as uint8 [side, side, 3].

        Grey becomes RGB, alpha is dropped.

        Args:
            pixels: as `ncodec.media.Image` holds them.
            whole: keep the image's own size and all of it.

        Raises:
            UsageError: its samples have more than 8 bits.
        """
        if pixels.dtype != np.uint8:
            raise UsageError("an image of 16 bits a sample is not taken: convert it to 8 bits")
        colours = pixels[:, :, :3] if pixels.shape[2] > 2 else pixels[:, :, :1]
        rgb = np.ascontiguousarray(np.broadcast_to(colours, (*pixels.shape[:2], 3)))
        if whole:
            return rgb
        picture = Pillow.fromarray(rgb)
        part = max(min(picture.size) * self.side // self.outside, 1)
        left, top = ((length - part + 1) // 2 for length in picture.size)
        square = picture.crop((left, top, left + part, top + part))
        return np.asarray(square.resize((self.side, self.side), Pillow.Resampling.BICUBIC))

    def normalised(self, images: Tensor) -> Tensor:
        """Images, float [n, 3, h, w] of 0..255, with mean 0 and deviation 1."""
        mean = images.new_tensor(self.mean)[:, None, None]
        return (images - mean) / images.new_tensor(self.deviation)[:, None, None]

    def restored(self, images: Tensor) -> Tensor:
        """The images that `normalised` was given."""
        mean = images.new_tensor(self.mean)[:, None, None]
        return images * images.new_tensor(self.deviation)[:, None, None] + mean
