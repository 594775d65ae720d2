"""Reads still images from files of any format that ncodec keeps exactly."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Image import DecompressionBombError
from PIL.ImageFile import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.QoiImagePlugin import QoiImageFile
from PIL.TgaImagePlugin import TgaImageFile
from PIL.WebPImagePlugin import WebPImageFile

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.media import png_chunks, pnm
from ncodec.media.bmp import bmp_metadata
from ncodec.media.density import INCH, NO_UNIT, density_chunk
from ncodec.media.foreign import foreign_format, refusal
from ncodec.media.image import Image, Metadata, left_out
from ncodec.media.png import read_png
from ncodec.media.pnm import read_pnm
from ncodec.media.sizes import check_size
from ncodec.media.tiff import read_tiff

__all__ = [
    "JPEG_SUFFIXES",
    "STILL_SUFFIXES",
    "decode_image",
    "image_format",
    "is_still_gif",
    "read_image",
]

STILL_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("bmp", "j2k", "jp2", "jpeg", "jpg", "pam", "pbm", "pgm", "png", "pnm", "ppm"),
        *("qoi", "tga", "tif", "tiff", "webp"),
    )
)
"""The extensions of the formats that `read_image` reads; the content decides all the same."""

JPEG_SUFFIXES = frozenset((".jpg", ".jpeg", ".jpe", ".jfif"))
"""The extensions of JPEG files."""

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JP2 = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
_GIF = (b"GIF87a", b"GIF89a")
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_EXIF_MARKER = b"Exif\0\0"
_XMP_MARKER = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP_MARKER = b"Photoshop 3.0\0"
_JPEG_MARKERS = (
    *(_EXIF_MARKER, _XMP_MARKER, _PHOTOSHOP_MARKER, b"ICC_PROFILE\0", b"JFIF\0", b"Adobe"),
)
"""What segments begin with of which all that is theirs is kept, or is about coding."""
_JFIF_UNITS = {0: NO_UNIT, 1: INCH, 2: Fraction(1, 100)}
_READERS: dict[str, Callable[[BytesIO], ImageFile]] = {
    "BMP": BmpImageFile,
    "GIF": GifImageFile,
    "JPEG": JpegImageFile,
    "JPEG 2000": Jpeg2KImageFile,
    "QOI": QoiImageFile,
    "TGA": TgaImageFile,
    "WebP": WebPImageFile,
}
_MODES = frozenset(("1", "L", "LA", "P", "RGB", "RGBA"))


def image_format(start: bytes) -> str:
    """The name of the image format that a file with these first 32 bytes has, "" for none."""
    if start.startswith(png_chunks.SIGNATURE):
        return "PNG"
    if start.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if start.startswith(_TIFF):
        return "TIFF"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WebP"
    if pnm.SIGNATURE.match(start):
        return "PNM"
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if start.startswith(b"qoif"):
        return "QOI"
    if start.startswith(_JP2):
        return "JPEG 2000"
    return "TGA" if _is_tga(start) else ""


def is_still_gif(path: Path) -> bool:
    """Whether a file is a GIF of one picture; one of several is a film."""
    with path.open("rb") as stream:
        if not stream.read(6).startswith(_GIF):
            return False
    try:
        with GifImageFile(path) as picture:
            return not picture.is_animated
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


def read_image(path: str | Path, *, limits: Limits | None = None) -> Image:
    """The one image in a PNG, TIFF, PNM (PBM, PGM, PPM, PAM), WebP, JPEG or BMP file.

    Samples keep their values: no colour is converted, no orientation applied. Palettes become RGB,
    transparency an alpha channel, and grey of 1, 2 or 4 bits takes 8; metadata says what they were.

    Args:
        limits: what width, height and number of pixels are accepted; the defaults if not given.

    Raises:
        InputError: the file is missing, damaged, no image of these formats, or not one that can be
            held exactly (CMYK, floating point, several frames).
        LimitExceeded: the image is larger than `limits` allow.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check the path and its permissions"
        ) from None
    image = decode_image(data, str(path), limits=limits)
    return replace(image, name=path.name)


