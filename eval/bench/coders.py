"""Coders of still images, each as a process uses it that knows nothing but files."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from numpy.typing import NDArray

from ncodec.errors import InputError, UsageError
from ncodec.eval.anchors.lossless import ANCHORS, Anchor, versions
from ncodec.eval.anchors.png import as_rgb, smallest_png
from ncodec.eval.bench.steps import code_digest
from ncodec.media import Image, read_image, write_image
from ncodec.plugin import ImageCodec
from ncodec.registry import load_codec, resolve_options

__all__ = ["FORMATS", "Coder", "Cost", "Format", "Nc", "codec_coder", "format_coders", "timed"]

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
        name: of coder and setting.
        setting: short.
        settings: in words.
        suffix: of its files.
        role: ``codec`` for ncodec's.
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
    """An installed codec, through `ncodec.encode` and `ncodec.decode`, files read and written."""

    kind: ClassVar[str] = "nc"
    suffix: ClassVar[str] = ".nc"
    role: ClassVar[Literal["codec"]] = "codec"

    codec: str
    options: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1

    @property
    def name(self) -> str:
        return f"{self.codec}, {self.setting}" if self.options else self.codec

    @property
    def setting(self) -> str:
        words = [f"{name} {value}" for name, value in self.options.items()]
        return ", ".join(words) or "default"

    @property
    def settings(self) -> str:
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.setting}, {threads}"

    @property
    def depends(self) -> Mapping[str, Any]:
        return {"code": code_digest(self.codec)}

    def encode(self, source: Path, coded: Path) -> Cost:
        import ncodec

        with timed() as cost:
            ncodec.encode(source, coded, codec=self.codec, threads=self.threads, **self.options)
        return cost

    def decode(self, coded: Path, output: Path) -> Cost:
        import ncodec

        with timed() as cost:
            ncodec.decode(coded, output, threads=self.threads)
        return cost

    def commands(self, source: Path) -> Sequence[str]:
        coded = source.with_suffix(".nc").name
        options = [f"--{name.replace('_', '-')} {value}" for name, value in self.options.items()]
        threads = f"--threads {self.threads}"
        encode = ["ncodec encode", shlex.quote(str(source)), "-o", shlex.quote(coded)]
        decode = ["ncodec decode", shlex.quote(coded), "-o", shlex.quote(f"{source.stem}.pam")]
        return [
            " ".join([*encode, f"--codec {self.codec}", *options, threads]),
            " ".join([*decode, threads]),
        ]


@dataclass(frozen=True, slots=True)
class Format:
    """A lossless image format, on one thread; its source is read before its time begins."""

    kind: ClassVar[str] = "format"
    role: ClassVar[Literal["anchor"]] = "anchor"

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


def codec_coder(text: str, threads: int) -> Nc:
    """``pc-photo`` or ``pc-photo:best``: an installed codec of still images and its effort.

    Raises:
        MissingDependency: it is not installed.
        UsageError: it codes something else, or has no such effort.
    """
    name, colon, effort = text.partition(":")
    codec = load_codec(name)
    if not isinstance(codec, ImageCodec) or "image" not in codec.media:
        raise UsageError(
            f"{name} codes {', '.join(sorted(codec.media))}, not single images: choose a codec "
            "that `ncodec codecs` lists for images"
        )
    given = {"effort": effort} if colon else {}
    chosen = resolve_options(codec, given)
    return Nc(name, {"effort": chosen["effort"]} if "effort" in chosen else {}, threads)


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
