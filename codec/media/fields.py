"""Frames marked as interlaced: PyAV cannot set a frame's flags, a filter of FFmpeg can."""

from __future__ import annotations

import av

from ncodec.formats.info import VideoInfo

__all__ = ["FieldMarker", "is_interlaced", "is_top_first"]

_PROGRESSIVE = 1
_TOP_FIRST = (2, 5)
"""Those of AVFieldOrder whose top field is shown first."""


def is_interlaced(field_order: int) -> bool:
    """Whether that AVFieldOrder is one of fields."""
    return field_order > _PROGRESSIVE


def is_top_first(field_order: int) -> bool:
    """Whether the top field is shown first."""
    return field_order in _TOP_FIRST


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
