"""A tile as the sections of a segment: colour by the best of three coders, and alpha apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.photo.deep_tile import decode_deep, encode_deep
from ncodec.photo.describing import DEEP, JPEG, YCC
from ncodec.photo.kernel import decode_tile, encode_tile
from ncodec.photo.model import PhotoModel, load_model
from ncodec.photo.simple.coding import decode_simple, encode_simple, looks_synthetic
from ncodec.photo.tiles import SIDES

if TYPE_CHECKING:
    from ncodec.photo.past.jpeg_finding import Past as JpegPast

__all__ = ["EFFORTS", "TileCoder", "jpeg_of", "side_for"]

EFFORTS = ("fast", "medium", "best")
_SIMPLE = len(EFFORTS)
_SIMPLE_WITH_ALPHA = _SIMPLE + 1
"""A tile's first byte: the position of its effort, or one of these for the coder of simple
content, without alpha or with it as the last channel, or one of
`describing`."""

_SURELY_SMALLER = 0.2
"""The share of the raw samples' bytes below which no other coder of what a JPEG file gave is
tried."""

_SEARCHED = 6 << 20
"""The most samples in which effort `medium` searches for what rounding does not find of a JPEG
file: it takes seconds a megapixel."""

_NOISY = 0.9
"""The share of the raw samples' bytes above which the coder of simple content, which can store
samples as they are, is tried, too."""

Pixels = NDArray[Any]


class TileCoder:
    """Codes tiles with one model.

    Args:
        model: for photographs; the shipped one if None.
        bit_depth: 8 or 16.
        threads: for the planes of a photographic tile.
    """

    def __init__(self, model: PhotoModel | None, bit_depth: int, threads: int = 1) -> None:
        self._model = model or load_model()
        self._bit_depth = bit_depth
        self._threads = threads

    def encode(self, pixels: Pixels, effort: str) -> tuple[bytes, ...]:
        """The sections of `pixels`, (height, width, channels): samples, and alpha if there is
        any."""
        colour, alpha = _parted(pixels)
        samples = self._samples(colour, effort)
        if alpha is None:
            return (samples,)
        apart = (samples, encode_simple(alpha))
        if samples[0] != _SIMPLE:
            return apart
        together = bytes([_SIMPLE_WITH_ALPHA]) + encode_simple(pixels)
        return (together,) if len(together) < sum(map(len, apart)) else apart

    def decode(self, sections: tuple[bytes, ...], shape: tuple[int, int, int]) -> Pixels:
        """The pixels of a tile of this shape.

        Raises:
            DamagedFile: the sections are none of such a tile.
        """
        height, width, channels = shape
        with_alpha = channels in (2, 4)
        kind = np.dtype(np.uint8 if self._bit_depth == 8 else np.uint16)
        mode, data = (sections[0][0], sections[0][1:]) if sections and sections[0] else (255, b"")
        if mode == _SIMPLE_WITH_ALPHA and with_alpha and len(sections) == 1:
            return decode_simple(data, shape, kind)
        if len(sections) != 1 + with_alpha:
            raise DamagedFile(f"a tile in mode {mode} has {len(sections)} sections")
        colour_shape = (height, width, channels - with_alpha)
        if mode == _SIMPLE:
            colour = decode_simple(data, colour_shape, kind)
        elif mode < len(EFFORTS):
            effort = EFFORTS[mode]
            colour = decode_tile(
                data, colour_shape, self._bit_depth, self._model, effort, self._threads
            )
        elif mode == YCC and colour_shape[2] == 3 and self._bit_depth == 8:
            from ncodec.photo.ycc import decode_ycc

            colour = decode_ycc(data, colour_shape, self._model, self._threads)
        elif mode == JPEG and kind == np.uint8:
            from ncodec.photo.past.jpeg_tile import decode_jpeg

            colour = decode_jpeg(data, colour_shape)
        elif DEEP <= mode < DEEP + len(EFFORTS) and kind == np.uint16:
            effort = EFFORTS[mode - DEEP]
            colour = decode_deep(data, colour_shape, self._model, effort, self._threads)
        else:
            raise DamagedFile(f"a tile of {channels} channels is coded in mode {mode}")
        if not with_alpha:
            return colour
        alpha = decode_simple(sections[1], (height, width, 1), kind)
        return np.concatenate([colour, alpha], axis=2)

    def _samples(self, colour: Pixels, effort: str) -> bytes:
        jpeg = jpeg_of(colour)
        searching = effort == "best" or (effort == "medium" and colour.size <= _SEARCHED)
        before = b""
        if jpeg:
            from ncodec.photo.past.jpeg_tile import encode_jpeg

            before = bytes([JPEG]) + encode_jpeg(colour, jpeg, searching)
        if before and len(before) < _SURELY_SMALLER * colour.nbytes:
            return before
        synthetic = looks_synthetic(colour)
        simple = bytes([_SIMPLE]) + encode_simple(colour) if synthetic else b""
        # What is flat enough for a bit a sample is nothing that the circuit could do better.
        if simple and 8 * len(simple) < colour.size:
            return simple
        coded = self._photograph(colour, effort)
        if not simple and len(coded) > colour.nbytes * _NOISY:
            simple = bytes([_SIMPLE]) + encode_simple(colour)
        return min((code for code in (coded, simple, before) if code), key=len)

    def _photograph(self, colour: Pixels, effort: str) -> bytes:
        """The code of what was a photograph, by circuits."""
        number = EFFORTS.index(effort)
        if colour.dtype == np.uint16:
            deep = encode_deep(colour, self._model, effort, self._threads)
            return bytes([DEEP + number]) + deep
        from ncodec.photo.past.finding import find_past

        past = find_past(colour)
        if past is not None:
            from ncodec.photo.ycc import encode_ycc

            ycc = encode_ycc(past, colour, self._model, effort, self._threads)
            return bytes([YCC]) + ycc
        photo = encode_tile(colour, 8, self._model, effort, self._threads)
        return bytes([number]) + photo


def side_for(pixels: Pixels) -> int:
    """The largest side of an image's tiles: 2048 for drawings, which repeat themselves far away,
    as large as can be for what was a JPEG file, whose blocks tiles would cut, and 512 for other
    photographs."""
    colour, _ = _parted(pixels)
    if looks_synthetic(colour):
        return SIDES[2]
    return SIDES[-1] if jpeg_of(colour) else SIDES[0]


def jpeg_of(colour: Pixels) -> JpegPast | None:
    """The JPEG file that the pixels came from."""
    if colour.dtype != np.uint8:
        return None
    from ncodec.photo.past.jpeg_finding import find_jpeg

    return find_jpeg(colour)


def _parted(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    channels = pixels.shape[2]
    if channels in (1, 3):
        return pixels, None
    return (
        np.ascontiguousarray(pixels[:, :, : channels - 1]),
        np.ascontiguousarray(pixels[:, :, channels - 1 :]),
    )
