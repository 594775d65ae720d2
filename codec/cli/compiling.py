"""`python -m ncodec.cli.compiling`: compiles the loops of images once, for all later processes.

An installer runs it, so that the first picture of a user does not wait for a compiler.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import numpy as np

from ncodec.api import encode
from ncodec.files.album import Album
from ncodec.media.image import Image

__all__ = ["compile_kernels"]

_SIDE = 40


def compile_kernels() -> int:
    """Codes and decodes a small picture of every kind; returns how many there were."""
    count = 0
    for source in _pictures():
        data = encode(source).data
        assert data is not None
        with Album(data) as album:
            album[0]
        count += 1
    return count


def _pictures() -> Iterator[Image | bytes]:
    random = np.random.default_rng(0)
    for dtype in (np.uint8, np.uint16):
        top = int(np.iinfo(dtype).max)
        for channels in (1, 3, 4):
            noise = random.integers(0, top, (_SIDE, _SIDE, channels))
            ramp = np.arange(_SIDE).reshape(1, _SIDE, 1) * (top // 2 // _SIDE)
            yield Image((ramp + noise // 8).astype(dtype))
            yield Image((noise * 2 // top * (top // 2)).astype(dtype))
    from PIL import Image as PillowImage

    for mode in ("L", "RGB"):
        for progressive in (False, True):
            held = BytesIO()
            picture = PillowImage.effect_noise((_SIDE, _SIDE), 50).convert(mode)
            picture.save(held, "JPEG", progressive=progressive)
            yield held.getvalue()


if __name__ == "__main__":
    compile_kernels()
