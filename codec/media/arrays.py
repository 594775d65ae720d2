"""NPY and IDX files: many images of one shape as a single array."""

from __future__ import annotations

import gzip
import math
import re
import struct
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile, InputError, OutputError
from ncodec.media.image import Image

__all__ = [
    "ArrayLayout",
    "array_axes",
    "array_format",
    "expanded",
    "is_idx_name",
    "read_idx",
    "read_npy",
    "write_array",
]

_NPY_SIGNATURE = b"\x93NUMPY"
_GZIP_SIGNATURE = b"\x1f\x8b\x08"
_IDX_NAME = re.compile(r"\.idx[34]?$|idx[34]-(ubyte|short)$|-(ubyte|short)$")

_IDX_TYPES = {8: "|u1", 9: "|i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_IDX_CODES = {"|u1": 8, ">i2": 11}
_DTYPES = {"npy": ("|u1", "<u2", ">u2"), "idx": ("|u1", ">i2")}
_AXES = ("hw", "hwc", "nhw", "nhwc")
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
    """

    kind: str
    axes: str
    dtype: str
    fortran: bool = False

    def to_record(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "axes": self.axes,
            "dtype": self.dtype,
            "fortran": self.fortran,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> ArrayLayout:
        """The layout of which `to_record` made `record`; DamagedFile for anything else."""
        kind, axes, dtype, fortran = (
            record.get(key) for key in ("kind", "axes", "dtype", "fortran")
        )
        if (
            axes not in _AXES
            or kind not in _DTYPES
            or dtype not in _DTYPES[kind]
            or not isinstance(fortran, bool)
        ):
            raise DamagedFile(f"the layout of the image array is not one that exists: {record}")
        return cls(kind, axes, dtype, fortran)


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
    return "idx" if known and 0 < start[3] < 5 else ""


def is_idx_name(name: str) -> bool:
    """Whether files with this name are IDX by custom: x.idx, x.idx3-ubyte, x-idx3-ubyte."""
    return bool(_IDX_NAME.search(name.lower()))


def read_npy(path: Path) -> tuple[NDArray[Any], ArrayLayout]:
    """A view (n, h, w, c) of the samples on disk, and how they are stored.

    Raises:
        InputError: the file is damaged, or not an array of images of 8 or 16 bits.
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
    if name not in _DTYPES["npy"]:
        raise InputError(
            f"{path} has values of type {array.dtype} but images are uint8 or uint16: convert"
            " them with .astype"
        )
    if not isinstance(array, np.memmap) or array.offset + array.nbytes != whole:
        raise InputError(f"{path} has data after its array: keep one array in a .npy file")
    axes = _axes(array.shape, path)
    fortran = bool(array.flags.f_contiguous and not array.flags.c_contiguous)
    return expanded(array, axes), ArrayLayout("npy", axes, name, fortran)


def read_idx(path: Path) -> tuple[NDArray[Any], ArrayLayout]:
    """A view (n, h, w, c) of the samples, and how they are stored. The file may be gzipped.

    Raises:
        InputError: the file is damaged, or has no images of unsigned bytes or shorts.
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
            if rank not in (3, 4) or dtype not in _IDX_CODES:
                raise InputError(
                    f"{path} has {rank} dimensions of type {dtype}: an IDX file of images has"
                    " 3 or 4, of unsigned bytes or shorts (labels are no images)"
                )
            axes = _axes(dims, path, idx=True)
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
    if dtype == ">i2":
        if int(array.min()) < 0:
            raise InputError(f"{path} has negative samples: images are unsigned, shift them first")
        array = array.view(">u2")
    return expanded(array, axes), ArrayLayout("idx", axes, dtype)


def array_axes(shape: tuple[int, ...]) -> str:
    """What the axes of an array of images are, as in `ArrayLayout`; "" where it is none."""
    axes = {2: "hw", 3: "nhw", 4: "nhwc"}.get(len(shape), "")
    if len(shape) == 3 and shape[2] < _SMALLEST_RGB <= min(shape[:2]):
        axes = "hwc"
    return "" if 0 in shape or (axes.endswith("c") and shape[-1] > 4) else axes


def _axes(shape: tuple[int, ...], path: Path, *, idx: bool = False) -> str:
    axes = array_axes(shape)
    if not axes:
        raise InputError(
            f"{path} has an array of shape {shape}: give (images, height, width) or (images,"
            " height, width, channels) with 1 to 4 channels and no empty axis"
        )
    return "nhw" if idx and axes == "hwc" else axes


def expanded(array: NDArray[Any], axes: str) -> NDArray[Any]:
    """A view of `array` with all four axes."""
    if "c" not in axes:
        array = array[..., np.newaxis]
    return array if "n" in axes else array[np.newaxis]


def write_array(
    stream: BinaryIO, images: Iterable[Image], count: int, kind: str, layout: ArrayLayout | None
) -> None:
    """Writes `count` images of one shape as an NPY or IDX file.

    Args:
        kind: "npy" or "idx".
        layout: that of the file that they came from; used where it is of this kind.

    Raises:
        OutputError: the images differ in shape, or the format does not hold them.
    """
    rest = iter(images)
    first = next(rest, None)
    if first is None:
        raise OutputError("an array of no images cannot be written: give at least one")
    layout = _fitting(layout, first, count, kind)
    sizes = {"n": count, "h": first.height, "w": first.width, "c": first.channels}
    shape = tuple(sizes[axis] for axis in layout.axes)
    if kind == "npy":
        header = {"descr": layout.dtype, "fortran_order": layout.fortran, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, header)
    else:
        stream.write(bytes((0, 0, _IDX_CODES[layout.dtype], len(shape))))
        stream.write(struct.pack(f">{len(shape)}I", *shape))
    stored = np.dtype(layout.dtype.replace("i", "u"))
    whole = np.empty((count, *first.pixels.shape), stored) if layout.fortran else None
    for index, image in enumerate(chain((first,), rest)):
        if image.pixels.shape != first.pixels.shape or image.pixels.dtype != first.pixels.dtype:
            raise OutputError(
                f"image {index} {image.name} is {image.width}x{image.height}"
                f" {image.pixel_format} and the first is {first.width}x{first.height}"
                f" {first.pixel_format}, but an array holds one shape: write a folder/ instead"
            )
        if layout.dtype == ">i2" and int(image.pixels.max()) > np.iinfo(np.int16).max:
            raise OutputError("IDX holds 16-bit samples below 32768 only: write a .npy instead")
        if whole is not None:
            whole[index] = image.pixels
        else:
            stream.write(image.pixels.astype(stored, copy=False).tobytes())
    if whole is not None:
        stream.write(whole.reshape(shape).tobytes("F"))


def _fitting(layout: ArrayLayout | None, first: Image, count: int, kind: str) -> ArrayLayout:
    """`layout` where these images fit in it, else the natural one."""
    wide = first.bit_depth == 16
    if layout is not None and layout.kind == kind and layout.dtype.endswith("2") == wide:
        fits = ("c" in layout.axes or first.channels == 1) and ("n" in layout.axes or count == 1)
        if fits:
            return layout
    axes = "nhw" if first.channels == 1 else "nhwc"
    if kind == "idx":
        return ArrayLayout("idx", axes, ">i2" if wide else "|u1")
    return ArrayLayout("npy", axes, "<u2" if wide else "|u1")
