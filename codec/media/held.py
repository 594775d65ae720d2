"""Sources that have no path: arrays, frames and images in memory, bytes, streams."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.errors import InputError, Interrupted, UsageError
from ncodec.formats.info import VideoInfo
from ncodec.media.arrays import ArrayLayout, array_axes, expanded, is_stored
from ncodec.media.collection import ArrayCollection, Collection, ImageList
from ncodec.media.frame import Frame
from ncodec.media.image import Image
from ncodec.media.picture_files import open_pictures
from ncodec.media.pictures import as_frame, as_image, check_planes, check_samples, clip_info
from ncodec.media.pipes import is_pipe
from ncodec.media.reading import frame_rate
from ncodec.media.spool import spool
from ncodec.media.streams import COPY, Held, HeldPipe, HeldStream

__all__ = ["COPY", "Held", "HeldFiles", "HeldPictures", "held"]

RATE = 25
"""Frames a second where nobody says how many."""

_TAKEN = (
    "a path, - for standard input, bytes, a binary stream, a NumPy array or what becomes one, "
    "ncodec.Image, an iterable of frames, or a list of paths of pictures"
)


class HeldPictures(Held):
    """Frames or images in memory, read once.

    Args:
        pictures: `Frame`s, `Image`s, or arrays [H, W] or [H, W, C].
        info: what `Frame`s are, or what RGB is converted to.
        rate: frames a second, or None.
        single: whether it is one picture by itself, not a run of them.

    Raises:
        InputError: there are none.
    """

    name = "the frames"

    def __init__(
        self, pictures: Iterable[Any], info: VideoInfo | None, rate: Fraction | None, single: bool
    ) -> None:
        rest = iter(pictures)
        first = next(rest, None)
        if first is None:
            raise InputError("the source has no frames: give at least one")
        self._first, self._pictures = first, chain((first,), rest)
        self._info, self._rate = info, rate
        if single:
            self.kind = "image"
        elif info is not None or rate is not None:
            self.kind = "video"
        else:
            self.kind = "album" if isinstance(first, Image) else None

    def keep(self, folder: Path, stopping: Callable[[], bool]) -> Path:
        path = folder / f"{COPY}.frames"
        info = self._clip()

        def frames() -> Iterator[Frame]:
            for index, picture in enumerate(self._pictures):
                if stopping():
                    raise Interrupted("stopped by the user")
                yield self._frame(picture, index, info)

        spool(path, "image" if self.kind == "image" else "video", info, frames())
        return path

    def collection(self) -> Collection:
        return self._images

    @cached_property
    def _images(self) -> Collection:
        images = [as_image(picture) for picture in self._pictures]
        return ImageList(images, self.name, "image" if self.kind == "image" else "files")

    def _clip(self) -> VideoInfo:
        if self._info is not None:
            clip = replace(self._info, frames=0)
        elif isinstance(self._first, Frame):
            raise UsageError("frames need their description: give info=, such as that of the clip")
        else:
            clip = clip_info(self._first, Fraction(1, RATE))
        return clip if self._rate is None else replace(clip, time_base=1 / self._rate)

    def _frame(self, picture: Any, index: int, info: VideoInfo) -> Frame:
        if isinstance(picture, Frame):
            check_planes(picture, index, info)
            return picture if self._rate is None else replace(picture, pts=index)
        return as_frame(picture, index, info)


class HeldArray(HeldPictures):
    """An array of one image or several pictures; arguments as of `HeldPictures`.

    Raises:
        UsageError: it is no array of pictures.
    """

    name = "the array"

    def __init__(self, array: NDArray[Any], info: VideoInfo | None, rate: Fraction | None) -> None:
        if not array.size and array.ndim in (2, 3, 4):
            raise InputError(f"the array has shape {array.shape}: give at least one picture")
        if info is not None or rate is not None:
            check_samples(array)
        elif not is_stored(array.dtype):
            raise UsageError(
                f"the samples are {array.dtype} but must be integers, booleans or floats of 16 to"
                " 64 bits: convert them with .astype"
            )
        axes = array_axes(array.shape)
        if not axes:
            raise UsageError(
                f"the array has shape {array.shape} but must be [H, W] or [H, W, C] for an image, "
                "[N, H, W] or [N, H, W, C] for several, C from 1 to 4: for channels that come "
                "first, permute the axes"
            )
        self._layout = ArrayLayout("npy", axes, array.dtype.str)
        self._array = expanded(array, axes)
        if "n" not in axes and rate is not None:
            raise UsageError(
                f"fps goes with several frames, the array is one image of shape {array.shape}: "
                "leave it out, or add an axis in front"
            )
        super().__init__(self._array, info, rate, "n" not in axes)

    def collection(self) -> Collection:
        return ArrayCollection(self.name, self._array, self._layout)


class HeldFiles(Held):
    """Picture files, or folders and patterns of them."""

    name = "the files"
    kind = "album"

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self.paths = tuple(map(str, paths))

    def keep(self, folder: Path, stopping: Callable[[], bool]) -> Path:
        raise UsageError(
            f"{self} are no clip, {self.paths[0]} and what follows: give a folder, or a pattern "
            "as '*.png'"
        )

    def collection(self) -> Collection:
        return open_pictures(self.paths)


def held(source: Any, *, fps: Any = None, info: VideoInfo | None = None) -> str | Held:
    """A path as text, or what stands for a source that has none.

    Args:
        source: what `ncodec.encode` takes.
        fps: frames a second of pictures in memory; what has a path or is a stream is told by its
            `Reading`.
        info: what `Frame`s are, or what RGB frames are to be converted to.

    Raises:
        UsageError: this is no source, or it cannot have `fps` or `info`.
        InputError: it is empty.
    """
    opened = source if isinstance(source, Held) else _without_pictures(source)
    if opened is not None:
        if info is not None:
            raise UsageError(
                f"info goes with arrays and frames, {opened} has its own: leave it out"
            )
        return opened
    rate = None if fps is None else frame_rate(fps)
    if isinstance(source, Image):
        return HeldPictures([source], info, rate, single=True)
    if isinstance(source, Frame):
        return HeldPictures([source], info, rate, single=False)
    if isinstance(source, list | tuple) and all(isinstance(item, str | Path) for item in source):
        if not source:
            raise InputError("the source has no files: give at least one")
        return HeldFiles(source)
    if hasattr(source, "__array__") or hasattr(source, "__array_interface__"):
        try:
            array = np.asarray(source)
        except (TypeError, ValueError, RuntimeError) as error:
            raise UsageError(
                f"{type(source).__name__} does not become a NumPy array ({error}): move it to the "
                "CPU first"
            ) from None
        return HeldArray(array, info, rate)
    if isinstance(source, Iterable) and not isinstance(source, dict | set | frozenset):
        own = getattr(source, "info", None)
        described = own if info is None and isinstance(own, VideoInfo) else info
        is_clip = described is not None and _is_clip(described)
        return HeldPictures(source, described if is_clip else None, rate, single=False)
    raise UsageError(f"source is of type {type(source).__name__} but must be {_TAKEN}")


def _without_pictures(source: Any) -> str | Held | None:
    if isinstance(source, str | Path):
        if str(source) == "-":
            return HeldStream(sys.stdin.buffer, "standard input")
        return HeldPipe(str(source)) if is_pipe(source) else str(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return HeldStream(io.BytesIO(source), "the data")
    return HeldStream(source) if hasattr(source, "read") else None


def _is_clip(info: VideoInfo) -> bool:
    """Whether these are planes, not the samples of still images, which an album has."""
    return info.pixel_format not in ("rgb24", "rgba", "ya8", "rgb48le", "rgba64le", "ya16le")
