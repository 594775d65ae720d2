"""Stills of film work, OpenEXR and DPX, by FFmpeg."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.media.exr_header import check_blocks, exr_header
from ncodec.media.image import Image, Metadata, left_out
from ncodec.media.sample_kind import SampleKind
from ncodec.media.sizes import check_size
from ncodec.media.stored import scaled

__all__ = ["read_dpx", "read_exr"]

_ASSOCIATED_ALPHA = 1
_DPX_CHANNELS = {6: 1, 50: 3, 51: 4}
"""By the descriptor of a DPX's image element: grey, RGB, RGB and alpha."""
_DPX_BITS = (8, 10, 12, 16)
_UNDEFINED = (0, 0xFFFFFFFF)


def read_exr(data: bytes, name: str, limits: Limits) -> Image:
    """The image in an OpenEXR file of grey or RGB, with alpha or without; its samples are words.

    Raises:
        InputError: it has other channels or several parts, is coded with loss in a way in which
            decoders differ, or is damaged.
        LimitExceeded: the image is larger than `limits` allow.
    """
    try:
        header = exr_header(data)
    except ValueError:
        raise _damaged(name, "OpenEXR") from None
    if header.obstacle:
        raise InputError(
            f"{name} is an OpenEXR file with {header.obstacle}, which ncodec does not read: convert"
            " it first, for example with `oiiotool INPUT --ch R,G,B --croptofull -o"
            " OUTPUT.tif`"
        )
    check_size(header.width, header.height, name, limits)
    try:
        check_blocks(data, header)
        samples = _decoded("exr", data)
    except ValueError:
        raise _damaged(name, "OpenEXR") from None
    if samples.shape != (header.height, header.width, header.channels):
        raise _damaged(name, "OpenEXR")
    extra = (_ASSOCIATED_ALPHA,) if header.channels == 4 else ()
    metadata = Metadata(samples=SampleKind(extra=extra))
    lost = [f"attributes ({', '.join(header.attributes)})"] if header.attributes else []
    bits = -8 * int(header.type[1])
    return scaled(samples.view(header.type), bits, metadata, left_out(name, lost))


def read_dpx(data: bytes, name: str, limits: Limits) -> Image:
    """The image in a DPX file of one element: grey or RGB of 8, 10, 12 or 16 bits, with alpha or
    without. Samples keep their values, logarithmic ones, too.

    Raises:
        InputError: it has others, or is damaged.
        LimitExceeded: the image is larger than `limits` allow.
    """
    order = ">" if data.startswith(b"SDPX") else "<"
    if len(data) < 820:
        raise _damaged(name, "DPX")
    turned, elements, width, height, sign = struct.unpack_from(f"{order}HHIII", data, 768)
    descriptor, bits, packing, encoding = struct.unpack_from(f"{order}BxxBHH", data, 800)
    (padding,) = struct.unpack_from(f"{order}I", data, 812)
    obstacle = ""
    if elements != 1 or descriptor not in _DPX_CHANNELS:
        obstacle = "channels other than grey, RGB or RGBA in one element"
    elif bits not in _DPX_BITS or sign == 1:
        obstacle = f"{'signed ' * (sign == 1)}samples of {bits} bits"
    elif encoding or padding not in _UNDEFINED or (bits == 10 and packing not in (1, 2)):
        obstacle = "samples that are packed without gaps, padded or run-length coded"
    elif bits == 10 and descriptor == 6:
        obstacle = "grey of 10 bits"
    elif turned:
        obstacle = "rows in another order than from the top left"
    if obstacle:
        raise InputError(
            f"{name} is a DPX with {obstacle}, which ncodec does not read: convert it first, for"
            " example with `magick INPUT OUTPUT.tif`"
        )
    check_size(width, height, name, limits)
    try:
        samples = _decoded("dpx", data)
    except ValueError:
        raise _damaged(name, "DPX") from None
    if samples.shape != (height, width, _DPX_CHANNELS[descriptor]):
        raise _damaged(name, "DPX")
    lost = ["what its header says beside the picture, such as time code and film"]
    return scaled(samples, bits, Metadata(), left_out(name, lost))


def _decoded(codec: str, data: bytes) -> NDArray[Any]:
    """The samples (height, width, channels) as FFmpeg decodes them, floating-point ones as their
    bits; ValueError where it does not."""
    import av

    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    try:
        frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    except (av.FFmpegError, OSError) as error:
        raise ValueError(str(error)) from None
    if len(frames) != 1 or frames[0].is_corrupt:
        raise ValueError("no picture")
    frame = frames[0]
    kind = frame.format
    depth = max(part.bits for part in kind.components)
    dtype = np.dtype(f"{'>' if kind.is_big_endian else '<'}u{-(-depth // 8)}")
    rows = [
        np.frombuffer(memoryview(plane), dtype).reshape(frame.height, -1) for plane in frame.planes
    ]
    if len(rows) == 1:
        channels = len(kind.components)
        packed = rows[0][:, : frame.width * channels]
        samples = packed.reshape(frame.height, frame.width, channels)
    else:
        green, blue, red, *alpha = (plane[:, : frame.width] for plane in rows)
        samples = np.stack([red, green, blue, *alpha], axis=2)
    return np.ascontiguousarray(samples, dtype.newbyteorder("="))


def _damaged(name: str, kind: str) -> InputError:
    return InputError(f"{name} has {kind} data that cannot be decoded: get the whole file")
