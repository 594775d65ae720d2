"""Codecs of other packages, held to their contract: what they do wrong is said to be theirs.

ncodec's own codecs are not guarded: an exception out of one is a bug to be reported here.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from inspect import isroutine, signature
from typing import TYPE_CHECKING, Any, TypeVar

from ncodec.errors import CodecFailed, MissingDependency, NcodecError
from ncodec.formats import Segment, VideoInfo
from ncodec.plugin import (
    Codec,
    Coded,
    ComparesFeatures,
    Context,
    Estimate,
    Features,
    HoldsFiles,
    Pictures,
    Planes,
    Region,
    Shared,
    Stored,
    Trainer,
    Window,
    reduced,
)

if TYPE_CHECKING:
    import numpy as np

    from ncodec.media.image import Image

__all__ = ["Origin", "guarded"]

Owner = TypeVar("Owner", bound=Codec | Trainer)

_END: Any = object()

_NOBODYS = (errno.ENOSPC, errno.EDQUOT, errno.EPIPE)
"""A full disk, or a reader that has seen enough of our output: the command line says so."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a codec or a trainer comes from.

    Attributes:
        described: its name and its package's, as in ``codec 'rawplanes' of rawplanes 1.0``.
        remedy: what a user can do about its faults.
    """

    described: str
    remedy: str

    def unusable(self, fault: str) -> MissingDependency:
        """The error of a codec that cannot be used."""
        return MissingDependency(f"{self.described} cannot be {fault}: {self.remedy}")

    def failed(self, fault: str) -> CodecFailed:
        """The error of a codec that does other than its contract says."""
        return CodecFailed(f"{self.described} {fault}: {self.remedy}")

    @contextmanager
    def calling(self, method: str) -> Iterator[None]:
        """Turns exceptions that are no `NcodecError` into `CodecFailed`."""
        try:
            yield
        except NcodecError:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _NOBODYS:
                raise
            shown = f"{type(error).__name__}: {error}; NCODEC_DEBUG=1 shows where"
            raise self.failed(f"failed in {method} ({shown})") from error


def guarded(owner: Owner, origin: Origin) -> Owner:
    """`owner`, its public methods replaced by ones that call them and check what they return."""
    for name in dir(type(owner)):
        if not name.startswith("_") and isroutine(getattr(type(owner), name)):
            method = _guarded_method(name, getattr(owner, name), origin)
            object.__setattr__(owner, name, method)
    return owner


def _guarded_method(name: str, method: Callable[..., Any], origin: Origin) -> Callable[..., Any]:
    check = _CHECKS.get(name)

    @wraps(method)
    def call(*arguments: Any, **named: Any) -> Any:
        with origin.calling(name):
            result = method(*arguments, **named)
            if check is None:
                return result
            return check(origin, result, *signature(method).bind(*arguments, **named).args)

    return call


def _estimate(origin: Origin, result: Any, *_: Any) -> Estimate:
    if not isinstance(result, Estimate):
        raise origin.failed(f"returned {_kind(result)} from estimate, not an Estimate")
    return result


def _shared(origin: Origin, result: Any, *_: Any) -> tuple[Shared, ...]:
    models = tuple(result)
    if not all(isinstance(model, Shared) for model in models):
        raise origin.failed(f"returned {_kind(result)} from shared, not a sequence of Shared")
    return models


def _segment(origin: Origin, result: Any, window: Window, *_: Any) -> Segment:
    if not isinstance(result, Segment):
        raise origin.failed(f"returned {_kind(result)} from encode, not a Segment")
    span = (result.index, result.first_frame, result.frame_count)
    window_span = (window.index, window.first_frame, window.frame_count)
    if span != window_span:
        raise origin.failed(
            f"made a segment with index, first frame and frame count {span} of a window with "
            f"{window_span}"
        )
    return result


def _frames(
    origin: Origin, result: Any, segment: Segment, info: VideoInfo, *_: Any
) -> Sequence[Planes]:
    if len(result) != segment.frame_count:
        raise origin.failed(
            f"decodes segment {segment.index} to {len(result)} frames, it has {segment.frame_count}"
        )
    return _Frames(origin, result, info)


def _previews(
    origin: Origin,
    result: Any,
    segment: Segment,
    info: VideoInfo,
    shared: Sequence[bytes],
    context: Context,
    reduction: int,
) -> Sequence[Planes]:
    return _frames(origin, result, segment, reduced(info, reduction))


def _coded(origin: Origin, result: Any, *_: Any) -> Coded:
    if not isinstance(result, Coded):
        raise origin.failed(f"returned {_kind(result)} from encode_images, not Coded")
    return replace(result, segments=_segments(origin, result))


def _segments(origin: Origin, coded: Coded) -> Iterator[Segment]:
    frames, announced = 0, coded.info.frames
    for index, segment in enumerate(_items(origin, "encode_images", coded.segments)):
        if not isinstance(segment, Segment):
            raise origin.failed(f"made {_kind(segment)} in encode_images, not a Segment")
        if (segment.index, segment.first_frame) != (index, frames):
            raise origin.failed(
                f"made segment {segment.index} from frame {segment.first_frame} in encode_images "
                f"where segment {index} from frame {frames} is next"
            )
        frames += segment.frame_count
        yield segment
    if announced and frames != announced:
        raise origin.failed(f"made {frames} frames in encode_images and announced {announced}")


def _pictures(origin: Origin, result: Any, stored: Stored, *_: Any) -> Pictures:
    kind = _Files if isinstance(result, HoldsFiles) else _Pictures
    return kind(origin, result, stored.info)


def _features(origin: Origin, result: Any, *_: Any) -> Features:
    kind = _Comparing if isinstance(result, ComparesFeatures) else _Features
    return kind(origin, result)


_CHECKS: dict[str, Callable[..., Any]] = {
    "estimate": _estimate,
    "shared": _shared,
    "encode": _segment,
    "decode": _frames,
    "preview": _previews,
    "encode_images": _coded,
    "open_images": _pictures,
    "open_features": _features,
}
"""What is made of a method's result: it is checked, now or when it is asked for its parts."""


