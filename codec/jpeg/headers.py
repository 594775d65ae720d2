"""The marker segments of a JPEG file (ITU-T T.81, annex B): what its scans are and how coded."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncodec.dct.frame import ZIGZAG, Component, Frame

__all__ = ["DERIVED", "Headers", "Scan", "Unsupported", "tables_in"]

_SOI, _EOI, _SOS, _DQT, _DHT, _DRI, _DNL, _DAC = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xDC, 0xCC
_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1), 0xC2
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_DHT, 0xC8, _DAC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))
"""Markers without a segment: TEM and restarts."""

DERIVED = 0x80
"""In place of a Huffman table, this and its number: it is the best one of the next scan."""

_MARKER = re.compile(rb"\xff[^\x00\xff]")

_MOST_SCANS = 256
"""Each may say little about every block: many would take time that no real file asks for."""

_NAMES = {
    3: "lossless",
    5: "hierarchical",
    6: "hierarchical",
    7: "hierarchical",
    9: "arithmetic-coded",
    10: "arithmetic-coded",
    11: "arithmetic-coded",
}

_USUAL_TABLES = {
    0x00: bytes.fromhex("00010501010101010100000000000000000102030405060708090a0b"),
    0x01: bytes.fromhex("00030101010101010101010000000000000102030405060708090a0b"),
    0x10: bytes.fromhex(
        "0002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342"
        "b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455"
        "565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5"
        "a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9ea"
        "f1f2f3f4f5f6f7f8f9fa"
    ),
    0x11: bytes.fromhex(
        "00020102040403040705040400010277000102031104052131061241510761711322328108144291a1b1"
        "c109233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748494a5354"
        "55565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3"
        "a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9"
        "eaf2f3f4f5f6f7f8f9fa"
    ),
}
"""The Huffman tables K.3 to K.6 of T.81, which files without tables mean (frames of MJPEG)."""


class Unsupported(Exception):
    """A file, or a part of one, that is not rebuilt from coefficients; says why."""


@dataclass(frozen=True)
class Scan:
    """What SOS says, with what held when it came.

    Attributes:
        layout: int64 [components, 4], what the kernels need of a component: its first block, its
            stride, and its blocks across and down in an MCU.
        tables: the specification of a DC and an AC Huffman table for each component, as in DHT
            (16 counts, then symbols), None where the file defined none, empty where it is derived.
        numbers: how DHT calls these tables.
        mcus: MCUs across and down.
        band: first and last coefficient in zigzag order.
        high, low: successive approximation, bit positions before and now.
        restart: MCUs between two restart markers, 0 for none.
    """

    progressive: bool
    layout: NDArray[np.int64]
    tables: tuple[tuple[bytes | None, bytes | None], ...]
    numbers: tuple[tuple[int, int], ...]
    mcus: tuple[int, int]
    band: tuple[int, int]
    high: int
    low: int
    restart: int


class Headers:
    """Walks over a file's markers from its SOI on.

    Args:
        data: the file. `position` is moved behind the entropy-coded data of a scan by whoever
            decodes it; where that data was cut out, nothing has to be moved.

    Attributes:
        position: the next byte; behind SOS when `next_scan` has returned it; behind EOI, or at
            the end of the data, when it has returned None.
        frame: what SOF said, None before.
        quantisers: the tables as they were defined first, in natural order.
        huffman: the specifications that hold now, by number.
        definitions: where DHT segments begin and end that came since the scan before.
    """

    def __init__(self, data: bytes) -> None:
        if data[:2] != b"\xff\xd8":
            raise Unsupported("it does not begin as a JPEG file")
        self.data = data
        self.position = 2
        self.frame: Frame | None = None
        self.quantisers: dict[int, NDArray[np.int32]] = {}
        self.huffman = dict(_USUAL_TABLES)
        self.definitions: list[tuple[int, int]] = []
        self._restart = self._scans = 0

    def next_scan(self) -> Scan | None:
        """The next scan, None where the file ends.

        Raises:
            Unsupported: the file is damaged, or of a kind that is not rebuilt.
        """
        self.definitions = []
        while (marker := self._marker()) not in (None, _EOI):
            if marker in _ALONE:
                continue
            start = self.position - 2
            body = self._segment()
            if marker == _SOS:
                self._scans += 1
                if self._scans > _MOST_SCANS:
                    raise Unsupported(f"it has more than {_MOST_SCANS} scans")
                return self._scan(body)
            if marker in _FRAMES:
                self._start_frame(marker - 0xC0, body)
            elif marker == _DHT:
                self._define_huffman(body)
                self.definitions.append((start, self.position))
            elif marker == _DQT:
                self._define_quantisers(body)
            elif marker == _DRI and len(body) >= 2:
                self._restart = int.from_bytes(body[:2], "big")
            elif marker in (_SOI, _DAC):
                raise Unsupported(f"it has the marker FF{marker:02X} inside")
        return None

    def _marker(self) -> int | None:
        """The next marker, over fill bytes and whatever else is no marker."""
        found = _MARKER.search(self.data, self.position)
        self.position = found.end() if found else len(self.data)
        return found[0][1] if found else None

    def _segment(self) -> bytes:
        start = self.position
        size = int.from_bytes(self.data[start : start + 2], "big")
        self.position = start + size
        if size < 2 or self.position > len(self.data):
            raise Unsupported("a marker segment reaches beyond the file's end")
        return self.data[start + 2 : self.position]

    def _start_frame(self, kind: int, body: bytes) -> None:
        if kind > 2:
            raise Unsupported(f"it is {_NAMES.get(kind, 'hierarchical')}")
        if self.frame:
            raise Unsupported("it has two frames")
        if len(body) < 6 or len(body) != 6 + 3 * body[5]:
            raise Unsupported("its frame header has a wrong length")
        if body[0] != 8:
            raise Unsupported(f"its samples have {body[0]} bits, not 8")
        height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
        if not height:
            height = self._height_behind()
        parts = [body[6 + 3 * i : 9 + 3 * i] for i in range(body[5])]
        factors = [(part[1] >> 4, part[1] & 15) for part in parts]
        if not width or not height or not 1 <= len(parts) <= 4:
            raise Unsupported(f"it has {len(parts)} components of {width}x{height}")
        if any(not 1 <= f <= 4 for pair in factors for f in pair):
            raise Unsupported("a sampling factor is not 1 to 4")
        most_across, most_down = (max(axis) for axis in zip(*factors, strict=True))
        mcus = _ceil(width, 8 * most_across), _ceil(height, 8 * most_down)
        components, first = [], 0
        for part, (across, down) in zip(parts, factors, strict=True):
            stride, padded = mcus[0] * across, mcus[1] * down
            columns = _ceil(_ceil(width * across, most_across), 8)
            rows = _ceil(_ceil(height * down, most_down), 8)
            components.append(
                Component(part[0], across, down, part[2], columns, rows, stride, padded, first)
            )
            first += stride * padded
        self.frame = Frame(width, height, kind == 2, tuple(components), mcus)

    def _height_behind(self) -> int:
        """The height that DNL tells behind the first scan; 0 where there is none."""
        at = self.data.find(bytes([0xFF, _DNL, 0, 4]), self.position)
        return int.from_bytes(self.data[at + 4 : at + 6], "big") if at >= 0 else 0

    def _define_huffman(self, body: bytes) -> None:
        self.huffman |= dict(tables_in(body))

    def _define_quantisers(self, body: bytes) -> None:
        while body:
            size = 2 if body[0] >> 4 else 1
            values = body[1 : 1 + 64 * size]
            if len(values) != 64 * size:
                raise Unsupported("a table of quantisers is damaged")
            table = np.zeros(64, dtype=np.int32)
            table[ZIGZAG] = np.frombuffer(values, dtype=">u2" if size == 2 else "u1")
            self.quantisers.setdefault(body[0] & 15, table)
            body = body[1 + 64 * size :]

    def _scan(self, body: bytes) -> Scan:
        frame = self.frame
        if frame is None:
            raise Unsupported("a scan comes before the frame header")
        count = body[0] if body else 0
        if not 1 <= count <= 4 or len(body) != 4 + 2 * count:
            raise Unsupported("a scan header has a wrong length")
        left = list(frame.components)
        chosen: list[Component] = []
        numbers = []
        for name, pair in zip(body[1 : 1 + 2 * count : 2], body[2::2], strict=False):
            # Several components of one name are meant in turn.
            component = next((part for part in left if part.name == name), None)
            if component is None:
                raise Unsupported(f"a scan has a component {name} that the frame has not")
            left.remove(component)
            chosen.append(component)
            dc, ac = pair >> 4, pair & 15
            numbers.append((dc, 0x10 | ac))
        first, last, bits = body[-3:]
        high, low = bits >> 4, bits & 15
        if not frame.progressive:
            first, last, high, low = 0, 63, 0, 0
        valid = first <= last <= 63 and (first > 0 or last == 0 or not frame.progressive)
        if not valid or low > 13 or (high and high != low + 1) or (first and count > 1):
            raise Unsupported("a scan has a band or bits that do not exist")
        single = count == 1
        layout = np.array(
            [(c.first, c.stride, *((1, 1) if single else (c.across, c.down))) for c in chosen],
            dtype=np.int64,
        )
        mcus = (chosen[0].columns, chosen[0].rows) if single else frame.mcus
        return Scan(
            frame.progressive,
            layout,
            tuple((self.huffman.get(dc), self.huffman.get(ac)) for dc, ac in numbers),
            tuple(numbers),
            mcus,
            (first, last),
            high,
            low,
            self._restart,
        )


def tables_in(body: bytes) -> list[tuple[int, bytes]]:
    """The numbers and specifications in a DHT segment, empty for one that is derived."""
    tables = []
    while body:
        number, end = body[0], 17 + sum(body[1:17])
        if number & ~0x13 == DERIVED:
            tables.append((number & 0x13, b""))
            end = 1
        elif len(body) < end or number & ~0x13 or end > 17 + 256:
            raise Unsupported("a Huffman table is damaged")
        else:
            tables.append((number, body[1:end]))
        body = body[end:]
    return tables


def _ceil(value: int, by: int) -> int:
    return -(-value // by)
