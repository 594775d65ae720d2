"""How a TIFF file stores its samples, and which of them ncodec holds."""

from __future__ import annotations

from dataclasses import dataclass

from ncodec.errors import InputError
from ncodec.media.sample_kind import SampleKind
from ncodec.media.tiff_data import COMPRESSIONS, FAX
from ncodec.media.tiff_ifd import Directory

__all__ = ["MIN_IS_WHITE", "PALETTE", "Layout", "layout_of"]

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_SAMPLES, _PLANAR, _PREDICTOR, _EXTRA, _FORMAT = 277, 284, 317, 338, 339

MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE = range(4)
_MASK, _CMYK, _LAB, _ICC_LAB, _ITU_LAB = 4, 5, 8, 9, 10
_COLOURS = {
    **{MIN_IS_WHITE: 1, MIN_IS_BLACK: 1, RGB: 3, PALETTE: 1, _MASK: 1, _CMYK: 4},
    **{_LAB: 3, _ICC_LAB: 3, _ITU_LAB: 3},
}
"""The fewest samples of a pixel by photometric interpretation; further ones are extra."""
_NOT_HELD = {6: "YCbCr", 32803: "CFA", 32844: "LogL", 32845: "LogLuv", 34892: "LinearRaw"}
_COMPRESSION_NAMES = {
    **dict.fromkeys(FAX, "fax"),
    **{6: "JPEG", 7: "JPEG", 34712: "JPEG 2000", 34887: "LERC", 50001: "WebP", 50002: "JPEG XL"},
    **{34676: "SGILog", 34677: "SGILog24", 32809: "ThunderScan", 32766: "NeXT", 32909: "PixarLog"},
}
_NO_PREDICTOR, _DIFFERENCE, _FLOATING = 1, 2, 3
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_TYPES = {
    **{(_UNSIGNED, 32): "u4", (_UNSIGNED, 64): "u8"},
    **{(_SIGNED, bits): f"i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{(_FLOAT, bits): f"f{bits // 8}" for bits in (16, 32, 64)},
}
_STRAIGHT_ALPHA = 2
_MOST_BANDS = 1 << 10


@dataclass(frozen=True, slots=True)
class Layout:
    """Samples as a file stores them.

    Attributes:
        samples: how many a pixel has.
        bits: of each: up to 16, 32 or 64.
        kind: what they are, where pixels will not say so.
    """

    width: int
    height: int
    samples: int
    bits: int
    photometric: int
    planar: bool
    compression: int
    predictor: int
    reversed_bits: bool
    kind: SampleKind

    @property
    def words(self) -> int:
        """The pixels of the image that holds the samples."""
        return self.width * self.height * self.kind.planes


def layout_of(tags: Directory, name: str) -> Layout:
    """How a directory says that samples are stored.

    Raises:
        InputError: they are not held exactly.
    """
    samples = tags.integer(_SAMPLES, 1)
    photometric = tags.integer(_PHOTOMETRIC, RGB if samples > 2 else MIN_IS_BLACK)
    depths = set(tags.integers(_BITS)) or {1}
    formats = set(tags.integers(_FORMAT)) or {_UNSIGNED}
    bits, form = max(depths), min(formats)
    compression, predictor = tags.integer(_COMPRESSION, 1), tags.integer(_PREDICTOR, 1)
    if compression == 1:
        predictor = _NO_PREDICTOR
    layout = Layout(
        width=tags.integer(_WIDTH, 0),
        height=tags.integer(_HEIGHT, 0),
        samples=samples,
        bits=bits,
        photometric=photometric,
        planar=samples > 1 and tags.integer(_PLANAR, 1) == 2,
        compression=compression,
        predictor=predictor,
        reversed_bits=tags.integer(_FILL_ORDER, 1) == 2,
        kind=_kind(photometric, samples, _TYPES.get((form, bits), ""), tags.integers(_EXTRA)),
    )
    plain = form == _UNSIGNED and bits <= 16
    obstacle = ""
    if compression not in COMPRESSIONS or (compression in FAX and (bits, samples) != (1, 1)):
        obstacle = f"{_COMPRESSION_NAMES.get(compression, 'unknown')} compression"
    elif photometric not in _COLOURS:
        obstacle = _NOT_HELD.get(photometric, f"photometric interpretation {photometric}")
    elif samples < _COLOURS[photometric] or samples > _MOST_BANDS:
        obstacle = f"{samples} channels"
    elif len(depths) > 1 or len(formats) > 1 or not (plain or layout.kind.type):
        what = "complex" if form > _FLOAT else "floating-point" if form == _FLOAT else ""
        obstacle = f"{what} samples of {'/'.join(map(str, sorted(depths)[:4]))} bits".strip()
    elif photometric == PALETTE and (samples > 1 or bits > 8 or layout.kind):
        obstacle = "a palette of more than 256 colours or with further samples"
    elif photometric == MIN_IS_WHITE and layout.kind:
        obstacle = "white as 0 and samples that are signed, long or several"
    elif predictor not in (_NO_PREDICTOR, _DIFFERENCE, _FLOATING) or (
        (predictor == _DIFFERENCE and bits not in (8, 16, 32, 64))
        or (predictor == _FLOATING and form != _FLOAT)
    ):
        obstacle = f"predictor {predictor}"
    if obstacle:
        remedy = "with loss (for example `magick INPUT -colorspace sRGB -depth 16 OUTPUT.png`)"
        if obstacle.endswith("compression"):
            remedy = "for example with `magick INPUT -compress lzw OUTPUT.tif`"
        raise InputError(
            f"{name} is a TIFF with {obstacle}, which ncodec does not read: convert it, {remedy}"
        )
    return layout


def _kind(photometric: int, samples: int, form: str, extra: tuple[int, ...]) -> SampleKind:
    """What the samples are, beside grey or RGB, with straight alpha or without, of 8 or 16 bits."""
    natural = {1: MIN_IS_BLACK, 2: MIN_IS_BLACK, 3: RGB, 4: RGB}.get(samples)
    as_usual = photometric == natural or (photometric in (MIN_IS_WHITE, PALETTE) and samples == 1)
    colours = _COLOURS.get(photometric, samples)
    return SampleKind(
        type=form,
        bands=samples if samples > 4 else 0,
        photometric=0 if as_usual else max(photometric, 0),
        extra=extra if samples > colours and extra not in ((), (_STRAIGHT_ALPHA,)) else (),
    )
