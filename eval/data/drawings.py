"""Pictures that are no photographs: text, charts, screens, scans, dithers, icons, pixel art.

    ncodec bench images drawings/held-out --data FOLDER --anchors jpegxl,webp,png -o held-out

All but two are drawn here into the folder, with Pillow and the fonts of matplotlib
(`ncodec[eval]`), by the same functions at random, for `tune` and `held-out` from other seeds. Two
scanned pages are from the package scikit-image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFilter, ImageFont

from ncodec.eval.data.packages import SCIKIT_IMAGE
from ncodec.media import read_image

__all__ = ["DRAWING_SETS"]

Pixels = NDArray[np.uint8]
"""uint8 (height, width, channels)."""
Random = np.random.Generator

_FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
_SYLLABLES = ("an", "be", "co", "di", "el", "fo", "gra", "hi", "in", "ka", "lo", "mu", "qua", "re")


def _font(name: str, size: int) -> Any:
    return ImageFont.truetype(str(_FONTS / f"{name}.ttf"), size)


def _words(random: Random, count: int) -> list[str]:
    return ["".join(random.choice(_SYLLABLES, random.integers(1, 4))) for _ in range(count)]


def _colour(random: Random, low: int = 0, high: int = 255) -> tuple[int, ...]:
    return tuple(int(v) for v in random.integers(low, high, 3))


def _write(
    picture: Any, random: Random, box: tuple[int, int, int, int], size: int, ink: Any
) -> None:
    """Fills a box with lines of words."""
    draw = ImageDraw.Draw(picture)
    font = _font(random.choice(["DejaVuSans", "DejaVuSerif", "DejaVuSansMono"]), size)
    left, top, right, bottom = box
    y = top
    while y + size < bottom:
        line = ""
        for word in _words(random, 30):
            if draw.textlength(f"{line} {word}", font) > right - left:
                break
            line = f"{line} {word}"
        draw.text((left, y), line, ink, font)
        y += size * 4 // 3


def _text(random: Random) -> Pixels:
    page = Pillow.new("L", (640, 480), 255)
    _write(page, random, (20, 20, 620, 470), 14, 0)
    return np.asarray(page)[:, :, None]


def _scan(random: Random) -> Pixels:
    """A page as a scanner sees it: paper with grain through its optics, in uneven light."""
    page = Pillow.new("L", (560, 720), 225)
    _write(page, random, (40, 40, 520, 700), 18, 30)
    turned = page.rotate(random.uniform(-1, 1), Pillow.Resampling.BICUBIC, fillcolor=225)
    grain = np.asarray(turned) + random.normal(0, 5, (720, 560))
    seen = Pillow.fromarray(np.clip(grain, 0, 255).astype(np.uint8))
    levels = np.asarray(seen.filter(ImageFilter.GaussianBlur(0.8))).astype(float)
    y, x = np.mgrid[:720, :560]
    levels += 8 * np.sin(x / 300) + 6 * np.cos(y / 400) + random.normal(0, 0.5, levels.shape)
    scanned: Pixels = np.rint(np.clip(levels, 0, 255)).astype(np.uint8)[:, :, None]
    return scanned


def _bilevel(random: Random) -> Pixels:
    """A scanned page of black and white."""
    return np.where(_scan(random) > 140, np.uint8(255), np.uint8(0))


def _chart(random: Random) -> Pixels:
    picture = Pillow.new("RGB", (640, 400), "white")
    draw = ImageDraw.Draw(picture)
    font = _font("DejaVuSans", 12)
    for k in range(9):
        y = 40 + 40 * k
        draw.line((60, y, 620, y), (225, 225, 225))
        draw.text((20, y - 7), str(100 - 10 * k), (60, 60, 60), font)
    for _ in range(4):
        colour = _colour(random, 0, 200)
        heights = 200 + np.cumsum(random.normal(0, 14, 57))
        points = [(60 + 10 * k, float(np.clip(v, 45, 355))) for k, v in enumerate(heights)]
        draw.line(points, colour, 2)
    for k in range(8):
        colour = _colour(random, 60)
        draw.rectangle((80 + 65 * k, 360 - int(random.integers(10, 90)), 110 + 65 * k, 360), colour)
        draw.text((78 + 65 * k, 368), _words(random, 1)[0], (60, 60, 60), font)
    return np.asarray(picture)


def _screen(random: Random) -> Pixels:
    """Windows with text, bars and buttons."""
    picture = Pillow.new("RGB", (800, 600), _colour(random, 40, 120))
    draw = ImageDraw.Draw(picture)
    font = _font("DejaVuSans", 11)
    for _ in range(5):
        x, y = int(random.integers(0, 400)), int(random.integers(0, 300))
        w, h = int(random.integers(250, 400)), int(random.integers(180, 300))
        draw.rectangle((x, y, x + w, y + h), (245, 245, 245), (90, 90, 90))
        for k in range(22):
            draw.line((x + 1, y + k, x + w - 1, y + k), (120 + 3 * k, 140 + 3 * k, 180 + 2 * k))
        draw.text((x + 8, y + 5), " ".join(_words(random, 3)), "black", font)
        _write(picture, random, (x + 10, y + 30, x + w - 10, y + h - 40), 12, (20, 20, 20))
        for k in range(3):
            left, top = x + 10 + 80 * k, y + h - 32
            draw.rounded_rectangle((left, top, left + 70, top + 22), 5, (220, 225, 235), "grey")
            draw.text((left + 10, top + 4), _words(random, 1)[0], "black", font)
    return np.asarray(picture)


def _shapes(random: Random, width: int, height: int, count: int) -> Any:
    """Overlapping shapes with smooth edges, which are drawn larger and shrunk."""
    picture = Pillow.new("RGB", (4 * width, 4 * height), (250, 246, 235))
    draw = ImageDraw.Draw(picture)
    for _ in range(count):
        colour = _colour(random)
        points = random.uniform(-0.1, 1.1, (int(random.integers(3, 7)), 2)) * picture.size
        if random.random() < 0.5:
            draw.polygon([(float(x), float(y)) for x, y in points], colour)
        else:
            (x, y), radius = points[0], random.uniform(0.02, 0.3) * picture.size[1]
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), colour)
    return picture.resize((width, height), Pillow.Resampling.BOX)


def _gradient(random: Random, width: int, height: int) -> NDArray[np.float64]:
    """Soft light, float64 (height, width, 3)."""
    y, x = np.mgrid[:height, :width]
    corners = random.uniform(60, 220, (3, 3))
    falls = np.exp(-(((x - width * 0.6) / width) ** 2 + ((y - height * 0.3) / height) ** 2) * 2)
    soft: NDArray[np.float64] = np.stack([x / width, y / height, falls], axis=2) @ (corners / 2)
    return 10 + soft


def _logo(random: Random) -> Pixels:
    """A sign over a soft gradient with a grain of less than a level."""
    soft = _gradient(random, 640, 400)
    soft = np.rint(np.clip(soft + random.uniform(-0.6, 0.6, soft.shape), 0, 255)).astype(np.uint8)
    picture = Pillow.fromarray(soft)
    sign = Pillow.new("L", (640, 400), 0)
    draw = ImageDraw.Draw(sign)
    draw.text((120, 130), "".join(_words(random, 2)), 255, _font("DejaVuSans-Bold", 70))
    draw.ellipse((40, 140, 110, 210), 255)
    picture.paste(_colour(random), mask=sign)
    return np.asarray(picture)


def _smooth(random: Random) -> Pixels:
    """A gradient without grain."""
    return np.rint(np.clip(_gradient(random, 500, 320), 0, 255)).astype(np.uint8)


def _palette(random: Random, dither: bool) -> Pixels:
    """A shaded drawing with grain in 256 colours."""
    shapes = np.asarray(_shapes(random, 560, 400, 30)).astype(float)
    lit = shapes * (0.6 + 0.4 * _gradient(random, 560, 400) / 255)
    grain = random.normal(0, 4, (400, 560, 1))
    picture = Pillow.fromarray(np.clip(lit + grain, 0, 255).astype(np.uint8))
    kind = Pillow.Dither.FLOYDSTEINBERG if dither else Pillow.Dither.NONE
    colours = picture.quantize(256)
    return np.asarray(picture.quantize(palette=colours, dither=kind).convert("RGB"))


def _dither(random: Random) -> Pixels:
    """A shaded drawing in black and white."""
    shapes = np.asarray(_shapes(random, 480, 360, 12).convert("L"))
    lit = _gradient(random, 480, 360).mean(axis=2) * shapes / 160
    picture = Pillow.fromarray(np.clip(lit, 0, 255).astype(np.uint8))
    return np.asarray(picture.convert("1")).astype(np.uint8)[:, :, None] * 255


def _icon(random: Random, side: int) -> Pixels:
    """An icon with smooth edges and shadow, on nothing."""
    mask = Pillow.new("L", (4 * side, 4 * side), 0)
    near, far = side // 4, 4 * side - side // 4
    ImageDraw.Draw(mask).rounded_rectangle((near, near, far, far), side, 255)
    alpha = np.asarray(mask.resize((side, side), Pillow.Resampling.BOX))
    shapes = np.asarray(_shapes(random, side, side, 4)).astype(float)
    lit = shapes * np.linspace(1, 0.75, side)[:, None, None] * (alpha[:, :, None] > 0)
    return np.dstack([np.rint(lit).astype(np.uint8), alpha])


def _sprite(random: Random, side: int) -> NDArray[np.uint8]:
    """Numbers of colours, uint8 (side, side): half of it drawn at random, then mirrored."""
    half = random.random((side, side // 2))
    near = half + np.roll(half, 1, 0) + np.roll(half, 1, 1)
    numbers = np.digitize(near, [1.2, 1.5, 1.8, 2.2]).astype(np.uint8)
    return np.concatenate([numbers, numbers[:, ::-1]], axis=1)


def _pixel_art(random: Random, side: int, tiles: int) -> Pixels:
    """Sprites on a field of repeated tiles, in few colours."""
    colours = random.integers(0, 255, (16, 3)).astype(np.uint8)
    kinds = [_sprite(random, side) for _ in range(6)]
    rows = [
        np.concatenate([kinds[k] + 2 * (k % 3) for k in random.integers(0, 6, tiles)], axis=1)
        for _ in range(tiles)
    ]
    field: Pixels = colours[np.concatenate(rows)]
    return field


_MAKERS: Mapping[str, Callable[[Random], Pixels]] = {
    "text": _text,
    "scan": _scan,
    "bilevel": _bilevel,
    "chart": _chart,
    "screen": _screen,
    "logo": _logo,
    "gradient": _smooth,
    "palette": partial(_palette, dither=False),
    "palette-dithered": partial(_palette, dither=True),
    "dither": _dither,
    "icon-16": partial(_icon, side=16),
    "icon-48": partial(_icon, side=48),
    "icon-256": partial(_icon, side=256),
    "sprite": partial(_pixel_art, side=16, tiles=1),
    "pixel-art": partial(_pixel_art, side=16, tiles=8),
}


def _drawn(seed: int) -> dict[str, Callable[[Path | None], Pixels]]:
    def maker(make: Callable[[Random], Pixels]) -> Callable[[Path | None], Pixels]:
        return lambda data: make(np.random.default_rng(seed))

    return {f"{name}-{seed}": maker(make) for name, make in _MAKERS.items()}


def _scanned(name: str) -> Callable[[Path | None], Pixels]:
    return lambda data: read_image(SCIKIT_IMAGE.file(f"{name}.png", data)).pixels


DRAWING_SETS = {
    "tune": {**_drawn(1), "text": _scanned("text")},
    "held-out": {**_drawn(2), **_drawn(3), "page": _scanned("page")},
}
