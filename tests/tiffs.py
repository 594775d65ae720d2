"""TIFF files of any layout, byte by byte, and samples to put into them."""

import struct
from itertools import product

import numpy as np


def samples(kind, bands, height=7, width=9):
    random = np.random.default_rng(3)
    shape = (height, width, bands)
    if np.dtype(kind).kind == "f":
        found = random.normal(0, 1000, shape).astype(kind)
        found[0, :3, 0] = -0.0, np.inf, np.nan
        return found
    limits = np.iinfo(kind)
    return random.integers(limits.min, limits.max, shape, kind, endpoint=True)


def tiff(pixels, order="<", *, planar=False, tile=None, rows=4, **tags):
    """A TIFF without compression in strips of `rows` or tiles of (rows, columns)."""
    height, width, samples = pixels.shape
    stored = pixels.astype(pixels.dtype.newbyteorder(order))
    planes = [stored[:, :, i : i + 1] for i in range(samples)] if planar else [stored]
    down, across = tile or (rows, width)
    pieces = []
    for plane, y, x in product(planes, range(0, height, down), range(0, width, across)):
        piece = plane[y : y + down, x : x + across]
        if tile:
            missing = (down - piece.shape[0], across - piece.shape[1])
            piece = np.pad(piece, ((0, missing[0]), (0, missing[1]), (0, 0)))
        pieces.append(piece.tobytes())
    starts = np.cumsum([8, *map(len, pieces)]).tolist()
    values = {
        256: [width],
        257: [height],
        258: [8 * pixels.itemsize] * samples,
        259: [1],
        262: [2 if samples > 2 else 1],
        277: [samples],
        284: [2 if planar else 1],
        **({322: [across], 323: [down]} if tile else {278: [rows]}),
        **dict(
            zip(
                (324, 325) if tile else (273, 279),
                (starts[:-1], list(map(len, pieces))),
                strict=True,
            )
        ),
        **{int(tag[1:]): value for tag, value in tags.items()},
    }
    end = starts[-1]
    at = end + 2 + 12 * len(values) + 4
    entries, after = [], b""
    for tag, numbers in sorted(values.items()):
        body = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(body) > 4:
            body, after = struct.pack(f"{order}I", at + len(after)), after + body
        entries.append(struct.pack(f"{order}HHI", tag, 4, len(numbers)) + body)
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", end)
    count = struct.pack(f"{order}H", len(entries))
    return b"".join((start, *pieces, count, *entries, bytes(4), after))
