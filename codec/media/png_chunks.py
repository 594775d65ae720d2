"""The chunks of a PNG file, and the metadata in them (PNG third edition, sections 5 and 11)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence

from ncodec.errors import InputError
from ncodec.media.image import Metadata

__all__ = ["SIGNATURE", "chunk", "metadata_chunks", "metadata_of", "read_chunks"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_INFLATED = 1 << 26
"""The bytes that compressed metadata may take; what would take more is kept compressed."""
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_WORTH_DEFLATING = 1 << 10

_KEPT = frozenset((b"cHRM", b"cICP", b"cLLI", b"gAMA", b"iCCP", b"mDCV", b"pHYs", b"sRGB", b"tIME"))
_OF_STORED_SAMPLES = frozenset((b"bKGD", b"sBIT"))
"""The chunks in units of the stored samples, which palettes, keys and low depths expand."""
_ANIMATION = frozenset((b"acTL", b"fcTL", b"fdAT"))
_SAFE_TO_COPY = 0x20

Chunk = tuple[bytes, memoryview]


def read_chunks(data: bytes, name: str) -> list[Chunk]:
    """The (type, data) of each chunk up to IEND; what follows that is not the image's.

    Raises:
        InputError: the file ends before IEND, or a chunk differs from its CRC.
    """
    chunks: list[Chunk] = []
    view = memoryview(data)
    at = len(SIGNATURE)
    while at + 12 <= len(view):
        length = int.from_bytes(view[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(view):
            break
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise InputError(
                f"{name} is damaged near byte {at} (a PNG chunk differs from its checksum): get"
                " the file again"
            )
        kind = bytes(view[at + 4 : at + 8])
        chunks.append((kind, view[at + 8 : end]))
        if kind == b"IEND":
            return chunks
        at = end + 4
    raise InputError(f"{name} is a PNG that ends before its last chunk: get the whole file")


def chunk(kind: bytes, data: bytes | memoryview = b"") -> bytes:
    body = b"".join((kind, data))
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def metadata_of(chunks: Sequence[Chunk], *, as_stored: bool) -> Metadata:
    """The metadata that the ancillary chunks hold.

    Text with a language, and compressed metadata that cannot be inflated, stays in its chunk.

    Args:
        as_stored: whether the samples that go with it are those in the file, not expanded from
            a palette, a key colour or a low depth.
    """
    icc = exif = xmp = b""
    text: list[tuple[str, str]] = []
    kept: list[tuple[str, bytes]] = []
    for kind, view in chunks:
        data = bytes(view) if kind not in (b"IDAT", b"PLTE") else b""
        if kind == b"iCCP" and not icc and (profile := _profile(data)):
            icc = profile
        elif kind == b"eXIf" and not exif:
            exif = data
        elif kind in (b"tEXt", b"zTXt", b"iTXt") and (pair := _text(kind, data)):
            keyword, value = pair
            if kind == b"iTXt" and keyword == _XMP_KEYWORD and not xmp:
                xmp = value
            else:
                encoding = "utf-8" if kind == b"iTXt" else "latin-1"
                text.append((keyword.decode("latin-1"), value.decode(encoding)))
        elif _survives(kind, as_stored):
            kept.append((kind.decode("ascii"), data))
    return Metadata(icc, exif, xmp, tuple(text), tuple(kept))


def metadata_chunks(metadata: Metadata) -> Iterator[bytes]:
    """The chunks that hold the metadata, for the place between IHDR and IDAT."""
    for kind, data in metadata.chunks:
        yield chunk(kind.encode("ascii"), data)
    if metadata.icc:
        yield chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc, 9))
    if metadata.exif:
        yield chunk(b"eXIf", metadata.exif)
    if metadata.xmp:
        yield chunk(b"iTXt", _XMP_KEYWORD + b"\0\0\0\0\0" + metadata.xmp)
    for keyword, value in metadata.text:
        yield _text_chunk(keyword, value)


def _survives(kind: bytes, as_stored: bool) -> bool:
    if kind in _OF_STORED_SAMPLES:
        return as_stored
    ancillary = kind.isalpha() and kind[:1].islower() and kind[2:3].isupper()
    safe = kind in _KEPT or bool(kind[3] & _SAFE_TO_COPY)
    return ancillary and safe and kind not in _ANIMATION


def _profile(data: bytes) -> bytes:
    _, separator, rest = data.partition(b"\0")
    return (_inflate(rest[1:]) or b"") if separator and rest[:1] == b"\0" else b""


def _text(kind: bytes, data: bytes) -> tuple[bytes, bytes] | None:
    """A chunk's keyword and encoded text; None where only the chunk itself holds all that it
    says."""
    keyword, separator, value = data.partition(b"\0")
    deflated = kind == b"zTXt"
    if kind == b"iTXt":
        deflated = value[:1] == b"\1"
        language, second, rest = value[2:].partition(b"\0")
        translated, third, content = rest.partition(b"\0")
        if language or translated or not (second and third) or value[1:2] != b"\0":
            return None
    elif deflated:
        content = value[1:] if value[:1] == b"\0" else b""
    else:
        content = value
    plain = _inflate(content) if deflated else content
    if plain is None or not separator or not 0 < len(keyword) < 80:
        return None
    if kind == b"iTXt" and keyword != _XMP_KEYWORD:
        try:
            plain.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return keyword, plain


def _text_chunk(keyword: str, value: str) -> bytes:
    key = keyword.replace("\0", "").encode("latin-1", "replace")[:79] or b"Comment"
    value = value.replace("\0", "")
    try:
        plain, kind, start = value.encode("latin-1"), b"tEXt", key + b"\0"
    except UnicodeEncodeError:
        plain, kind, start = value.encode("utf-8", "replace"), b"iTXt", key + b"\0\0\0\0\0"
    if len(plain) < _WORTH_DEFLATING:
        return chunk(kind, start + plain)
    if kind == b"tEXt":
        return chunk(b"zTXt", key + b"\0\0" + zlib.compress(plain, 9))
    return chunk(kind, key + b"\0\1\0\0\0" + zlib.compress(plain, 9))


def _inflate(data: bytes) -> bytes | None:
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(data, _INFLATED)
    except zlib.error:
        return None
    return plain if inflater.eof else None
