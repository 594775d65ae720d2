"""Pictures that a small ray caster renders: balls over a floor, as RGBA of 16 bits or as depth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["scene"]

F64 = NDArray[np.float64]

_FINE = 2
"""Rays a pixel, in each direction."""
_FAR = 40.0
"""The distance beyond which there is nothing, in the unit of the balls' radii."""


def scene(
    seed: int, width: int, height: int, balls: int = 24
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """A scene drawn at random, with shadows, gloss, a pattern on the floor and smooth edges.

    Returns:
        Its picture, uint16 (height, width, 4), colours in linear light, not multiplied by alpha,
        black where nothing is; and the distance of each pixel's first ray, uint16
        (height, width, 1), nothing being 65535.
    """
    rng = np.random.default_rng(seed)
    radii = rng.uniform(0.3, 1.2, balls)
    centres = np.stack(
        [
            rng.uniform(-6, 6, balls),
            radii - 1.5 + rng.exponential(0.5, balls),
            rng.uniform(4, 18, balls),
        ],
        1,
    )
    tints = rng.uniform(0.05, 0.95, (balls + 1, 3))
    light = np.array([0.5, 0.8, -0.35]) / np.linalg.norm([0.5, 0.8, -0.35])
    x = (np.arange(width * _FINE) + 0.5) / (width * _FINE) - 0.5
    y = (0.5 - (np.arange(height * _FINE) + 0.5) / (height * _FINE)) * height / width
    ways = np.stack([*np.broadcast_arrays(x[None, :], y[:, None], 0.8)], axis=2)
    ways /= np.linalg.norm(ways, axis=2, keepdims=True)
    distance, hit = _first(np.zeros(3), ways, centres, radii)
    place = ways * np.minimum(distance, _FAR)[..., None]
    normal = np.where(
        (hit == balls)[..., None], [0.0, 1.0, 0.0], place - centres[np.minimum(hit, balls - 1)]
    )
    normal /= np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-9)
    blocked, _ = _first(place + 1e-4 * normal, np.broadcast_to(light, ways.shape), centres, radii)
    lit = np.clip(normal @ light, 0, 1) * (blocked >= _FAR)
    bounce = 2 * (normal @ light)[..., None] * normal - light
    gloss = np.clip((-bounce * ways).sum(axis=2), 0, 1) ** 40 * (lit > 0)
    tint = tints[np.minimum(hit, balls)]
    rings = 0.75 + 0.25 * np.sin(3 * np.hypot(place[..., 0], place[..., 2]))
    tint = tint * np.where(hit == balls, rings, 1.0)[..., None]
    seen = distance < _FAR
    colour = np.clip(tint * (0.15 + 0.75 * lit)[..., None] + 0.3 * gloss[..., None], 0, 1)
    squares = np.concatenate([colour * seen[..., None], seen[..., None]], axis=2)
    means = squares.reshape(height, _FINE, width, _FINE, 4).mean(axis=(1, 3))
    means[..., :3] /= np.maximum(means[..., 3:], 1e-9)
    picture = np.rint(65535 * means).astype(np.uint16)
    depth = np.where(seen, distance / _FAR, 1.0)[::_FINE, ::_FINE, None]
    return picture, np.rint(65535 * depth).astype(np.uint16)


def _first(start: F64, ways: F64, centres: F64, radii: F64) -> tuple[F64, NDArray[np.int64]]:
    """The distance to what rays meet first, `_FAR` for nothing, and its number: that of a ball, or
    the number of balls for the floor."""
    falling = ways[..., 1] < -1e-6
    to_floor = (-1.5 - start[..., 1]) / np.where(falling, ways[..., 1], -1.0)
    floor = np.where(falling & (to_floor > 1e-6), to_floor, _FAR)
    distance, hit = np.minimum(floor, _FAR), np.full(ways.shape[:2], len(radii))
    for number, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
        to_centre = centre - start
        along = (to_centre * ways).sum(axis=-1)
        inside = radius**2 - (to_centre**2).sum(axis=-1) + along**2
        near = along - np.sqrt(np.maximum(inside, 0))
        closer = (inside > 0) & (near > 1e-6) & (near < distance)
        distance, hit = np.where(closer, near, distance), np.where(closer, number, hit)
    return distance, hit
