"""Still images: lossless coders by bits a subpixel and equality, lossy ones by their curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from ncodec.errors import UsageError
from ncodec.eval.anchors.lossless import versions as library_versions
from ncodec.eval.bench.choice import codec_choice
from ncodec.eval.bench.coders import Coder, codec_line
from ncodec.eval.bench.image_worker import Task, code, speed
from ncodec.eval.bench.image_worker import outcome as coded_outcome
from ncodec.eval.bench.lossless import FORMATS, format_coders
from ncodec.eval.bench.lossy import BASELINES, lossy_coders
from ncodec.eval.bench.lossy_images import lossy_summary
from ncodec.eval.bench.processes import Processes
from ncodec.eval.bench.source import Source
from ncodec.eval.bench.steps import Step, Store, machine, versions
from ncodec.eval.results import Curve, Item, Point, Summary

if TYPE_CHECKING:
    from ncodec.eval.data.sets import LabelledImage

__all__ = ["run_images"]

_REMARKS = (
    "Every file was decoded by a process that had not encoded it; equal means that the BLAKE3 of "
    "its decoded samples is the source's.",
    "Seconds are of one image in a process that has coded one before. A codec of ncodec goes from "
    "file to file: it also reads the source and writes a PAM file. The other formats go from "
    "samples to file and back, on one thread; formats without grey hold it as RGB.",
    "A .nc file also holds the source's metadata; the other formats' files hold samples alone.",
)


def run_images(
    images: Sequence[LabelledImage],
    folder: Path,
    *,
    codecs: Sequence[str],
    anchors: Sequence[str] | None,
    points: int,
    threads: int,
    processes: Processes,
    dry_run: bool,
    tell: Callable[[str], None],
) -> Summary | None:
    """Codes every image with every coder, each in two fresh processes, but for what is done.

    Args:
        images: images of any size and sample type.
        folder: the run's; finished work is kept in its ``steps``.
        codecs: texts for `codec_choice`, ``pc-photo:effort=best``; all lossless or all lossy.
        anchors: names of `ncodec.eval.bench.lossless.FORMATS`, or of
            `ncodec.eval.bench.lossy.BASELINES` if the codecs are lossy; None for all.
        points: the most points of a lossy codec or anchor.
        threads: those of ncodec's codecs; the anchors have one.
        dry_run: tell what is done and what would be; return nothing.
        tell: hears of progress, a line at a time.

    Returns:
        An item an image; what did not come back equal is among the failures.

    Raises:
        NcodecError: an image, a name or an option cannot be used, or a coder failed.
    """
    if not images:
        raise UsageError("there is no image to measure: give a file, a folder or a data set")
    choices = [codec_choice(text) for text in dict.fromkeys(codecs)]
    paths = [image.path for image in images]
    lines: list[Sequence[Coder]] = [codec_line(c, paths, points, threads) for c in choices]
    lossy = _lossy([line[0] for line in lines])
    if lossy:
        names = list(BASELINES) if anchors is None else anchors
        lines += [lossy_coders(name, points) for name in dict.fromkeys(names)]
    else:
        lines += [[f] for f in format_coders(list(FORMATS) if anchors is None else anchors)]
    sources = [Source.read(image) for image in images]
    store = Store(folder / "steps")
    outcomes = [
        [_coded(coder, sources, store, processes, dry_run, tell) for coder in line]
        for line in lines
    ]
    if dry_run:
        return None
    if lossy:
        return lossy_summary(sources, lines, outcomes)
    return _summary(sources, [line[0] for line in lines], [line[0] for line in outcomes])


def _lossy(coders: Sequence[Coder]) -> bool:
    """Whether the codecs are lossy, all of them: lossless ones have another unit and no curve."""
    kinds = {coder.lossless: coder.name for coder in coders}
    if len(kinds) > 1:
        raise UsageError(
            f"{kinds[True]} is lossless and {kinds[False]} is lossy: measure them in two runs, "
            "each with its own -o"
        )
    return False in kinds


def _coded(
    coder: Coder,
    sources: Sequence[Source],
    store: Store,
    processes: Processes,
    dry_run: bool,
    tell: Callable[[str], None],
) -> list[Mapping[str, Any]]:
    """The outcome for each source."""
    steps, tasks = [], []
    for source in sources:
        step, task = _planned(coder, source, store)
        steps.append(step)
        tasks.append(task)
    missing = {s.key: t for s, t in zip(steps, tasks, strict=True) if store.find(s) is None}
    done = len({step.key for step in steps}) - len(missing)
    title = coder.name if coder.lossless else f"{coder.name}, {coder.setting}"
    tell(f"{title}: {done} done, {len(missing)} to do")
    if dry_run:
        return []
    if missing:
        for task in missing.values():
            task.coded.parent.mkdir(parents=True, exist_ok=True)
        code(coder, list(missing.values()), processes)
    outcomes = [store.do(step).outcome for step in steps]
    unit = "subpixel" if coder.lossless else "pixel"
    bits = [
        8 * outcome["size"] / (source.subpixels if coder.lossless else source.pixels)
        for source, outcome in zip(sources, outcomes, strict=True)
        if "size" in outcome
    ]
    if bits:
        tell(f"{title}: {fmean(bits):.4f} bits a {unit}, mean of {len(bits)}")
    return outcomes


def _planned(coder: Coder, source: Source, store: Store) -> tuple[Step, Task]:
    inputs = {
        "image": source.content,
        "coder": [coder.kind, coder.name, coder.setting, coder.settings],
        "depends": coder.depends,
        "versions": versions(),
        "machine": machine(),
    }
    # The work is done before, of all images together: see `code`.
    step = Step("image", inputs, lambda _: coded_outcome(task))
    coded = store.path(step).resolve() / f"image{coder.suffix}"
    task = Task(source.image.path.resolve(), coded, (source.shape[2], source.depth))
    return step, task


def _summary(
    sources: Sequence[Source],
    coders: Sequence[Coder],
    results: Sequence[Sequence[Mapping[str, Any]]],
) -> Summary:
    items, failures = [], []
    for number, source in enumerate(sources):
        curves, absent = [], []
        for coder, outcomes in zip(coders, results, strict=True):
            if "absent" in outcomes[number]:
                absent.append(str(outcomes[number]["absent"]))
                continue
            point = _point(coder, source, outcomes[number])
            curves.append(Curve(coder.name, coder.role, [point], coder.settings))
            if not point.equal:
                failures.append(
                    f"{source.image.name}, {coder.name}: NOT EQUAL, its decoded samples have "
                    "another hash than the source's"
                )
        items.append(
            Item(
                source.image.name,
                str(source.image.path),
                source.describe(),
                curves,
                absent=absent,
            )
        )
    title = f"Lossless images: {len(items)} {'image' if len(items) == 1 else 'images'}"
    remarks = [*_REMARKS]
    if any(coder.role == "anchor" for coder in coders):
        remarks.append(f"Libraries of the other formats: {library_versions()}.")
    return Summary(
        "images", title, "bits a subpixel", [], items, remarks=remarks, failures=failures
    )


def _point(coder: Coder, source: Source, outcome: Mapping[str, Any]) -> Point:
    amount = source.subpixels * source.depth / 8e6
    return Point(
        coder.setting,
        outcome["size"],
        8 * outcome["size"] / source.subpixels,
        breakdown=outcome["breakdown"],
        encode=speed(outcome["encode"], amount),
        decode=speed(outcome["decode"], amount),
        commands=coder.commands(source.image.path),
        equal=outcome["digest"] == source.samples,
    )
