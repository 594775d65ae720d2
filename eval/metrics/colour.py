"""The meaning of a clip's samples that was taken when RGB was made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ncodec.formats import VideoInfo

__all__ = ["colour_of", "colour_words"]

_MATRICES = {
    1: "BT.709",
    4: "FCC",
    5: "BT.601 (625 lines)",
    6: "BT.601 (525 lines)",
    7: "SMPTE 240M",
    8: "YCgCo",
    9: "BT.2020",
    10: "BT.2020 constant luminance",
}
"""The names of the CICP matrices that `ncodec.media.to_rgb` knows."""

_LOCATIONS = ("unnamed", "left", "centre", "top left", "top", "bottom left", "bottom")
"""The names of FFmpeg's AVChromaLocation, by number."""

_SCALER = "float32 NumPy, biorthogonal chroma resampling (ncodec.media.colour)"


def colour_of(info: VideoInfo) -> dict[str, Any]:
    """The colour of a source; the decoded clip is taken to have the same.

    Returns:
        ``matrix`` by name, ``matrix_code`` as tagged (ISO/IEC 23091-2), ``assumed`` (whether the
        tag names no matrix that is known, which moves RGB-PSNR by more than 1 dB if the guess is
        wrong), ``range``, ``chroma_location`` and ``scaler``.
    """
    record: dict[str, Any] = {
        "matrix": "none",
        "matrix_code": info.matrix,
        "assumed": False,
        "range": "full" if info.full_range else "limited",
        "chroma_location": "none",
        "scaler": _SCALER,
    }
    if not info.pixel_format.startswith("yuv"):
        return record
    record["assumed"] = info.matrix not in _MATRICES
    # As players do, and `ncodec.media.to_rgb`.
    assumed = "BT.709" if info.height > 576 else "BT.601 (525 lines)"
    record["matrix"] = _MATRICES.get(info.matrix, assumed)
    if not info.pixel_format.startswith("yuv444p"):
        record["chroma_location"] = _location(info)
    return record


def colour_words(record: Mapping[str, Any]) -> str:
    """The sentence that says what `colour_of` gave."""
    named = "assumed, as the clip names none" if record["assumed"] else "as the clip says"
    return (
        f"RGB by {record['matrix']} ({named}), {record['range']} range, chroma "
        f"{record['chroma_location']}; {record['scaler']}."
    )


def _location(info: VideoInfo) -> str:
    if info.pixel_format.startswith("yuv422p"):
        return "left"
    if not 0 < info.chroma_location < len(_LOCATIONS):
        return "unnamed, taken as left"
    return _LOCATIONS[info.chroma_location]
