"""What the past of a tile was, in words, from its first bytes."""

from __future__ import annotations

from collections.abc import Sequence

from ncodec.errors import DamagedFile
from ncodec.photo.past.names import KINDS, MAPS

__all__ = ["DEEP", "JPEG", "KIND_BITS", "YCC", "describe"]

YCC = 5
"""The first byte of a tile that is coded as the luma and chroma that it was made of."""
JPEG = 6
"""That of a tile that is coded as the coefficients of the JPEG file that it was decoded from."""
DEEP = 7
"""That of a tile of deep samples with the first effort; those with the others follow."""
KIND_BITS = 0x3F
"""Which bits of the third byte are the number of the enlarging; the others are its phases."""


def describe(sections: Sequence[bytes]) -> str:
    """The past of a tile; nothing if none was found.

    Raises:
        DamagedFile: it has a map, an enlarging or a grid that there is not.
    """
    samples = sections[0] if sections else b""
    if samples[:1] == bytes([JPEG]):
        from ncodec.photo.past.jpeg_tile import describe_jpeg

        return f"past: {describe_jpeg(samples[1:])}"
    if samples[:1] != bytes([YCC]):
        return ""
    if len(samples) < 3 or samples[1] >= len(MAPS) or samples[2] & KIND_BITS >= len(KINDS):
        raise DamagedFile("the first bytes of a tile are damaged: fetch the file again")
    return f"past: {MAPS[samples[1]]}, {KINDS[samples[2] & KIND_BITS]}"
