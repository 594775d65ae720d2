"""What a teacher says to a set of images, as they are and as coders give them back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os.path import abspath, commonpath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from ncodec.eval.bench.answers import divergence, logits_of, share_equal
from ncodec.eval.bench.coders import Coder
from ncodec.eval.bench.image_worker import Task, code, outcome
from ncodec.eval.bench.processes import Processes
from ncodec.eval.bench.steps import Done, Step, machine, versions
from ncodec.eval.bench.student import Student
from ncodec.eval.bench.teacher import Teacher
from ncodec.eval.results import save_json
from ncodec.media import Image, write_image

if TYPE_CHECKING:
    from ncodec.eval.data.sets import LabelledImage

__all__ = ["IMAGES", "PreparedSet", "coder_step", "content_key", "measure", "preparation"]

IMAGES = "images.json"
"""Per-image data in the folder of a coder's step."""

_LOGITS = "logits.npy"


@dataclass(frozen=True, slots=True)
class PreparedSet:
    """The images, as the teacher takes them.

    Attributes:
        images: the sources.
        files: prepared images, PNG.
        logits: the teacher's, float32 [n, classes].
    """

    images: Sequence[LabelledImage]
    files: Sequence[Path]
    logits: NDArray[np.float32]

    @classmethod
    def of(cls, images: Sequence[LabelledImage], done: Done) -> PreparedSet:
        """What the step `preparation` left of `images`."""
        files = [done.folder / name for name in done.outcome["files"]]
        return cls(images, files, np.load(done.folder / _LOGITS))

    def accuracy(self, classes: Sequence[int]) -> float | None:
        """The accuracy of answers, in %; None unless every image has a label."""
        labels = [image.label for image in self.images if image.label is not None]
        return share_equal(classes, labels) if len(labels) == len(self.images) else None

    @property
    def source(self) -> str:
        """The folder that holds them all."""
        parents = {str(image.path.parent) for image in self.images}
        return parents.pop() if len(parents) == 1 else commonpath(map(abspath, parents))


def content_key(images: Sequence[LabelledImage]) -> str:
    """Hash of names and contents, in order."""
    state = blake3()
    for image in images:
        try:
            content = image.path.read_bytes()
        except OSError:
            content = b""  # preparation says what is the matter
        state.update(json.dumps(image.name).encode() + blake3(content).digest())
    return state.hexdigest()


def preparation(images: Sequence[LabelledImage], key: str, teacher: Teacher, threads: int) -> Step:
    """The step that makes a `PreparedSet`.

    Args:
        images: the sources.
        key: their `content_key`.
        teacher: whose preparation and answers are asked for.
        threads: those of the teacher.
    """

    def work(folder: Path) -> Mapping[str, Any]:
        names = [f"{number:05}.png" for number in range(len(images))]
        for image, name in zip(images, names, strict=True):
            write_image(folder / name, Image(teacher.prepare(image.path)))
        files = [folder / name for name in names]
        np.save(folder / _LOGITS, logits_of(files, teacher, threads))
        return {"files": names, "bytes": [file.stat().st_size for file in files]}

    return Step("teacher", _inputs(key, teacher, threads), work)


def _inputs(key: str, teacher: Teacher, threads: int) -> dict[str, Any]:
    about = {"teacher": [teacher.name, teacher.version], "threads": threads}
    return {"images": key, **about, "versions": versions(), "machine": machine()}


def coder_step(
    coder: Coder,
    key: str,
    teacher: Teacher,
    threads: int,
    work: Callable[[Path], Mapping[str, Any]],
) -> Step:
    """The step that measures a coder by `work`; other arguments as of `preparation`."""
    line = [coder.kind, coder.name, coder.setting, coder.settings]
    inputs = _inputs(key, teacher, threads) | {"coder": line, "depends": coder.depends}
    return Step("features", inputs, work)


def measure(
    coder: Coder,
    prepared: PreparedSet,
    teacher: Teacher,
    threads: int,
    processes: Processes,
    folder: Path,
) -> Mapping[str, Any]:
    """Codes every image, decodes it, and compares the teacher's answers.

    Args:
        coder: what codes.
        prepared: the images.
        teacher: who answers.
        threads: those of the teacher.
        processes: where the coder runs.
        folder: the step's, where `IMAGES` is left.

    Returns:
        Means over images: ``bytes``, ``kl`` in nats, ``encode`` and ``decode`` with seconds;
        ``agreement`` in %; ``classes``, the answers.
    """
    tasks = [
        Task(file.resolve(), folder.resolve() / f"{file.stem}{coder.suffix}", (3, 8))
        for file in prepared.files
    ]
    code(coder, tasks, processes, keep=True)
    outcomes = [outcome(task) for task in tasks]
    logits = _logits(coder, tasks, teacher, threads)
    differences = divergence(prepared.logits, logits)
    answers, teachers = (values.argmax(axis=1).tolist() for values in (logits, prepared.logits))
    rows = [
        {
            "name": image.name,
            "bytes": row["size"],
            "class": answers[number],
            "teacher": teachers[number],
            "kl": float(differences[number]),
            "encode_seconds": row["encode"]["seconds"],
            "decode_seconds": row["decode"]["seconds"],
        }
        for number, (image, row) in enumerate(zip(prepared.images, outcomes, strict=True))
    ]
    save_json(folder / IMAGES, {"images": rows})
    costs = {
        verb: {
            key: sum(row[verb][key] for row in outcomes) / len(outcomes)
            for key in ("seconds", "cpu_seconds")
        }
        for verb in ("encode", "decode")
    }
    return {
        **costs,
        "bytes": sum(row["size"] for row in outcomes) / len(outcomes),
        "agreement": share_equal(answers, teachers),
        "kl": float(differences.mean()),
        "classes": answers,
    }


def _logits(
    coder: Coder, tasks: Sequence[Task], teacher: Teacher, threads: int
) -> NDArray[np.float32]:
    """What the teacher answers to decoded files, which are deleted.

    Where they hold pixels the whole of it sees them; features have gone through its last layers
    alone when they were decoded.
    """
    files = [task.decoded for task in tasks]
    if isinstance(coder, Student):
        logits = np.stack([np.load(file) for file in files])
    else:
        logits = logits_of(files, teacher, threads)
    for file in files:
        file.unlink()
    return logits
