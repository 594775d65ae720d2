"""Images for a classifier: bytes an image against how far its answers stay those without loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ncodec.errors import UsageError
from ncodec.eval.bench.answers import confidence
from ncodec.eval.bench.choice import codec_choice
from ncodec.eval.bench.coders import Coder, codec_line
from ncodec.eval.bench.image_worker import speed
from ncodec.eval.bench.judging import (
    IMAGES,
    PreparedSet,
    coder_step,
    content_key,
    measure,
    preparation,
)
from ncodec.eval.bench.lossy import lossy_coders
from ncodec.eval.bench.processes import Processes
from ncodec.eval.bench.steps import Done, Store
from ncodec.eval.bench.student import Student, student_coders
from ncodec.eval.bench.teacher import Teacher, load_teacher
from ncodec.eval.results import Curve, Item, Metric, Point, Summary
from ncodec.media import read_image

if TYPE_CHECKING:
    from ncodec.eval.data.sets import LabelledImage

__all__ = ["run_features"]

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
        folder: the run's; finished work is kept in its ``steps``.
        codecs: texts for `codec_choice`: codecs of still images, ``pc-photo:effort=best``; or of
            features, ``entropic-student:model=FILE.ncm``, at each of a model's rates.
        anchors: names of `ncodec.eval.bench.lossy.BASELINES`.
        points: qualities of each anchor and of each lossy codec of images.
        teacher: a name of `ncodec.eval.bench.teacher.TEACHERS`.
        threads: those of ncodec's codecs and the teacher; the anchors have one.
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
    key = content_key(images)
    prepare = preparation(images, key, judge, threads)
    if dry_run:
        steps = {f"{judge.name}: uncompressed": prepare}
        for coder in (coder for line in lines for coder in line):
            steps[_title(coder)] = coder_step(coder, key, judge, threads, lambda _: {})
        for title, step in steps.items():
            tell(f"{title}: {'to do' if store.find(step) is None else 'done'}")
        return None
    if store.find(prepare) is None:
        tell(f"{judge.name}: preparing {_count(images)}")
    done = store.do(prepare)
    prepared = PreparedSet.of(images, done)
    curves = []
    for line in lines:
        measurements = []
        for coder in line:
            work = partial(measure, coder, prepared, judge, threads, processes)
            step = coder_step(coder, key, judge, threads, work)
            state = "coding" if store.find(step) is None else "done"
            tell(f"{_title(coder)}: {state}")
            point = _point(coder, store.do(step), prepared, folder)
            agreement, kl = (point.quality[metric.key] for metric in (_AGREEMENT, _KL))
            tell(
                f"{_title(coder)}: {point.size:.0f} bytes an image, agreement {agreement:.1f} %, "
                f"KL {kl:.4f} nats"
            )
            measurements.append(point)
        measurements.sort(key=lambda point: point.rate)
        curves.append(Curve(line[0].name, line[0].role, measurements, line[0].settings))
    return _summary(prepared, judge, done, curves)


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


def _count(images: Sequence[LabelledImage]) -> str:
    return "1 image" if len(images) == 1 else f"{len(images)} images"


def _title(coder: Coder) -> str:
    return coder.name if coder.lossless else f"{coder.name}, {coder.setting}"


def _point(coder: Coder, done: Done, prepared: PreparedSet, folder: Path) -> Point:
    outcome = done.outcome
    return Point(
        coder.setting,
        outcome["bytes"],
        outcome["bytes"],
        quality={
            "agreement": outcome["agreement"],
            "kl": outcome["kl"],
            "accuracy": prepared.accuracy(outcome["classes"]),
        },
        encode=speed(outcome["encode"], 1),
        decode=speed(outcome["decode"], 1),
        commands=coder.commands(prepared.files[0].relative_to(folder)),
        frames=(done.folder / IMAGES).relative_to(folder).as_posix(),
    )


def _summary(
    prepared: PreparedSet, teacher: Teacher, done: Done, curves: Sequence[Curve]
) -> Summary:
    count = len(prepared.images)
    height, width, _ = read_image(prepared.files[0]).pixels.shape
    size = sum(done.outcome["bytes"]) / count
    metrics = [_AGREEMENT, _KL]
    sure = 100 * confidence(prepared.logits)
    remarks = [
        f"The teacher is {teacher.name}; every coder had the same images, which its published "
        f"preparation makes {width}x{height}: {size:,.0f} bytes an image as PNG. It gives "
        f"its first class {sure:.0f} % in the mean; where that is little, small errors change it.",
        "Every file was decoded by a process that had not encoded it. Times are means of an image "
        "in a process that has coded one before; the anchors have one thread. A student's time "
        "holds its networks, decoding goes on to the classes; the other coders have none.",
    ]
    accuracy = prepared.accuracy(prepared.logits.argmax(axis=1).tolist())
    if accuracy is not None:
        metrics.append(_ACCURACY)
        remarks.append(f"Without compression the teacher's top-1 accuracy is {accuracy:.2f} %.")
    if count < 100:
        remarks.append(
            f"{_count(prepared.images)}: one image is {100 / count:.1f} points of agreement."
        )
    item = Item(
        _count(prepared.images),
        prepared.source,
        f"{width}x{height}, 3 of 8 bit, as the teacher takes them",
        curves,
    )
    title = f"Images for a classifier: {teacher.name}"
    return Summary("features", title, "bytes an image", metrics, [item], remarks=remarks)
