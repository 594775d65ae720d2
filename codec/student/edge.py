"""Encodes an image to a packet without PyTorch and without ncodec: NumPy, ONNX Runtime and
constriction, and Pillow to read the file.

    python edge.py photo.jpg photo.packet [RATE]

Stands in a folder of `ncodec export --onnx` beside encoder.onnx and tables.npz; this file may be
copied to where it is needed. docs/entropic-student.md describes the packet.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path
from typing import Any

import constriction
import numpy as np
import onnxruntime
from numpy.typing import NDArray

__all__ = ["EdgeEncoder"]

_CLASSES, _GROUP, _TOTAL = 34, 8, 1 << 24
_EDGE = 2.0**30 - 64
_FIELDS = ("first", "sources", "thresholds", "tables", "differences")


class EdgeEncoder:
    """What a device needs of a model, from the folder of an export."""

    def __init__(self, folder: str | Path, rate: int = 3, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._network = onnxruntime.InferenceSession(
            str(Path(folder) / "encoder.onnx"), options, providers=["CPUExecutionProvider"]
        )
        with np.load(Path(folder) / "tables.npz", allow_pickle=False) as tables:
            count = len(tables["gain"])
            if not 1 <= rate <= count:
                raise ValueError(f"rate {rate} is not in this model: choose 1 to {count}")
            self.rate = rate
            self._outside, self._side = tables["preparation"].tolist()
            self._agreement = tables["agreement"].tobytes()
            self._gain, self._medians = (tables[name][-rate] for name in ("gain", "medians"))
            self._channels = [
                _Channel(*(tables[f"{kind} {count - rate} {index}"] for kind in _FIELDS))
                for index in range(len(self._gain))
            ]

    def prepare(self, path: str | Path) -> NDArray[Any]:
        """An image file, resized and cut as the teacher does: uint8 [side, side, 3]."""
        from PIL import Image

        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        part = max(min(picture.size) * self._side // self._outside, 1)
        left, top = ((length - part + 1) // 2 for length in picture.size)
        square = picture.crop((left, top, left + part, top + part))
        return np.asarray(square.resize((self._side, self._side), Image.Resampling.BICUBIC))

    def encode(self, pixels: NDArray[Any]) -> bytes:
        """A prepared image, uint8 [height, width, 3], as a packet."""
        (latents,) = self._network.run(None, {"image": pixels[None]})
        scaled = latents[0] * self._gain[:, None, None] - self._medians[:, None, None]
        values = np.rint(scaled.clip(-_EDGE, _EDGE)).astype(np.int64)
        for row, channel in zip(values, self._channels, strict=True):
            if channel.differences:
                row[:, 1:] -= row[:, :-1].copy()
                row[1:, 0] -= row[:-1, 0].copy()
        coder = constriction.stream.queue.RangeEncoder()
        near = _nearby(values)
        for row, channel in zip(values, self._channels, strict=True):
            channel.encode(coder, row.reshape(-1), near)
        stream = coder.get_compressed().astype("<u4").tobytes()
        height, width, _ = pixels.shape
        payload = bytes([self.rate]) + _varint(width) + _varint(height) + stream
        body = b"\x01\x00" + self._agreement + _varint(len(payload)) + payload
        packet: bytes = body + zlib.crc32(body).to_bytes(4, "little")
        return packet


class _Channel:
    """How the values of a channel are coded: tables, chosen by the channels before."""

    def __init__(
        self, first: Any, sources: Any, thresholds: Any, tables: Any, differences: Any
    ) -> None:
        self._first, (self._sources, self._weights) = int(first), sources
        self._thresholds = thresholds
        self._size = tables.shape[1] - 1
        self._models = [_model(table) for table in tables]
        self.differences = bool(differences)

    def encode(self, coder: Any, values: NDArray[Any], near: NDArray[Any]) -> None:
        total = np.zeros(len(values), np.int64)
        for source, weight in zip(self._sources, self._weights, strict=True):
            total += weight * near[source].reshape(-1)
        classes = np.searchsorted(self._thresholds, total, side="right")
        moved = values - self._first
        outside = (moved < 0) | (moved >= self._size)
        symbols = np.where(outside, self._size, moved).astype(np.int32)
        for number, model in enumerate(self._models):
            members = symbols[classes == number]
            if len(members):
                coder.encode(members, model)
        if outside.any():
            beyond = moved[outside]
            _escaped(coder, np.where(beyond < 0, -2 * beyond - 1, 2 * (beyond - self._size)))


def _nearby(values: NDArray[Any]) -> NDArray[Any]:
    magnitudes = np.minimum(np.abs(values), 15)
    total: NDArray[Any] = 2 * magnitudes
    total[:, 1:] += magnitudes[:, :-1]
    total[:, :-1] += magnitudes[:, 1:]
    total[:, :, 1:] += magnitudes[:, :, :-1]
    total[:, :, :-1] += magnitudes[:, :, 1:]
    return total


def _escaped(coder: Any, folded: NDArray[Any]) -> None:
    classes = np.frexp((folded + 1).astype(np.float64))[1].astype(np.int32) - 1
    coder.encode(classes, _model(_uniform(_CLASSES)))
    for size in np.unique(classes).tolist():
        rest = folded[classes == size] + 1
        for shift in range(0, size, _GROUP):
            group = 1 << min(_GROUP, size - shift)
            coder.encode(((rest >> shift) & (group - 1)).astype(np.int32), _model(_uniform(group)))


def _model(frequencies: NDArray[Any]) -> Any:
    weights = (frequencies - 1).astype(np.float64)
    return constriction.stream.model.Categorical(weights, lazy=False, perfect=False)


def _uniform(size: int) -> NDArray[Any]:
    share, rest = divmod(_TOTAL, size)
    return share + (np.arange(size) < rest)


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes([*data, value])


def _main() -> None:
    source, output, *rest = sys.argv[1:]
    encoder = EdgeEncoder(Path(__file__).parent, *map(int, rest))
    Path(output).write_bytes(encoder.encode(encoder.prepare(source)))


if __name__ == "__main__":
    _main()
