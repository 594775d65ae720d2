"""Coders of still images, each as a process uses it that knows nothing but files."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, overload

from ncodec.errors import UsageError
from ncodec.eval.bench.choice import CodecChoice, flags, words
from ncodec.eval.bench.steps import code_digest
from ncodec.media import Image, read_image
from ncodec.plugin import HasImageRates, ImageCodec
from ncodec.registry import load_codec, resolve_options

__all__ = ["Coder", "Cost", "Nc", "codec_line", "timed"]


@dataclass(slots=True)
class Cost:
    """Wall time and processor time in seconds."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Cost]:
    """What the block took."""
    cost = Cost()
    start, cpu = time.perf_counter(), time.process_time()
    yield cost
    cost.seconds, cost.cpu_seconds = time.perf_counter() - start, time.process_time() - cpu


class Coder(Protocol):
    """A coder at one setting; a dataclass of JSON values, which is how processes hear of it.

    Attributes:
        kind: the kind of coder.
        name: coder and setting, one for all points of a line.
        setting: what sets it apart on its line, short.
        settings: what its line shares, in words.
        suffix: the ending of its files' names.
        role: ``codec`` for ncodec's.
        lossless: whether it gives back what it was given.
        depends: what its bytes and times depend on, as JSON values.
    """

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def setting(self) -> str: ...
    @property
    def settings(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    @property
    def role(self) -> Literal["codec", "anchor"]: ...
    @property
    def lossless(self) -> bool: ...
    @property
    def depends(self) -> Mapping[str, Any]: ...

    def encode(self, source: Path, coded: Path) -> Cost:
        """Makes a file of an image file.

        Raises:
            InputError: the coder does not take this image.
        """
        ...

    def decode(self, coded: Path, output: Path) -> Cost:
        """Writes the samples of such a file to a PAM file."""
        ...

    def commands(self, source: Path) -> Sequence[str]:
        """What does the same when it is typed into a shell."""
        ...


@dataclass(frozen=True, slots=True)
class Nc:
    """An installed codec, through `ncodec.encode` and `ncodec.decode`, files read and written.

    Attributes:
        codec: the codec's id.
        options: those that all points of its line share.
        rate: those that set this point apart.
        threads: the threads that it may use.
    """

    kind: ClassVar[str] = "nc"
    suffix: ClassVar[str] = ".nc"
    role: ClassVar[Literal["codec"]] = "codec"

    codec: str
    options: Mapping[str, Any] = field(default_factory=dict)
    rate: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1

    @property
    def name(self) -> str:
        return ", ".join(filter(None, [self.codec, words(self.options)]))

    @property
    def setting(self) -> str:
        return words(self.rate) or words(self.options) or "default"

    @property
    def settings(self) -> str:
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{words(self.options) or 'default'}, {threads}"

    @property
    def lossless(self) -> bool:
        return _image_codec(self.codec).lossless

    @property
    def depends(self) -> Mapping[str, Any]:
        files = CodecChoice(self.codec, self.options).contents()
        return {"code": code_digest(self.codec), "files": files}

    def encode(self, source: Path, coded: Path) -> Cost:
        import ncodec

        with timed() as cost:
            ncodec.encode(
                source,
                coded,
                codec=self.codec,
                threads=self.threads,
                **self.options,
                **self.rate,
            )
        return cost

    def decode(self, coded: Path, output: Path) -> Cost:
        import ncodec

        with timed() as cost:
            ncodec.decode(coded, output, threads=self.threads, models=self._models)
        return cost

    def commands(self, source: Path) -> Sequence[str]:
        coded, threads = source.with_suffix(".nc").name, ["--threads", str(self.threads)]
        models = [word for model in self._models for word in ("--model", model)]
        encode = ["ncodec", "encode", str(source), "-o", coded, "--codec", self.codec]
        decode = ["ncodec", "decode", coded, "-o", f"{source.stem}.pam", *models]
        return [
            shlex.join([*encode, *flags({**self.options, **self.rate}), *threads]),
            shlex.join([*decode, *threads]),
        ]

    @property
    def _models(self) -> Sequence[str]:
        """Files that decoding needs, where a file holds no more than a model's digest."""
        return [self.options["model"]] if "model" in self.options else []


def codec_line(choice: CodecChoice, images: Sequence[Path], points: int, threads: int) -> list[Nc]:
    """An installed codec of still images at one setting: a point, or several of a lossy one.

    Args:
        choice: codec and options.
        images: those that will be coded.
        points: the most points of a codec that has `rate_points`.
        threads: the threads that it may use.

    Raises:
        UsageError: it codes something else.
    """
    codec = _image_codec(choice.codec)
    rates: Sequence[Mapping[str, Any]] = [{}]
    if isinstance(codec, HasImageRates):
        options = resolve_options(codec, choice.options)
        rates = codec.rate_points(_Images(images), options, points)
    return [Nc(choice.codec, choice.options, rate, threads) for rate in rates]


def _image_codec(name: str) -> ImageCodec:
    codec = load_codec(name)
    if not isinstance(codec, ImageCodec) or "image" not in codec.media:
        raise UsageError(
            f"{name} codes {', '.join(sorted(codec.media))}, not single images: choose a codec "
            "that `ncodec codecs` lists for images"
        )
    return codec


class _Images(Sequence[Image]):
    """Image files, each read when it is asked for."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> Image: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Image]: ...
    def __getitem__(self, index: int | slice) -> Image | Sequence[Image]:
        if isinstance(index, slice):
            return _Images(self._paths[index])
        return read_image(self._paths[index])