class _Frames(Sequence[Planes]):
    """Frames that are checked when they are asked for."""

    def __init__(self, origin: Origin, frames: Sequence[Planes], info: VideoInfo) -> None:
        from ncodec.plugin import plane_shapes, sample_type

        self._origin, self._frames = origin, frames
        shapes = plane_shapes(info.pixel_format, info.width, info.height)
        self._expected = [(shape, sample_type(info.pixel_format)) for shape in shapes]

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> Planes:  # type: ignore[override]
        if not 0 <= index < len(self):
            raise IndexError(f"frame {index} of a segment of {len(self)}")
        with self._origin.calling("decode"):
            planes = tuple(self._frames[index])
            if [(plane.shape, plane.dtype) for plane in planes] != self._expected:
                raise self._origin.failed(
                    f"decodes a frame to planes of {_described(planes)}, not of "
                    + ", ".join(f"{kind} {shape}" for shape, kind in self._expected)
                )
        return planes


class _Pictures:
    """Images whose pixels are checked when they are asked for."""

    def __init__(self, origin: Origin, pictures: Pictures, info: VideoInfo) -> None:
        self._origin, self._pictures, self._info = origin, pictures, info

    def __len__(self) -> int:
        with self._origin.calling("open_images"):
            return len(self._pictures)

    def pixels(self, index: int, region: Region | None = None) -> np.ndarray:
        with self._origin.calling("pixels"):
            return self._checked(self._pictures.pixels(index, region), region)

    def stream(self, indices: Sequence[int], region: Region | None = None) -> Iterator[np.ndarray]:
        with self._origin.calling("stream"):
            stream = self._pictures.stream(indices, region)
        count = 0
        for pixels in _items(self._origin, "stream", stream):
            yield self._checked(pixels, region)
            count += 1
        if count != len(indices):
            raise self._origin.failed(f"decodes {count} images where {len(indices)} were asked for")

    def lost(self, index: int, region: Region | None = None) -> Sequence[Region]:
        with self._origin.calling("lost"):
            return self._pictures.lost(index, region)

    def _checked(self, pixels: np.ndarray, region: Region | None) -> np.ndarray:
        info = self._info
        _, _, width, height = region or (0, 0, info.width, info.height)
        kind = "uint8" if info.bit_depth == 8 else "uint16"
        if pixels.ndim != 3 or pixels.shape[:2] != (height, width) or pixels.dtype != kind:
            raise self._origin.failed(
                f"decodes an image to {_described([pixels])}, not to {kind} "
                f"({height}, {width}, channels)"
            )
        return pixels


class _Files(_Pictures):
    """The same with the files that images came in."""

    def file(self, index: int) -> bytes:
        assert isinstance(self._pictures, HoldsFiles), "it is chosen by that"
        with self._origin.calling("file"):
            data = self._pictures.file(index)
        if not isinstance(data, bytes):
            raise self._origin.failed(f"gives a {type(data).__name__} for a file's bytes")
        return data


class _Features:
    """Features, of which no exception gets out without its origin."""

    def __init__(self, origin: Origin, features: Features) -> None:
        self._origin, self._features = origin, features

    @property
    def heads(self) -> Sequence[str]:
        with self._origin.calling("heads"):
            return self._features.heads

    def __len__(self) -> int:
        with self._origin.calling("open_features"):
            return len(self._features)

    def head(self, name: str, index: int) -> np.ndarray:
        with self._origin.calling("head"):
            return self._features.head(name, index)

    def check(self, index: int) -> None:
        with self._origin.calling("check"):
            self._features.check(index)

    def classes(self) -> Sequence[str]:
        with self._origin.calling("classes"):
            return self._features.classes()


class _Comparing(_Features):
    """The same that can be compared with images."""

    def agreement(self, image: Image, index: int) -> float:
        assert isinstance(self._features, ComparesFeatures), "it is chosen by that"
        with self._origin.calling("agreement"):
            return self._features.agreement(image, index)


def _items(origin: Origin, method: str, items: Iterable[Any]) -> Iterator[Any]:
    """The items of an iterable that runs code of the package."""
    with origin.calling(method):
        iterator = iter(items)
    while True:
        with origin.calling(method):
            item = next(iterator, _END)
        if item is _END:
            return
        yield item


def _kind(value: Any) -> str:
    return "None" if value is None else f"an object of type {type(value).__name__}"


def _described(arrays: Iterable[np.ndarray]) -> str:
    return ", ".join(f"{array.dtype} {array.shape}" for array in arrays) or "no array"
