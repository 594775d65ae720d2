"""The picture files of a folder and what is below it, of a pattern, or of a list of paths."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.media.collection import FileCollection
from ncodec.media.images import STILL_SUFFIXES, image_format, is_still_gif
from ncodec.media.names import IMAGE_SUFFIXES, natural_order
from ncodec.media.pages import moves, page_count

__all__ = ["PictureFiles", "open_pictures"]

_MOST = (1 << 16) - 8
"""The most pictures of one .nc file, which has a box for each."""


class PictureFiles(FileCollection):
    """Pictures of any shapes and kinds, a file each, or a page of one.

    Attributes:
        paths: of their files.
        pages: for each its page of the file, from 0 on; None where the file has no others.
        modified: when each was changed last, in nanoseconds since 1970.
        sizes: bytes of each file.
        left_out: files that were there, too, and are no pictures.
        moving: those that were there, too, and are pictures in time.
    """

    def __init__(
        self,
        source: str,
        files: Sequence[Path],
        names: Sequence[str],
        left_out: Sequence[Path],
        moving: Sequence[Path],
    ) -> None:
        counts = [page_count(file) for file in files]
        rows = [(place, page) for place, count in enumerate(counts) for page in range(count)]
        self.pages = tuple(page if counts[place] > 1 else None for place, page in rows)
        files, names = [files[place] for place, _ in rows], [names[place] for place, _ in rows]
        super().__init__(source, "files", files, names, Limits())
        self.paths, self.left_out, self.moving = tuple(files), tuple(left_out), tuple(moving)
        stats = [file.stat() for file in files]
        self.modified = tuple(stat.st_mtime_ns for stat in stats)
        self.sizes = tuple(stat.st_size for stat in stats)

    def _page(self, index: int) -> int | None:
        return self.pages[index]


def open_pictures(source: str | Path | Sequence[str | Path]) -> PictureFiles:
    """The pictures that `source` has, in the natural order of their paths; names are these paths
    below the folder, or below what all have in common.

    Files are recognised by their content. Hidden ones, whose names begin with a dot, are passed
    over.

    Args:
        source: a folder, a pattern like ``"holiday/**/*.jpg"``, a file, or several of these.

    Raises:
        InputError: there are none, or one cannot be read, or is a picture of a kind that ncodec
            does not read.
    """
    given = (source,) if isinstance(source, str | Path) else source
    shown, specs = ", ".join(map(str, given)), list(map(Path, given))
    try:
        # The same file may be given by more than one path.
        unique = {os.path.abspath(file): file for spec in specs for file in _files(spec)}
        found = sorted(
            unique.values(), key=lambda file: [natural_order(part) for part in file.parts]
        )
        files: list[Path] = []
        left_out: list[Path] = []
        moving: list[Path] = []
        for file in found:
            (moving if moves(file) else files if _is_picture(file) else left_out).append(file)
        for file in (*left_out, *moving):
            if file in specs:
                raise InputError(
                    f"{file} is {'a film' if file in moving else 'no picture'}: give pictures"
                    " together, and all else one at a time"
                )
        if not files:
            raise InputError(
                f"{shown} has no images: give a folder of {', '.join(sorted(STILL_SUFFIXES))} files"
            )
        folder = specs[0] if len(specs) == 1 and specs[0].is_dir() else _common(files)
        pictures = PictureFiles(shown, files, _names(files, folder), left_out, moving)
        if len(pictures) > _MOST:
            raise InputError(
                f"{shown} has {len(pictures)} pictures, a .nc file holds at most {_MOST}: encode "
                "its folders one by one"
            )
        return pictures
    except OSError as error:
        raise InputError(
            f"{error.filename or shown} cannot be read ({error.strerror}): check the path and its "
            "permissions"
        ) from None


def _files(spec: Path) -> Iterable[Path]:
    if spec.is_dir():
        for folder, below, names in os.walk(spec, onerror=_raise):
            below[:] = [name for name in below if not name.startswith(".")]
            files = (Path(folder, name) for name in names if not name.startswith("."))
            yield from (file for file in files if file.is_file())
    elif spec.exists() or not glob.has_magic(str(spec)):
        yield spec
    else:
        matches = [Path(name) for name in glob.glob(str(spec), recursive=True)]
        if not matches:
            raise InputError(f"{spec} matches no file: check the pattern and quote it")
        yield from (match for match in matches if match.is_file())


def _raise(error: OSError) -> None:
    raise error


def _is_picture(file: Path) -> bool:
    """Whether it is one by its content.

    Raises:
        InputError: it is not, and its name says that it is.
    """
    with file.open("rb") as stream:
        start = stream.read(32)
    if image_format(start) or is_still_gif(file):
        return True
    if file.suffix.lower() in STILL_SUFFIXES | IMAGE_SUFFIXES:
        raise InputError(
            f"{file} is not an image that ncodec reads: convert it to a PNG or TIFF, or take it "
            "away; images that play as a film are coded with --film"
        )
    return False


def _common(files: Sequence[Path]) -> Path:
    return Path(os.path.commonpath([os.path.abspath(file.parent) for file in files]))


def _names(files: Sequence[Path], folder: Path) -> list[str]:
    return [Path(os.path.relpath(file, folder)).as_posix() for file in files]
