"""Interlaced frames: PyAV neither sets a frame's flags nor tells all of them, filters do."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

import av

from ncodec.formats.info import VideoInfo

__all__ = ["FieldMarker", "field_order_of", "is_interlaced", "is_top_first"]

_PROGRESSIVE, _TOP, _BOTTOM = 1, 2, 3
_TOP_FIRST = (2, 5)
"""Those of AVFieldOrder whose top field is shown first."""


def is_interlaced(field_order: int) -> bool:
    """Whether that AVFieldOrder is one of fields."""
    return field_order > _PROGRESSIVE


def is_top_first(field_order: int) -> bool:
    """Whether the top field is shown first."""
    return field_order in _TOP_FIRST


def field_order_of(picture: av.VideoFrame, stated: int) -> int:
    """The AVFieldOrder of a decoded picture whose stream states one, 0 if none.

    The flags of a picture that is interlaced count: DV states nothing, and FFmpeg's parser of H.264
    says of some streams that the top field is first when it is not.
    """
    if not picture.interlaced_frame:
        return stated
    graph = av.filter.Graph()
    base = picture.time_base or Fraction(1, 25)
    graph.link_nodes(
        graph.add_buffer(
            width=picture.width, height=picture.height, format=picture.format, time_base=base
        ),
        graph.add("select", r"eq(interlace_type\,TOPFIRST)"),
        graph.add("buffersink"),
    ).configure()
    graph.push(picture)
    top_first = False
    with suppress(BlockingIOError):
        graph.pull()
        top_first = True
    if is_interlaced(stated) and is_top_first(stated) == top_first:
        return stated
    return _TOP if top_first else _BOTTOM


class FieldMarker:
    """Marks pictures with the order of their fields, where they have any.

    Args:
        info: the clip.
        layout: FFmpeg's name of the pictures' pixel format.
    """

    def __init__(self, info: VideoInfo, layout: str) -> None:
        self._graph: av.filter.Graph | None = None
        if is_interlaced(info.field_order):
            graph = av.filter.Graph()
            graph.link_nodes(
                graph.add_buffer(
                    width=info.width,
                    height=info.height,
                    format=av.VideoFormat(layout),
                    time_base=info.time_base,
                ),
                graph.add("setfield", "tff" if is_top_first(info.field_order) else "bff"),
                graph.add("buffersink"),
            ).configure()
            self._graph = graph

    def marked(self, picture: av.VideoFrame) -> av.VideoFrame:
        """The picture with its flags."""
        if self._graph is None:
            return picture
        self._graph.push(picture)
        marked = self._graph.pull()
        assert isinstance(marked, av.VideoFrame)
        return marked
