"""The clips that a command line names: a file or a clip of a data set, and an edit of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from blake3 import blake3

from ncodec.errors import InputError, UsageError
from ncodec.eval.data.edits import EDIT_VERSION, Edit, edited, parse_edit
from ncodec.eval.data.raw import RAW_SUFFIX, RawSource
from ncodec.eval.data.videos import find_clips
from ncodec.media import VideoSource, open_sink, open_source, scan
from ncodec.media.names import IMAGE_SUFFIXES, natural_order
from ncodec.media.partial import unwritable

__all__ = ["ClipSpec", "clip_digest", "clips_of", "parse_clip", "prepare"]


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """A clip and its edit.

    Attributes:
        text: as it was given, ``bunny#crop=1280x640``; its own file where a whole set was given.
        name: short, for tables and names of files: ``bunny 1280x640``.
        path: the file, or the folder of images.
        edit: what is done to the clip before it is measured; false if nothing is.
    """

    text: str
    name: str
    path: Path
    edit: Edit


def clips_of(text: str, data: Path | None = None) -> list[ClipSpec]:
    """The clips that ``NAME_OR_PATH#EDIT,EDIT,...`` stands for, each with the edits.

    Edits are ``crop=WxH`` (centred), ``crop=WxH+X+Y``, ``scale=WxH`` and ``frames=A:B`` (as a
    Python slice). They are applied in this order, however they are written.

    Args:
        text: before the ``#`` what `find_clips` knows.
        data: the folder of data sets that are not installed.

    Raises:
        InputError: it is not there, or no clip.
        UsageError: an edit that does not exist or does not fit.
    """
    place, mark, edits = text.rpartition("#")
    # A # may be part of the name of a file.
    if not mark or Path(text).exists():
        place, edit = text, Edit()
    else:
        edit = parse_edit(edits)
    files = find_clips(place, data)
    specs = []
    for name, path in files:
        edit.check(_opened(path).info, name)
        whole = text if len(files) == 1 else f"{path}#{edit}" if edit else str(path)
        specs.append(ClipSpec(whole, _file_name(name, edit), path, edit))
    return specs


def parse_clip(text: str, data: Path | None = None) -> ClipSpec:
    """The one clip that `text` stands for; arguments and errors as those of `clips_of`.

    Raises:
        UsageError: it stands for several.
    """
    specs = clips_of(text, data)
    if len(specs) > 1:
        names = ", ".join(spec.name for spec in specs[:3])
        raise UsageError(f"{text} is {len(specs)} clips ({names}, ...): name one of them")
    return specs[0]


def prepare(spec: ClipSpec, folder: Path) -> Path:
    """The file to encode and to compare with.

    The clip's own file where nothing is to be done. Else FFV1 in Matroska (y4m where the source
    has a chroma location) in `folder`, which is written once and named by its content: the
    samples, format and colour of the source after the edit, without sound. Matroska keeps times
    to the millisecond; a constant rate stays exact.

    Raises:
        InputError: the clip cannot be decoded.
        UsageError: the edit leaves no frame.
        OutputError: `folder` cannot be written.
    """
    if not spec.edit and spec.path.suffix.lower() != RAW_SUFFIX:
        return spec.path
    source = _opened(spec.path)
    # Matroska is written without a chroma location. Only y4m sources have one, and y4m holds them.
    suffix = ".y4m" if source.info.chroma_location else ".mkv"
    name = f"{spec.name}-{clip_digest(spec)[:16]}".replace(" ", "-")
    path = folder / f"{name}{suffix}"
    if path.exists():
        return path
    # The process in the name: others may be at the same clip.
    part = folder / f"{name}.{os.getpid()}{suffix}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        raw = isinstance(source, RawSource)
        times = None if raw else scan(source, scene_threshold=None).times
        info, kept, frames = edited(source, times, spec.edit)
        with open_sink(part, info, kept) as sink:
            for frame in frames:
                sink.write(frame)
        part.replace(path)
    except OSError as error:
        raise unwritable(str(path), error) from None
    return path


def clip_digest(spec: ClipSpec) -> str:
    """The BLAKE3 (hex) of the file's bytes, of what its name says if it is raw, and of the edit."""
    digest = blake3(f"{EDIT_VERSION}\n{spec.edit}\n".encode())
    if spec.path.suffix.lower() == RAW_SUFFIX:
        digest.update(repr(RawSource(spec.path).info).encode())
    try:
        for path in _files(spec.path):
            state = path.stat()
            digest.update(_file_digest(path, state.st_size, state.st_mtime_ns))
    except OSError as error:
        raise InputError(f"{spec.path} cannot be read ({error.strerror}): check the path") from None
    return digest.hexdigest()


def _opened(path: Path) -> VideoSource:
    return RawSource(path) if path.suffix.lower() == RAW_SUFFIX else open_source(path)


def _file_name(name: str, edit: Edit) -> str:
    label = f"{name} {edit.label}" if edit else name
    return "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "_" for c in label)


def _files(path: Path) -> list[Path]:
    """The file, or a folder's images in the order in which they play."""
    if not path.is_dir():
        return [path]
    images = [image for image in path.iterdir() if image.suffix.lower() in IMAGE_SUFFIXES]
    return sorted(images, key=lambda image: natural_order(image.name))


@lru_cache(maxsize=256)
def _file_digest(path: Path, _size: int, _changed: int) -> bytes:
    return blake3().update_mmap(path).digest()
