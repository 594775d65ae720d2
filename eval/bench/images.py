"""Still images without loss: bits a subpixel, seconds and equality, against other formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blake3 import blake3

from ncodec.errors import UsageError
from ncodec.eval.anchors.lossless import versions as library_versions
from ncodec.eval.bench.coders import FORMATS, Coder, codec_coder, format_coders
from ncodec.eval.bench.image_worker import Task, code, digest, speed
from ncodec.eval.bench.image_worker import outcome as coded_outcome
from ncodec.eval.bench.processes import Processes
from ncodec.eval.bench.steps import Step, Store, machine, versions
from ncodec.eval.results import Curve, Item, Point, Summary
from ncodec.media import read_image

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


@dataclass(frozen=True, slots=True)
class _Source:
    """An image, without its samples.

    Attributes:
        content: BLAKE3 of the file.
        shape: height, width, channels.
        depth: bits a sample.
        samples: hash of the samples.
    """

    image: LabelledImage
    content: str
    shape: tuple[int, int, int]
    depth: int
    samples: str

    @classmethod
    def read(cls, image: LabelledImage) -> _Source:
        """Reads an image; InputError if it is none."""
        pixels = read_image(image.path).pixels
        content = blake3(image.path.read_bytes()).hexdigest()
        height, width, channels = pixels.shape
        return cls(image, content, (height, width, channels), 8 * pixels.itemsize, digest(pixels))

    @property
    def subpixels(self) -> int:
        height, width, channels = self.shape
        return height * width * channels

    def describe(self) -> str:
        height, width, channels = self.shape
        return f"{width}x{height}, {channels} of {self.depth} bit, samples {self.samples[:16]}"


def run_images(
    images: Sequence[LabelledImage],
    folder: Path,
    *,
    codecs: Sequence[str],
    anchors: Sequence[str] | None,
    threads: int,
    processes: Processes,
    dry_run: bool,
    tell: Callable[[str], None],
) -> Summary | None:
    """Codes every image with every coder, each in two fresh processes, but for what is done.

    Args:
        images: of any size and sample type.
        folder: of the run; finished work is kept in its ``steps``.
        codecs: ``pc-photo`` or ``pc-photo:best``.
        anchors: of `ncodec.eval.bench.coders.FORMATS`, None for all.
        threads: of ncodec's codecs; the anchors have one.
        dry_run: tell what is done and what would be; return nothing.
        tell: hears of progress, a line at a time.

    Returns:
        An item an image; what did not come back equal is among the failures.

    Raises:
        NcodecError: an image, a name or an effort cannot be used, or a coder failed.
    """
    if not images:
        raise UsageError("there is no image to measure: give a file, a folder or a data set")
    coders: list[Coder] = [codec_coder(name, threads) for name in dict.fromkeys(codecs)]
    coders += format_coders(list(FORMATS) if anchors is None else anchors)
    sources = [_Source.read(image) for image in images]
    store = Store(folder / "steps")
    found = [_coded(coder, sources, store, processes, dry_run, tell) for coder in coders]
    return None if dry_run else _summary(sources, coders, found)


def _coded(
    coder: Coder,
    sources: Sequence[_Source],
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
    tell(f"{coder.name}: {done} done, {len(missing)} to do")
    if dry_run:
        return []
    if missing:
        for task in missing.values():
            task.coded.parent.mkdir(parents=True, exist_ok=True)
        code(coder, list(missing.values()), processes)
    found = [store.do(step).outcome for step in steps]
    bits = [
        8 * outcome["size"] / source.subpixels
        for source, outcome in zip(sources, found, strict=True)
        if "size" in outcome
    ]
    if bits:
        mean = sum(bits) / len(bits)
        tell(f"{coder.name}: {mean:.4f} bits a subpixel, mean of {len(bits)}")
    return found


def _planned(coder: Coder, source: _Source, store: Store) -> tuple[Step, Task]:
    inputs = {
        "image": source.content,
        "coder": [coder.kind, coder.name, coder.settings],
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
    sources: Sequence[_Source],
    coders: Sequence[Coder],
    found: Sequence[Sequence[Mapping[str, Any]]],
) -> Summary:
    items, failures = [], []
    for number, source in enumerate(sources):
        curves, absent = [], []
        for coder, outcomes in zip(coders, found, strict=True):
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


def _point(coder: Coder, source: _Source, outcome: Mapping[str, Any]) -> Point:
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
