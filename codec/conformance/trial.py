"""The trials of a codec, one input after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ncodec.api import encode
from ncodec.conformance.contents import CLIPS, FEATURES, IMAGES, Arrays, Kind
from ncodec.conformance.inputs import (
    Input,
    clips,
    collections,
    damaged,
    pictures,
    with_false_hashes,
)
from ncodec.errors import (
    CodecFailed,
    DamagedFile,
    InputError,
    LimitExceeded,
    MissingDependency,
    NcodecError,
    TargetUnreachable,
    UnsupportedFormat,
    UsageError,
    VerificationFailed,
)
from ncodec.files.verify import verify
from ncodec.formats import Reader, VideoInfo
from ncodec.media import Frame, open_source, scan
from ncodec.plugin import Codec, Context, ImageCodec, VideoCodec
from ncodec.registry import describe, frame_codec, register, resolve_options

__all__ = ["Report", "check"]

REFUSALS = (UsageError, InputError, UnsupportedFormat, MissingDependency)
"""How a codec says that it does not take an input."""

FINDINGS = (DamagedFile, VerificationFailed, UnsupportedFormat, LimitExceeded)
"""How a codec says that a file is not what an encoder wrote."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was tried.

    Attributes:
        codec: its id.
        tried: inputs that passed all checks.
        refused: inputs that the codec does not take, with what it said.
    """

    codec: str
    tried: Sequence[str]
    refused: Sequence[str]

    def __str__(self) -> str:
        passed = [f"{self.codec} keeps its contract for {text}" for text in self.tried]
        return "\n".join(passed + [f"{self.codec} does not take {text}" for text in self.refused])


def check(
    codec: type[Codec],
    options: Mapping[str, Any] | None = None,
    *,
    images: Sequence[np.ndarray] | None = None,
    models: Iterable[str | Path] = (),
) -> Report:
    """Tries whether a codec keeps its contract; it need not be installed.

    Each input is encoded and decoded through a file. What comes back must have the number, shapes
    and sample type of what went in, and its samples where the codec is lossless; it must be the
    same at every decode and in any order. A false hash and damaged sections must be found, and a
    target size be held or refused.

    Args:
        codec: its class.
        options: those of the encodes, such as what makes them fast; the others have their defaults.
        images: arrays (height, width, channels) of one shape and type that are tried instead of
            the kit's own collections, by a codec whose model is for such images.
        models: model files for decoding.

    Raises:
        CodecFailed: the codec breaks its contract; the sentence says where.
        MissingDependency: it declares something wrong, see `ncodec.plugin.codec`.
    """
    with register(codec), TemporaryDirectory(prefix="ncodec-check-") as name:
        folder = Path(name)
        if issubclass(codec, VideoCodec):
            kind = CLIPS
            inputs = clips(folder) if "video" in codec.media else pictures(folder)
        elif issubclass(codec, ImageCodec):
            kind = IMAGES
            single = "collection" not in codec.media
            inputs = pictures(folder) if single else collections(folder, images)
        else:
            kind = FEATURES
            inputs = pictures(folder)
        trial = _Trial(codec, kind, dict(options or {}), tuple(models))
        for item in inputs:
            trial.run(item)
        if not trial.tried:
            raise trial.broken("takes none of the inputs", trial.refused[0])
        return Report(codec.codec_id, tuple(trial.tried), tuple(trial.refused))


@dataclass
class _Trial:
    """One codec and what became of its inputs."""

    codec: type[Codec]
    kind: Kind
    options: dict[str, Any]
    models: tuple[str | Path, ...]
    tried: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def run(self, item: Input) -> None:
        """All checks of one input."""
        file = item.path.with_suffix(".nc")
        with self.expecting(f"cannot encode {item.name}"):
            try:
                encode(item.path, file, codec=self.codec.codec_id, threads=1, **self.options)
            except REFUSALS as error:
                self.refused.append(f"{item.name} ({error})")
                return
        data = file.read_bytes()
        with self.expecting(f"cannot decode {item.name}"):
            whole = self.decoded(data)
            self.same(whole, self.decoded(data), f"decodes {item.name} to other values each time")
            with self.opened(data) as content:
                parts = self.kind.apart(content)
            self.same(whole, parts, f"decodes parts of {item.name} to other values than the whole")
            if not verify(file, models=self.models, threads=1).checked:
                raise self.broken(f"decodes {item.name} without Segment.check")
        self.against_source(item, whole)
        self.finds_false_hashes(item, data)
        if not self.tried:
            self.finds_damage(item, data, whole)
            if issubclass(self.codec, VideoCodec):
                self.holds_target(item, data)
        self.tried.append(item.name)

    def against_source(self, item: Input, whole: Arrays) -> None:
        """Shapes and types, and the samples of a lossless codec, are those of the source."""
        if self.kind.source is None:
            return
        source = self.kind.source(item.path)
        if _shapes(whole) != _shapes(source):
            raise self.broken(
                f"decodes {item.name} to arrays of {_shapes(whole)}, not of {_shapes(source)}"
            )
        lossless = getattr(self.codec, "lossless", issubclass(self.codec, ImageCodec))
        if lossless:
            self.same(source, whole, f"is lossless, but decodes {item.name} to other samples")

    def finds_false_hashes(self, item: Input, data: bytes) -> None:
        """A hash that is not that of the integers is found."""
        try:
            self.decoded(with_false_hashes(data))
        except VerificationFailed:
            return
        raise self.broken(f"decodes {item.name} although the hash of its integers is wrong")

    def finds_damage(self, item: Input, data: bytes, whole: Arrays) -> None:
        """Sections that are not what was written are found, or decode to the same."""
        for what, changed in damaged(data):
            with self.expecting(f"does not say that {item.name} is damaged, with {what}"):
                try:
                    decoded = self.decoded(changed)
                except FINDINGS:
                    continue
                self.same(whole, decoded, f"decodes {item.name} with {what} to other values")

    def holds_target(self, item: Input, data: bytes) -> None:
        """A segment is no larger than its target, or the codec says that it cannot be."""
        codec = frame_codec(self.codec.codec_id)
        options = resolve_options(codec, self.options)
        with Reader(data) as reader:
            size = len(reader.read_segment(0).pack())
        with open_source(item.path) as source:
            info = scan(source, scene_threshold=None).info
            window = _Window(info, tuple(source.frames()))
        context = Context(threads=1)
        context.shared = tuple(model.data for model in codec.shared(options, context))
        for target in (2 * size, size // 2):
            context.target_size = target
            with self.expecting(f"cannot encode {item.name} with a target size"):
                try:
                    segment = codec.encode(window, options, context)
                except TargetUnreachable:
                    continue
                if len(segment.pack()) > target:
                    raise self.broken(
                        f"makes a segment of {len(segment.pack())} bytes of {item.name} for a "
                        f"target size of {target}"
                    )

    def decoded(self, data: bytes) -> Arrays:
        """What a file holds, front to back."""
        with self.opened(data) as content:
            return self.kind.whole(content)

    def opened(self, data: bytes) -> Any:
        """A file as what it holds, for a ``with`` block."""
        return self.kind.open(data, threads=1, models=self.models)

    def same(self, left: Arrays, right: Arrays, fault: str) -> None:
        """Compares what should be equal."""
        if _shapes(left) != _shapes(right) or not all(map(np.array_equal, left, right)):
            raise self.broken(fault)

    @contextmanager
    def expecting(self, fault: str) -> Iterator[None]:
        """Turns other errors than the codec's own into a fault of it."""
        try:
            yield
        except CodecFailed:
            raise
        except NcodecError as error:
            raise self.broken(fault, f"{type(error).__name__}: {error}") from error

    def broken(self, fault: str, detail: str = "") -> CodecFailed:
        shown = f" ({detail})" if detail else ""
        return CodecFailed(
            f"{describe(self.codec.codec_id)} breaks its contract: it {fault}{shown}"
        )


@dataclass(frozen=True, slots=True)
class _Window:
    """A whole clip as one window."""

    info: VideoInfo
    images: tuple[Frame, ...]
    index: int = 0
    first_frame: int = 0

    @property
    def frame_count(self) -> int:
        return len(self.images)

    def frames(self) -> Iterator[Frame]:
        return iter(self.images)


def _shapes(arrays: Arrays) -> list[tuple[tuple[int, ...], str]]:
    return [(array.shape, str(array.dtype)) for array in arrays]
