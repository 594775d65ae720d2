"""Makes a model of a set of JPEG files, as `ncodec train pc-jpeg` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ncodec._version import __version__
from ncodec.formats import Model
from ncodec.jpeg.bits import new_mixer
from ncodec.jpeg.coder import observe
from ncodec.jpeg.headers import Unsupported
from ncodec.jpeg.model import pack_model
from ncodec.jpeg.rebuild import frame_of, parse

__all__ = ["learn"]

_LEAST = 300
"""Bits that a slot must have seen to be stored; fewer make the model larger than 1 MB."""

_HEADERS, _PIECE = 24_000, 4_000
"""Bytes of headers that are stored, and of one of their segments at most."""


def learn(files: Sequence[Path]) -> Model:
    """A model of what the coefficients of `files` have in common; those that cannot be rebuilt
    are passed over."""
    mixer = new_mixer()
    pieces: Counter[bytes] = Counter()
    size = coded = count = 0
    for file in files:
        try:
            jpeg = parse(file.read_bytes())
            frame, quantisers, _ = frame_of(jpeg.headers)
        except Unsupported:
            continue
        pieces.update(set(_segments(jpeg.headers)))
        coded += observe(frame, quantisers, jpeg.coefficients, mixer)
        size += jpeg.size
        count += 1
    tags = {"tool": f"ncodec {__version__}", "files": count, "bytes": size, "coded": coded}
    return pack_model(mixer, _LEAST, _common(pieces), tags)


def _segments(headers: bytes) -> Iterator[bytes]:
    at = 2
    while at + 4 <= len(headers) and headers[at] == 0xFF:
        end = at + 2 + int.from_bytes(headers[at + 2 : at + 4], "big")
        yield headers[at:end]
        at = end


def _common(pieces: Counter[bytes]) -> bytes:
    """The segments that most files have, the most frequent last: zlib likes it near."""
    shared = [p for p, times in pieces.most_common() if times > 1 and len(p) <= _PIECE]
    chosen: list[bytes] = []
    for piece in shared:
        if sum(map(len, chosen)) + len(piece) <= _HEADERS:
            chosen.append(piece)
    return b"".join(reversed(chosen))
