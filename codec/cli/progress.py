"""The progress of an encode on stderr: a bar on a terminal, a few lines elsewhere, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from ncodec.cli.words import counted, plain, say, share
from ncodec.errors import NcodecError
from ncodec.jobs import Event, Finished, Noticed, Planned, Progressed, Scanned, SegmentDone

__all__ = ["duration", "log", "logged", "watching"]

Watch = Callable[[Event], None]


@contextmanager
def logged(log_json: bool) -> Iterator[None]:
    """In a JSON log an error is a line, too."""
    try:
        yield
    except NcodecError as error:
        if not log_json:
            raise
        log({"type": "failed", "exit_code": error.exit_code, "message": str(error)})
        raise click.exceptions.Exit(error.exit_code) from error


@contextmanager
def watching(log_json: bool, quiet: bool) -> Iterator[Watch]:
    """The watcher that `run_encode` tells its events to."""
    if quiet:
        yield lambda _event: None
    elif log_json:
        yield lambda event: log(event.record())
    elif sys.stderr.isatty():
        with _bar() as watch:
            yield watch
    else:
        yield _line


def log(record: Mapping[str, Any]) -> None:
    """Writes one line of the JSON log."""
    click.echo(json.dumps(record), err=True)


def duration(seconds: float) -> str:
    """A duration as 12 s, 3 min 20 s or 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _line(event: Event) -> None:
    if isinstance(event, Noticed):
        say(f"ncodec: {event.message}", err=True)
    elif isinstance(event, Planned | Finished):
        say(_described(event), err=True)


def _described(event: Planned | Finished) -> str:
    if isinstance(event, Planned):
        done = f", {event.finished} of them done" if event.finished else ""
        return (
            f"{event.codec}: {event.frames} frames in {event.segments} segment"
            f"{'s' * (event.segments != 1)}{done}; about {duration(event.seconds)}"
            + (f" and {event.size:,} bytes" if event.size is not None else "")
        )
    quality = f", {event.psnr:.2f} dB RGB-PSNR" if event.psnr is not None else ""
    if event.original is not None:
        images = f"{event.frames} images, " if event.frames > 1 else ""
        rate = share(event.size, event.original)
        return f"{event.output}: {images}{event.size:,} bytes, {rate}, {event.elapsed:.1f} s"
    if event.subpixels is not None:
        rate = f"{8 * event.size / event.subpixels:.3f} bits a subpixel"
        return (
            f"{event.output}: {event.size:,} bytes, {counted(event.frames, 'image')}, "
            f"{rate}{quality}, {event.elapsed:.1f} s"
        )
    return (
        f"{event.output}: {event.size:,} bytes, {event.frames} frames{quality}, "
        f"{duration(event.elapsed)}"
    )


@contextmanager
def _bar() -> Iterator[Watch]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[state]}"),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task("reading", total=None, state="")

        def watch(event: Event) -> None:
            if isinstance(event, Scanned):
                bar.update(task, state=f"{event.frames} frames")
            elif isinstance(event, Progressed):
                bar.update(
                    task,
                    description=f"segment {event.segment + 1}/{event.segments}",
                    total=1.0,
                    completed=event.fraction,
                    state=_state(event),
                )
            elif isinstance(event, SegmentDone):
                quality = f", {event.psnr:.2f} dB" if event.psnr is not None else ""
                console.print(
                    f"segment {event.segment + 1}/{event.segments}: {event.size:,} bytes, "
                    f"{event.frames} frames{quality}",
                    highlight=False,
                )
            elif isinstance(event, Noticed):
                console.print(plain(f"ncodec: {event.message}"), highlight=False, markup=False)
            elif isinstance(event, Planned | Finished):
                console.print(plain(_described(event)), highlight=False, markup=False)

        yield watch


def _state(event: Progressed) -> str:
    parts = [f"epoch {event.epoch}/{event.epochs}"] if event.epochs else []
    if event.psnr is not None:
        parts.append(f"{event.psnr:.2f} dB")
    if event.size is not None:
        parts.append(f"{event.size:,} bytes")
    parts.append(f"{duration(event.elapsed)} elapsed")
    if event.eta is not None:
        parts.append(f"{duration(event.eta)} left")
    return ", ".join(parts)
