"""Stills of formats that ncodec knows without reading them: never a film unasked."""

from __future__ import annotations

from ncodec.errors import InputError

__all__ = ["foreign_format", "refusal"]

_STARTS = (
    (b"8BPS\0\2", "PSB"),
    (b"DDS ", "DDS"),
    (b"\x01\xda", "SGI"),
    (b"\x59\xa6\x6a\x95", "Sun raster"),
    (b"/* XPM", "XPM"),
    (b"#define ", "XBM"),
    (b"SIMPLE  =", "FITS"),
    (b"icns", "ICNS"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"LinS", "MSP"),
    (b"DanM", "MSP"),
)
_BRANDS = frozenset((b"heic", b"heix", b"mif1", b"heim", b"heis"))
"""The major brands of HEIC files, of the ISO base media file format."""
_CAUSES = {
    "HEIC": "coded with loss, so that its pixels are its decoder's choice: decode it first, with"
    " `heif-convert INPUT OUTPUT.png`",
}
_UNREAD = "which ncodec does not read: convert it first, for example with `magick INPUT OUTPUT.png`"


def foreign_format(start: bytes) -> str:
    """The name of the format of a still that a file with these first 32 bytes has, "" for none."""
    for signature, name in _STARTS:
        if start.startswith(signature):
            return name
    return "HEIC" if start[4:8] == b"ftyp" and start[8:12] in _BRANDS else ""


def refusal(name: str, kind: str) -> InputError:
    """The error that says what to do with a file that is named `name`."""
    return InputError(f"{name} is a picture in {kind}, {_CAUSES.get(kind, _UNREAD)}")
