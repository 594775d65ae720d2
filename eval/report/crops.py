"""Pieces of decoded frames, side by side at like rates."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ncodec.eval.report.groups import curve_names, with_seeds
from ncodec.eval.results import Curve, Item, Point

__all__ = ["Comparison", "Crop", "Frame", "comparisons", "overview"]

SIDE = 128
"""The side of a crop in pixels; the page shows them twice as large."""

_OVERVIEW = 640

_LIKE = log(1.5)
"""The largest difference of the logarithms of rates that counts as like."""

Pixels = NDArray[np.uint8]
"""A picture, uint8 [height, width, 3]."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A piece of one frame.

    Attributes:
        name: the curve's name, or words for the source.
        point: the curve's point; None of the source.
        ratio: the ratio of its rate to that of the codec's point.
        uri: the picture as a data URI.
        width, height: the sizes in pixels.
    """

    name: str
    point: Point | None
    ratio: float
    uri: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A codec's point and the nearest points of the anchors; the source is first."""

    name: str
    crops: Sequence[Crop]


@dataclass(frozen=True, slots=True)
class Frame:
    """The source's frame, small, and where in it the crops are, in % of its sides."""

    uri: str
    width: int
    height: int
    box: tuple[float, float, float, float]


def overview(item: Item, folder: Path) -> Frame | None:
    """The whole frame, None where the item has no picture that can be read."""
    source = _open(folder, item.picture)
    if source is None:
        return None
    height, width = source.shape[:2]
    top, left, rows, columns = _where(source)
    small = Image.fromarray(source)
    small.thumbnail((_OVERVIEW, _OVERVIEW))
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=85)
    box = (100 * left / width, 100 * top / height, 100 * columns / width, 100 * rows / height)
    return Frame(_uri(stream, "jpeg"), *small.size, box)


def comparisons(item: Item, folder: Path) -> list[Comparison]:
    """The comparisons, one for each codec that has a picture, of its first seed with one."""
    source = _open(folder, item.picture)
    if source is None:
        return []
    place = _where(source)
    rows, columns = place[2:]
    pieces: dict[str, str | None] = {}

    def crop(curve: Curve, point: Point, rate: float) -> Crop | None:
        path = str(point.picture)
        if path not in pieces:
            pixels = _open(folder, path)
            fits = pixels is not None and pixels.shape == source.shape
            pieces[path] = _piece(pixels, place) if fits and pixels is not None else None
        piece = pieces[path]
        if piece is None:
            return None
        return Crop(with_seeds(curve), point, point.rate / rate, piece, columns, rows)

    first = Crop("source", None, 1.0, _piece(source, place), columns, rows)
    result = []
    pictured = {name: _pictured(curves) for name, curves in curve_names(item).items()}
    anchors = [entry for entry in pictured.values() if entry and entry[0].role == "anchor"]
    for entry in pictured.values():
        if entry is None or entry[0].role != "codec":
            continue
        curve, points = entry
        focus = _chosen(points, [theirs for _, theirs in anchors])
        crops = [crop(curve, focus, focus.rate)]
        for anchor, theirs in anchors:
            crops.append(crop(anchor, _nearest(theirs, focus), focus.rate))
        if crops[0] is not None:
            result.append(Comparison(curve.name, [first, *(one for one in crops if one)]))
    return result


def _chosen(points: Sequence[Point], anchors: Sequence[Sequence[Point]]) -> Point:
    """The point nearest to the middle that every anchor meets, or the one that they meet best."""

    def apart(point: Point) -> float:
        return max((_apart(_nearest(theirs, point), point) for theirs in anchors), default=0.0)

    middle = points[len(points) // 2]
    met = [point for point in points if apart(point) <= _LIKE]
    return _nearest(met, middle) if met else min(points, key=apart)


def _nearest(points: Sequence[Point], to: Point) -> Point:
    return min(points, key=lambda point: _apart(point, to))


def _apart(a: Point, b: Point) -> float:
    return abs(log(a.rate / b.rate))


def _pictured(curves: Sequence[Curve]) -> tuple[Curve, list[Point]] | None:
    for curve in curves:
        points = [point for point in curve.points if point.picture and point.rate > 0]
        if points:
            return curve, points
    return None


def _open(folder: Path, path: str | None) -> Pixels | None:
    if path is None:
        return None
    try:
        with Image.open(folder / path) as picture:
            return np.asarray(picture.convert("RGB"))
    # Pillow says SyntaxError of a PNG with a damaged chunk.
    except (OSError, SyntaxError, ValueError):
        return None


def _where(source: Pixels) -> tuple[int, int, int, int]:
    """The top, left, height and width of the square with most detail: the largest sum of
    gradients."""
    height, width = source.shape[:2]
    rows, columns = min(SIDE, height), min(SIDE, width)
    luma = source.astype(np.float64) @ (0.299, 0.587, 0.114)
    down = np.abs(np.diff(luma, axis=0, append=luma[-1:]))
    right = np.abs(np.diff(luma, axis=1, append=luma[:, -1:]))
    sums = np.pad(np.cumsum(np.cumsum(down + right, axis=0), axis=1), ((1, 0), (1, 0)))
    inside = sums[rows:, columns:] - sums[:-rows, columns:]
    inside -= sums[rows:, :-columns] - sums[:-rows, :-columns]
    top, left = np.unravel_index(int(np.argmax(inside)), inside.shape)
    return int(top), int(left), rows, columns


def _piece(pixels: Pixels, place: tuple[int, int, int, int]) -> str:
    top, left, rows, columns = place
    stream = io.BytesIO()
    piece = np.ascontiguousarray(pixels[top : top + rows, left : left + columns])
    Image.fromarray(piece).save(stream, "PNG", optimize=True)
    return _uri(stream, "png")


def _uri(stream: io.BytesIO, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode()}"
