"""Coders of JPEG files that give the same bytes back: ncodec's, and what it is compared with."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, Literal

from ncodec.errors import InputError, MissingDependency, UsageError
from ncodec.eval.bench.choice import CodecChoice
from ncodec.eval.bench.coders import Cost, Nc, timed
from ncodec.registry import load_codec

__all__ = ["TRANSCODERS", "NcFile", "Transcoder", "file_codec", "transcoders"]

_Way = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class NcFile(Nc):
    """A codec that keeps files, from bytes to bytes."""

    kind: ClassVar[str] = "nc-file"

    def encode(self, source: Path, coded: Path) -> Cost:
        import ncodec

        data = source.read_bytes()
        with timed() as cost:
            done = ncodec.encode(data, codec=self.codec, threads=self.threads, **self.options)
        assert done.data is not None, "there is no other output"
        coded.write_bytes(done.data)
        return cost

    def decode(self, coded: Path, output: Path) -> Cost:
        import ncodec

        data, held = coded.read_bytes(), BytesIO()
        with timed() as cost:
            ncodec.decode(data, held, format="jpg", threads=self.threads, models=self._models)
        output.write_bytes(held.getvalue())
        return cost

    def commands(self, source: Path) -> Sequence[str]:
        return [line.replace(".pam", ".jpg") for line in Nc.commands(self, source)]


@dataclass(frozen=True, slots=True)
class Transcoder:
    """Another program's coder of JPEG files, as a Python package has it, from bytes to bytes."""

    kind: ClassVar[str] = "transcoder"
    role: ClassVar[Literal["anchor"]] = "anchor"
    lossless: ClassVar[bool] = True

    key: str

    @property
    def name(self) -> str:
        return _ANCHORS[self.key].name

    @property
    def setting(self) -> str:
        return "default"

    @property
    def settings(self) -> str:
        return f"{_ANCHORS[self.key].package} {self._version}"

    @property
    def suffix(self) -> str:
        return _ANCHORS[self.key].suffix

    @property
    def depends(self) -> Mapping[str, Any]:
        return {"version": self._version}

    @property
    def missing(self) -> str | None:
        """Why it cannot be used here; None where it can."""
        anchor = _ANCHORS[self.key]
        try:
            module = import_module(anchor.module)
        except ImportError:
            return f"it needs {anchor.package}: run python -m pip install {anchor.package}"
        if anchor.part and not getattr(module, anchor.part).available:
            return f"the installed {anchor.package} was built without it"
        return None

    def encode(self, source: Path, coded: Path) -> Cost:
        data = source.read_bytes()
        try:
            with timed() as cost:
                made = self._way(_ANCHORS[self.key].encode)(data)
        # Each package has errors of its own, and pyo3's derive from nothing more special.
        except Exception as error:
            raise InputError(f"{self.name} does not take it ({error})") from None
        coded.write_bytes(made)
        return cost

    def decode(self, coded: Path, output: Path) -> Cost:
        data = coded.read_bytes()
        with timed() as cost:
            back = self._way(_ANCHORS[self.key].decode)(data)
        output.write_bytes(back)
        return cost

    def commands(self, source: Path) -> Sequence[str]:
        anchor, coded = _ANCHORS[self.key], f"{source.stem}.coded{self.suffix}"
        return [
            shlex.join(["python", "-c", f"{_CONVERT.format(anchor.module, way)}", *paths])
            for way, paths in (
                (anchor.encode, (str(source), coded)),
                (anchor.decode, (coded, f"{source.stem}.jpg")),
            )
        ]

    @property
    def _version(self) -> str:
        try:
            return version(_ANCHORS[self.key].package)
        except PackageNotFoundError:
            return "that is not installed"

    def _way(self, name: str) -> _Way:
        function: _Way = getattr(import_module(_ANCHORS[self.key].module), name)
        return function


@dataclass(frozen=True, slots=True)
class _Anchor:
    """Where a transcoder is: a package's module, its functions, and what says whether they work."""

    name: str
    package: str
    module: str
    encode: str
    decode: str
    suffix: str
    part: str = ""


_ANCHORS = {
    "lepton": _Anchor(
        *("Lepton", "lepton-jpeg-python", "lepton_jpeg_python"),
        *("compress_bytes", "decompress_bytes", ".lep"),
    ),
    "jpegxl": _Anchor(
        *("JPEG XL, transcoded", "imagecodecs", "imagecodecs"),
        *("jpegxl_encode_jpeg", "jpegxl_decode_jpeg", ".jxl", "JPEGXL"),
    ),
    "brunsli": _Anchor(
        *("brunsli", "imagecodecs", "imagecodecs"),
        *("brunsli_encode", "brunsli_decode", ".br", "BRUNSLI"),
    ),
}

TRANSCODERS = tuple(_ANCHORS)
"""Names on the command line."""

_CONVERT = (
    "import sys, pathlib as p, {} as m; "
    "p.Path(sys.argv[2]).write_bytes(m.{}(p.Path(sys.argv[1]).read_bytes()))"
)


def file_codec(choice: CodecChoice, threads: int) -> NcFile:
    """An installed codec that keeps files byte for byte.

    Raises:
        UsageError: it keeps pixels alone.
    """
    if not getattr(load_codec(choice.codec), "keeps_files", False):
        raise UsageError(
            f"{choice.codec} does not keep JPEG files byte for byte: measure it with `ncodec "
            "bench images`"
        )
    return NcFile(choice.codec, choice.options, {}, threads)


def transcoders(names: Sequence[str] | None) -> tuple[list[Transcoder], list[str]]:
    """The coders that JPEG files' are compared with, and which are left out and why.

    Args:
        names: those of `TRANSCODERS` that must be there; None for all that are installed.

    Raises:
        MissingDependency: one that was named is not installed.
        UsageError: there is none of a name.
    """
    unknown = [name for name in names or () if name not in _ANCHORS]
    if unknown:
        raise UsageError(
            f"{unknown[0]!r} keeps no JPEG files here: choose from {', '.join(TRANSCODERS)}"
        )
    chosen = [Transcoder(name) for name in dict.fromkeys(TRANSCODERS if names is None else names)]
    absent = {coder.name: coder.missing for coder in chosen if coder.missing}
    if absent and names is not None:
        name, why = next(iter(absent.items()))
        raise MissingDependency(f"{name} is not here: {why}")
    there = [coder for coder in chosen if coder.name not in absent]
    return there, [f"{name} is left out: {why}." for name, why in absent.items()]
