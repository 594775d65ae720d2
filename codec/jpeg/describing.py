"""What a file is that is kept, from its segments, without decoding a coefficient."""

from __future__ import annotations

from collections.abc import Sequence

from ncodec.formats import Segment
from ncodec.jpeg.files import SECTIONS
from ncodec.jpeg.headers import Unsupported
from ncodec.jpeg.packing import Outline, inflated
from ncodec.jpeg.rebuild import parse
from ncodec.jpeg.thumbnails import split_section
from ncodec.plugin import KeptFile

__all__ = ["describe", "why_stored"]


def describe(segments: Sequence[Segment]) -> KeptFile:
    """The file that `encode_file` made all `segments` of.

    Raises:
        DamagedFile: they are none of a file.
    """
    if segments and len(segments[0].sections) == len(SECTIONS):
        data = inflated(segments[0].sections[-1])
        return KeptFile(len(data), stored=why_stored(data))
    packed = [segment.sections[0] for segment in segments if segment.sections]
    outlines = [Outline.unpack(split_section(section)[1]) for section in packed if section]
    size = sum(outline.size + len(outline.after) for outline in outlines)
    return KeptFile(size, pictures=len(outlines))


def why_stored(data: bytes) -> str:
    """Why a file is stored as general data."""
    try:
        parse(data)
    except Unsupported as error:
        return str(error)
    return "coefficients would make it no smaller"
