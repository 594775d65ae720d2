"""Still images of formats that Pillow decodes exactly."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.IcoImagePlugin import IcoImageFile
from PIL.Image import DecompressionBombError
from PIL.Image import Image as AnyPicture
from PIL.ImageFile import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PcxImagePlugin import PcxImageFile
from PIL.PsdImagePlugin import PsdImageFile
from PIL.QoiImagePlugin import QoiImageFile
from PIL.TgaImagePlugin import TgaImageFile
from PIL.WebPImagePlugin import WebPImageFile

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.media.bmp import bmp_metadata
from ncodec.media.density import INCH, NO_UNIT, density_chunk
from ncodec.media.image import Image, Metadata, left_out
from ncodec.media.sizes import check_alone, check_size

__all__ = ["read_by_pillow"]

_EXIF_MARKER = b"Exif\0\0"
_XMP_MARKER = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP_MARKER = b"Photoshop 3.0\0"
_JPEG_MARKERS = (
    *(_EXIF_MARKER, _XMP_MARKER, _PHOTOSHOP_MARKER, b"ICC_PROFILE\0", b"JFIF\0", b"Adobe"),
)
"""What segments begin with of which all that is theirs is kept, or is about coding."""
_FURTHER = {b"MPF\0": "further pictures (MPO)", b"urn:iso:std:iso:ts:21496:-1\0": "a gain map"}
"""What segments begin with that are about pictures behind the first one."""
_JFIF_UNITS = {0: NO_UNIT, 1: INCH, 2: Fraction(1, 100)}
_READERS: dict[str, Callable[[BytesIO], ImageFile]] = {
    "BMP": BmpImageFile,
    "GIF": GifImageFile,
    "ICO": IcoImageFile,
    "JPEG": JpegImageFile,
    "JPEG 2000": Jpeg2KImageFile,
    "PCX": PcxImageFile,
    "PSD": PsdImageFile,
    "QOI": QoiImageFile,
    "TGA": TgaImageFile,
    "WebP": WebPImageFile,
}
_PSD_DENSITY, _PSD_IPTC, _PSD_VERSION, _PSD_EXIF, _PSD_XMP = 1005, 1028, 1057, 1058, 1060
"""The numbers of Photoshop's image resources."""
_NOT_READ = re.compile("unsupported|cannot handle", re.IGNORECASE)
"""What Pillow says of files that are no less whole for it."""
_MODES = frozenset(("1", "L", "LA", "P", "RGB", "RGBA"))


def read_by_pillow(
    data: bytes, kind: str, name: str, limits: Limits, page: int | None = None
) -> Image:
    """The image in a file of the format `kind`, or a page of an icon; errors as of
    `read_image`."""
    # Its classes rather than `Image.open`, whose size check is a setting of the whole process.
    reader = _READERS[kind]
    lost: list[str] = []
    damaged = InputError(f"{name} has {kind} data that cannot be decoded: get the whole file")
    if kind == "WebP":
        _check_whole_webp(data, damaged)
    try:
        with reader(BytesIO(data)) as picture:
            check_size(picture.width, picture.height, name, limits)
            _check_still(picture, kind, name)
            mode = picture.mode
            if isinstance(picture, PsdImageFile) and not _is_merged(picture):
                raise InputError(
                    f"{name} is a PSD without a merged picture: save it with maximal compatibility"
                )
            if isinstance(picture, IcoImageFile):
                if page is None:
                    check_alone(name, picture.ico.nb_items)
                return _icon(picture.ico.frame(page or 0), name, limits)
            colours = "RGBA" if "transparency" in picture.info else "RGB"
            pixels: NDArray[Any] = np.asarray(picture.convert(colours) if mode == "P" else picture)
            if isinstance(picture, JpegImageFile):
                metadata, lost = _jpeg_metadata(picture)
            elif isinstance(picture, PsdImageFile):
                metadata, lost = _psd_metadata(picture)
            elif kind == "BMP":
                metadata = bmp_metadata(data, grey=mode in ("1", "L"))
            else:
                metadata = _metadata(picture)
                if mode == "P" and colours == "RGB":
                    metadata = _with_palette(metadata, picture)
    except DecompressionBombError:
        raise InputError(
            f"{name} has more pixels than ncodec reads of a {kind}: make it a PNG or TIFF"
        ) from None
    except (
        OSError,
        SyntaxError,
        ValueError,
        KeyError,
        IndexError,
        EOFError,
        struct.error,
    ) as error:
        if _NOT_READ.search(str(error)):
            raise InputError(
                f"{name} is a {kind} of a kind that ncodec does not read ({error}): convert it"
                " first, for example with `magick INPUT OUTPUT.png`"
            ) from None
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


def _check_still(picture: ImageFile, kind: str, name: str) -> None:
    """Raises InputError where a file has several pictures in time."""
    if kind == "WebP" and getattr(picture, "n_frames", 1) > 1:
        raise InputError(
            f"{name} is an animated WebP: take it apart with `magick INPUT.webp -coalesce"
            " f_%04d.png` and give f_%04d.png, with its --fps"
        )


def _icon(picture: AnyPicture, name: str, limits: Limits) -> Image:
    """An entry of an icon, with its mask as alpha."""
    check_size(picture.width, picture.height, name, limits)
    plain = picture if picture.mode in ("L", "LA", "RGB", "RGBA") else picture.convert("RGBA")
    pixels: NDArray[Any] = np.asarray(plain)
    return Image(np.ascontiguousarray(pixels.reshape(*pixels.shape[:2], -1)))


def _with_palette(metadata: Metadata, picture: ImageFile) -> Metadata:
    """The metadata with the palette of an image of at most 256 colours."""
    colours = bytes(picture.getpalette("RGB") or ())
    return replace(metadata, chunks=(*metadata.chunks, ("PLTE", colours)), maximum=255)


def _is_merged(picture: PsdImageFile) -> bool:
    """Whether the picture of a PSD, beside its layers, is what these make."""
    version = {number: data for number, _, data in picture.resources}.get(_PSD_VERSION, b"")
    return len(version) < 5 or bool(version[4])


def _psd_metadata(picture: PsdImageFile) -> tuple[Metadata, list[str]]:
    """The metadata of a PSD file, and what else it has."""
    blobs = {number: data for number, _, data in picture.resources}
    iptc = blobs.get(_PSD_IPTC, b"")
    block = b"8BIM" + struct.pack(">HHI", _PSD_IPTC, 0, len(iptc)) + iptc + b"\0" * (len(iptc) % 2)
    density: tuple[tuple[str, bytes], ...] = ()
    if len(resolution := blobs.get(_PSD_DENSITY, b"")) >= 12:
        x, y = struct.unpack_from(">I4xI", resolution)
        density = density_chunk(Fraction(x, 1 << 16), Fraction(y, 1 << 16), INCH)
    metadata = Metadata(
        icc=picture.info.get("icc_profile", b""),
        exif=blobs.get(_PSD_EXIF, b""),
        xmp=blobs.get(_PSD_XMP, b""),
        chunks=density,
        photoshop=block if iptc else b"",
    )
    return metadata, ["layers"] if picture.layers else []


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
            named = (what for start, what in _FURTHER.items() if body.startswith(start))
            lost.append(next(named, f"the JPEG segment {kind}"))
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
