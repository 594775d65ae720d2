"""The contract of video codecs: a window of frames is a segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from ncodec.formats import Segment, VideoInfo
from ncodec.plugin.context import Context, Option

if TYPE_CHECKING:
    import numpy as np

    from ncodec.media import Frame

__all__ = [
    "Codec",
    "Estimate",
    "HasNetwork",
    "HasPreviews",
    "HasRates",
    "Planes",
    "StartsWarm",
    "Window",
    "reduced",
]

Planes = Sequence["np.ndarray"]
"""A picture's planes, as `ncodec.media.Frame` holds them."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an encode will take: seconds of wall time and bytes of coded segments."""

    seconds: float
    size: int


class Window(Protocol):
    """A run of consecutive frames that becomes one independent segment."""

    @property
    def index(self) -> int: ...
    @property
    def first_frame(self) -> int: ...
    @property
    def frame_count(self) -> int: ...
    @property
    def info(self) -> VideoInfo: ...
    def frames(self) -> Iterator[Frame]: ...


class Codec(Protocol):
    """One immutable byte format and what makes and reads it.

    Attributes:
        codec_id: name in the file's header; with `bitstream_version` it names the format for
            ever: other bytes are another version.
        bitstream_version: the version that `encode` writes; `decode` reads all up to it.
        media: kinds of source taken: ``video``, ``image``, ``features``.
        options: what a user can choose.
        sections: names of a segment's sections, for size breakdowns.
    """

    codec_id: ClassVar[str]
    bitstream_version: ClassVar[int]
    media: ClassVar[frozenset[str]]
    options: ClassVar[Sequence[Option]]
    sections: ClassVar[Sequence[str]]

    def estimate(
        self, windows: Sequence[Window], options: Mapping[str, Any], context: Context
    ) -> Estimate:
        """Time and size of encoding these windows one after the other.

        `context.target_size` is the average a window; where `context.seconds` is given it is the
        time, and none needs to be measured.
        """
        ...

    def encode(self, window: Window, options: Mapping[str, Any], context: Context) -> Segment:
        """One window as a segment."""
        ...

    def decode(
        self, segment: Segment, info: VideoInfo, shared: Sequence[bytes], context: Context
    ) -> Sequence[Planes]:
        """The frames of a segment in display order, each computed when it is asked for.

        Args:
            segment: as `encode` returned it.
            info: the clip's description from the header.
            shared: payloads of the file's CONF boxes.
            context: device and threads.

        Raises:
            DamagedFile: the sections cannot be decoded.
            VerificationFailed: the decoded integers differ from the segment's hash.
        """
        ...


@runtime_checkable
class HasNetwork(Protocol):
    """A codec that decodes with a network, and can say what that costs."""

    def macs_per_pixel(self, segment: Segment, info: VideoInfo) -> float:
        """Multiply-accumulates for one pixel of a frame of the segment."""
        ...

    def integers(self, segment: Segment, info: VideoInfo) -> Sequence[np.ndarray]:
        """The quantised network that the segment holds, tensor by tensor."""
        ...


@runtime_checkable
class HasPreviews(Protocol):
    """A codec that has smaller frames without making whole ones first."""

    def preview(
        self,
        segment: Segment,
        info: VideoInfo,
        shared: Sequence[bytes],
        context: Context,
        reduction: int,
    ) -> Sequence[Planes]:
        """`Codec.decode` for frames of the clip ``reduced(info, reduction)``; 2 or 4."""
        ...


def reduced(info: VideoInfo, reduction: int) -> VideoInfo:
    """A clip `reduction` times smaller each way, rounded up."""
    return replace(info, width=-(-info.width // reduction), height=-(-info.height // reduction))


@runtime_checkable
class HasRates(Protocol):
    """A codec whose options trade bytes for quality: what a benchmark draws its curve of."""

    def rate_points(
        self, windows: Sequence[Window], options: Mapping[str, Any], count: int
    ) -> Sequence[Mapping[str, Any]]:
        """Options to add to `options` for `count` points of about doubling size, small to large."""
        ...


@runtime_checkable
class StartsWarm(Protocol):
    """A codec that encodes a window better or faster if it knows another segment of the scene.

    Segments stay independent: only `Codec.encode` sees `Context.neighbour`.

    Attributes:
        starts_warm: whether a scene's first window is finished before the others, and shown to
            them.
    """

    starts_warm: ClassVar[bool]
