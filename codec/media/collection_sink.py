"""Collections into a folder, an image or an array file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from ncodec.errors import OutputError
from ncodec.formats.output import atomic_output
from ncodec.media.arrays import ArrayLayout, is_idx_name, write_array
from ncodec.media.image import Image
from ncodec.media.image_sink import (
    OUTPUT_SUFFIXES,
    suffix_for,
    unheld,
    write_image,
)
from ncodec.media.images import JPEG_SUFFIXES, image_format
from ncodec.media.names import IMAGE_SUFFIXES, SafeNames
from ncodec.media.partial import PartialFolder, unwritable

__all__ = ["is_folder", "write_collection", "write_folder", "write_npy"]


def write_collection(
    output: str | Path,
    images: Iterable[Image],
    count: int,
    layout: Mapping[str, Any] | None = None,
) -> tuple[str, ...]:
    """Writes images as what `output` names, whole or not at all.

    - ``.npy``, and ``.idx`` or a name ending in ``-ubyte``: an array, as `layout` has it where it
      came from such a file.
    - A path ending in ``/``, without extension or of an empty folder: a file an image, by its name
      where that is safe, as PNG where the format of the name would not keep all of it.
    - The extension of an image format: one image.

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
        return _write_images(path, images)
    if suffix == ".npy" or is_idx_name(path.name):
        kind = "npy" if suffix == ".npy" else "idx"
        with atomic_output(path) as stream:
            return _write_array(stream, images, count, layout, kind)
    if suffix not in OUTPUT_SUFFIXES:
        raise OutputError(
            f"{path} has the extension {suffix!r}: use a folder/, .npy, .idx or, for one image,"
            f" {', '.join(sorted(OUTPUT_SUFFIXES - {'.npy'}))}"
        )
    if count != 1:
        raise OutputError(f"{path} holds one image, not {count}: write a folder/, .npy or .idx")
    return write_image(path, next(iter(images)))


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

    def watched() -> Iterable[Image]:
        for image in images:
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


def write_folder(output: str | Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Writes files into a folder that appears whole or not at all, by their names where safe.

    Raises:
        OutputError: it cannot be written.
    """
    path, safe = Path(output), SafeNames()
    folder = PartialFolder(path)
    try:
        for index, (name, data) in enumerate(files):
            known = IMAGE_SUFFIXES | OUTPUT_SUFFIXES | JPEG_SUFFIXES
            stem, suffix = safe.stem(name, known, f"{index:06}")
            if not suffix and image_format(data[:32]) == "JPEG":
                suffix = ".jpg"
            folder.write(safe.distinct(stem, suffix), data)
        folder.publish()
    except OSError as error:
        folder.discard()
        raise unwritable(str(path), error) from None
    except BaseException:
        folder.discard()
        raise


def _write_images(path: Path, images: Iterable[Image]) -> tuple[str, ...]:
    safe = SafeNames()
    lost: set[str] = set()
    folder = PartialFolder(path)
    try:
        for index, image in enumerate(images):
            stem, old = safe.stem(image.name, IMAGE_SUFFIXES | OUTPUT_SUFFIXES, f"{index:06}")
            suffix = suffix_for(image, old or ".png")
            held = BytesIO()
            write_image(held, image, suffix)
            folder.write(safe.distinct(stem, suffix), held.getvalue())
            lost.update(unheld(suffix, image.metadata))
        folder.publish()
    except OSError as error:
        folder.discard()
        raise unwritable(str(path), error) from None
    except BaseException:
        folder.discard()
        raise
    return tuple(sorted(lost))
