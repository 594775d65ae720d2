"""Coders of still images, each as a process uses it that knows nothing but files."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, overload

from numpy.typing import NDArray

from ncodec.errors import InputError, UsageError
from ncodec.eval.anchors.lossless import ANCHORS, Anchor, versions
from ncodec.eval.anchors.png import as_rgb, smallest_png
from ncodec.eval.bench.choice import CodecChoice, flags, words
from ncodec.eval.bench.steps import code_digest
from ncodec.media import Image, read_image, write_image
from ncodec.plugin import HasImageRates, ImageCodec
from ncodec.registry import load_codec, resolve_options

__all__ = ["FORMATS", "Coder", "Cost", "Format", "Nc", "codec_line", "format_coders", "timed"]

Pixels = NDArray[Any]

_OPTIMISED = "PNG, optimised"


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
        kind: of coder.
        name: of coder and setting, one for all points of a line.
        setting: what sets it apart on its line, short.
        settings: what its line shares, in words.
        suffix: of its files.
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
        codec: its id.
        options: those that all points of its line share.
        rate: those that set this point apart.
        threads: of processes.
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


@dataclass(frozen=True, slots=True)
class Format:
    """A lossless image format, on one thread; its source is read before its time begins."""

    kind: ClassVar[str] = "format"
    role: ClassVar[Literal["anchor"]] = "anchor"
    lossless: ClassVar[bool] = True

    name: str

    @property
    def anchor(self) -> Anchor:
        return next(
            (anchor for anchor in ANCHORS if anchor.name == self.name),
            Anchor(self.name, "png", (("level", 9),)),
        )

    @property
    def setting(self) -> str:
        return self.name.partition(", ")[2] or "lossless"

    @property
    def settings(self) -> str:
        if self.name == _OPTIMISED:
            return "level 9, the best of six filters, a palette where that is smaller, 1 thread"
        chosen = [f"{name} {value}" for name, value in self.anchor.settings]
        return ", ".join([*chosen, "1 thread"])

    @property
    def suffix(self) -> str:
        return {"jpegxl": ".jxl", "jpegls": ".jls"}.get(self.anchor.codec, f".{self.anchor.codec}")

    @property
    def depends(self) -> Mapping[str, Any]:
        return {"libraries": versions()}

    def encode(self, source: Path, coded: Path) -> Cost:
        pixels = read_image(source).pixels
        if 8 * pixels.itemsize not in self.anchor.depths:
            raise InputError(f"{self.name} has no samples of {8 * pixels.itemsize} bits")
        if not self.anchor.takes(pixels):
            pixels = as_rgb(pixels)
        with timed() as cost:
            coded.write_bytes(self._encoded(pixels))
        return cost

    def decode(self, coded: Path, output: Path) -> Cost:
        with timed() as cost:
            pixels = self.anchor.decode(coded.read_bytes())
        write_image(output, Image(pixels))
        return cost

    def commands(self, source: Path) -> Sequence[str]:
        coded = shlex.quote(f"{source.stem}.coded{self.suffix}")
        both = f"{shlex.quote(str(source))} {coded}"
        decode = f"{_IMAGECODECS} i.imread(sys.argv[1], codec='{self.anchor.codec}')\" {coded}"
        if self.name == _OPTIMISED:
            return [f'{_SMALLEST_PNG}" {both}', decode]
        given = "".join(f", {name}={value!r}" for name, value in self.anchor.settings)
        pixels = f"i.imread(sys.argv[1]), codec='{self.anchor.codec}'{given}"
        return [f'{_IMAGECODECS} i.imwrite(sys.argv[2], {pixels})" {both}', decode]

    def _encoded(self, pixels: Pixels) -> bytes:
        if self.name == _OPTIMISED:
            return smallest_png(pixels)
        try:
            return self.anchor.encode(pixels)
        except (RuntimeError, ValueError) as error:  # what imagecodecs' errors derive from
            raise InputError(f"{self.name} does not take it ({error})") from None


_IMAGECODECS = 'python -c "import sys, imagecodecs as i;'
_SMALLEST_PNG = (
    'python -c "import sys; from pathlib import Path; from ncodec.media import read_image; '
    "from ncodec.eval.anchors.png import smallest_png; "
    "Path(sys.argv[2]).write_bytes(smallest_png(read_image(sys.argv[1]).pixels))"
)

FORMATS: dict[str, Sequence[str]] = {
    "png": (_OPTIMISED,),
    "webp": ("WebP, method 6",),
    "jpegxl": ("JPEG XL, effort 7", "JPEG XL, effort 9"),
    "jpegls": ("JPEG-LS",),
    "qoi": ("QOI",),
}
"""Names on the command line, and the lines that each stands for."""


def codec_line(choice: CodecChoice, images: Sequence[Path], points: int, threads: int) -> list[Nc]:
    """An installed codec of still images at one setting: a point, or several of a lossy one.

    Args:
        choice: codec and options.
        images: that will be coded.
        points: at most, of a codec that has `rate_points`.
        threads: of its processes.

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


def format_coders(names: Sequence[str]) -> list[Format]:
    """Lossless formats by their names on the command line, in that order.

    Raises:
        UsageError: there is no such format here.
    """
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise UsageError(
            f"{unknown[0]!r} is no lossless image format here: choose from {', '.join(FORMATS)}"
        )
    return [Format(line) for name in dict.fromkeys(names) for line in FORMATS[name]]
