"""A still image to be measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from blake3 import blake3

from ncodec.eval.bench.image_worker import digest
from ncodec.media import read_image

if TYPE_CHECKING:
    from ncodec.eval.data.sets import LabelledImage

__all__ = ["Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """An image, without its samples.

    Attributes:
        content: BLAKE3 of the file.
        shape: height, width, channels.
        depth: bits a sample.
        samples: hash of the samples.
    """

    image: LabelledImage
    content: str
    shape: tuple[int, int, int]
    depth: int
    samples: str

    what: ClassVar[str] = "samples"

    @classmethod
    def read(cls, image: LabelledImage) -> Source:
        """Reads an image; InputError if it is none."""
        pixels = read_image(image.path).pixels
        content = blake3(image.path.read_bytes()).hexdigest()
        height, width, channels = pixels.shape
        return cls(image, content, (height, width, channels), 8 * pixels.itemsize, digest(pixels))

    @property
    def pixels(self) -> int:
        """How many it has."""
        height, width, _ = self.shape
        return height * width

    @property
    def subpixels(self) -> int:
        """How many samples it has."""
        return self.pixels * self.shape[2]

    @property
    def kind(self) -> tuple[int, int]:
        """Channels and bits a sample."""
        return self.shape[2], self.depth

    @property
    def megabytes(self) -> float:
        """MB of its samples."""
        return self.subpixels * self.depth / 8e6

    def rate(self, size: int, lossless: bool) -> float:
        """A file's bits a subpixel, or bits a pixel of a lossy one."""
        return 8 * size / (self.subpixels if lossless else self.pixels)

    def describe(self) -> str:
        """Size, channels, depth and samples, in words."""
        height, width, channels = self.shape
        return f"{width}x{height}, {channels} of {self.depth} bit, samples {self.samples[:16]}"
