"""Images for a classifier: bytes an image against how far its answers stay those without loss."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from os.path import abspath, commonpath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from ncodec.errors import UsageError
from ncodec.eval.bench.answers import confidence, divergence, logits_of, share_equal
from ncodec.eval.bench.choice import codec_choice
from ncodec.eval.bench.coders import Coder, codec_line
from ncodec.eval.bench.image_worker import Task, code, outcome, speed
from ncodec.eval.bench.lossy import lossy_coders
from ncodec.eval.bench.processes import Processes
from ncodec.eval.bench.steps import Done, Step, Store, machine, versions
from ncodec.eval.bench.student import Student, student_coders
from ncodec.eval.bench.teacher import Teacher, load_teacher
from ncodec.eval.results import Curve, Item, Metric, Point, Summary, save_json
from ncodec.media import Image, read_image, write_image

if TYPE_CHECKING:
    from ncodec.eval.data.sets import LabelledImage

__all__ = ["run_features"]

_IMAGES = "images.json"
"""Per-image data in the folder of a point's step."""

_AGREEMENT = Metric(
    "agreement",
    "top-1 agreement",
    "%",
    "of images whose most likely class is the teacher's on the uncompressed image",
)
_KL = Metric(
    "kl",
    "KL divergence",
    "nats",
    "from the teacher's classes on the uncompressed image to those on the decoded one, mean over "
    "images; lower is better",
)
_ACCURACY = Metric("accuracy", "top-1 accuracy", "%", "of images whose most likely class is right")


@dataclass(frozen=True, slots=True)
class _Set:
    """The images, as the teacher takes them.

    Attributes:
        files: prepared images, PNG.
        key: hash of names and contents, in order.
        logits: the teacher's, float32 [n, classes].
    """

    images: Sequence[LabelledImage]
    files: Sequence[Path]
    key: str
    logits: NDArray[np.float32]

    def accuracy(self, classes: Sequence[int]) -> float | None:
        """The accuracy of answers, in %; None unless every image has a label."""
        labels = [image.label for image in self.images if image.label is not None]
        return share_equal(classes, labels) if len(labels) == len(self.images) else None

    @property
    def source(self) -> str:
        """The folder that holds them all."""
        parents = {str(image.path.parent) for image in self.images}
        return parents.pop() if len(parents) == 1 else commonpath(map(abspath, parents))


def run_features(
    images: Sequence[LabelledImage],
    folder: Path,
    *,
    codecs: Sequence[str],
    anchors: Sequence[str],
    points: int,
    teacher: str,
    threads: int,
    processes: Processes,
    dry_run: bool,
    tell: Callable[[str], None],
) -> Summary | None:
    """Codes prepared images and asks the teacher what it sees in the decoded ones.

    Args:
        images: a set; the teacher's preparation makes them all of one size.
        folder: of the run; finished work is kept in its ``steps``.
        codecs: as of `codec_choice`: of still images, ``pc-photo:effort=best``; or of features,
            ``entropic-student:model=FILE.ncm``, at each of a model's rates.
        anchors: of `ncodec.eval.bench.lossy.BASELINES`.
        points: qualities of each anchor and of each lossy codec of images.
        teacher: of `ncodec.eval.bench.teacher.TEACHERS`.
        threads: of ncodec's codecs and the teacher; the anchors have one.
        dry_run: tell what is done and what would be; return nothing.
        tell: hears of progress, a line at a time.

    Returns:
        One item, the set, with a curve a codec and anchor.

    Raises:
        NcodecError: an image or a name cannot be used, a package is missing, or a coder failed.
    """
    if not images:
        raise UsageError("there is no image to measure: give a file, a folder or a data set")
    lines: list[Sequence[Coder]] = [
        _codec_line(text, images, points, threads) for text in dict.fromkeys(codecs)
    ]
    lines += [lossy_coders(name, points) for name in dict.fromkeys(anchors)]
    judge = load_teacher(teacher)
    store = Store(folder / "steps")
    key = _key(images)
    prepare = _preparation(images, key, judge, threads)
    if dry_run:
        steps = {f"{judge.name}: uncompressed": prepare}
        for coder in (coder for line in lines for coder in line):
            steps[_title(coder)] = _step(coder, key, judge, threads, lambda _: {})
        for title, step in steps.items():
            tell(f"{title}: {'to do' if store.find(step) is None else 'done'}")
        return None
    if store.find(prepare) is None:
        tell(f"{judge.name}: preparing {_count(images)}")
    done = store.do(prepare)
    files = [done.folder / name for name in done.outcome["files"]]
    given = _Set(images, files, key, np.load(done.folder / "logits.npy"))
    curves = []
    for line in lines:
        found = []
        for coder in line:
            work = partial(_measure, coder, given, judge, threads, processes)
            step = _step(coder, key, judge, threads, work)
            state = "coding" if store.find(step) is None else "done"
            tell(f"{_title(coder)}: {state}")
            point = _point(coder, store.do(step), given, folder)
            agreement, kl = (point.quality[metric.key] for metric in (_AGREEMENT, _KL))
            tell(
                f"{_title(coder)}: {point.size:.0f} bytes an image, agreement {agreement:.1f} %, "
                f"KL {kl:.4f} nats"
            )
            found.append(point)
        found.sort(key=lambda point: point.rate)
        curves.append(Curve(line[0].name, line[0].role, found, line[0].settings))
    return _summary(given, judge, done, curves)


