"""The clips of `ncodec.eval.studies.films`, as films.ini has them."""

from __future__ import annotations

from configparser import ConfigParser
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from shlex import split

__all__ = ["Trial", "mirror", "shell", "trials"]


@dataclass(frozen=True, slots=True)
class Trial:
    """A clip to be made, encoded and compared.

    Attributes:
        name: of the clip and its folder.
        special: what is special about it.
        script: makes the clip.
        shows: the facts that its row shows; those that begin with one of them, too.
        source: what `ncodec encode` gets, as typed at a shell; the script's last word if empty.
        view: FFmpeg's options that read what should come back; the source if empty.
        flags: of `ncodec encode`.
        feed: what stands before `ncodec encode`: a process that writes into its source.
        codec: the codec that is named.
        stream: index of the video stream that is coded; empty for the first.
        said: a pattern of what must be said.
        mkv, mp4: names of the facts that may differ in such a file, because they were said to be
            left out, or the container, or FFmpeg, has no place for them; "not written" is one.
        why: they do, where it is not said.
        refused: a pattern of the sentence that is expected instead of a file.
    """

    name: str
    special: str
    script: str
    shows: str = ""
    source: str = ""
    view: str = ""
    flags: str = ""
    feed: str = ""
    codec: str = "stored"
    stream: str = ""
    said: str = ""
    mkv: str = ""
    mp4: str = ""
    why: str = ""
    refused: str = ""

    @property
    def typed(self) -> str:
        """The source as a shell takes it."""
        return self.source or self.script.split()[-1]

    @property
    def reference(self) -> tuple[str, ...]:
        """The options of FFmpeg that read what should come back."""
        return tuple(split(self.view)) if self.view else ("-i", *split(self.typed))

    def apart(self, output: str) -> tuple[str, ...]:
        """The names of the facts that may differ in the file `output`."""
        return tuple({"clip.mkv": self.mkv, "clip.mp4": self.mp4}.get(output, "").split(", "))


@cache
def trials() -> tuple[Trial, ...]:
    """All clips, in the order of the table."""
    known = {field.name for field in fields(Trial)}
    found = []
    for name in _read().sections():
        values = dict(_read()[name])
        if name != "shell":
            assert values.keys() <= known, f"[{name}] has {', '.join(values.keys() - known)}"
            found.append(Trial(name, **values))
    return tuple(found)


def shell() -> str:
    """What every script finds defined."""
    return _read()["shell"]["script"]


@cache
def _read() -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read_string(files(__package__).joinpath("films.ini").read_text("utf-8"))
    return parser


def mirror(path: str | Path) -> None:
    """Makes the display matrix of an mp4's one track mirror left and right, as selfies do."""
    data = bytearray(Path(path).read_bytes())
    one = bytes.fromhex("00010000")
    start = data.index(one + bytes(12) + one, data.index(b"tkhd"))
    data[start : start + 4] = bytes.fromhex("ffff0000")
    width = start + 36
    data[start + 24 : start + 28] = data[width : width + 4]
    Path(path).write_bytes(data)
