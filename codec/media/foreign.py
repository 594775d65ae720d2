"""Stills of formats that ncodec knows without reading them: never a film unasked."""

from __future__ import annotations

from ncodec.errors import InputError

__all__ = ["foreign_format", "refusal"]

_STARTS = (
    (b"\0\0\1\0", "ICO"),
    (b"8BPS", "PSD"),
    (b"\n\5\1\x08", "PCX"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"PF\n", "PFM"),
    (b"Pf\n", "PFM"),
    (b"SDPX", "DPX"),
    (b"XPDS", "DPX"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
)
_BRANDS = {
    **dict.fromkeys((b"avif",), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"mif1", b"heim", b"heis"), "HEIC"),
}
"""The major brands of stills in files of the ISO base media file format."""


def foreign_format(start: bytes) -> str:
    """The name of the format of a still that a file with these first 32 bytes has, "" for none."""
    for signature, name in _STARTS:
        if start.startswith(signature):
            return name
    return _BRANDS.get(start[8:12], "") if start[4:8] == b"ftyp" else ""


def refusal(name: str, kind: str) -> InputError:
    """The error that says what to do with a file that is named `name`."""
    return InputError(
        f"{name} is a picture in {kind}, which ncodec does not read: convert it first, for example"
        " with `magick INPUT OUTPUT.png` (or OUTPUT.tiff for more than 16 bits), or make a film of"
        " it with --film, with loss"
    )
