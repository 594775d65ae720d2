"""The contract of video codecs: a window of frames is a segment."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from blake3 import blake3

from ncodec.formats import Conf, Segment, VideoInfo
from ncodec.plugin.codec import Codec
from ncodec.plugin.context import Context

if TYPE_CHECKING:
    import numpy as np

    from ncodec.media import Frame

__all__ = [
    "Estimate",
    "HasNetwork",
    "HasPreviews",
    "HasRates",
    "Planes",
    "Shared",
    "StartsWarm",
    "VideoCodec",
    "Window",
    "reduced",
]

Planes = Sequence["np.ndarray"]
"""A picture's planes, as `ncodec.media.Frame` holds them."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an encode will take: seconds of wall time, and bytes of coded segments; None where they
    cannot be told before."""

    seconds: float
    size: int | None


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


@dataclass(frozen=True, slots=True)
class Shared:
    """Model data that all segments of a file need.

    Attributes:
        data: what encoder and decoder get; a packed `ncodec.formats.Model` where not `embedded`.
        embedded: whether the file holds the data. Else it holds their BLAKE3, and a reader finds
            the model among those that come with ncodec, in the user's store or with ``--model``.
    """

    data: bytes
    embedded: bool = True

    def conf(self) -> Conf:
        """The CONF box that stands for the data in the file."""
        if self.embedded:
            return Conf(self.data)
        return Conf(blake3(self.data).digest(), reference=True)


class VideoCodec(Codec):
    """A codec of runs of frames; `media` has ``video``.

    With ``image`` in `media` it takes single images, too, as clips of one frame: how a codec of
    video codes stills. To be implemented: `estimate`, `encode` and `decode`. May be: `shared`, and
    the methods of `HasNetwork`, `HasPreviews`, `HasRates` and `StartsWarm`.
    """

    def shared(self, options: Mapping[str, Any], context: Context) -> Sequence[Shared]:
        """Models that all segments of a file need: called once an encode, none by default.

        `encode` and `estimate` get their data in `Context.shared`, `decode` as its argument.
        """
        return ()

    @abstractmethod
    def estimate(
        self, windows: Sequence[Window], options: Mapping[str, Any], context: Context
    ) -> Estimate:
        """Time and size of encoding these windows one after the other.

        `context.target_size` is the average a window; where `context.seconds` is given it is the
        time, and none needs to be measured.
        """

    @abstractmethod
    def encode(self, window: Window, options: Mapping[str, Any], context: Context) -> Segment:
        """One window as a segment, with the hash of its integers.

        Raises:
            TargetUnreachable: `context.target_size` cannot be met.
            Interrupted: `context.stopping()` came true.
        """

    @abstractmethod
    def decode(
        self, segment: Segment, info: VideoInfo, shared: Sequence[bytes], context: Context
    ) -> Sequence[Planes]:
        """The frames of a segment in display order, each computed when it is asked for.

        Args:
            segment: the segment as `encode` returned it.
            info: the clip's description from the header.
            shared: data of the models that `shared` returned, in its order.
            context: device and threads.

        The integers are given to `Segment.check` before the first frame is.

        Raises:
            DamagedFile: the sections cannot be decoded.
            VerificationFailed: the decoded integers differ from the segment's hash.
        """


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
        """`VideoCodec.decode` for frames of the clip ``reduced(info, reduction)``; 2 or 4."""
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

    Segments stay independent: only `VideoCodec.encode` sees `Context.neighbour`.

    Attributes:
        starts_warm: whether a scene's first window is finished before the others, and shown to
            them.
    """

    starts_warm: ClassVar[bool]
