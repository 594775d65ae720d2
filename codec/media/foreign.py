"""Stills of formats that ncodec knows without reading them: never a film unasked."""

from __future__ import annotations

from ncodec.errors import InputError

__all__ = ["foreign_format", "refusal"]

_STARTS = (
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"SDPX", "DPX"),
    (b"XPDS", "DPX"),
    (b"8BPS\0\2", "PSB"),
)
_BRANDS = frozenset((b"heic", b"heix", b"mif1", b"heim", b"heis"))
"""The major brands of HEIC files, of the ISO base media file format."""
_COMMANDS = {
    "HEIC": "heif-convert INPUT OUTPUT.png",
    "OpenEXR": "magick INPUT -define quantum:format=floating-point -depth 32 OUTPUT.tif",
}


def foreign_format(start: bytes) -> str:
    """The name of the format of a still that a file with these first 32 bytes has, "" for none."""
    for signature, name in _STARTS:
        if start.startswith(signature):
            return name
    return "HEIC" if start[4:8] == b"ftyp" and start[8:12] in _BRANDS else ""


def refusal(name: str, kind: str) -> InputError:
    """The error that says what to do with a file that is named `name`."""
    command = _COMMANDS.get(kind, "magick INPUT OUTPUT.png")
    return InputError(
        f"{name} is a picture in {kind}, which ncodec does not read: convert it first, for example"
        f" with `{command}`, or make a film of it with --film, with loss"
    )
