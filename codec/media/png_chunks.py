"""The chunks of a PNG file, and the metadata in them (PNG third edition, sections 5 and 11)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence

from ncodec.errors import InputError
from ncodec.media.image import Metadata

__all__ = ["SIGNATURE", "chunk", "lost_chunks", "metadata_chunks", "metadata_of", "read_chunks"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_INFLATED = 1 << 26
"""The bytes that compressed metadata may take; what would take more is kept compressed."""
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_WORTH_DEFLATING = 1 << 10

_OF_STORED_SAMPLES = frozenset((b"PLTE", b"bKGD", b"hIST", b"sBIT", b"tRNS"))
"""The chunks in units of the stored samples, which palettes, keys and low depths expand."""
_KEPT = _OF_STORED_SAMPLES | frozenset(
    (
        *(b"cHRM", b"cICP", b"cLLI", b"gAMA", b"iCCP", b"mDCV", b"pCAL", b"pHYs", b"sCAL"),
        *(b"sPLT", b"sRGB", b"sTER", b"tIME"),
    )
)
_ANIMATION = frozenset((b"acTL", b"fcTL", b"fdAT"))
_OF_THE_FILE = frozenset((b"IDAT", b"IEND", b"IHDR", b"iDOT"))
"""The chunks that say how the samples are coded, and where."""
_PROFILE_NAME = "ICC profile"
_HEX_LINE = 72
_TEXT = frozenset((b"tEXt", b"zTXt", b"iTXt", b"eXIf"))
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


def metadata_of(chunks: Sequence[Chunk], maximum: int) -> Metadata:
    """The metadata that the chunks hold, and `maximum`.

    Text with a language, and compressed metadata that cannot be inflated, stays in its chunk.
    """
    icc = exif = xmp = b""
    icc_name = ""
    text: list[tuple[str, str]] = []
    kept: list[tuple[str, bytes]] = []
    for kind, view in chunks:
        data = bytes(view) if kind not in _OF_THE_FILE else b""
        if kind == b"iCCP" and not icc and (profile := _profile(data)):
            icc_name, icc = profile
        elif kind == b"eXIf" and not exif:
            exif = data
        elif kind in (b"tEXt", b"zTXt", b"iTXt") and (pair := _text(kind, data)):
            keyword, value = pair
            if kind == b"iTXt" and keyword == _XMP_KEYWORD and not xmp:
                xmp = value
            else:
                encoding = "utf-8" if kind == b"iTXt" else "latin-1"
                text.append((keyword.decode("latin-1"), value.decode(encoding)))
        elif _survives(kind):
            kept.append((kind.decode("ascii"), data))
    name = "" if icc_name == _PROFILE_NAME else icc_name
    return Metadata(icc, exif, xmp, tuple(text), tuple(kept), maximum, icc_name=name)


def lost_chunks(chunks: Sequence[Chunk]) -> tuple[str, ...]:
    """What the chunks hold that is neither samples nor in `metadata_of` them, in words."""
    kinds = dict.fromkeys(kind for kind, _ in chunks)
    lost = [
        f"the PNG chunk {kind.decode('latin-1')}"
        for kind in kinds
        if not _survives(kind) and kind not in _ANIMATION | _OF_THE_FILE | _TEXT
    ]
    return (*lost, *(("the timing of its only picture",) if b"acTL" in kinds else ()))


def metadata_chunks(metadata: Metadata, *, as_stored: bool) -> Iterator[bytes]:
    """The chunks that hold the metadata, for the place between IHDR and IDAT.

    Args:
        as_stored: whether the samples that go with it are stored as it says; else chunks about
            stored samples are left out.
    """
    if metadata.icc:
        name = _keyword(metadata.icc_name) or _PROFILE_NAME.encode("ascii")
        yield chunk(b"iCCP", name + b"\0\0" + zlib.compress(metadata.icc, 9))
    for kind, data in metadata.chunks:
        if as_stored or kind.encode("ascii") not in _OF_STORED_SAMPLES:
            yield chunk(kind.encode("ascii"), data)
    if metadata.exif:
        yield chunk(b"eXIf", metadata.exif)
    if metadata.xmp:
        yield chunk(b"iTXt", _XMP_KEYWORD + b"\0\0\0\0\0" + metadata.xmp)
    for keyword, value in metadata.text:
        yield _text_chunk(keyword, value)
    if blocks := metadata.photoshop:
        yield _text_chunk("Raw profile type 8bim", _in_hex("8bim", blocks))


def _survives(kind: bytes) -> bool:
    ancillary = kind.isalpha() and kind[:1].islower() and kind[2:3].isupper()
    safe = ancillary and bool(kind[3] & _SAFE_TO_COPY)
    return kind in _KEPT or (safe and kind not in _ANIMATION)


def _profile(data: bytes) -> tuple[str, bytes] | None:
    """The name of an ICC profile and the profile."""
    name, separator, rest = data.partition(b"\0")
    profile = _inflate(rest[1:]) if separator and rest[:1] == b"\0" else None
    return (name.decode("latin-1"), profile) if profile else None


def _in_hex(name: str, data: bytes) -> str:
    """`data` as ImageMagick writes profiles into text, where other programs look for IPTC."""
    digits = data.hex()
    lines = [digits[at : at + _HEX_LINE] for at in range(0, len(digits), _HEX_LINE)]
    return "\n".join(("", name, f"{len(data):8}", *lines, ""))


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
    key = _keyword(keyword) or b"Comment"
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


def _keyword(name: str) -> bytes:
    return name.replace("\0", "").encode("latin-1", "replace")[:79]


def _inflate(data: bytes) -> bytes | None:
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(data, _INFLATED)
    except zlib.error:
        return None
    return plain if inflater.eof else None
