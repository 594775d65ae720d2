"""The .nc container and its entropy coder. Knows no torch and no codec.

Names are resolved on first use: `ncodec.formats.errors` must not cost the import of numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ncodec.formats.lazy import resolver

if TYPE_CHECKING:
    from ncodec.formats.conf import Conf
    from ncodec.formats.hdr import Hdr
    from ncodec.formats.header import Header
    from ncodec.formats.index import BoxEntry
    from ncodec.formats.info import VideoInfo
    from ncodec.formats.limits import Limits
    from ncodec.formats.model import Model, read_model
    from ncodec.formats.output import atomic_output, same_file
    from ncodec.formats.packet import agreement, iter_packets, pack_packet, unpack_packet
    from ncodec.formats.reader import Reader, SegmentEntry
    from ncodec.formats.salvage import Report, repair
    from ncodec.formats.segment import Segment, integer_hash
    from ncodec.formats.writer import Writer

_HOMES = {
    "Conf": "conf",
    "Hdr": "hdr",
    "Header": "header",
    "BoxEntry": "index",
    "VideoInfo": "info",
    "Limits": "limits",
    "Model": "model",
    "read_model": "model",
    "atomic_output": "output",
    "same_file": "output",
    "agreement": "packet",
    "iter_packets": "packet",
    "pack_packet": "packet",
    "unpack_packet": "packet",
    "Reader": "reader",
    "SegmentEntry": "reader",
    "Report": "salvage",
    "repair": "salvage",
    "Segment": "segment",
    "integer_hash": "segment",
    "Writer": "writer",
}
__all__ = [
    "BoxEntry",
    "Conf",
    "Hdr",
    "Header",
    "Limits",
    "Model",
    "Reader",
    "Report",
    "Segment",
    "SegmentEntry",
    "VideoInfo",
    "Writer",
    "agreement",
    "atomic_output",
    "integer_hash",
    "iter_packets",
    "pack_packet",
    "read_model",
    "repair",
    "same_file",
    "unpack_packet",
]

__getattr__ = resolver(__name__, {name: f"{__name__}.{home}" for name, home in _HOMES.items()})


def __dir__() -> list[str]:
    return sorted(__all__)
