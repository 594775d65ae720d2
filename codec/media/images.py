"""Reads still images from files of any format that ncodec keeps exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import cast

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.media import pnm
from ncodec.media.foreign import foreign_format, refusal
from ncodec.media.image import Image

__all__ = [
    "JPEG_SUFFIXES",
    "STILL_SUFFIXES",
    "decode_image",
    "image_format",
    "is_still_gif",
    "mapped",
    "read_image",
]

STILL_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("bmp", "j2k", "jp2", "jpeg", "jpg", "pam", "pbm", "pgm", "png", "pnm", "ppm"),
        *(
            "qoi",
            "tga",
            "tif",
            "tiff",
            "webp",
            "avif",
            "dpx",
            "exr",
            "hdr",
            "ico",
            "jxl",
            "pcx",
            "pfm",
            "psd",
        ),
    )
)
"""The extensions of the formats that `read_image` reads; the content decides all the same."""

JPEG_SUFFIXES = frozenset((".jpg", ".jpeg", ".jpe", ".jfif"))
"""The extensions of JPEG files."""

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    *((start, "TIFF") for start in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    (b"qoif", "QOI"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"PF\n", "PFM"),
    (b"Pf\n", "PFM"),
    (b"#?RADIANCE", "HDR"),
    (b"#?RGBE", "HDR"),
    (b"\0\0\1\0", "ICO"),
    (b"8BPS\0\1", "PSD"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"SDPX", "DPX"),
    (b"XPDS", "DPX"),
)
Reader = Callable[..., Image]
_PAGED = ("TIFF", "ICO")
"""The formats of files of several pages."""

_READERS = {
    "PNG": ("png", "read_png"),
    "TIFF": ("tiff", "read_tiff"),
    "PNM": ("pnm", "read_pnm"),
    "PFM": ("pfm", "read_pfm"),
    "JPEG 2000": ("coded_stills", "read_jp2"),
    "JPEG XL": ("coded_stills", "read_jxl"),
    "AVIF": ("coded_stills", "read_avif"),
    "HDR": ("coded_stills", "read_hdr"),
    "OpenEXR": ("film_stills", "read_exr"),
    "DPX": ("film_stills", "read_dpx"),
}
"""The modules, imported when they are needed, of what Pillow does not read alone."""
_GIF = (b"GIF87a", b"GIF89a")
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)


def image_format(start: bytes) -> str:
    """The name of the image format that a file with these first 32 bytes has, "" for none."""
    for signature, name in _STARTS:
        if start.startswith(signature):
            return name
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WebP"
    if pnm.SIGNATURE.match(start):
        return "PNM"
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if start[4:12] == b"ftypavif":
        return "AVIF"
    if start[:1] == b"\n" and start[1:2] in b"\0\2\3\4\5" and start[2:3] == b"\1":
        return "PCX" if start[3:4] in b"\1\2\4\x08" and len(start) > 3 else ""
    return "TGA" if _is_tga(start) else ""


def is_still_gif(path: Path) -> bool:
    """Whether a file is a GIF of one picture; one of several is a film."""
    with path.open("rb") as stream:
        if not stream.read(6).startswith(_GIF):
            return False
    from PIL.GifImagePlugin import GifImageFile
    from PIL.Image import DecompressionBombError

    try:
        with GifImageFile(path) as picture:
            return not picture.is_animated
    except DecompressionBombError:
        return True  # whoever reads it says so
    except (OSError, SyntaxError, ValueError, EOFError):
        return False


def _is_tga(start: bytes) -> bool:
    """It has no signature, but few of its 18 bytes have many values."""
    if len(start) < 18:
        return False
    has_palette = start[1] == 1 and start[2] in (1, 9)
    is_plain = start[1] == 0 and start[2] in (2, 3, 10, 11) and not any(start[3:8])
    depths = (8, 15, 16, 24, 32)
    sized = any(start[12:14]) and any(start[14:16])
    return (has_palette or is_plain) and sized and start[16] in depths and start[17] < 64


def read_image(path: str | Path, *, limits: Limits | None = None, page: int | None = None) -> Image:
    """The one image in a file of a format whose extensions `STILL_SUFFIXES` has, or one page.

    Samples keep their values: no colour is converted, no orientation applied. Palettes become RGB,
    transparency an alpha channel, and grey of 1, 2 or 4 bits takes 8; metadata says what they were.

    Args:
        limits: what width, height and number of pixels are accepted; the defaults if not given.
        page: of a file of several, from 0 on; None for a file of one.

    Raises:
        InputError: the file is missing, damaged, no image of these formats, or not one that can be
            held exactly (several frames, coded with loss in a way that decoders may differ in).
        LimitExceeded: the image is larger than `limits` allow.
    """
    path = Path(path)
    try:
        data = path.read_bytes() if page is None else mapped(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check the path and its permissions"
        ) from None
    image = decode_image(data, str(path), limits=limits, page=page)
    return replace(image, name=path.name)


def mapped(path: Path) -> bytes:
    """A file's content, read where it is looked at: a page needs little of it.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is empty.
    """
    with path.open("rb") as stream:
        # Slices of it are bytes, as those of bytes are.
        return cast(bytes, mmap(stream.fileno(), 0, access=ACCESS_READ))


def decode_image(
    data: bytes, name: str, *, limits: Limits | None = None, page: int | None = None
) -> Image:
    """The image that a file holds, without a name; `name` is what errors call it.

    Raises:
        InputError, LimitExceeded: as `read_image` does.
    """
    if not data:
        raise InputError(f"{name} is empty: give an image with at least one pixel")
    kind = image_format(data[:32]) or ("GIF" if data.startswith(_GIF) else "")
    limits = limits or Limits()
    pages = (page,) if kind in _PAGED else ()
    if foreign := foreign_format(data[:32]):
        raise refusal(name, foreign)
    if kind in _READERS:
        module, reader = _READERS[kind]
        read: Reader = getattr(import_module(f"ncodec.media.{module}"), reader)
        return read(data, name, limits, *pages)
    if kind:
        from ncodec.media.pillow_stills import read_by_pillow

        return read_by_pillow(data, kind, name, limits, *pages)
    raise InputError(
        f"{name} is not an image that ncodec reads: give a PNG, TIFF, PNM, WebP, JPEG or BMP file"
    )