def decode_image(data: bytes, name: str, *, limits: Limits | None = None) -> Image:
    """The image that a file holds, without a name; `name` is what errors call it.

    Raises:
        InputError, LimitExceeded: as `read_image` does.
    """
    if not data:
        raise InputError(f"{name} is empty: give an image with at least one pixel")
    kind = image_format(data[:32]) or ("GIF" if data.startswith(_GIF) else "")
    limits = limits or Limits()
    if foreign := foreign_format(data[:32]):
        raise refusal(name, foreign)
    if kind == "PNG":
        return read_png(data, name, limits)
    if kind == "TIFF":
        return read_tiff(data, name, limits)
    if kind == "PNM":
        return read_pnm(data, name, limits)
    if kind:
        return _by_pillow(data, kind, name, limits)
    raise InputError(
        f"{name} is not an image that ncodec reads: give a PNG, TIFF, PNM, WebP, JPEG or BMP file"
    )


def _by_pillow(data: bytes, kind: str, name: str, limits: Limits) -> Image:
    """The image in a file of a format of 8 bits a sample, which Pillow decodes exactly."""
    # Its classes rather than `Image.open`, whose size check is a setting of the whole process.
    reader = _READERS[kind]
    lost: list[str] = []
    damaged = InputError(f"{name} has {kind} data that cannot be decoded: get the whole file")
    if kind == "WebP":
        _check_whole_webp(data, damaged)
    try:
        with reader(BytesIO(data)) as picture:
            check_size(picture.width, picture.height, name, limits)
            if kind == "WebP" and getattr(picture, "n_frames", 1) > 1:
                raise InputError(
                    f"{name} is an animated WebP: take it apart with `magick INPUT.webp -coalesce"
                    " f_%04d.png` and give f_%04d.png, with its --fps"
                )
            mode = picture.mode
            colours = "RGBA" if "transparency" in picture.info else "RGB"
            pixels: NDArray[Any] = np.asarray(picture.convert(colours) if mode == "P" else picture)
            if isinstance(picture, JpegImageFile):
                metadata, lost = _jpeg_metadata(picture)
            elif kind == "BMP":
                metadata = bmp_metadata(data, grey=mode in ("1", "L"))
            else:
                metadata = _metadata(picture)
    except DecompressionBombError:
        raise InputError(
            f"{name} has more pixels than ncodec reads of a {kind}: make it a PNG or TIFF"
        ) from None
    except (OSError, SyntaxError, ValueError, KeyError, IndexError, EOFError, struct.error):
        raise damaged from None
    if mode not in _MODES:
        raise InputError(
            f"{name} is a {kind} in {mode}: convert it to grey or RGB first (for example"
            " `magick INPUT -colorspace sRGB OUTPUT.png`)"
        )
    if mode == "1":
        pixels = pixels * np.uint8(255)
    pixels = np.ascontiguousarray(pixels.reshape(*pixels.shape[:2], -1))
    return Image(pixels, metadata=metadata, notices=left_out(name, lost))


def _check_whole_webp(data: bytes, damaged: InputError) -> None:
    if len(data) < 8 + int.from_bytes(data[4:8], "little"):
        raise damaged


def _jpeg_metadata(picture: JpegImageFile) -> tuple[Metadata, list[str]]:
    """The metadata of a JPEG file, and what its segments hold else."""
    photoshop, comments, lost = b"", [], []
    for kind, body in picture.applist:
        if kind == "COM":
            comments.append(("Comment", body.rstrip(b"\0").decode("latin-1")))
        elif body.startswith(_PHOTOSHOP_MARKER):
            photoshop += body.removeprefix(_PHOTOSHOP_MARKER)
        elif not body.startswith(_JPEG_MARKERS):
            lost.append(f"the JPEG segment {kind}")
    x, y = picture.info.get("jfif_density", (0, 0))
    unit = _JFIF_UNITS.get(picture.info.get("jfif_unit", 0), NO_UNIT)
    metadata = replace(
        _metadata(picture),
        text=tuple(comments),
        chunks=density_chunk(Fraction(x), Fraction(y), unit),
        photoshop=photoshop,
    )
    return metadata, lost


def _metadata(picture: ImageFile) -> Metadata:
    def blob(key: str) -> bytes:
        value = picture.info.get(key)
        return value if isinstance(value, bytes) else b""

    comment = blob("comment").rstrip(b"\0").decode("latin-1")
    return Metadata(
        icc=blob("icc_profile"),
        exif=blob("exif").removeprefix(_EXIF_MARKER),
        xmp=blob("xmp"),
        text=(("Comment", comment),) if comment else (),
    )
