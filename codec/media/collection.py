"""Collections: the images of a folder, a pattern, a file, or an array."""

from __future__ import annotations

import glob
import os
import sys
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Literal, overload

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.media.arrays import ArrayLayout, array_format, read_idx, read_npy
from ncodec.media.image import Image, Metadata
from ncodec.media.images import STILL_SUFFIXES, decode_image, read_image
from ncodec.media.names import IMAGE_SUFFIXES, natural_order
from ncodec.media.sample_kind import SampleKind, as_words
from ncodec.media.sizes import check_size

__all__ = [
    "ArrayCollection",
    "Collection",
    "FileCollection",
    "ImageData",
    "ImageList",
    "open_collection",
]

Kind = Literal["folder", "files", "npy", "idx", "image"]


class Collection(Sequence[Image]):
    """Images in order, read when they are asked for.

    Attributes:
        kind: one of a "folder", the "files" of a pattern, one "image", or an array: "npy", "idx".
        source: what it was opened from.
        names: a file's name, or path below what all have in common, for each image; empty for
            arrays.
        layout: a record of strings, bools and lists with which `write_collection` writes the same
            array file again.
    """

    kind: Kind
    source: str
    names: tuple[str, ...]
    layout: dict[str, Any]

    @property
    @abstractmethod
    def metadata(self) -> tuple[Metadata, ...]:
        """The metadata of each image, none for arrays; files that were not read yet are read for
        it."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What a user should know of how the images that were read are read, a sentence each."""
        return ()

    @overload
    def __getitem__(self, index: int) -> Image: ...
    @overload
    def __getitem__(self, index: slice) -> list[Image]: ...
    def __getitem__(self, index: int | slice) -> Image | list[Image]:
        if isinstance(index, slice):
            return [self._image(i) for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._image(index % len(self))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(images, height, width, channels) as the first image has them; `stack` checks the
        others."""
        height, width, channels = self._first.pixels.shape
        return len(self), height, width, channels

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the first image's samples: uint8 or uint16."""
        return self._first.pixels.dtype

    def file(self, index: int) -> bytes:
        """The bytes of the file that image `index` is read from.

        Raises:
            InputError: there is none, or it cannot be read.
        """
        raise InputError(f"{self.source} are pixels, not files: give a file's path")

    def stack(self) -> NDArray[Any]:
        """All images as one array (images, height, width, channels).

        Raises:
            InputError: an image differs from the first one in size, channels or depth.
        """
        first = self._first
        stacked = np.empty(self.shape, self.dtype)
        for index, image in enumerate(self):
            if image.pixels.shape != first.pixels.shape or image.pixels.dtype != self.dtype:
                raise InputError(
                    f"{image.name or f'image {index}'} of {self.source} is"
                    f" {image.width}x{image.height} {image.pixel_format}, and"
                    f" {first.name or 'the first'} is {first.width}x{first.height}"
                    f" {first.pixel_format}: give images of one size, depth and colour"
                )
            stacked[index] = image.pixels
        return stacked

    @cached_property
    def _first(self) -> Image:
        return self._image(0)

    @abstractmethod
    def _image(self, index: int) -> Image: ...


class FileCollection(Collection):
    """Images of which each has a file; arguments as of `Collection`'s attributes."""

    def __init__(
        self, source: str, kind: Kind, files: Sequence[Path], names: Sequence[str], limits: Limits
    ) -> None:
        self.source, self.kind = source, kind
        self.names = tuple(os.fsencode(name).decode("utf-8", "replace") for name in names)
        self.layout = {"kind": kind}
        self._files = files
        self._limits = limits
        self._metadata: dict[int, Metadata] = {}
        self._notices: dict[str, None] = {}
        self._only: Image | None = None
        self._distinct: dict[Metadata, Metadata] = {}

    @property
    def metadata(self) -> tuple[Metadata, ...]:
        for index in range(len(self)):
            if index not in self._metadata:
                self._image(index)
        return tuple(self._metadata[index] for index in range(len(self)))

    @property
    def notices(self) -> tuple[str, ...]:
        return tuple(self._notices)

    def __len__(self) -> int:
        return len(self._files)

    def file(self, index: int) -> bytes:
        try:
            return self._files[index].read_bytes()
        except OSError as error:
            raise InputError(
                f"{self._files[index]} cannot be read ({error.strerror}): check it"
            ) from None

    def _page(self, index: int) -> int | None:
        """Which page of its file image `index` is; None for a file of one image."""
        return None

    def _image(self, index: int) -> Image:
        if len(self) > 1:
            return self._read(index)
        if self._only is None:
            self._only = self._read(index)
        return self._only

    def _read(self, index: int) -> Image:
        image = read_image(self._files[index], limits=self._limits, page=self._page(index))
        # Files of one camera or program have the same profile: it is kept once.
        metadata = self._distinct.setdefault(image.metadata, image.metadata)
        self._metadata[index] = metadata
        self._notices.update(dict.fromkeys(image.notices))
        return Image(image.pixels, self.names[index], metadata, image.notices)


class ArrayCollection(Collection):
    """The images of an array [images, height, width, channels].

    Args:
        source: what messages call it.
        array: numbers of a type that `ArrayLayout` may have.
        layout: how it was stored, or would be.
        limits: what sizes are accepted; the defaults if not given.
    """

    def __init__(
        self, source: str, array: NDArray[Any], layout: ArrayLayout, limits: Limits | None = None
    ) -> None:
        check_size(array.shape[2], array.shape[1], source, limits or Limits())
        self.source = source
        self.kind = "npy" if layout.kind == "npy" else "idx"
        self.names = ()
        self.layout = layout.to_record()
        self._array = array.view(np.uint8) if array.dtype == np.bool_ else array
        name = self._array.dtype.str[1:]
        self._kind = SampleKind("" if name in ("u1", "u2") else name)

    @property
    def metadata(self) -> tuple[Metadata, ...]:
        return () if self._kind.is_plain else (Metadata(samples=self._kind),) * len(self)

    def __len__(self) -> int:
        return len(self._array)

    @property
    def samples(self) -> NDArray[Any]:
        """The array, uint8 where it is of booleans; what is read from a file is read then."""
        return self._array

    def image(self, samples: NDArray[Any]) -> Image:
        """An image of some of the samples (height, width, channels)."""
        native = np.ascontiguousarray(samples, samples.dtype.newbyteorder("="))
        if self._kind.is_plain:
            return Image(native)
        return Image(as_words(native), metadata=Metadata(samples=self._kind))

    def stack(self) -> NDArray[Any]:
        if not self._kind.is_plain:
            return super().stack()
        return np.ascontiguousarray(self._array, self.dtype)

    def _image(self, index: int) -> Image:
        return self.image(self._array[index])


class ImageData(Collection):
    """One image, as the bytes of its file.

    Args:
        data: the bytes.
        source: what messages call it.
        limits: what sizes are accepted; the defaults if not given.
    """

    def __init__(self, data: bytes, source: str, limits: Limits | None = None) -> None:
        self.source, self.kind = source, "image"
        self.names = ("",)
        self.layout = {"kind": "image"}
        self._data, self._limits = data, limits

    @property
    def metadata(self) -> tuple[Metadata, ...]:
        return (self._first.metadata,)

    @property
    def notices(self) -> tuple[str, ...]:
        return self._decoded.notices

    def __len__(self) -> int:
        return 1

    def file(self, index: int) -> bytes:
        return self._data

    def _image(self, index: int) -> Image:
        return self._decoded

    @cached_property
    def _decoded(self) -> Image:
        return decode_image(self._data, self.source, limits=self._limits)


class ImageList(Collection):
    """Images in memory."""

    def __init__(self, images: Sequence[Image], source: str, kind: Kind) -> None:
        self.source, self.kind = source, kind
        self.names = tuple(image.name for image in images)
        self.layout = {"kind": kind}
        self._images = images

    @property
    def metadata(self) -> tuple[Metadata, ...]:
        return tuple(image.metadata for image in self._images)

    @property
    def notices(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(said for image in self._images for said in image.notices))

    def __len__(self) -> int:
        return len(self._images)

    def _image(self, index: int) -> Image:
        return self._images[index]


def open_collection(
    spec: str | Path, *, limits: Limits | None = None, stdin: BinaryIO | None = None
) -> Collection:
    """Opens a folder of images, a pattern like "digits/*.png", an image, or an NPY or IDX file.

    Files are recognised by their content; images come in the natural order of their names.

    Args:
        spec: one of these, or "-" for one image on standard input.
        limits: what sizes and how many images are accepted; the defaults if not given.
        stdin: the stream that "-" stands for, `sys.stdin.buffer` if not given.

    Raises:
        InputError: there is nothing there, or no images.
        LimitExceeded: there are more or larger images than `limits` allow. Files are read later,
            and raise these errors then.
    """
    limits = limits or Limits()
    path, source = Path(spec), str(spec)
    if source == "-":
        data = (stdin or sys.stdin.buffer).read()
        return ImageData(data, "standard input", limits)
    try:
        if path.is_dir():
            opened = _folder(path, limits)
        elif path.exists() or not glob.has_magic(source):
            opened = _file(path, limits)
        else:
            opened = _pattern(source, limits)
    except OSError as error:
        raise InputError(
            f"{spec} cannot be read ({error.strerror}): check the path and its permissions"
        ) from None
    limits.check("frames", len(opened))
    return opened


def _folder(folder: Path, limits: Limits) -> Collection:
    # What ncodec cannot read is not passed over: reading it says so.
    suffixes = STILL_SUFFIXES | IMAGE_SUFFIXES
    files = [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in suffixes and not file.name.startswith(".") and file.is_file()
    ]
    if not files:
        raise InputError(
            f"{folder} has no images: give a folder of {', '.join(sorted(STILL_SUFFIXES))} files"
        )
    files.sort(key=lambda file: natural_order(file.name))
    return FileCollection(str(folder), "folder", files, [file.name for file in files], limits)


def _pattern(pattern: str, limits: Limits) -> Collection:
    matches = sorted(glob.glob(pattern, recursive=True), key=natural_order)
    files = [Path(name) for name in matches if os.path.isfile(name)]
    if not files:
        raise InputError(f"{pattern} matches no file: check the pattern and quote it")
    common = os.path.commonpath([os.path.abspath(file.parent) for file in files])
    names = [Path(os.path.relpath(file, common)).as_posix() for file in files]
    return FileCollection(pattern, "files", files, names, limits)


def _file(path: Path, limits: Limits) -> Collection:
    kind = array_format(path)
    if kind:
        array, layout = read_npy(path) if kind == "npy" else read_idx(path)
        return ArrayCollection(str(path), array, layout, limits)
    if path.suffix.lower() in (".npy", ".npz", ".gz", ".idx"):
        raise InputError(f"{path} is no NPY or IDX file: write the array with numpy.save")
    return FileCollection(str(path), "image", (path,), (path.name,), limits)
