"""What the header of an OpenEXR file says, and where its blocks are."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

__all__ = ["ExrHeader", "check_blocks", "exr_header"]

_TILED, _DEEP, _SEVERAL = 0x200, 0x800, 0x1000
_NONE, _RLE, _ZIPS, _ZIP, _PIZ, _PXR24, _B44, _B44A = range(8)
_LINES = {
    **dict.fromkeys((_NONE, _RLE, _ZIPS), 1),
    **dict.fromkeys((_ZIP, _PXR24), 16),
    **dict.fromkeys((_PIZ, _B44, _B44A), 32),
}
"""The lines of a block, of those kinds of compression that all decoders make the same of."""
_INFLATED = (_ZIPS, _ZIP, _PXR24)
_ZLIB = 0x78
"""The first byte of a zlib stream."""
_NAMES = {8: "DWAA", 9: "DWAB", 10: "HTJ2K", 11: "HTJ2K"}
_TYPES = ("u4", "f2", "f4")
_PLAIN = (b"Y",), (b"B", b"G", b"R"), (b"A", b"B", b"G", b"R")
_DEFAULTS = {
    b"pixelAspectRatio": struct.pack("<f", 1),
    b"screenWindowCenter": bytes(8),
    b"screenWindowWidth": struct.pack("<f", 1),
}
_STRUCTURE = frozenset(
    (
        *(b"channels", b"compression", b"dataWindow", b"displayWindow", b"lineOrder", b"tiles"),
        *(b"type", b"name", b"version", b"chunkCount"),
    )
)


@dataclass(frozen=True, slots=True)
class ExrHeader:
    """What a file has.

    Attributes:
        obstacle: why its pixels are not read, "" if they are; nothing else is told then.
        type: NumPy's name of the samples' type.
        channels: 1 grey, 3 RGB, 4 RGB and alpha.
        lines: of a block; a tile's sides are `tile`, where there are tiles.
        attributes: names of those that say something about the picture.
        end: where the table of blocks begins.
    """

    obstacle: str = ""
    width: int = 0
    height: int = 0
    type: str = ""
    channels: int = 0
    compression: int = 0
    lines: int = 0
    tile: tuple[int, int] | None = None
    attributes: tuple[str, ...] = ()
    end: int = 0

    @property
    def blocks(self) -> int:
        if self.tile is None:
            return -(-self.height // self.lines)
        return -(-self.width // self.tile[0]) * -(-self.height // self.tile[1])


def exr_header(data: bytes) -> ExrHeader:
    """The header of a file.

    Raises:
        ValueError: it is damaged.
    """
    flags = int.from_bytes(data[4:8], "little")
    if flags & (_DEEP | _SEVERAL):
        return ExrHeader("several parts" if flags & _SEVERAL else "deep samples")
    fields, at = {}, 8
    while data[at : at + 1] != b"\0":
        parts = data[at : at + 600].split(b"\0", 2)
        if len(parts) < 3:
            raise ValueError("a header without an end")
        at += len(parts[0]) + len(parts[1]) + 2
        size = int.from_bytes(data[at : at + 4], "little")
        fields[parts[0]] = data[at + 4 : at + 4 + size]
        at += 4 + size
    try:
        return _told(fields, at + 1, bool(flags & _TILED))
    except (KeyError, IndexError, struct.error):
        raise ValueError("a header that lacks something") from None


def _told(fields: dict[bytes, bytes], end: int, tiled: bool) -> ExrHeader:
    window = struct.unpack("<4i", fields[b"dataWindow"])
    compression = fields[b"compression"][0]
    names, kinds = _channels(fields[b"channels"])
    tile = struct.unpack("<IIB", fields[b"tiles"]) if tiled else None
    obstacle = ""
    if compression not in _LINES:
        obstacle = f"{_NAMES.get(compression, 'unknown')} compression"
    elif names not in _PLAIN:
        shown = ", ".join(name.decode("latin-1") for name in names)
        obstacle = f"channels other than Y, RGB or RGBA ({shown:.80})"
    elif len(kinds) > 1 or not {("f2", 1, 1), ("f4", 1, 1)} & kinds:
        obstacle = "samples of 32-bit integers, of several types, or subsampled ones"
    elif window != struct.unpack("<4i", fields[b"displayWindow"]) or any(window[:2]):
        obstacle = "pixels for another rectangle than the picture's from 0, 0 on"
    elif tile and tile[2] & 15:
        obstacle = "pictures of several sizes (mipmaps)"
    if obstacle:
        return ExrHeader(obstacle)
    said = [name for name in fields if name not in _STRUCTURE | _DEFAULTS.keys()]
    said += [name for name, usual in _DEFAULTS.items() if fields.get(name, usual) != usual]
    return ExrHeader(
        width=window[2] - window[0] + 1,
        height=window[3] - window[1] + 1,
        type=next(iter(kinds))[0],
        channels=len(names),
        compression=compression,
        lines=_LINES[compression],
        tile=tile[:2] if tile and all(tile[:2]) else None,
        attributes=tuple(name.decode("latin-1") for name in said),
        end=end,
    )


def _channels(listed: bytes) -> tuple[tuple[bytes, ...], set[tuple[str, int, int]]]:
    """The channels' names, and their distinct (type, step of columns, step of rows)."""
    names, kinds, at = [], set(), 0
    while listed[at : at + 1] not in (b"\0", b""):
        name = listed[at:].split(b"\0", 1)[0]
        at += len(name) + 1
        kind, _, across, down = struct.unpack_from("<IIII", listed, at)
        at += 16
        names.append(name)
        kinds.add((_TYPES[kind], across, down))
    return tuple(names), kinds


def check_blocks(data: bytes, header: ExrHeader) -> None:
    """Raises ValueError unless all blocks are there: FFmpeg says nothing of those that are not."""
    view = memoryview(data)
    head = 20 if header.tile else 8
    row = header.width * header.channels * int(header.type[1])
    for number in range(header.blocks):
        place = header.end + 8 * number
        at = int.from_bytes(view[place : place + 8], "little")
        size = int.from_bytes(view[at + head - 4 : at + head], "little")
        block = view[at + head : at + head + size]
        if at < header.end + 8 * header.blocks or len(block) != size or not size:
            raise ValueError("a missing block")
        stored = row * min(header.lines, header.height - number * header.lines)
        if header.compression in _INFLATED and (header.tile or size < stored):
            _inflate(block, header.tile is not None)


def _inflate(block: memoryview, maybe_stored: bool) -> None:
    try:
        zlib.decompress(block)
    except zlib.error:
        if not maybe_stored or block[0] == _ZLIB:
            raise ValueError("a damaged block") from None
