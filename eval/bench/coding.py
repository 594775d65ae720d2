"""Images or JPEG files through a coder in fresh processes, and what a lossless one is told by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any, Protocol

from ncodec.eval.bench.coders import Coder
from ncodec.eval.bench.image_worker import Task, code, outcome, speed
from ncodec.eval.bench.processes import Processes
from ncodec.eval.bench.steps import Step, Store, machine, versions
from ncodec.eval.data.sets import LabelledImage
from ncodec.eval.results import Curve, Item, Point

__all__ = ["Coded", "coded", "lossless_items"]


class Coded(Protocol):
    """What is coded, without its samples.

    Attributes:
        image: the file.
        content: BLAKE3 of the file.
        kind: channels and bits a sample; a process warms up for each kind.
        samples: the digest that what is decoded should have.
        megabytes: what speeds count.
        what: what is compared: ``samples`` or ``bytes``.
    """

    @property
    def image(self) -> LabelledImage: ...
    @property
    def content(self) -> str: ...
    @property
    def kind(self) -> tuple[int, int]: ...
    @property
    def samples(self) -> str: ...
    @property
    def megabytes(self) -> float: ...
    @property
    def what(self) -> str: ...

    def rate(self, size: int, lossless: bool) -> float:
        """A file's size in the unit of its run."""
        ...

    def describe(self) -> str:
        """What it is, in words."""
        ...


def coded(
    coder: Coder,
    sources: Sequence[Coded],
    unit: str,
    store: Store,
    processes: Processes,
    dry_run: bool,
    tell: Callable[[str], None],
) -> list[Mapping[str, Any]]:
    """The outcome for each source, none in a dry run.

    Args:
        unit: of `Coded.rate`.
        store: keeps what is done.
        tell: hears what is done and what came of it.

    Raises:
        NcodecError: a coder failed.
    """
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
    rates = [
        source.rate(outcome["size"], coder.lossless)
        for source, outcome in zip(sources, outcomes, strict=True)
        if "size" in outcome
    ]
    if rates:
        tell(f"{title}: {fmean(rates):.4f} {unit}, mean of {len(rates)}")
    return outcomes


def lossless_items(
    sources: Sequence[Coded],
    coders: Sequence[Coder],
    results: Sequence[Sequence[Mapping[str, Any]]],
) -> tuple[list[Item], list[str]]:
    """An item a source, and what did not come back equal, in sentences.

    Args:
        results: the outcome by coder and source.
    """
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
                    f"{source.image.name}, {coder.name}: NOT EQUAL, its decoded {source.what} "
                    "have another hash than the source's"
                )
        name, path = source.image.name, str(source.image.path)
        items.append(Item(name, path, source.describe(), curves, absent=absent))
    return items, failures


def _planned(coder: Coder, source: Coded, store: Store) -> tuple[Step, Task]:
    inputs = {
        "image": source.content,
        "coder": [coder.kind, coder.name, coder.setting, coder.settings],
        "depends": coder.depends,
        "versions": versions(),
        "machine": machine(),
    }
    # The work is done before, of all images together: see `code`.
    step = Step("image", inputs, lambda _: outcome(task))
    coded = store.path(step).resolve() / f"image{coder.suffix}"
    task = Task(source.image.path.resolve(), coded, source.kind)
    return step, task


def _point(coder: Coder, source: Coded, outcome: Mapping[str, Any]) -> Point:
    return Point(
        coder.setting,
        outcome["size"],
        source.rate(outcome["size"], coder.lossless),
        breakdown=outcome["breakdown"],
        encode=speed(outcome["encode"], source.megabytes),
        decode=speed(outcome["decode"], source.megabytes),
        commands=coder.commands(source.image.path),
        equal=outcome["digest"] == source.samples,
    )
