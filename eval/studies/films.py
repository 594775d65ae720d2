"""A study of what of a film comes back: clips as FFmpeg makes them, coded, decoded, side by side.

    python -m ncodec.eval.studies.films [-o FOLDER] [--only NAME]...

Every clip of `ncodec.eval.studies.film_clips` is made with the ffmpeg command line, encoded with a
codec that stores the samples as they are (`ncodec.eval.studies.stored`), and decoded to .mkv,
.mp4 and a pipe. What ffprobe says of source and results is printed as a Markdown table. In .mkv and
on the pipe the samples are equal, too; of .mp4, which is H.264, they are not compared.

A verdict is "same", or what differs with what was said of it. What differs and was not said is
wrong, and so is a clip that is refused without need: the exit code is 1 then.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from ncodec.errors import MissingDependency
from ncodec.eval.studies.film_clips import Trial, shell, trials
from ncodec.eval.studies.film_facts import Facts, differences, probe, shown

__all__ = ["Outcome", "row", "run_trial"]

_COMMANDS = f"""
python() {{ {shlex.quote(sys.executable)} "$@"; }}
ncodec() {{ python -m ncodec.eval.studies.stored "$@"; }}
"""
_TARGETS = {
    "clip.mkv": "ncodec decode clip.nc -o out/clip.mkv",
    "clip.mp4": "ncodec decode clip.nc -o out/clip.mp4",
    "pipe": "ncodec decode clip.nc -o - > out/pipe",
}
_PATIENCE = "120"
"""The seconds after which a command counts as hanging; it ends with 124 then."""

_PIPED = ("size", "format", "range", "aspect", "fields", "display", "times", "samples")
"""What a pipe, which is y4m where that can hold the pictures, is held to."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a clip.

    Attributes:
        source: its facts.
        results: by the name of the output, the facts of what came back, or the error.
        differ: by the name of the output, how it differs.
        said: what ncodec said on the way, or why it refused the clip.
        code: exit code of the encode.
    """

    source: Facts
    results: dict[str, Facts | str]
    differ: dict[str, list[str]]
    said: list[str]
    code: int

    def right(self, trial: Trial) -> bool:
        """Whether nothing was lost in silence and nothing refused without need."""
        if trial.refused or self.code:
            return (
                self.code in range(2, 12)
                and len(self.said) == 1
                and bool(trial.refused and re.search(trial.refused, self.said[0]))
            )
        said = "\n".join(self.said)
        if not re.search(trial.said, said) or "internal error" in said:
            return False
        return all(
            part.partition(":")[0] in trial.apart(name)
            for name, found in self.differ.items()
            for part in found
        )


def run_trial(trial: Trial, folder: Path) -> Outcome:
    """Makes a clip in `folder`, encodes and decodes it, and compares.

    Raises:
        AssertionError: ffmpeg did not make the clip.
    """
    made = _bash(trial.script, folder)
    assert made.returncode == 0, f"{trial.name}: {made.stderr}"
    (folder / "out").mkdir(exist_ok=True)
    codec = f"--codec {trial.codec}" if trial.codec else ""
    encoded = _bash(
        f"{trial.feed} ncodec encode {trial.flags} {codec} -o clip.nc {trial.typed}", folder
    )
    said = _sentences(encoded.stderr)
    if encoded.returncode:
        return Outcome({}, {}, {}, said, encoded.returncode)
    source = probe(trial.reference, folder, int(trial.stream) if trial.stream else None)
    results: dict[str, Facts | str] = {}
    differ = {}
    for name, command in _TARGETS.items():
        decoded = _bash(command, folder)
        sentences = _sentences(decoded.stderr)
        said += [sentence for sentence in sentences if sentence not in said]
        if decoded.returncode:
            results[name], differ[name] = "; ".join(sentences), ["not written"]
            continue
        results[name] = found = probe(("-i", f"out/{name}"), folder)
        differ[name] = differences(
            source,
            found,
            without=("samples",) if name == "clip.mp4" else (),
            only=_PIPED if name == "pipe" else (),
        )
    return Outcome(source, results, differ, said, 0)


def row(trial: Trial, outcome: Outcome) -> str:
    """A line of the table."""
    if outcome.code:
        verdict = f"refused ({outcome.code}): {'; '.join(outcome.said)}"
        cells = ["", "", ""]
    else:
        parts = [
            f"{name.removeprefix('clip')}: {'; '.join(found)}"
            for name, found in outcome.differ.items()
            if found
        ]
        if parts:
            parts = ["differs in " + "; ".join(parts), *[f"because {trial.why}"] * bool(trial.why)]
        else:
            parts = ["same"]
        verdict = "; ".join([*parts, *(f"said: {sentence}" for sentence in outcome.said)])
        every = [outcome.source, outcome.results["clip.mkv"], outcome.results["clip.mp4"]]
        cells = [_cell(trial, found) for found in every]
    mark = "" if outcome.right(trial) else "**WRONG** "
    line = [trial.name, trial.special, *cells, mark + verdict]
    return "| " + " | ".join(cell.replace("|", "/") for cell in line) + " |"


def _cell(trial: Trial, found: Facts | str) -> str:
    if isinstance(found, str):
        return found
    return ", ".join(
        f"{name} {shown(found, name)}" if isinstance(found[name], tuple) else str(found[name])
        for name in found
        if any(name == part or name.startswith(f"{part} ") for part in trial.shows.split(", "))
    )


def _sentences(errors: str) -> list[str]:
    """What was said, without progress; a traceback is more than one sentence, and wrong."""
    lines = [line for line in errors.splitlines() if line.startswith(("ncodec: ", "Error: "))]
    traced = ["a traceback"] if "Traceback" in errors else []
    return [line.partition(": ")[2] for line in lines] + traced


def _bash(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["timeout", _PATIENCE, "bash", "-c", f"{_COMMANDS}{shell()}\n{command}"],
        cwd=folder,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )


def _outcomes(chosen: Sequence[Trial], root: Path) -> Iterator[tuple[Trial, Outcome]]:
    for trial in chosen:
        folder = root / trial.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        yield trial, run_trial(trial, folder)


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Keeps clips and results.")
@click.option("--only", multiple=True, help="Clips by name; else all.")
def main(output: Path | None, only: tuple[str, ...]) -> None:
    """Print the table; the exit code is 1 where something was lost in silence."""
    for tool in ("ffmpeg", "ffprobe", "bash", "timeout"):
        if shutil.which(tool) is None:
            error = MissingDependency(f"{tool} is not on the PATH: install FFmpeg's command line")
            click.echo(f"films: {error}", err=True)
            sys.exit(error.exit_code)
    chosen = [trial for trial in trials() if trial.name in only or not only]
    click.echo("| clip | what is special | source | .mkv | .mp4 | verdict |")
    click.echo("|---|---|---|---|---|---|")
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        for trial, outcome in _outcomes(chosen, output or Path(scratch)):
            wrong += not outcome.right(trial)
            click.echo(row(trial, outcome))
    click.echo(f"\n{len(chosen)} clips, {wrong} wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
