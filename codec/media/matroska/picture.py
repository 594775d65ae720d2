"""The track of pictures: what Matroska says about size, shape, colour, fields and turning."""

from __future__ import annotations

from fractions import Fraction

from ncodec.formats.hdr import Hdr
from ncodec.formats.info import UNSPECIFIED, VideoInfo
from ncodec.media.matroska import elements as ids
from ncodec.media.matroska.ebml import element, number, real, text
from ncodec.media.matroska.stored import PICTURES

__all__ = ["picture_entry"]

_VIDEO_TYPE = 1
_PROGRESSIVE, _INTERLACED = 2, 1
_FIELD_ORDERS = {1: 0, 2: 1, 3: 6, 4: 9, 5: 14}
"""Matroska's FieldOrder of each AVFieldOrder."""

_SITINGS = {1: (1, 2), 2: (2, 2), 3: (1, 1), 4: (2, 1), 5: (1, 3), 6: (2, 3)}
"""Horizontal and vertical siting of each AVChromaLocation: 1 with luma, 2 half, 3 with the next."""

_ASPECT_RATIO = 3
"""The unit of a display size that is only a ratio."""


def picture_entry(
    info: VideoInfo,
    hdr: Hdr | None,
    *,
    codec: tuple[str, bytes],
    frame_time: Fraction | None,
    language: str = "und",
    name: str = "",
) -> bytes:
    """A TrackEntry.

    Args:
        info, hdr: the clip.
        codec: Matroska's identifier of the codec, and its private data.
        frame_time: seconds of a frame, None for a variable rate.
        language, name: what players call the track.
    """
    children = [
        number(ids.TRACK_NUMBER, PICTURES),
        number(ids.TRACK_UID, PICTURES),
        number(ids.TRACK_TYPE, _VIDEO_TYPE),
        number(ids.FLAG_LACING, 0),
        text(ids.LANGUAGE, language),
        text(ids.NAME, name) if name else b"",
        text(ids.CODEC_ID, codec[0]),
        element(ids.CODEC_PRIVATE, codec[1]),
        number(ids.DEFAULT_DURATION, round(frame_time * 10**9)) if frame_time else b"",
        _video(info, hdr),
    ]
    return element(ids.TRACK_ENTRY, *children)


def _video(info: VideoInfo, hdr: Hdr | None) -> bytes:
    children = [number(ids.PIXEL_WIDTH, info.width), number(ids.PIXEL_HEIGHT, info.height)]
    children.append(_display(info))
    if info.field_order:
        order = _FIELD_ORDERS[info.field_order]
        children.append(number(ids.FLAG_INTERLACED, _INTERLACED if order else _PROGRESSIVE))
        children.append(number(ids.FIELD_ORDER, order) if order else b"")
    children.append(_colour(info, hdr))
    if info.rotation or info.mirrored:
        yaw, roll = 180.0 * info.mirrored, -float(info.rotation)
        # Matroska's angles go from -180 to 180.
        poses = (real(ids.POSE_YAW, yaw), real(ids.POSE_ROLL, roll + 360 * (roll < -180)))
        children.append(element(ids.PROJECTION, number(ids.PROJECTION_TYPE, 0), *poses))
    return element(ids.VIDEO, *children)


def _display(info: VideoInfo) -> bytes:
    """The size that the picture is shown at, as its shape alone where that is no whole number."""
    aspect = info.sample_aspect_ratio
    if aspect == 1:
        return b""
    width = info.width * aspect
    if width.denominator == 1:
        size = (width.numerator, info.height)
    else:
        size = (width / info.height).as_integer_ratio()
    unit = b"" if width.denominator == 1 else number(ids.DISPLAY_UNIT, _ASPECT_RATIO)
    return b"".join((number(ids.DISPLAY_WIDTH, size[0]), number(ids.DISPLAY_HEIGHT, size[1]), unit))


def _colour(info: VideoInfo, hdr: Hdr | None) -> bytes:
    children = [
        number(identifier, value)
        for identifier, value in (
            (ids.MATRIX, info.matrix),
            (ids.TRANSFER, info.transfer),
            (ids.PRIMARIES, info.primaries),
        )
        if value != UNSPECIFIED
    ]
    children.append(number(ids.RANGE, 2 if info.full_range else 1))
    if info.chroma_location in _SITINGS:
        horizontal, vertical = _SITINGS[info.chroma_location]
        children.append(number(ids.SITING_HORIZONTAL, horizontal))
        children.append(number(ids.SITING_VERTICAL, vertical))
    if hdr is not None and hdr.light is not None:
        children.append(number(ids.MAX_CLL, hdr.light[0]))
        children.append(number(ids.MAX_FALL, hdr.light[1]))
    if hdr is not None and hdr.mastering is not None:
        *places, least, most = map(float, hdr.mastering)
        shown = [real(name, place) for name, place in zip(ids.CHROMATICITIES, places, strict=True)]
        shown += [real(ids.LUMINANCE_MAX, most), real(ids.LUMINANCE_MIN, least)]
        children.append(element(ids.MASTERING, *shown))
    return element(ids.COLOUR, *children)
