"""Still images: samples as they are in the file, with what travels beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.media.sample_kind import SampleKind, from_words

__all__ = ["PIXEL_FORMATS", "Image", "Metadata", "left_out"]

PIXEL_FORMATS = {
    (1, 8): "gray",
    (2, 8): "ya8",
    (3, 8): "rgb24",
    (4, 8): "rgba",
    (1, 16): "gray16le",
    (2, 16): "ya16le",
    (3, 16): "rgb48le",
    (4, 16): "rgba64le",
}
"""FFmpeg's names of pixel formats by channels and bits a sample."""

_KINDS = re.compile(r"[a-z][A-Za-z][A-Z][A-Za-z]|PLTE")
"""The types of PNG chunks that a decoder may ignore (PNG third edition, section 5.4), and
palettes."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What an image file says beside its samples.

    Attributes:
        icc: an ICC profile.
        exif: EXIF data from its TIFF header on (``II*\\0`` or ``MM\\0*``). The orientation in it
            is not applied to the samples.
        xmp: an XMP packet.
        text: PNG's (keyword, text) pairs and other formats' comments, in the file's order.
        chunks: further PNG chunks as (type, data), verbatim and in order: gamma and primaries
            (gAMA, cHRM, sRGB, cICP), what PNG says may be copied, and, of all formats, pixel
            density (pHYs) and palettes (PLTE).
        maximum: the largest sample or palette index that the file could store, 1 to 65535; 0
            where it is that of the samples. The file had a palette if there is PLTE, too.
        colour_scale: 256 where a TIFF's palette has the 8 bits of its colours above 8 of zero, 0
            where it has them twice (257).
        icc_name: the profile's name in a PNG, "" where it is "ICC profile".
        photoshop: Photoshop's image resource blocks of a JPEG (``8BIM``), IPTC's among them.
        samples: what the samples were, where pixels do not say so.
    """

    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    text: tuple[tuple[str, str], ...] = ()
    chunks: tuple[tuple[str, bytes], ...] = ()
    maximum: int = 0
    colour_scale: int = 0
    icc_name: str = ""
    photoshop: bytes = b""
    samples: SampleKind = field(default_factory=SampleKind)

    def __bool__(self) -> bool:
        return bool(self.to_record())

    def chunk(self, kind: str) -> bytes:
        """The data of the first of `chunks` of this type, empty if there is none."""
        return next((data for name, data in self.chunks if name == kind), b"")

    def to_record(self) -> dict[str, Any]:
        """The metadata as strings, bytes, lists and a number; what is empty is left out."""
        record: dict[str, Any] = {
            "icc": self.icc,
            "exif": self.exif,
            "xmp": self.xmp,
            "text": [list(pair) for pair in self.text],
            "chunks": [list(pair) for pair in self.chunks],
            "maximum": self.maximum,
            "colour_scale": self.colour_scale,
            "icc_name": self.icc_name,
            "photoshop": self.photoshop,
            "samples": self.samples.to_record() if self.samples else None,
        }
        return {key: value for key, value in record.items() if value}

    @classmethod
    def from_record(cls, record: Any) -> Metadata:
        """The metadata of which `to_record` gave `record`; keys that it does not know are ignored.

        Raises:
            DamagedFile: a value is not what `to_record` makes.
        """
        if not isinstance(record, dict):
            raise DamagedFile(f"image metadata is a {type(record).__name__}, not a map")
        blobs = {key: record.get(key, b"") for key in ("icc", "exif", "xmp", "photoshop")}
        for key, blob in blobs.items():
            if not isinstance(blob, bytes):
                raise DamagedFile(f"image metadata has {key} that is not bytes")
        text = _pairs(record, "text", str)
        chunks = _pairs(record, "chunks", bytes)
        if not all(_KINDS.fullmatch(kind) for kind, _ in chunks):
            raise DamagedFile("image metadata has a chunk that is not an ancillary PNG chunk")
        maximum, name = record.get("maximum", 0), record.get("icc_name", "")
        if type(maximum) is not int or not 0 <= maximum < 65536:
            raise DamagedFile(f"image metadata has a maximum of {maximum!r}, not of 0 to 65535")
        scale = record.get("colour_scale", 0)
        if scale not in (0, 256) or type(scale) is not int:
            raise DamagedFile(f"image metadata has a colour scale of {scale!r}, not of 0 or 256")
        if not isinstance(name, str):
            raise DamagedFile("image metadata has a profile's name that is not text")
        samples = record.get("samples")
        return cls(
            **blobs,
            text=text,
            chunks=chunks,
            maximum=maximum,
            colour_scale=scale,
            icc_name=name,
            samples=SampleKind() if samples is None else SampleKind.from_record(samples),
        )


