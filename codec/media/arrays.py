"""NPY and IDX files: arrays of numbers, as many images of one shape."""

from __future__ import annotations

import gzip
import math
import re
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile, InputError
from ncodec.formats.limits import Limits

__all__ = [
    "ArrayLayout",
    "array_axes",
    "array_format",
    "expanded",
    "is_idx_name",
    "is_stored",
    "read_idx",
    "read_npy",
]

_NPY_SIGNATURE = b"\x93NUMPY"
_GZIP_SIGNATURE = b"\x1f\x8b\x08"
_IDX_NAME = re.compile(r"\.idx[34]?$|idx[34]-(ubyte|short)$|-(ubyte|short)$")

_IDX_TYPES = {8: "|u1", 9: "|i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_NUMBERS = ("u2", "u4", "u8", "i2", "i4", "i8", "f2", "f4", "f8")
_DTYPES = {
    "npy": ("|b1", "|u1", "|i1", *(order + name for name in _NUMBERS for order in "<>")),
    "idx": tuple(_IDX_TYPES.values()),
}
_AXES = ("hw", "hwc", "nhw", "nhwc")
_MOST_AXES = 8
"""The most axes of what is taken for an IDX file."""
_MOST_CHANNELS = 4
_SMALLEST_RGB = 5
"""An array whose last axis alone is below this is (h, w, c) rather than (n, h, w)."""


@dataclass(frozen=True, slots=True)
class ArrayLayout:
    """How an array of images is stored, so that the same file can be written again.

    Attributes:
        kind: "npy" or "idx".
        axes: a letter for each of the array's axes: n images, h rows, w columns, c channels.
        dtype: NumPy's name of a sample's type, with its byte order.
        fortran: whether the first axis varies fastest.
        leading: the lengths of the axes that are n together, where these are several.
    """

    kind: str
    axes: str
    dtype: str
    fortran: bool = False
    leading: tuple[int, ...] = ()

    def to_record(self) -> dict[str, Any]:
        record = {
            "kind": self.kind,
            "axes": self.axes,
            "dtype": self.dtype,
            "fortran": self.fortran,
        }
        return record | ({"leading": list(self.leading)} if self.leading else {})

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> ArrayLayout:
        """The layout of which `to_record` made `record`; DamagedFile for anything else."""
        kind, axes, dtype, fortran = (
            record.get(key) for key in ("kind", "axes", "dtype", "fortran")
        )
        leading = record.get("leading", ())
        if (
            axes not in _AXES
            or kind not in _DTYPES
            or dtype not in _DTYPES[kind]
            or not isinstance(fortran, bool)
            or not isinstance(leading, list | tuple)
            or not all(type(length) is int and length > 0 for length in leading)
        ):
            raise DamagedFile(f"the layout of the image array is not one that exists: {record}")
        return cls(kind, axes, dtype, fortran, tuple(leading))


def array_format(path: Path) -> str:
    """ "npy" or "idx" (deflated or not) by the content of a file, else "".

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        start = stream.read(16)
    if start.startswith(_NPY_SIGNATURE):
        return "npy"
    if start.startswith(_GZIP_SIGNATURE):
        try:
            with gzip.open(path) as stream:
                start = stream.read(16)
        except (EOFError, OSError):
            return ""
    known = len(start) >= 8 and start[:2] == b"\0\0" and start[2] in _IDX_TYPES
    return "idx" if known and 0 < start[3] <= _MOST_AXES else ""


def is_stored(dtype: np.dtype[Any]) -> bool:
    """Whether arrays of this type are kept."""
    return dtype.str in _DTYPES["npy"]


def is_idx_name(name: str) -> bool:
    """Whether files with this name are IDX by custom: x.idx, x.idx3-ubyte, x-idx3-ubyte."""
    return bool(_IDX_NAME.search(name.lower()))


def read_npy(path: Path) -> tuple[NDArray[Any], ArrayLayout]:
    """A view (n, h, w, c) of the samples on disk, and how they are stored.

    Raises:
        InputError: the file is damaged, or not an array of two axes or more of plain numbers.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        whole = path.stat().st_size
    except (OSError, ValueError, EOFError, OverflowError, SyntaxError, TypeError) as error:
        raise InputError(
            f"{path} is not a whole .npy file of plain numbers ({str(error)[:80]}): write it again"
            " with numpy.save"
        ) from None
    name = array.dtype.str
    if not is_stored(array.dtype):
        raise InputError(
            f"{path} has values of type {array.dtype} but arrays are kept of integers, booleans and"
            " floats of 16 to 64 bits: convert them with .astype, or the parts of complex ones"
            " with .view"
        )
    if not isinstance(array, np.memmap) or array.offset + array.nbytes != whole:
        raise InputError(f"{path} has data after its array: keep one array in a .npy file")
    axes, leading = _axes(array.shape, path)
    fortran = bool(array.flags.f_contiguous and not array.flags.c_contiguous)
    return expanded(array, axes, leading), ArrayLayout("npy", axes, name, fortran, leading)


def read_idx(path: Path) -> tuple[NDArray[Any], ArrayLayout]:
    """A view (n, h, w, c) of the samples, and how they are stored. The file may be gzipped.

    Raises:
        InputError: the file is damaged, or has labels, which are no images.
    """
    damaged = InputError(f"{path} is an IDX file that is cut short or damaged: get it again")
    try:
        with path.open("rb") as plain:
            deflated = plain.read(3) == _GZIP_SIGNATURE
        with gzip.open(path) if deflated else path.open("rb") as stream:
            start = stream.read(4)
            kind, rank = start[2], start[3]
            dims = struct.unpack(f">{rank}I", stream.read(4 * rank))
            dtype = _IDX_TYPES[kind]
            axes, leading = _axes(dims, path, idx=True)
            size = math.prod(dims) * np.dtype(dtype).itemsize
            if deflated:
                data = stream.read(size + 1)
                if len(data) != size:
                    raise damaged
                array: NDArray[Any] = np.frombuffer(data, dtype).reshape(dims)
            elif path.stat().st_size != 4 + 4 * rank + size:
                raise damaged
            else:
                array = np.memmap(path, dtype, "r", 4 + 4 * rank, dims)
    except (OSError, EOFError, struct.error, IndexError, ValueError, MemoryError):
        raise damaged from None
    if dtype == ">i2" and int(array.min()) >= 0:
        array = array.view(">u2")  # images of more than 8 bits, for which IDX has no other type
    return expanded(array, axes, leading), ArrayLayout("idx", axes, dtype, leading=leading)


def array_axes(shape: tuple[int, ...]) -> str:
    """What the axes of an array of images are, as in `ArrayLayout`; "" where it is none."""
    axes = {2: "hw", 3: "nhw", 4: "nhwc"}.get(len(shape), "")
    if len(shape) == 3 and shape[2] < _SMALLEST_RGB <= min(shape[:2]):
        axes = "hwc"
    return "" if 0 in shape or (axes.endswith("c") and shape[-1] > _MOST_CHANNELS) else axes


def _axes(shape: tuple[int, ...], path: Path, *, idx: bool = False) -> tuple[str, tuple[int, ...]]:
    """The axes of an array of any shape, and the lengths of those that are n, if several are.

    Raises:
        InputError: it has an empty axis, only one, or images that are too long.
    """
    if len(shape) < 2 or 0 in shape:
        raise InputError(
            f"{path} has an array of shape {shape}, which has no images (labels are no images):"
            " give two axes or more, none of them empty"
        )
    axes = array_axes(shape)
    leading: tuple[int, ...] = ()
    if idx and axes == "hwc":
        axes = "nhw"
    if not axes:
        coloured = len(shape) > 4 and shape[-1] <= _MOST_CHANNELS
        axes, leading = ("nhwc", shape[:-3]) if coloured else ("nhw", shape[:-2])
    sides = shape[-3:-1] if axes.endswith("c") else shape[-2:]
    if max(sides) > Limits().width:
        raise InputError(
            f"{path} has an array of shape {shape}, whose height or width is over"
            f" {Limits().width}: give it another shape with .reshape"
        )
    return axes, leading


def expanded(array: NDArray[Any], axes: str, leading: tuple[int, ...] = ()) -> NDArray[Any]:
    """`array` with all four axes, and those of `leading` as one: a view of what is in C order."""
    if leading:
        array = array.reshape(-1, *array.shape[len(leading) :])
    if "c" not in axes:
        array = array[..., np.newaxis]
    return array if "n" in axes else array[np.newaxis]
