"""Small JPEG files of all kinds, made by Pillow."""

from io import BytesIO

import numpy as np
from PIL import Image


def scene(width=61, height=43, seed=0):
    """Waves, an edge and noise, in RGB."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [120 + 70 * np.sin(x / (5 + c) + seed) * np.cos(y / (7 + c)) for c in range(3)]
    levels = np.stack(waves, axis=2) + random.normal(0, 6, (height, width, 3))
    levels[height // 2 :, width // 3 :] = 255 - levels[height // 2 :, width // 3 :]
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def jpeg(picture=None, **options):
    """The bytes of a JPEG file of `picture`."""
    held = BytesIO()
    (picture or scene()).save(held, "JPEG", **options)
    return held.getvalue()


def kinds():
    """Files by name."""
    made = {
        "grey": jpeg(scene().convert("L"), quality=80),
        "cmyk": jpeg(scene().convert("CMYK"), quality=80),
        "optimised": jpeg(quality=90, optimize=True),
        "best": jpeg(quality=100, subsampling=0),
        "one": jpeg(scene(1, 1)),
        "flat": jpeg(Image.new("RGB", (400, 300)), progressive=True),
        "exif": jpeg(exif=b"Exif\0\0II*\0" + bytes(range(200)), comment=b"a remark"),
    }
    for sampling in (0, 1, 2):
        for progressive in (False, True):
            options = {"subsampling": sampling, "progressive": progressive, "quality": 75}
            name = f"{'progressive' if progressive else 'baseline'}-{sampling}"
            made[name] = jpeg(**options)
            made[f"{name}-restarts"] = jpeg(**options, restart_marker_blocks=2)
    return made
