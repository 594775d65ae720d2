"""The contract of codecs of still images."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from ncodec.formats import Conf, Segment, VideoInfo
from ncodec.plugin.codec import Codec
from ncodec.plugin.context import Context

if TYPE_CHECKING:
    import numpy as np

    from ncodec.media.image import Image

__all__ = [
    "Coded",
    "DescribesFiles",
    "DescribesSegments",
    "HasImageRates",
    "HasModels",
    "HoldsFiles",
    "ImageCodec",
    "KeptFile",
    "Pictures",
    "Region",
    "StillCodec",
    "Stored",
]

Region = tuple[int, int, int, int]
"""x, y, width, height in pixels."""


@dataclass(frozen=True, slots=True)
class Coded:
    """What an image codec makes of its images.

    Attributes:
        info: size and pixel format; `frames` counts what decodes on its own: the images of a
            collection, or the tiles of one image.
        segments: the segments in order, each made when it is asked for.
        confs: shared model data, or references to it.
        notices: what a user should know of how they are coded, a sentence each.
    """

    info: VideoInfo
    segments: Iterator[Segment]
    confs: Sequence[Conf] = ()
    notices: Sequence[str] = ()


class Stored(Protocol):
    """A file of images as its codec sees it.

    Attributes:
        info: HEAD's description, as in `Coded`.
        shared: payloads of the CONF boxes, those of references fetched from the store.
        present: (index, first frame, frame count) of the segments that the file has, in order.
        models: model files that the user named.
    """

    @property
    def info(self) -> VideoInfo: ...
    @property
    def models(self) -> Sequence[str | Path]: ...
    @property
    def shared(self) -> Sequence[bytes]: ...
    @property
    def present(self) -> Sequence[tuple[int, int, int]]: ...
    def segment(self, index: int) -> Segment:
        """Segment `index`; DamagedFile where its checksum does not hold."""
        ...


class Pictures(Protocol):
    """The images of a file, decoded as they are asked for."""

    def __len__(self) -> int: ...

    def pixels(self, index: int, region: Region | None = None) -> np.ndarray:
        """Image `index`, or a part of it, (height, width, channels); lost samples are 0.

        Raises:
            DamagedFile: all of it is lost, or a segment cannot be decoded.
            VerificationFailed: the decoded integers differ from a segment's hash.
        """
        ...

    def stream(self, indices: Sequence[int], region: Region | None = None) -> Iterator[np.ndarray]:
        """`pixels` of several images in turn, decoded ahead on the context's threads."""
        ...

    def lost(self, index: int, region: Region | None = None) -> Sequence[Region]:
        """The parts of image `index`, or of a part of it, that a repaired file has lost."""
        ...


@runtime_checkable
class HoldsFiles(Protocol):
    """What `open_images` of a codec returns that keeps files: `Pictures` with the files."""

    def file(self, index: int) -> bytes:
        """The bytes of the file that image `index` came in.

        Raises:
            DamagedFile: a part of it is lost, or cannot be decoded.
            VerificationFailed: it is not what was encoded.
        """
        ...


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that is kept byte for byte, told without decoding it.

    Attributes:
        size: its bytes.
        pictures: how many are in it, one behind another.
        stored: why it is stored as it is, more or less; None where it is not.
    """

    size: int
    pictures: int = 1
    stored: str | None = None


@runtime_checkable
class DescribesFiles(Protocol):
    """A codec that keeps files and says of one what it is; `ncodec info` shows it."""

    def describe_file(self, segments: Sequence[Segment]) -> KeptFile:
        """The file that these are all the segments of.

        Raises:
            DamagedFile: they are none of a file.
        """
        ...


@runtime_checkable
class DescribesSegments(Protocol):
    """A codec that can say more of a segment than its bytes; `ncodec info` shows it."""

    def describe_segment(self, segment: Segment) -> str:
        """What is special about a segment, in a few words; nothing if nothing is.

        Raises:
            DamagedFile: its sections are none of this codec's.
        """
        ...


class StillCodec(Codec):
    """What `ImageCodec` and `FeatureCodec` share: how images become a file's parts."""

    @abstractmethod
    def encode_images(
        self, images: Sequence[Image], options: Mapping[str, Any], context: Context
    ) -> Coded:
        """Images as a file's parts; those of an `ImageCodec` have one shape and sample type."""


class ImageCodec(StillCodec):
    """A codec of still images.

    `media` has ``image`` for codecs of single images of any size, ``collection`` for those of
    many of one shape. To be implemented: `encode_images` and `open_images`. May be: the methods of
    `HasImageRates`, `DescribesFiles` and `DescribesSegments`. An option called ``model`` names the
    model file that decoding needs, where the file holds no more than its digest.

    Attributes:
        lossless: whether every sample comes back. If not, ncodec decodes what was encoded and
            records its PSNR, with which `verify` compares.
        keeps_files: whether `encode_images` takes a `Collection` for what its `file` gives, the
            bytes of whole files, and never looks at pixels or metadata; see `HoldsFiles`.
        takes_target_size: whether `encode_images` heeds `Context.target_size`: bytes of all
            segments' sections, and of models kept in the file, together.
    """

    lossless: ClassVar[bool] = True
    keeps_files: ClassVar[bool] = False
    takes_target_size: ClassVar[bool] = False

    @abstractmethod
    def open_images(self, stored: Stored, context: Context) -> Pictures:
        """The images of a file; decodes none yet.

        The integers of each segment are given to `Segment.check` before its pixels are.
        """


@runtime_checkable
class HasModels(Protocol):
    """A codec of collections that comes with models for images of some shapes."""

    def fits(self, shape: tuple[int, ...], bit_depth: int) -> bool:
        """Whether one is for images of this shape (height, width, channels)."""
        ...


@runtime_checkable
class HasImageRates(Protocol):
    """An image codec whose options trade bytes for quality, of which a benchmark draws a curve."""

    def rate_points(
        self, images: Sequence[Image], options: Mapping[str, Any], count: int
    ) -> Sequence[Mapping[str, Any]]:
        """Options to add to `options` for at most `count` points of rising size, small to large."""
        ...
