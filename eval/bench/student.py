"""The Entropic Student as a coder: a packet an image, and the classifier's answers of it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from ncodec.eval.bench.coders import Cost, timed
from ncodec.eval.bench.steps import code_digest
from ncodec.media import read_image

if TYPE_CHECKING:
    from ncodec.student import Decoder, Encoder

__all__ = ["Student", "student_coders"]


@dataclass(frozen=True, slots=True)
class Student:
    """One rate of a model; sources are prepared already, and read before the time begins.

    Its files are bare packets. What it decodes is an array of logits in NPY, not samples.
    """

    kind: ClassVar[str] = "student"
    suffix: ClassVar[str] = ".packet"
    role: ClassVar[Literal["codec"]] = "codec"
    lossless: ClassVar[bool] = False
    codec: ClassVar[str] = "entropic-student"

    rate: int
    model: str | None = None
    threads: int = 1

    @property
    def name(self) -> str:
        return self.codec if self.model is None else f"{self.codec}, {Path(self.model).stem}"

    @property
    def setting(self) -> str:
        return f"rate {self.rate}"

    @property
    def settings(self) -> str:
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"bare packets, {threads}"

    @property
    def depends(self) -> Mapping[str, Any]:
        from ncodec.student.model import find

        return {"code": code_digest(self.codec), "model": find(self.model)[0].digest.hex()}

    def encode(self, source: Path, coded: Path) -> Cost:
        pixels = read_image(source).pixels
        encoder = _encoder(self.model, self.rate)
        with _threads(self.threads), timed() as cost:
            coded.write_bytes(encoder.encode(pixels))
        return cost

    def decode(self, coded: Path, output: Path) -> Cost:
        decoder = _decoder(self.model)
        with _threads(self.threads), timed() as cost:
            logits = decoder.logits(coded.read_bytes())[0].numpy()
        with output.open("wb") as stream:
            np.save(stream, logits)
        return cost

    def commands(self, source: Path) -> Sequence[str]:
        coded = source.with_suffix(".nc").name
        model = [] if self.model is None else ["--model", self.model]
        encode = ["ncodec", "encode", str(source), "-o", coded, "--codec", self.codec]
        decode = ["ncodec", "decode", coded, *model, "--head", "logits", "-o", "logits.npy"]
        return [
            shlex.join([*encode, *model, "--rate", str(self.rate), "--whole"]),
            shlex.join(decode),
        ]


def student_coders(model: str | None, threads: int) -> list[Student]:
    """All rates of a model file, or of the shipped one.

    Raises:
        NcodecError: it cannot be used.
    """
    from ncodec.student.model import find

    return [Student(rate + 1, model, threads) for rate in range(len(find(model)[0].rates))]


def _threads(count: int) -> Any:
    from ncodec.device import threads

    return threads(count)


@cache
def _encoder(model: str | None, rate: int) -> Encoder:
    from ncodec.student import Encoder

    return Encoder(model, rate=rate, whole=True)


@cache
def _decoder(model: str | None) -> Decoder:
    from ncodec.student import Decoder

    decoder = Decoder(model)
    assert decoder.teacher  # loaded here, not in an image's time
    return decoder
