"""A study whether what is said before and while an encode works comes true.

python -m ncodec.eval.studies.estimates CLIP [CLIP ...] [--data FOLDER] [--options "--preset fast"]

CLIPs are as of `ncodec bench video`. Each encode is a process of its own; its JSON log has the
estimates and the outcome.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ncodec.eval.data.clips import clips_of, prepare

__all__ = ["Promises", "promises_of"]

SHARES = (0.5, 0.75)
"""Of the work, after which the bytes that are named are looked at."""


class Promises:
    """What the events of one encode promised, and what came.

    Args:
        events: the JSON log.
    """

    def __init__(self, events: Iterable[Mapping[str, Any]]) -> None:
        by_type: dict[str, list[Mapping[str, Any]]] = {}
        for event in events:
            by_type.setdefault(event["type"], []).append(event)
        self._planned, self._done = by_type["planned"][0], by_type["finished"][0]
        self._progress = by_type["progressed"]

    @property
    def seconds(self) -> float:
        """Estimated seconds over those that it took."""
        return float(self._planned["seconds"] / self._done["elapsed"])

    def size(self, progress: float) -> float | None:
        """Bytes that were named once so much of the work was done, over the file's."""
        sizes = (p["size"] for p in self._progress if p["fraction"] >= progress)
        return next((size / self._done["size"] for size in sizes if size), None)

    @property
    def psnr(self) -> float | None:
        """The last PSNR of the progress less the file's, dB; None without a loss."""
        if self._done["psnr"] is None:
            return None
        return float(self._progress[-1]["psnr"] - self._done["psnr"])

    def row(self) -> str:
        sizes = ["" if v is None else f"{v:.2f}" for v in map(self.size, SHARES)]
        psnr = "" if self.psnr is None else f"{self.psnr:+.2f}"
        quality = "exact" if self._done["psnr"] is None else f"{self._done['psnr']:.2f}"
        cells = [f"{self._done['elapsed']:.0f}", f"{self.seconds:.2f}", f"{self._done['size']:,}"]
        return " | ".join([*cells, *sizes, quality, psnr])


def promises_of(clip: Path, options: Sequence[str]) -> Promises:
    """Encodes `clip` in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "ncodec", "encode", str(clip), "--log-json", *options]
        command += ["-o", str(Path(folder) / "a.nc")]
        ran = subprocess.run(command, check=True, stderr=subprocess.PIPE, text=True)
    return Promises(json.loads(line) for line in ran.stderr.splitlines() if line.startswith("{"))


@click.command()
@click.argument("clips", nargs=-1, required=True)
@click.option("--data", type=click.Path(path_type=Path), help="Folder of data sets.")
@click.option("--options", default="", help="Of `ncodec encode`.")
def main(clips: tuple[str, ...], data: Path | None, options: str) -> None:
    """Print a line a clip: what came, and the promises over it."""
    click.echo("| clip | s | estimated | bytes | at half | at three quarters | dB | progress |")
    click.echo("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for spec in (spec for text in clips for spec in clips_of(text, data)):
            promises = promises_of(prepare(spec, Path(folder)), shlex.split(options))
            click.echo(f"| {spec.name} | {promises.row()} |")


if __name__ == "__main__":
    main()
