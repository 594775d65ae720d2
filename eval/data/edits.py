"""Edits of a clip: a crop, then a change of size, then a range of frames."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from ncodec.errors import UsageError
from ncodec.formats import VideoInfo
from ncodec.media import Frame, VideoSource
from ncodec.media.frame import EXACT_SCALER, from_av, plane_shapes, to_av

__all__ = ["EDIT_VERSION", "Crop", "Edit", "edited", "parse_edit"]

EDIT_VERSION = 1
"""The version of edits, which grows when the same edit would give other samples or times."""

Planes = tuple[NDArray[Any], ...]

_BICUBIC, _AREA = 0x4, 0x20
_GROW = EXACT_SCALER
_SHRINK = EXACT_SCALER & ~_BICUBIC | _AREA
"""The flags of swscale for area averaging with exact arithmetic; `EXACT_SCALER` is bicubic."""

_SIZE = re.compile(r"([1-9]\d{0,5})x([1-9]\d{0,5})")
_CROP = re.compile(r"([1-9]\d{0,5})x([1-9]\d{0,5})(?:\+(\d{1,6})\+(\d{1,6}))?")
_FRAMES = re.compile(r"(-?\d{1,18})?:(-?\d{1,18})?")
_ALLOWED = "crop=WxH, crop=WxH+X+Y, scale=WxH and frames=A:B, with commas between them"


@dataclass(frozen=True, slots=True)
class Crop:
    """A rectangle of luma samples; centred where it has no `offset` (x, y)."""

    width: int
    height: int
    offset: tuple[int, int] | None = None

    def __str__(self) -> str:
        at = "" if self.offset is None else f"+{self.offset[0]}+{self.offset[1]}"
        return f"{self.width}x{self.height}{at}"


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of a clip, whose parts are done in this order.

    Attributes:
        crop: the part that is kept. Sizes are those of the stored picture, before a rotation
            that the file asks players for.
        scale: (width, height) of the result.
        frames: (first, end) as in a Python slice.
    """

    crop: Crop | None = None
    scale: tuple[int, int] | None = None
    frames: tuple[int | None, int | None] | None = None

    def __bool__(self) -> bool:
        return self != Edit()

    def __str__(self) -> str:
        """The canonical text: the same for the same edit, however it was written."""
        parts = []
        if self.crop is not None:
            parts.append(f"crop={self.crop}")
        if self.scale is not None:
            parts.append("scale={}x{}".format(*self.scale))
        if self.frames is not None:
            parts.append("frames=" + ":".join("" if e is None else str(e) for e in self.frames))
        return ",".join(parts)

    @property
    def label(self) -> str:
        """A few words for names of files and rows: ``1280x640 to 320x160 0..32``."""
        parts = [] if self.crop is None else [str(self.crop)]
        if self.scale is not None:
            parts.append("to {}x{}".format(*self.scale))
        if self.frames is not None:
            first, end = self.frames
            parts.append(f"{first or 0}..{'' if end is None else end}")
        return " ".join(parts)

    def check(self, info: VideoInfo, name: str) -> None:
        """Checks that a clip has what the crop asks for, and can have the size.

        Raises:
            UsageError: the crop does not fit, or a size cuts through a chroma sample.
        """
        if self.crop is not None:
            x, y = self.crop.offset or (0, 0)
            if x + self.crop.width > info.width or y + self.crop.height > info.height:
                raise UsageError(
                    f"crop={self.crop} does not fit into {name}, which is "
                    f"{info.width}x{info.height}: choose a smaller one"
                )
            _check_chroma(self.crop.width, self.crop.height, f"crop={self.crop}", info, name)
        if self.scale is not None:
            _check_chroma(*self.scale, "scale={}x{}".format(*self.scale), info, name)


def parse_edit(text: str) -> Edit:
    """The edit that is written after the ``#`` of a clip.

    Raises:
        UsageError: `text` is no edit.
    """
    edit = Edit()
    seen = set()
    for part in text.split(","):
        key, _, value = part.partition("=")
        if key in seen:
            raise UsageError(f"{key} stands twice in {text!r}: give it once")
        seen.add(key)
        if key == "crop" and (match := _CROP.fullmatch(value)):
            width, height, x, y = match.groups()
            offset = None if x is None else (int(x), int(y))
            edit = replace(edit, crop=Crop(int(width), int(height), offset))
        elif key == "scale" and (match := _SIZE.fullmatch(value)):
            edit = replace(edit, scale=(int(match[1]), int(match[2])))
        elif key == "frames" and (match := _FRAMES.fullmatch(value)):
            first, end = (None if e is None else int(e) for e in match.groups())
            edit = replace(edit, frames=(first, end))
        else:
            raise UsageError(f"{part!r} is no edit of a clip: write {_ALLOWED}")
    return edit


