"""The photographs that pc-photo is trained, tuned and judged on: three disjoint lists.

All come in packages that install by name. Into one folder:

    apt-get download lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 mate-backgrounds \\
        plasma-workspace-wallpapers opencv-doc
    for package in *.deb; do dpkg -x $package FOLDER; done
    pip download --no-deps scikit-image==0.25.2 scikit-learn
    pip download --no-deps --only-binary :all: --python-version 3.9 scipy==1.9.3
    for wheel in *.whl; do unzip -q $wheel -d FOLDER; done

Most are JPEG files, so they are shrunk by an integer factor with a box filter, which removes
nearly all traces of it: 4 for the sets that are measured on, 2 or 3 for training. Files without
a factor were stored without loss. The wallpapers are softer than most photographs.

`TUNE` is what settings are chosen on. `HELD_OUT` is measured on only:

    ncodec bench images photographs/held-out --data FOLDER -o held-out

The model that is shipped comes from `TRAIN` with seed 0, in ten minutes on one core and 2 GB of
memory:

    python -m ncodec.eval.data.photographs FOLDER train --set train
    ncodec train pc-photo train -o pc-photo.ncm
"""

from __future__ import annotations

import bz2
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from ncodec.errors import InputError
from ncodec.media import Image, write_image

__all__ = ["HELD_OUT", "TRAIN", "TUNE", "Photograph", "load"]

_LOMIRI = "usr/share/backgrounds"
_MATE = "usr/share/backgrounds/mate/nature"
_PLASMA = "usr/share/wallpapers"
_OPENCV = "usr/share/doc/opencv-doc/examples/data"
_FACE_SHAPE = (768, 1024, 3)


@dataclass(frozen=True, slots=True)
class Photograph:
    """A file below the folder of unpacked packages, and the factor to shrink it by."""

    path: str
    shrink: int = 1

    @property
    def name(self) -> str:
        """A short name: the file's, or its wallpaper's."""
        path = Path(self.path)
        return path.parts[3] if path.parts[2:3] == ("wallpapers",) else path.stem


def _plasma(name: str, shrink: int, size: str = "2560x1600") -> Photograph:
    return Photograph(f"{_PLASMA}/{name}/contents/images/{size}.jpg", shrink)


TRAIN = (
    Photograph(f"{_LOMIRI}/Bridge_by_Sander_Klootwijk.jpg", 3),
    Photograph(f"{_LOMIRI}/Picture_0B_by_freespace.jpg", 3),
    Photograph(f"{_LOMIRI}/Picture_1A_by_freespace.jpg", 2),
    Photograph(f"{_LOMIRI}/aitzgorri_by_Aitzol_Berasategi.jpg", 3),
    Photograph(f"{_LOMIRI}/free_by_Peter_Nerlich.jpg", 3),
    Photograph(f"{_LOMIRI}/greentock_by_Peter_Nerlich.jpg", 3),
    Photograph(f"{_LOMIRI}/picosdeeuropa_by_Aitzol_Berasategi.jpg", 3),
    Photograph(f"{_LOMIRI}/sunset_by_Aitzol_Berasategi.jpg", 3),
    Photograph(f"{_MATE}/Aqua.jpg", 3),
    Photograph(f"{_MATE}/Blinds.jpg", 2),
    Photograph(f"{_MATE}/FreshFlower.jpg", 3),
    Photograph(f"{_MATE}/Garden.jpg", 3),
    Photograph(f"{_MATE}/GreenMeadow.jpg", 2),
    Photograph(f"{_MATE}/Storm.jpg", 2),
    Photograph(f"{_MATE}/TwoWings.jpg", 3),
    Photograph(f"{_MATE}/Wood.jpg", 3),
    _plasma("Autumn", 3),
    _plasma("ColdRipple", 3),
    _plasma("ColorfulCups", 3),
    _plasma("FallenLeaf", 3),
    _plasma("Kite", 3),
    _plasma("summer_1am", 3),
    Photograph(f"{_OPENCV}/baboon.jpg", 2),
    Photograph(f"{_OPENCV}/fruits.jpg", 2),
)

