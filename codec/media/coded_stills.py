"""JPEG XL, AVIF, Radiance HDR and deep JPEG 2000 images, by imagecodecs."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL.AvifImagePlugin import AvifImageFile

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.media.image import Image, Metadata, left_out
from ncodec.media.iso_boxes import boxes, find
from ncodec.media.jxl_header import jxl_header
from ncodec.media.pillow_stills import read_by_pillow
from ncodec.media.sample_kind import SampleKind, as_words
from ncodec.media.sizes import check_size
from ncodec.media.stored import scaled

__all__ = ["read_avif", "read_hdr", "read_jp2", "read_jxl"]

_JP2_START = b"\xff\x4f\xff\x51"
_JP2_SRGB, _JP2_GREY = 16, 17
_CODESTREAM = b"\xff\x0a"
_SRGB = (1, 13)
_IDENTITY = 0
_FULL_RANGE = 0x80
_MONOCHROME = 0x10


def read_jxl(data: bytes, name: str, limits: Limits) -> Image:
    """The image in a JPEG XL file that is coded without loss; floating-point samples are words.

    Raises:
        InputError: it is coded with loss, moves, has further channels or a profile, or is damaged.
        LimitExceeded: the image is larger than `limits` allow.
    """
    parts = [(b"jxlc", data)] if data.startswith(_CODESTREAM) else [*boxes(data)]
    stream = b"".join(
        content if kind == b"jxlc" else content[4:]
        for kind, content in parts
        if kind in (b"jxlc", b"jxlp")
    )
    try:
        header = jxl_header(stream)
    except ValueError:
        raise _damaged(name, "JPEG XL") from None
    obstacle = ""
    if header.moves:
        obstacle = "an animation"
    elif header.lossy or any(kind == b"jbrd" for kind, _ in parts):
        obstacle = "coded with loss, so that its pixels are its decoder's choice"
    elif header.colours is None:
        obstacle = "has a colour profile, which ncodec does not read there"
    elif len(header.extra) > 1 or any(header.extra):
        obstacle = "has channels beside colour and alpha"
    elif not (0 < header.bits <= 16 or header.bits in (-16, -32)):
        obstacle = f"has samples of {abs(header.bits)} bits"
    if obstacle:
        raise InputError(
            f"{name} is a JPEG XL that {'is ' * (not obstacle.startswith('has'))}{obstacle}:"
            " decode it first, with `djxl INPUT OUTPUT.png`"
        )
    check_size(header.width, header.height, name, limits)
    try:
        samples: NDArray[Any] = np.asarray(imagecodecs.jpegxl_decode(data, keeporientation=True))
    except (RuntimeError, ValueError, MemoryError):
        raise _damaged(name, "JPEG XL") from None
    kinds = dict(parts)
    metadata = Metadata(
        exif=kinds.get(b"Exif", b"")[4:],
        xmp=kinds.get(b"xml ", b""),
        chunks=_colours(header.colours or _SRGB),
        samples=SampleKind(extra=(1,) if header.premultiplied else ()),
    )
    lost = ["metadata that is compressed"] if b"brob" in kinds else []
    return scaled(samples, header.bits, metadata, left_out(name, lost))


def read_avif(data: bytes, name: str, limits: Limits) -> Image:
    """The image in an AVIF file whose samples are RGB or grey already.

    Raises:
        InputError: they are YCbCr, which decoders convert each in their way, or it is damaged.
        LimitExceeded: the image is larger than `limits` allow.
    """
    properties = (b"meta", b"iprp", b"ipco")
    for size in find(data, *properties, b"ispe"):
        width, height = (int.from_bytes(size[at : at + 4], "big") for at in (4, 8))
        check_size(width, height, name, limits)
    colours = [box[4:] for box in find(data, *properties, b"colr") if box.startswith(b"nclx")]
    layouts = [box[2] for box in find(data, *properties, b"av1C") if len(box) > 2]
    grey = all(layout & _MONOCHROME for layout in layouts)
    matrix, full = (colours[0][5], colours[0][6]) if colours and len(colours[0]) > 6 else (2, 0)
    if not layouts or not full & _FULL_RANGE or (matrix != _IDENTITY and not grey):
        raise InputError(
            f"{name} is an AVIF in YCbCr, of which each decoder makes RGB of its own: decode it"
            " first, with `avifdec INPUT OUTPUT.png`"
        )
    references = b"".join(find(data, b"meta", b"iref"))
    if b"prem" in references or (grey and len(layouts) > 1):
        raise InputError(
            f"{name} is an AVIF with premultiplied alpha, or grey with alpha: decode it first, with"
            " `avifdec INPUT OUTPUT.png`"
        )
    try:
        samples: NDArray[Any] = np.asarray(imagecodecs.avif_decode(data))
        with AvifImageFile(BytesIO(data)) as picture:
            blobs = {key: picture.info.get(key) or b"" for key in ("icc_profile", "exif", "xmp")}
    except (RuntimeError, ValueError, SyntaxError, OSError, MemoryError):
        raise _damaged(name, "AVIF") from None
    primaries, transfer = colours[0][1], colours[0][3]
    said = (primaries, transfer) if 2 not in (primaries, transfer) else _SRGB
    metadata = Metadata(
        icc=blobs["icc_profile"],
        exif=blobs["exif"].removeprefix(b"Exif\0\0"),
        xmp=blobs["xmp"],
        chunks=() if blobs["icc_profile"] else _colours(said),
    )
    # The bits of a sample, 8, 10 or 12, are in the decoder's configuration.
    bits = 8 if not layouts[0] & 0x40 else 12 if layouts[0] & 0x20 else 10
    if grey and samples.ndim == 3:
        samples = samples[:, :, [0, *range(3, samples.shape[2])]]
    return scaled(samples, bits, metadata, ())


def read_hdr(data: bytes, name: str, limits: Limits) -> Image:
    """The image in a Radiance HDR file, whose samples are floating-point numbers.

    Raises:
        InputError: it is damaged, or in XYZ.
        LimitExceeded: the image is larger than `limits` allow.
    """
    header, _, rest = data.partition(b"\n\n")
    size = rest.partition(b"\n")[0].split()
    if len(size) != 4 or size[0] != b"-Y" or size[2] != b"+X" or b"xyze" in header:
        raise InputError(
            f"{name} is a Radiance HDR file in XYZ or turned: convert it first, with `pfilt -1`"
        )
    try:
        check_size(int(size[3]), int(size[1]), name, limits)
        samples: NDArray[Any] = np.asarray(imagecodecs.rgbe_decode(data))
    except (RuntimeError, ValueError):
        raise _damaged(name, "Radiance HDR") from None
    lines = b"\n".join(header.splitlines()[1:]).decode("latin-1")
    metadata = Metadata(text=(("Comment", lines),), samples=SampleKind("f4"))
    return Image(as_words(samples.astype(np.float32)), metadata=metadata)


def read_jp2(data: bytes, name: str, limits: Limits) -> Image:
    """The image in a JPEG 2000 file, by Pillow where it has 8 bits a sample.

    Raises:
        InputError: its channels differ in size or depth, are signed or not grey or RGB, or it is
            damaged.
        LimitExceeded: the image is larger than `limits` allow.
    """
    start = data.find(_JP2_START)
    size = data[start + len(_JP2_START) :][: 38 + 3 * 5]
    if start < 0 or len(size) < 41:
        raise _damaged(name, "JPEG 2000")
    count = int.from_bytes(size[36:38], "big")
    parts = {size[at : at + 3] for at in range(38, 38 + 3 * min(count, 5), 3)}
    if all(part[:1] == b"\7" for part in parts):
        return read_by_pillow(data, "JPEG 2000", name, limits)
    first = min(parts)
    bits = (first[0] & 127) + 1
    kinds = [box for box in find(data, b"jp2h", b"colr") if box[:1] == b"\1"]
    colour = int.from_bytes(kinds[0][3:7], "big") if kinds else _JP2_SRGB
    plain = len(parts) == 1 and first[0] < 16 and first[1:] == b"\1\1" and count < 5
    if not plain or colour not in (_JP2_SRGB, _JP2_GREY) or find(data, b"jp2h", b"pclr"):
        raise InputError(
            f"{name} is a JPEG 2000 whose channels differ in size or depth, or are signed or not"
            " grey or RGB: convert it first, with `opj_decompress -i INPUT -o OUTPUT.tif`"
        )
    sides = [int.from_bytes(size[at : at + 4], "big") for at in range(4, 20, 4)]
    check_size(sides[0] - sides[2], sides[1] - sides[3], name, limits)
    try:
        samples: NDArray[Any] = np.asarray(imagecodecs.jpeg2k_decode(data))
    except (RuntimeError, ValueError, MemoryError):
        raise _damaged(name, "JPEG 2000") from None
    profiles = [box[3:] for box in find(data, b"jp2h", b"colr") if box[:1] == b"\2"]
    return scaled(samples, bits, Metadata(icc=profiles[0] if profiles else b""), ())


def _colours(codes: tuple[int, int]) -> tuple[tuple[str, bytes], ...]:
    """The PNG chunk that says primaries and transfer; none for sRGB, which goes without saying."""
    return () if codes == _SRGB else (("cICP", bytes((*codes, 0, 1))),)


def _damaged(name: str, kind: str) -> InputError:
    return InputError(f"{name} has {kind} data that cannot be decoded: get the whole file")
