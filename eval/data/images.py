"""Still images of data sets: in packages, and in folders as their sites publish them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import InputError, OutputError, UsageError
from ncodec.eval.data.deep import DEEP_SETS
from ncodec.eval.data.packages import SCIKIT_IMAGE
from ncodec.eval.data.photographs import SETS as PHOTOGRAPHS
from ncodec.eval.data.photographs import load
from ncodec.media import Image, media_kind, write_image
from ncodec.media.images import JPEG_SUFFIXES, STILL_SUFFIXES
from ncodec.media.names import natural_order

__all__ = ["SKIMAGE", "LabelledImage", "images_of", "jpegs_of"]

SKIMAGE = ("astronaut", "chelsea", "coffee", "motorcycle_left", "motorcycle_right")
"""The colour photographs of the package scikit-image."""

_KODAK = tuple(f"kodim{number:02}.png" for number in range(1, 25))
Maker = Callable[[Path | None], NDArray[Any]]
"""Makes a picture, given the folder of packages."""

_CLASSES = 1000
_CLASS = re.compile(r"n\d{8}")
_IMAGENET_FLAT = re.compile(r"ILSVRC2012_val_\d{8}\.JPEG")


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """An image file.

    Attributes:
        path: the file.
        name: a short name, unique in its set.
        label: the class of ImageNet, 0 to 999 in the order of the classes' folders; None where
            the set has none.
        categories: COCO's numbers of what is in it, rising, each once.
    """

    path: Path
    name: str
    label: int | None = None
    categories: tuple[int, ...] = ()


def images_of(text: str, data: Path | None = None) -> list[LabelledImage]:
    """The images that `text` stands for.

    A file, a folder of images (natural order), or a data set: ``kodak:/folder``,
    ``imagenet:/folder``, ``coco:/folder``, ``scikit-image``, ``scikit-image/astronaut``,
    ``photographs/held-out`` (or ``tune``, ``train``), ``deep/held-out`` and
    ``drawings/held-out`` (or ``tune``). Names of sets go before files: ``./kodak`` is a folder.

    Args:
        data: the folder of packages (option ``--data``); photographs are shrunk into it once.

    Raises:
        InputError: it is not there, or not complete.
        UsageError: the set has no such part.
    """
    name, mark, rest = text.partition(":")
    if mark and name in _FOLDER_SETS:
        folder = Path(rest)
        if not rest or not folder.is_dir():
            raise InputError(f"{text}: {rest!r} is no folder: give the one that has the data set")
        return _FOLDER_SETS[name](folder)
    name, _, part = text.partition("/")
    if text in _FOLDER_SETS:
        raise UsageError(f"{text} is a set in a folder of yours: write {text}:/folder")
    if name == "scikit-image":
        names = [one for one in SKIMAGE if part in ("", one)]
        if not names:
            raise UsageError(f"scikit-image has no {part!r}: choose from {', '.join(SKIMAGE)}")
        return [LabelledImage(SCIKIT_IMAGE.file(f"{one}.png", data), one) for one in names]
    if name == "photographs":
        return _photographs(part, data)
    if name == "deep":
        return _made(name, DEEP_SETS, part, data)
    if name == "drawings":
        # Drawing takes Pillow and matplotlib, which other sets do without.
        from ncodec.eval.data.drawings import DRAWING_SETS

        return _made(name, DRAWING_SETS, part, data)
    if name == "digits":
        raise UsageError(
            "digits are one array, not image files: write it with `python -m "
            "ncodec.eval.data.digits` and measure it with `python -m "
            "ncodec.eval.studies.collections`"
        )
    return _plain(Path(text))


def jpegs_of(text: str, data: Path | None = None, every: int = 1) -> list[LabelledImage]:
    """Those that `images_of` gives and that are JPEG files by their names, in the plain order of
    these: the first and each `every`-th then.

    Raises:
        InputError: there is none.
    """
    files = [one for one in images_of(text, data) if one.path.suffix.lower() in JPEG_SUFFIXES]
    if not files:
        raise InputError(f"{text} has no JPEG files: give {', '.join(sorted(JPEG_SUFFIXES))}")
    return sorted(files, key=lambda one: one.path.name)[::every]


def _plain(path: Path) -> list[LabelledImage]:
    if path.is_dir():
        files = [file for file in path.iterdir() if file.suffix.lower() in STILL_SUFFIXES]
        if not files:
            known = ", ".join(sorted(STILL_SUFFIXES))
            raise InputError(f"{path} has no images: give a folder of {known} files")
        return _named(sorted(files, key=lambda file: natural_order(file.name)))
    if not path.is_file():
        raise InputError(
            f"there is no image {path}: give a file, a folder, or a set that "
            "`ncodec bench --list-data` names"
        )
    if media_kind(path) not in ("image", "jpeg"):
        raise InputError(f"{path} is no still image: give {', '.join(sorted(STILL_SUFFIXES))}")
    return _named([path])


def _named(files: Iterable[Path]) -> list[LabelledImage]:
    """The files as images named by their stems, or by their whole names where two have the same
    stem."""
    files = list(files)
    stems = Counter(file.stem for file in files)
    return [LabelledImage(f, f.stem if stems[f.stem] == 1 else f.name) for f in files]


def _kodak(folder: Path) -> list[LabelledImage]:
    missing = [name for name in _KODAK if not (folder / name).is_file()]
    if missing:
        raise InputError(
            f"{folder} has {len(_KODAK) - len(missing)} of the 24 images of Kodak and lacks "
            f"{missing[0]}: get all, or give the folder without kodak: for those that are there"
        )
    return _named(folder / name for name in _KODAK)


def _imagenet(folder: Path) -> list[LabelledImage]:
    """The validation images: in 1,000 class folders with labels, or flat without.

    Labels need all classes, for they are positions in the list of classes.
    """
    root = folder / "val" if (folder / "val").is_dir() else folder
    classes = sorted(path for path in root.iterdir() if _CLASS.fullmatch(path.name))
    images: list[LabelledImage] = []
    if classes:
        for label, one in enumerate(classes):
            named = _named(sorted(one.glob("*.JPEG")))
            known = label if len(classes) == _CLASSES else None
            images.extend(replace(image, label=known) for image in named)
    else:
        flat = (path for path in root.iterdir() if _IMAGENET_FLAT.fullmatch(path.name))
        images = _named(sorted(flat))
    if not images:
        raise InputError(
            f"{folder} has no validation images of ImageNet: give the folder with "
            "val/n01440764/*.JPEG or val/ILSVRC2012_val_00000001.JPEG"
        )
    return images


def _coco(folder: Path) -> list[LabelledImage]:
    """The images of val2017, with their categories where the annotations are there."""
    images = _named(sorted((folder / "val2017").glob("*.jpg")))
    if not images:
        raise InputError(f"{folder} has no val2017/*.jpg of COCO: give the folder above val2017")
    path = folder / "annotations" / "instances_val2017.json"
    if not path.is_file():
        return images
    try:
        known = json.loads(path.read_text())
        names = {image["id"]: image["file_name"] for image in known["images"]}
        seen: dict[str, set[int]] = {}
        for note in known["annotations"]:
            seen.setdefault(names[note["image_id"]], set()).add(int(note["category_id"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no annotation file of COCO ({error}): get it again") from None
    return [replace(i, categories=tuple(sorted(seen.get(i.path.name, ())))) for i in images]


def _made(
    name: str, sets: Mapping[str, Mapping[str, Maker]], part: str, data: Path | None
) -> list[LabelledImage]:
    """The pictures of a list that a module makes, as PNG files in ``data/NAME/LIST``."""
    if part not in sets:
        choices = " or ".join(f"{name}/{one}" for one in sets)
        raise UsageError(f"{name} has no part {part!r}: write {choices}")
    if data is None:
        raise InputError(f"{name}/{part} is written into a folder: give `--data FOLDER`")
    folder = data / name / part
    images = []
    for one, make in sets[part].items():
        path = folder / f"{one}.png"
        if not path.is_file():
            pixels = make(data)
            _make_folder(folder)
            write_image(path, Image(np.ascontiguousarray(pixels)))
        images.append(LabelledImage(path, one))
    return images


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot write {folder}: {error.strerror}; give a --data folder that can be written"
        ) from None


_FOLDER_SETS = {"kodak": _kodak, "imagenet": _imagenet, "coco": _coco}


def _photographs(part: str, data: Path | None) -> list[LabelledImage]:
    """The photographs of a list, shrunk, as PNG files in ``data/photographs/LIST``."""
    if part not in PHOTOGRAPHS:
        raise UsageError(
            f"photographs has no part {part!r}: write photographs/held-out, photographs/tune or "
            "photographs/train"
        )
    if data is None:
        raise InputError(
            "photographs come in packages: unpack those that ncodec.eval.data.photographs names "
            "into a folder and give `--data FOLDER`"
        )
    folder = data / "photographs" / part
    images = []
    for index, photograph in enumerate(PHOTOGRAPHS[part]):
        path = folder / f"{index:02}-{photograph.name}.png"
        if not path.is_file():
            pixels = load(data, photograph)
            _make_folder(folder)
            write_image(path, Image(pixels))
        images.append(LabelledImage(path, photograph.name))
    return images