TUNE = (
    Photograph(f"{_LOMIRI}/Dragonfly_by_Bolly.jpg", 4),
    Photograph(f"{_LOMIRI}/Wine_by_Jakkub_Mede.jpg", 4),
    Photograph(f"{_MATE}/LadyBird.jpg", 4),
    Photograph(f"{_MATE}/YellowFlower.jpg", 4),
    _plasma("BytheWater", 4),
    _plasma("Path", 4),
    Photograph("skimage/data/astronaut.png"),
    Photograph("skimage/data/chelsea.png"),
    Photograph("skimage/data/coffee.png"),
    Photograph("skimage/data/motorcycle_left.png"),
    Photograph("sklearn/datasets/images/flower.jpg", 2),
)

HELD_OUT = (
    Photograph(f"{_LOMIRI}/Kleiber_by_Lukas_Baubkus.jpg", 4),
    Photograph(f"{_LOMIRI}/friends_by_Aitzol_Berasategi.jpg", 4),
    Photograph(f"{_LOMIRI}/life_by_Aitzol_Berasategi.jpg", 4),
    Photograph(f"{_LOMIRI}/seeding_by_Clements_Engelhardt.jpg", 4),
    Photograph(f"{_MATE}/Dune.jpg", 4),
    Photograph(f"{_MATE}/RainDrops.jpg", 4),
    _plasma("DarkestHour", 4),
    _plasma("EveningGlow", 4),
    _plasma("OneStandsOut", 4),
    _plasma("Volna", 4, "5120x2880"),
    Photograph("scipy/misc/face.dat"),
    Photograph(f"{_OPENCV}/graf1.png"),
    Photograph(f"{_OPENCV}/rubberwhale1.png"),
    Photograph(f"{_OPENCV}/aloeL.jpg", 2),
    Photograph(f"{_OPENCV}/leuvenA.jpg", 2),
    Photograph("sklearn/datasets/images/china.jpg", 2),
)


def load(folder: str | Path, photograph: Photograph) -> NDArray[np.uint8]:
    """The samples of a photograph, uint8 (height, width, 3).

    Raises:
        InputError: the folder does not hold it.
    """
    path = Path(folder) / photograph.path
    try:
        if path.suffix == ".dat":
            raw = np.frombuffer(bz2.decompress(path.read_bytes()), dtype=np.uint8)
            pixels = raw.reshape(_FACE_SHAPE)
        else:
            with PillowImage.open(path) as image:
                pixels = np.asarray(image.convert("RGB"))
    except OSError as error:
        raise InputError(
            f"photograph {path} cannot be read ({error.strerror or error}): unpack the packages "
            "that ncodec.eval.data.photographs names into the folder"
        ) from None
    return _shrink(pixels, photograph.shrink)


def _shrink(pixels: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """The means over squares of `factor` samples, rounded half up; the remainder is cut off."""
    if factor == 1:
        return pixels
    height, width = pixels.shape[0] // factor, pixels.shape[1] // factor
    squares = pixels[: height * factor, : width * factor].astype(np.uint32)
    sums = squares.reshape(height, factor, width, factor, 3).sum(axis=(1, 3))
    means: NDArray[np.uint8] = ((2 * sums + factor**2) // (2 * factor**2)).astype(np.uint8)
    return means


def crops(pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Twelve overlapping squares of an image: 2 of its shorter side, 4 of two thirds of that, and 6
    of half of it."""
    height, width, _ = pixels.shape
    short = min(height, width)
    squares = []
    for side, down, across in (
        (short, 1 + (height > width), 1 + (width >= height)),
        (2 * short // 3, 2, 2),
        (short // 2, *((2, 3) if width >= height else (3, 2))),
    ):
        for top in np.linspace(0, height - side, down).astype(int):
            for left in np.linspace(0, width - side, across).astype(int):
                squares.append(pixels[top : top + side, left : left + side])
    return squares


SETS = {"train": TRAIN, "tune": TUNE, "held-out": HELD_OUT}


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--set", "part", type=click.Choice(list(SETS)), default="held-out")
@click.option("--crops", "cropped", is_flag=True, help="Twelve squares of each instead.")
def main(folder: Path, output: Path, part: str, cropped: bool) -> None:
    """Write the photographs of a set, shrunk, as PNG files into the folder OUTPUT."""
    output.mkdir(parents=True, exist_ok=True)
    for index, photograph in enumerate(SETS[part]):
        pixels = load(folder, photograph)
        name = f"{index:02}-{photograph.name}"
        if not cropped:
            write_image(output / f"{name}.png", Image(pixels))
            continue
        for number, square in enumerate(crops(pixels)):
            write_image(output / f"{name}-{number:02}.png", Image(np.ascontiguousarray(square)))


if __name__ == "__main__":
    main()