def _pairs(record: dict[Any, Any], key: str, kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    pairs = record.get(key, [])
    if not isinstance(pairs, list | tuple) or not all(
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and isinstance(pair[0], str)
        and isinstance(pair[1], kind)
        for pair in pairs
    ):
        raise DamagedFile(f"image metadata has {key} that is not a list of pairs")
    return tuple((first, second) for first, second in pairs)


def left_out(name: str, things: Sequence[str]) -> tuple[str, ...]:
    """The notice that `things` of the file `name` are in no `Image`; none where there are none."""
    return (f"{name} has {', '.join(dict.fromkeys(things))}: left out",) if things else ()


@dataclass(frozen=True, eq=False, slots=True)
class Image:
    """One picture.

    Attributes:
        pixels: uint8 or uint16 of shape (height, width, channels), C-contiguous; channels are
            1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. Where the file's samples were of other
            types or more bands, words of them in planes; `samples` has themselves.
        name: the file's name, "" where there was none.
        metadata: what else the file said.
        notices: what a user should know of how the file was read, a sentence each.
    """

    pixels: NDArray[Any]
    name: str = ""
    metadata: Metadata = field(default_factory=Metadata)
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.ndim != 3 or pixels.dtype.kind != "u" or pixels.dtype.itemsize > 2:
            raise ValueError(
                f"pixels have shape {pixels.shape} and type {pixels.dtype}: give (height, width,"
                " channels) of uint8 or uint16"
            )
        if not pixels.size or pixels.shape[2] > 4:
            raise ValueError(
                f"pixels have shape {pixels.shape}: give a size above zero and 1 to 4 channels"
            )
        if not pixels.flags.c_contiguous or not pixels.dtype.isnative:
            native = pixels.astype(pixels.dtype.newbyteorder("="), order="C")
            object.__setattr__(self, "pixels", native)

    def __repr__(self) -> str:
        name = f" {self.name!r}" * bool(self.name)
        return f"Image({self.width}x{self.height} {self.pixel_format}{name})"

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def channels(self) -> int:
        return int(self.pixels.shape[2])

    @property
    def bit_depth(self) -> int:
        """The bits of a sample: 8 or 16."""
        return int(self.pixels.dtype.itemsize) * 8

    @property
    def pixel_format(self) -> str:
        """FFmpeg's name of the layout, for example rgb24 or gray16le."""
        return PIXEL_FORMATS[self.channels, self.bit_depth]

    @property
    def samples(self) -> NDArray[Any]:
        """The file's own samples (height, width, bands): `pixels` in most images; signed,
        floating-point, 32 or 64 bits, more bands than four where it had these.

        Raises:
            DamagedFile: the pixels are none of such samples.
        """
        kind = self.metadata.samples
        return self.pixels if kind.is_plain else from_words(self.pixels, kind)

    def crop(self, x: int, y: int, width: int, height: int) -> Image:
        """A copy of the rectangle whose top left sample is (x, y), with the metadata.

        Raises:
            ValueError: the rectangle is empty or reaches outside the image.
        """
        planes = self.metadata.samples.planes
        whole = self.height // planes
        inside = 0 <= x < x + width <= self.width and 0 <= y < y + height <= whole
        if not inside:
            raise ValueError(
                f"region {x},{y},{width},{height} does not lie inside {self.width}x{whole}"
            )
        parts = self.pixels.reshape(planes, whole, *self.pixels.shape[1:])
        part = parts[:, y : y + height, x : x + width]
        pixels = part.reshape(planes * height, width, -1).copy()
        return Image(pixels, self.name, self.metadata)
