"""How files of each kind of codec are read by the trials: whole, and in other ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from ncodec.errors import MissingDependency
from ncodec.files.album import Album
from ncodec.files.clip import Clip
from ncodec.files.features import FeatureFile
from ncodec.media import open_collection, open_source, scan

__all__ = ["CLIPS", "FEATURES", "IMAGES", "Arrays", "Kind"]

Arrays = Sequence[np.ndarray]
"""All that a file holds, in order."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file.

    Attributes:
        open: makes an open file of its bytes, threads and models.
        source: what went in; None where that is not to come back.
        whole: what an open file holds, front to back.
        apart: the same, asked for in another order and in parts.
    """

    open: Callable[..., Any]
    source: Callable[[Path], Arrays] | None
    whole: Callable[[Any], Arrays]
    apart: Callable[[Any], Arrays]


def _source_planes(path: Path) -> Arrays:
    with open_source(path) as source:
        scan(source, scene_threshold=None)
        return [plane for frame in source.frames() for plane in frame.planes]


def _planes(clip: Clip) -> Arrays:
    return [plane for frame in clip for plane in frame.planes]


def _planes_backwards(clip: Clip) -> Arrays:
    frames = [clip[index].planes for index in reversed(range(len(clip)))]
    return [plane for planes in reversed(frames) for plane in planes]


def _source_pixels(path: Path) -> Arrays:
    return [image.pixels for image in open_collection(path)]


def _pixels(album: Album) -> Arrays:
    return [image.pixels for image in album]


def _pixels_by_region(album: Album) -> Arrays:
    width, height = album.info.width, album.info.height
    left = width // 3
    images = []
    for index in reversed(range(len(album))):
        halves = [(0, 0, left, height), (left, 0, width - left, height)]
        images.append(np.hstack([album.region(*half, index).pixels for half in halves]))
    return images[::-1]


def _features(file: FeatureFile) -> Arrays:
    return list(chain.from_iterable(_heads(file, index) for index in range(len(file))))


def _features_backwards(file: FeatureFile) -> Arrays:
    images = [_heads(file, index) for index in reversed(range(len(file)))]
    return list(chain.from_iterable(reversed(images)))


def _heads(file: FeatureFile, index: int) -> Arrays:
    """What the heads make of an image; those that need what is not installed are left out."""
    file.check(index)
    arrays = []
    for head in file.heads:
        try:
            arrays.append(file.head(head, index))
        except MissingDependency:
            continue
    return arrays


CLIPS = Kind(Clip, _source_planes, _planes, _planes_backwards)
IMAGES = Kind(Album, _source_pixels, _pixels, _pixels_by_region)
FEATURES = Kind(FeatureFile, None, _features, _features_backwards)
