"""Portable anymaps: PBM, PGM, PPM (plain and raw) and PAM, read and written by hand.

Decoders scale samples to the maximum that the header names, or do not; here they stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.media.image import Image, Metadata
from ncodec.media.sizes import check_size
from ncodec.media.stored import expansion, packed, reduced

__all__ = ["SIGNATURE", "read_pnm", "write_pnm"]

SIGNATURE = re.compile(rb"P[1-6]\s|P7\n")
_GAP = rb"(?:\s|#[^\n]*\n)+"
_TOKEN = re.compile(_GAP + rb"(\d{1,9})")
_PAM_LINE = re.compile(rb"\s*(?:#[^\n]*\n\s*)*([A-Z]+)[ \t]*([^\n#]*)\n")
_LONGEST_PAM_HEADER = 32
"""The most lines of a PAM header."""
_COMMENT = re.compile(rb"# ?([^\n]*)")
_PAM_TYPES = {1: "GRAYSCALE", 2: "GRAYSCALE_ALPHA", 3: "RGB", 4: "RGB_ALPHA"}


@dataclass(frozen=True, slots=True)
class _Header:
    """The header of an anymap: `start` is the offset of the samples; a `maximum` of 0 stands for
    PBM's inverted bits."""

    width: int
    height: int
    channels: int
    maximum: int
    start: int
    plain: bool = False


def read_pnm(data: bytes, name: str, limits: Limits) -> Image:
    """The one image in the file.

    Bits become 0 and 255. Samples up to another maximum than 255 or 65535 are scaled to the next
    of them; the metadata has that maximum, and the comments of the header.

    Raises:
        InputError: the file is damaged or cut short, or holds several images.
        LimitExceeded: the image is larger than `limits` allow.
    """
    header = _pam_header(data, name) if data[:2] == b"P7" else _header(data, name)
    check_size(header.width, header.height, name, limits)
    shape = (header.height, header.width, header.channels)
    count = header.height * header.width * header.channels
    if header.plain:
        samples = _plain_samples(data, header, count, name)
    elif header.maximum == 0:
        row_bytes = -(-header.width // 8)
        packed = _raw_samples(data, header, "u1", header.height * row_bytes, name)
        samples = np.unpackbits(packed.reshape(-1, row_bytes), axis=1)[:, : header.width]
    else:
        samples = _raw_samples(data, header, ">u2" if header.maximum > 255 else "u1", count, name)
    lines = [line.decode("latin-1") for line in _COMMENT.findall(data[: header.start])]
    maximum = header.maximum or 1
    metadata = Metadata(
        text=(("Comment", "\n".join(lines)),) if lines else (),
        maximum=maximum if maximum not in (255, 65535) else 0,
    )
    if header.maximum == 0:
        pixels = np.where(samples, 0, 255).astype(np.uint8)
        return Image(pixels.reshape(shape), metadata=metadata)
    if int(samples.max()) > header.maximum:
        raise InputError(
            f"{name} has a sample of {int(samples.max())} and states a maximum of"
            f" {header.maximum}: get the file again"
        )
    return Image(expansion(maximum)[samples].reshape(shape), metadata=metadata)


def _header(data: bytes, name: str) -> _Header:
    number = int(data[1:2])
    values: list[int] = []
    at = 2
    for _ in range(2 if number in (1, 4) else 3):
        token = _TOKEN.match(data, at)
        if token is None:
            raise _damaged(name)
        values.append(int(token[1]))
        at = token.end()
    width, height, maximum = (*values, 0)[:3]
    if number not in (1, 4) and not 0 < maximum < 65536:
        raise _damaged(name)
    if number > 3:
        # One white space; netpbm allows a comment to end the header's last line.
        at += 1
    return _Header(width, height, 3 if number in (3, 6) else 1, maximum, at, number < 4)


def _pam_header(data: bytes, name: str) -> _Header:
    fields: dict[bytes, bytes] = {}
    at = 2
    for _ in range(_LONGEST_PAM_HEADER):
        line = _PAM_LINE.match(data, at)
        if line is None:
            break
        at = line.end()
        if line[1] == b"ENDHDR":
            keys = (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
            texts = [fields.get(key, b"") for key in keys]
            if not all(re.fullmatch(rb"\d{1,9}", text) for text in texts):
                break
            width, height, channels, maximum = map(int, texts)
            if not 0 < channels < 5:
                raise InputError(
                    f"{name} has {channels} channels but must have 1 to 4: give grey or RGB, with"
                    " alpha or without"
                )
            if not 0 < maximum < 65536:
                break
            return _Header(width, height, channels, maximum, at)
        fields[line[1]] = line[2].strip()
    raise _damaged(name)


def _raw_samples(
    data: bytes, header: _Header, kind: str, count: int, name: str
) -> NDArray[np.unsignedinteger[Any]]:
    dtype = np.dtype(kind)
    end = header.start + count * dtype.itemsize
    if end > len(data):
        raise _damaged(name)
    if SIGNATURE.match(data, end):
        raise InputError(f"{name} has several images: split it into single ones (`pamsplit`)")
    return np.frombuffer(data, dtype, count, header.start)


def _plain_samples(
    data: bytes, header: _Header, count: int, name: str
) -> NDArray[np.unsignedinteger[Any]]:
    text = _COMMENT.sub(b"", data[header.start :])
    # The bits of a plain PBM need no space between them.
    words = [bytes((digit,)) for digit in b"".join(text.split())] if not header.maximum else []
    words = words or text.split()
    if len(words) != count or not all(word.isdigit() and len(word) < 6 for word in words):
        raise _damaged(name)
    samples = np.array([int(word) for word in words], np.uint32)
    if not header.maximum and int(samples.max()) > 1:
        raise _damaged(name)
    return samples


def _damaged(name: str) -> InputError:
    return InputError(f"{name} is a PNM image that is damaged or cut short: get the whole file")


def write_pnm(stream: BinaryIO, image: Image, suffix: str) -> None:
    """Writes `image` as PAM, PBM, PGM or PPM, as the extension says and its channels allow.

    Samples have the maximum that the metadata names, where they are of it; its comments go into
    the header. PNM may be any but PAM.
    """
    size, maximum = (image.width, image.height), (1 << image.bit_depth) - 1
    samples = image.pixels
    stated = image.metadata.maximum
    if suffix == ".pbm" or (stated and not image.metadata.chunk("PLTE")):
        wanted = 1 if suffix == ".pbm" else stated
        found = reduced(image.pixels, wanted)
        samples, maximum = (samples, maximum) if found is None else (found, wanted)
    texts = [text for keyword, text in image.metadata.text if keyword == "Comment"]
    notes = "".join(f"# {line}\n" for line in "\n".join(texts).split("\n") if texts)
    if suffix == ".pam":
        header = (
            f"P7\n{notes}WIDTH {size[0]}\nHEIGHT {size[1]}\nDEPTH {image.channels}\n"
            f"MAXVAL {maximum}\nTUPLTYPE {_PAM_TYPES[image.channels]}\nENDHDR\n"
        )
    elif maximum == 1 and suffix in (".pbm", ".pnm") and image.channels == 1:
        header = f"P4\n{notes}{size[0]} {size[1]}\n"
        samples = packed(samples[:, :, 0] ^ np.uint8(1), 1)
    else:
        kind = "P5" if image.channels == 1 else "P6"
        header = f"{kind}\n{notes}{size[0]} {size[1]}\n{maximum}\n"
    stream.write(header.encode("latin-1", "replace"))
    stream.write(samples.astype(samples.dtype.newbyteorder(">"), copy=False).tobytes())