def _codec_line(
    text: str, images: Sequence[LabelledImage], points: int, threads: int
) -> Sequence[Coder]:
    """A codec of pictures at one setting, or one of features at all of its rates."""
    choice = codec_choice(text)
    if choice.codec != Student.codec:
        return codec_line(choice, [image.path for image in images], points, threads)
    if others := choice.options.keys() - {"model"}:
        raise UsageError(
            f"{text!r} sets {', '.join(sorted(others))}, but all rates of a student are measured "
            "on images that are prepared already: give it model=FILE or nothing"
        )
    return student_coders(choice.options.get("model"), threads)


def _key(images: Sequence[LabelledImage]) -> str:
    state = blake3()
    for image in images:
        try:
            content = image.path.read_bytes()
        except OSError:
            content = b""  # preparation says what is the matter
        state.update(json.dumps(image.name).encode() + blake3(content).digest())
    return state.hexdigest()


def _preparation(images: Sequence[LabelledImage], key: str, teacher: Teacher, threads: int) -> Step:
    def work(folder: Path) -> Mapping[str, Any]:
        names = [f"{number:05}.png" for number in range(len(images))]
        for image, name in zip(images, names, strict=True):
            write_image(folder / name, Image(teacher.prepare(image.path)))
        files = [folder / name for name in names]
        np.save(folder / "logits.npy", logits_of(files, teacher, threads))
        return {"files": names, "bytes": [file.stat().st_size for file in files]}

    return Step("teacher", _inputs(key, teacher, threads), work)


def _inputs(key: str, teacher: Teacher, threads: int) -> dict[str, Any]:
    about = {"teacher": [teacher.name, teacher.version], "threads": threads}
    return {"images": key, **about, "versions": versions(), "machine": machine()}


def _step(
    coder: Coder,
    key: str,
    teacher: Teacher,
    threads: int,
    work: Callable[[Path], Mapping[str, Any]],
) -> Step:
    line = [coder.kind, coder.name, coder.setting, coder.settings]
    inputs = _inputs(key, teacher, threads) | {"coder": line, "depends": coder.depends}
    return Step("features", inputs, work)


def _measure(
    coder: Coder,
    given: _Set,
    teacher: Teacher,
    threads: int,
    processes: Processes,
    folder: Path,
) -> Mapping[str, Any]:
    tasks = [
        Task(file.resolve(), folder.resolve() / f"{file.stem}{coder.suffix}", (3, 8))
        for file in given.files
    ]
    code(coder, tasks, processes, keep=True)
    found = [outcome(task) for task in tasks]
    logits = _logits(coder, tasks, teacher, threads)
    differences = divergence(given.logits, logits)
    answers, wanted = (values.argmax(axis=1).tolist() for values in (logits, given.logits))
    rows = [
        {
            "name": image.name,
            "bytes": row["size"],
            "class": answers[number],
            "teacher": wanted[number],
            "kl": float(differences[number]),
            "encode_seconds": row["encode"]["seconds"],
            "decode_seconds": row["decode"]["seconds"],
        }
        for number, (image, row) in enumerate(zip(given.images, found, strict=True))
    ]
    save_json(folder / _IMAGES, {"images": rows})
    costs = {
        verb: {
            key: sum(row[verb][key] for row in found) / len(found)
            for key in ("seconds", "cpu_seconds")
        }
        for verb in ("encode", "decode")
    }
    return {
        **costs,
        "bytes": sum(row["size"] for row in found) / len(found),
        "agreement": share_equal(answers, wanted),
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
        found = np.stack([np.load(file) for file in files])
    else:
        found = logits_of(files, teacher, threads)
    for file in files:
        file.unlink()
    return found


def _count(images: Sequence[LabelledImage]) -> str:
    return "1 image" if len(images) == 1 else f"{len(images)} images"


def _title(coder: Coder) -> str:
    return coder.name if coder.lossless else f"{coder.name}, {coder.setting}"


def _point(coder: Coder, done: Done, given: _Set, folder: Path) -> Point:
    found = done.outcome
    return Point(
        coder.setting,
        found["bytes"],
        found["bytes"],
        quality={
            "agreement": found["agreement"],
            "kl": found["kl"],
            "accuracy": given.accuracy(found["classes"]),
        },
        encode=speed(found["encode"], 1),
        decode=speed(found["decode"], 1),
        commands=coder.commands(given.files[0].relative_to(folder)),
        frames=(done.folder / _IMAGES).relative_to(folder).as_posix(),
    )


def _summary(given: _Set, teacher: Teacher, prepared: Done, curves: Sequence[Curve]) -> Summary:
    count = len(given.images)
    height, width, _ = read_image(given.files[0]).pixels.shape
    size = sum(prepared.outcome["bytes"]) / count
    metrics = [_AGREEMENT, _KL]
    sure = 100 * confidence(given.logits)
    remarks = [
        f"The teacher is {teacher.name}; every coder had the same images, which its published "
        f"preparation makes {width}x{height}: {size:,.0f} bytes an image as PNG. It gives "
        f"its first class {sure:.0f} % in the mean; where that is little, small errors change it.",
        "Every file was decoded by a process that had not encoded it. Times are means of an image "
        "in a process that has coded one before; the anchors have one thread. A student's time "
        "holds its networks, decoding goes on to the classes; the other coders have none.",
    ]
    accuracy = given.accuracy(given.logits.argmax(axis=1).tolist())
    if accuracy is not None:
        metrics.append(_ACCURACY)
        remarks.append(f"Without compression the teacher's top-1 accuracy is {accuracy:.2f} %.")
    if count < 100:
        remarks.append(
            f"{_count(given.images)}: one image is {100 / count:.1f} points of agreement."
        )
    item = Item(
        _count(given.images),
        given.source,
        f"{width}x{height}, 3 of 8 bit, as the teacher takes them",
        curves,
    )
    title = f"Images for a classifier: {teacher.name}"
    return Summary("features", title, "bytes an image", metrics, [item], remarks=remarks)
