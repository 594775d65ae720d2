"""`ncodec compare`: files of one clip beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap
from typing import Any

from ncodec.errors import UsageError
from ncodec.eval.bench.clip import prepared
from ncodec.eval.bench.measure import Measurer
from ncodec.eval.bench.processes import Processes
from ncodec.eval.data.clips import parse_clip
from ncodec.eval.metrics.colour import colour_of, colour_words
from ncodec.eval.metrics.score import METRICS
from ncodec.files.probing import probe
from ncodec.jobs.request import DEFAULTS
from ncodec.threads import thread_count

__all__ = ["compare", "page"]


def compare(
    files: Sequence[str | Path],
    source: str | Path,
    *,
    data: str | Path | None = None,
    threads: int = 0,
    device: str = "auto",
    processes: Processes | None = None,
) -> dict[str, Any]:
    """Scores of files of one clip, each decoded in a fresh process, against what they were made of.

    Args:
        files: .nc files or films.
        source: the clip, a file or the name of one of a data set, and what is done to it first:
            ``bunny#crop=1280x640``.
        data: folder of data sets that are not installed.
        threads: CPU threads, 0 for all.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        processes: what runs the processes, where somebody else must be able to stop them.

    Returns:
        ``source``, ``description``, ``colour``, and for each file its ``bytes``, ``bits_a_pixel``,
        ``decode_seconds``, ``quality`` (metric key -> value or None) and what is ``absent``.

    Raises:
        InputError: a file cannot be read, or is of another size, format or length than the clip.
        UsageError: a file holds still images.
    """
    clip = parse_clip(str(source), None if data is None else Path(data))
    with TemporaryDirectory(prefix="ncodec-") as name:
        folder = Path(name)
        measurer = Measurer(
            folder,
            processes or Processes(),
            threads or thread_count(),
            device,
            max_segment=DEFAULTS["max_segment"],
        )
        original = prepared(clip, folder, measurer.max_segment)
        rows = []
        for file in map(Path, files):
            if file.suffix == ".nc" and probe(file).images is not None:
                raise UsageError(
                    f"{file} holds still images without loss: `ncodec verify {file} --source ...` "
                    "compares them"
                )
            scoring = measurer.store.do(measurer.score_step(original, file.absolute())).outcome
            size = file.stat().st_size
            rows.append(
                {
                    "file": str(file),
                    "bytes": size,
                    "bits_a_pixel": 8 * size / original.pixels,
                    "decode_seconds": scoring["decode"]["seconds"],
                    "quality": scoring["quality"],
                    "absent": scoring["absent"],
                }
            )
    colour = colour_words(colour_of(original.info))
    return {
        "source": clip.text,
        "description": original.description,
        "colour": colour,
        "files": rows,
    }


def page(comparison: dict[str, Any]) -> list[str]:
    """What `compare` returned, as lines of a table of at most 100 columns."""
    first, second = comparison["files"]
    lines = [
        comparison["source"],
        *wrap(comparison["description"], 100),
        *wrap(comparison["colour"], 100),
    ]
    lines += [f"A  {first['file']}", f"B  {second['file']}"]

    def row(name: str, a: float | None, b: float | None, digits: int, change: str = "") -> str:
        texts = ["–" if value is None else f"{value:,.{digits}f}" for value in (a, b)]
        return f"{name:<34}{texts[0]:>14}{texts[1]:>14}{change:>16}"

    lines.append(f"{'':<34}{'A':>14}{'B':>14}{'B - A':>16}")
    size = f"{100 * (second['bytes'] / first['bytes'] - 1):+.1f} %"
    lines.append(row("bytes", first["bytes"], second["bytes"], 0, size))
    lines.append(row("bits a pixel", first["bits_a_pixel"], second["bits_a_pixel"], 4, size))
    lines.append(row("decode seconds", first["decode_seconds"], second["decode_seconds"], 1))
    for metric in METRICS:
        a, b = (file["quality"][metric.key] for file in (first, second))
        if a is None and b is None:
            continue
        digits = 2 if metric.unit == "dB" else 4
        change = "" if a is None or b is None else f"{b - a:+.{digits}f} {metric.unit}".rstrip()
        lines.append(row(metric.label, a, b, digits, change))
    for sentence in dict.fromkeys([*first["absent"], *second["absent"]]):
        lines += wrap(sentence, 100)
    return lines