def edited(
    source: VideoSource, times: Sequence[int] | None, edit: Edit
) -> tuple[VideoInfo, list[int] | None, Iterator[Frame]]:
    """The clip after its edit: description, times (None: constant rate) and frames.

    A crop slices planes; its offset is moved left and up to the chroma grid. A change of size
    averages areas where neither side grows and is bicubic otherwise (swscale, exact flags). Each
    plane is resized on its own with its edges aligned, so that no colour is converted; against
    luma, chroma that is sited left moves by less than half a luma sample of the smaller size.
    Frames keep the steps between them; the first is at 0.

    Args:
        source: one whose number of frames is known.
        times: of its frames, in ticks; None where frame i is at tick i.

    Raises:
        UsageError: the edit does not fit the clip, or leaves no frame.
    """
    info = source.info
    edit.check(info, source.name)
    window = range(*slice(*(edit.frames or (None, None))).indices(info.frames))
    if not window:
        raise UsageError(
            f"{edit} leaves no frame of {source.name}: it has frames 0 to {info.frames - 1}"
        )
    kept = None if times is None else [times[i] - times[window[0]] for i in window]
    cropped = info
    if edit.crop is not None:
        cropped = replace(info, width=edit.crop.width, height=edit.crop.height)
    result = replace(cropped, frames=len(window))
    if edit.scale is not None:
        result = replace(result, width=edit.scale[0], height=edit.scale[1])

    def frames() -> Iterator[Frame]:
        resize = _Resizer(cropped, result)
        for index, frame in enumerate(source.frames(window[0], len(window))):
            planes = frame.planes
            if edit.crop is not None:
                planes = _cut(planes, info, edit.crop)
            yield Frame(resize(planes), index if kept is None else kept[index])

    return result, kept, frames()


def _check_chroma(width: int, height: int, asked: str, info: VideoInfo, name: str) -> None:
    rows, columns = _chroma_steps(info)
    if width % columns or height % rows:
        raise UsageError(
            f"{asked} cuts through chroma samples: {name} is {info.pixel_format}, of which x264 "
            f"and x265 take no odd size, so give {'an even width' if rows == 1 else 'even sizes'}"
        )


def _chroma_steps(info: VideoInfo) -> tuple[int, int]:
    """The luma rows and columns of a chroma sample; (1, 1) where there is no chroma."""
    rows, columns = plane_shapes(info.pixel_format, 2, 2)[-1]
    return 2 // rows, 2 // columns


def _cut(planes: Planes, info: VideoInfo, crop: Crop) -> Planes:
    """The part of the planes in `crop`."""
    x, y = crop.offset or ((info.width - crop.width) // 2, (info.height - crop.height) // 2)
    rows, columns = _chroma_steps(info)
    shapes = plane_shapes(info.pixel_format, crop.width, crop.height)
    cut = []
    for plane, (height, width) in zip(planes, shapes, strict=True):
        # In chroma samples first: luma begins where its first chroma sample does.
        top = y // rows * rows * height // crop.height
        left = x // columns * columns * width // crop.width
        cut.append(np.ascontiguousarray(plane[top : top + height, left : left + width]))
    return tuple(cut)


class _Resizer:
    """A resizer of planes from the size of one description to that of another, each as a grey
    picture."""

    def __init__(self, info: VideoInfo, target: VideoInfo) -> None:
        depth = info.bit_depth
        grey = "gray" + (f"{depth}le" if depth > 8 else "")
        # Colour does not enter: grey to grey of the same range is a change of size only.
        self._info = replace(info, pixel_format=grey, matrix=2, full_range=True)
        self._shapes = plane_shapes(target.pixel_format, target.width, target.height)
        self._same = (info.width, info.height) == (target.width, target.height)
        shrinks = target.width <= info.width and target.height <= info.height
        self._flags = _SHRINK if shrinks else _GROW
        self._scalers = [VideoReformatter() for _ in self._shapes]

    def __call__(self, planes: Planes) -> Planes:
        if self._same:
            return planes
        return tuple(map(self._resized, planes, self._shapes, self._scalers))

    def _resized(
        self, plane: NDArray[Any], shape: tuple[int, int], scaler: VideoReformatter
    ) -> NDArray[Any]:
        info = replace(self._info, width=plane.shape[1], height=plane.shape[0])
        picture = scaler.reformat(
            to_av(Frame((plane,), 0), info),
            width=shape[1],
            height=shape[0],
            interpolation=self._flags,
        )
        return from_av(picture, info.pixel_format, 0).planes[0]
