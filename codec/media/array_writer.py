"""Images of one shape into NPY and IDX files."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import OutputError
from ncodec.media.arrays import ArrayLayout
from ncodec.media.image import Image

__all__ = ["write_array"]

_IDX = {
    **{"u1": (8, "|u1"), "i1": (9, "|i1"), "u2": (11, ">i2"), "i2": (11, ">i2")},
    **{"i4": (12, ">i4"), "f4": (13, ">f4"), "f8": (14, ">f8")},
}
"""IDX's code and NumPy's name of the type that holds samples of a type."""


def write_array(
    stream: BinaryIO, images: Iterable[Image], count: int, kind: str, layout: ArrayLayout | None
) -> None:
    """Writes the samples of `count` images of one shape as an NPY or IDX file.

    Args:
        kind: "npy" or "idx".
        layout: that of the file that they came from; used where it is of this kind.

    Raises:
        OutputError: the images differ in shape or type, or the format does not hold them.
    """
    rest = iter(images)
    first = next(rest, None)
    if first is None:
        raise OutputError("an array of no images cannot be written: give at least one")
    model = first.samples
    layout = _fitting(layout, model, count, kind)
    height, width, channels = model.shape
    sizes = {"h": height, "w": width, "c": channels}
    images_shape = (layout.leading or (count,)) * layout.axes.startswith("n")
    shape = (*images_shape, *(sizes[axis] for axis in layout.axes.removeprefix("n")))
    if kind == "npy":
        header = {"descr": layout.dtype, "fortran_order": layout.fortran, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, header)
    else:
        code, _ = _IDX[layout.dtype[1:]]
        stream.write(bytes((0, 0, code, len(shape))) + struct.pack(f">{len(shape)}I", *shape))
    whole = None
    if layout.fortran:
        whole = np.empty((count, *model.shape), _stored(model, layout).dtype)
    for index, image in enumerate(chain((first,), rest)):
        samples = model if index == 0 else image.samples
        if samples.shape != model.shape or samples.dtype != model.dtype:
            raise OutputError(
                f"image {index} {image.name} is {_described(samples)} and the first is"
                f" {_described(model)}, but an array holds one shape: write a folder/ instead"
            )
        if layout.dtype == ">i2" and samples.dtype == np.uint16 and int(samples.max()) > 32767:
            raise OutputError("IDX holds 16-bit samples below 32768 only: write a .npy instead")
        if whole is not None:
            whole[index] = _stored(samples, layout)
        else:
            stream.write(_stored(samples, layout).tobytes())
    if whole is not None:
        stream.write(whole.reshape(shape).tobytes("F"))


def _stored(samples: NDArray[Any], layout: ArrayLayout) -> NDArray[Any]:
    """Samples in the byte order of an array."""
    return samples.astype(
        samples.dtype.newbyteorder(">" if layout.dtype[0] == ">" else "<"), copy=False
    )


def _fitting(
    layout: ArrayLayout | None, samples: NDArray[Any], count: int, kind: str
) -> ArrayLayout:
    """`layout` where `count` images of such samples fit in it, else the natural one.

    Raises:
        OutputError: files of this kind have no such numbers.
    """
    name = samples.dtype.str[1:]
    if kind == "idx" and name not in _IDX:
        raise OutputError(f"IDX has no numbers of type {samples.dtype}: write a .npy instead")
    alone, grey = count == 1, samples.shape[2] == 1
    if layout is not None and layout.kind == kind:
        same_type = layout.dtype[1:] == name or {layout.dtype, name} == {"|b1", "u1"}
        same_type |= kind == "idx" and layout.dtype == _IDX[name][1]
        if layout.leading and math.prod(layout.leading) != count:
            layout = replace(layout, leading=())  # some of its images
        if same_type and ("c" in layout.axes or grey) and ("n" in layout.axes or alone):
            return layout
    axes = "nhw" if grey else "nhwc"
    return ArrayLayout(kind, axes, _IDX[name][1] if kind == "idx" else _little(samples))


def _little(samples: NDArray[Any]) -> str:
    return samples.dtype.newbyteorder("<").str


def _described(samples: NDArray[Any]) -> str:
    height, width, channels = samples.shape
    return f"{width}x{height}x{channels} {samples.dtype}"
