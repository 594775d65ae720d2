"""Images by the dozen: folders, globs and numbered sequences, and what these lack."""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from ncodec.errors import InputError
from ncodec.media.names import IMAGE_SUFFIXES, natural_order

__all__ = ["image_files", "is_pattern", "is_sequence", "missing"]

_NUMBER = re.compile(r"%(?:0(\d+))?d")
"""FFmpeg's place for a number in the name of an image, as %d or %04d."""


def is_sequence(spec: str | Path) -> bool:
    """Whether `spec` names numbered images as FFmpeg does: ``f_%04d.png``."""
    path = Path(spec)
    return not path.exists() and len(_NUMBER.findall(path.name)) == 1


def is_pattern(spec: str | Path) -> bool:
    """Whether `spec` is a glob or a numbered sequence, not a file or folder of that name."""
    return not Path(spec).exists() and (glob.has_magic(str(spec)) or is_sequence(spec))


def image_files(spec: str | Path) -> tuple[Path, ...]:
    """The images of a folder, a glob or a numbered sequence, in the natural order of their names.

    Raises:
        InputError: there are none.
        OSError: the folder cannot be read.
    """
    path = Path(spec)
    if path.is_dir():
        files, place = list(path.iterdir()), f"{path} has no images"
    elif is_sequence(path):
        before, digits, after = _NUMBER.split(path.name)
        least = int(digits or 1)
        name = re.compile(
            f"{re.escape(before)}([1-9]\\d{{{least},}}|\\d{{{least}}}){re.escape(after)}"
        )
        folder = path.parent
        files = [f for f in folder.iterdir() if name.fullmatch(f.name)] if folder.is_dir() else []
        place = f"no image is called {path}"
    else:
        files = [Path(name) for name in glob.glob(str(spec))]
        place = f"no image matches {path}"
    images = [file for file in files if file.suffix.lower() in IMAGE_SUFFIXES]
    if not images:
        known = ", ".join(sorted(IMAGE_SUFFIXES))
        raise InputError(f"{place}: give a folder or a pattern of {known} files")
    return tuple(sorted(images, key=lambda image: natural_order(image.name)))


def missing(images: Sequence[Path]) -> str:
    """What a sequence of numbers lacks, as the rest of a sentence; "" for no sequence or gap."""
    names = [re.split(r"([0-9]+)", image.name) for image in images]
    fields = {i for name in names for i, part in enumerate(name) if part != names[0][i : i + 1]}
    changing = [i for i in sorted(fields) if len({tuple(name[i : i + 1]) for name in names}) > 1]
    if len(changing) != 1 or changing[0] % 2 == 0:
        return ""
    numbers = [int(name[changing[0]]) for name in names]
    steps = [later - earlier for earlier, later in pairwise(numbers)]
    usual, times = Counter(steps).most_common(1)[0]
    gaps = [i for i, step in enumerate(steps) if step > usual]
    if 2 * times <= len(steps) or not gaps:
        return ""
    lacking = sum(steps[i] // usual - 1 for i in gaps)
    first = gaps[0]
    return (
        f"lacks {lacking} picture{'s' * (lacking > 1)}: after {images[first].name} comes"
        f" {images[first + 1].name}" + (f", and {len(gaps) - 1} gaps more" if len(gaps) > 1 else "")
    )
