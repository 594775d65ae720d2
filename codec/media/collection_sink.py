"""Collections into a folder, an image or an array file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from gzip import GzipFile
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, cast

from ncodec.errors import OutputError
from ncodec.formats.output import atomic_output
from ncodec.media.array_writer import write_array
from ncodec.media.arrays import ArrayLayout, is_idx_name
from ncodec.media.image import Image
from ncodec.media.image_sink import (
    OUTPUT_SUFFIXES,
    are_pages,
    suffix_for,
    unheld,
    write_image,
)
from ncodec.media.images import JPEG_SUFFIXES
from ncodec.media.names import IMAGE_SUFFIXES, SafeNames
from ncodec.media.partial import PartialFolder, unwritable
from ncodec.media.tiff_writer import write_tiff

__all__ = ["FolderEntry", "is_folder", "write_collection", "write_folder", "write_npy"]

_PAGED = (".tif", ".tiff")
_KNOWN = IMAGE_SUFFIXES | OUTPUT_SUFFIXES | JPEG_SUFFIXES


def write_collection(
    output: str | Path,
    images: Iterable[Image],
    count: int,
    layout: Mapping[str, Any] | None = None,
) -> tuple[str, ...]:
    """Writes images as what `output` names, whole or not at all.

    - ``.npy``, and ``.idx``, ``.idx.gz`` or a name ending in ``-ubyte``: an array, as `layout` has
      it where it came from such a file.
    - A path ending in ``/``, without extension or of an empty folder: a file an image, by its name
      where that is safe, as PNG where the format of the name would not keep all of it.
    - The extension of an image format: one image, or the pages of a TIFF.

    Args:
        images: `count` of them, read once.
        layout: `Collection.layout` of where they came from.

    Returns:
        The fields of `Metadata` that the output has no place for.

    Raises:
        OutputError: the output cannot be written or cannot hold these images exactly.
        DamagedFile: `layout` is none that `Collection` makes.
    """
    path = Path(output)
    suffix = path.suffix.lower()
    if is_folder(output):
        return write_folder(path, (FolderEntry(image.name, image) for image in images))
    if suffix == ".npy" or is_idx_name(path.name):
        kind = "npy" if suffix == ".npy" else "idx"
        with atomic_output(path) as stream:
            return _write_array(stream, images, count, layout, kind)
    if suffix == ".gz" and is_idx_name(path.stem):
        with atomic_output(path) as stream, GzipFile("", "wb", fileobj=stream, mtime=0) as zipped:
            return _write_array(cast(BinaryIO, zipped), images, count, layout, "idx")
    if suffix not in OUTPUT_SUFFIXES:
        raise OutputError(
            f"{path} has the extension {suffix!r}: use a folder/, .npy, .idx or, for one image,"
            f" {', '.join(sorted(OUTPUT_SUFFIXES - {'.npy'}))}"
        )
    if suffix in _PAGED and count != 1:
        return _write_pages(path, list(images))
    if count != 1:
        raise OutputError(
            f"{path} holds one image, not {count}: write a folder/, .tif, .npy or .idx"
        )
    return write_image(path, next(iter(images)))


def _write_pages(path: Path, pages: list[Image]) -> tuple[str, ...]:
    if not are_pages(pages):
        raise OutputError(f"{path} cannot hold {len(pages)} such images: write a folder/")
    with atomic_output(path) as stream:
        write_tiff(stream, *pages)
    return tuple(sorted({lost for page in pages for lost in unheld(path.suffix, page.metadata)}))


def write_npy(
    stream: BinaryIO, images: Iterable[Image], count: int, layout: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """Writes images as one .npy array to a stream; arguments, errors as of `write_collection`."""
    return _write_array(stream, images, count, layout, "npy")


def _write_array(
    stream: BinaryIO,
    images: Iterable[Image],
    count: int,
    record: Mapping[str, Any] | None,
    kind: str,
) -> tuple[str, ...]:
    layout = None
    if record and record.get("kind") in ("npy", "idx"):
        layout = ArrayLayout.from_record(record)
    lost: set[str] = set()
    images = iter(images)
    first = next(images)
    if count == 1 and not first.metadata.samples.is_plain and kind == "npy" and layout is None:
        return write_image(stream, first, ".npy")

    def watched() -> Iterable[Image]:
        for image in chain((first,), images):
            if image.metadata.samples.bands or image.metadata.samples.photometric:
                raise OutputError(
                    f"{image.name or 'an image'} has {image.metadata.samples.words} samples, which"
                    " are no part of an array with others: write a folder/"
                )
            lost.update(unheld(".npy", image.metadata))
            yield image

    write_array(stream, watched(), count, kind, layout)
    return tuple(sorted(lost))


def is_folder(output: str | Path) -> bool:
    """Whether `output` names a folder: one that is there, ends in a slash or has no extension."""
    path = Path(output)
    if str(output).endswith(("/", "\\")) or path.is_dir():
        return True
    return not path.suffix and not is_idx_name(path.name)


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A file of a folder.

    Attributes:
        name: what it was called, a path with slashes perhaps; anybody may have written it.
        content: the bytes of a JPEG file, or an image, which is coded in the format of its name;
            or the pages of a file, which is a TIFF if its name says so, else a file a page.
        modified: when it was changed last, in nanoseconds since 1970, None where nobody knows.
    """

    name: str
    content: bytes | Image | Sequence[Image]
    modified: int | None = None


def _files(entry: FolderEntry) -> Iterable[FolderEntry]:
    """The entry, or those of its pages where no file of its kind holds them together."""
    if isinstance(entry.content, bytes | Image):
        return (entry,)
    suffix = Path(entry.name).suffix
    together = suffix.lower() in _PAGED and are_pages(entry.content)
    return (entry,) if together else [replace(entry, content=page) for page in entry.content]


def write_folder(output: str | Path, entries: Iterable[FolderEntry]) -> tuple[str, ...]:
    """Writes files into a folder that appears whole or not at all, by their names where safe.

    Returns:
        The fields of `Metadata` that a file has no place for.

    Raises:
        OutputError: it cannot be written.
    """
    path, safe = Path(output), SafeNames()
    lost: set[str] = set()
    folder = PartialFolder(path)
    try:
        for index, entry in enumerate(chain.from_iterable(map(_files, entries))):
            below, name = safe.split(entry.name)
            nameless = f"{index:06}"
            stem, suffix = safe.stem(name, _KNOWN, nameless)
            if isinstance(entry.content, bytes):
                data = entry.content
                suffix = ".jpg" if stem == nameless else suffix
            else:
                held = BytesIO()
                if isinstance(entry.content, Image):
                    suffix = suffix_for(entry.content, suffix or ".png")
                    lost.update(write_image(held, entry.content, suffix))
                else:
                    write_tiff(held, *entry.content)
                data = held.getvalue()
            folder.write(safe.distinct(stem, suffix, below), data, entry.modified)
        folder.publish()
    except OSError as error:
        folder.discard()
        raise unwritable(str(path), error) from None
    except BaseException:
        folder.discard()
        raise
    return tuple(sorted(lost))
