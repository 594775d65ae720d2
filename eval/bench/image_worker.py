"""A fresh process that encodes images, or decodes what another one has encoded.

python -m ncodec.eval.bench.image_worker JOB.json

Every image's record is written as soon as it is done, so that a killed run goes on behind it. The
first image of a size of samples and number of channels is coded once before: what a process loads
and compiles is no part of an image's time.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from ncodec.errors import InputError, Interrupted, NcodecError
from ncodec.eval.bench.coders import Coder, Nc
from ncodec.eval.bench.jpeg_coders import NcFile, Transcoder
from ncodec.eval.bench.lossless import Format
from ncodec.eval.bench.lossy import Lossy
from ncodec.eval.bench.processes import Processes
from ncodec.eval.bench.student import Student
from ncodec.eval.metrics.images import image_scores
from ncodec.eval.results import Speed, save_json
from ncodec.media import read_image

__all__ = ["Task", "code", "digest", "outcome", "speed"]

_KINDS: dict[str, type[Any]] = {
    kind.kind: kind for kind in (Nc, NcFile, Format, Lossy, Student, Transcoder)
}


@dataclass(frozen=True, slots=True)
class Task:
    """An image to be coded.

    Attributes:
        source: the image file.
        coded: the file to be made; its records lie beside it.
        kind: channels and bits a sample of the image.
    """

    source: Path
    coded: Path
    kind: tuple[int, int]

    def record(self, verb: str) -> Path:
        """Where what `verb` found is written."""
        return self.coded.with_suffix(f".{verb}.json")

    def done(self, verb: str, keep: bool) -> bool:
        """Whether `verb` is done, and what it decoded still there where it is to be kept."""
        if keep and verb == "decode" and not self.decoded.exists():
            return False
        return self.record(verb).exists()

    @property
    def decoded(self) -> Path:
        """The samples that came back, until they are no longer needed."""
        return self.coded.with_suffix(".pam")


def digest(pixels: NDArray[Any]) -> str:
    """BLAKE3 of shape, type and samples, in hexadecimal."""
    head = f"{pixels.shape}{pixels.dtype}".encode()
    return blake3(head + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def code(coder: Coder, tasks: Sequence[Task], processes: Processes, *, keep: bool = False) -> None:
    """Encodes all in one fresh process and decodes them in another, but for what is done.

    Args:
        keep: leave the decoded samples in `Task.decoded`.

    Raises:
        Interrupted: `processes` were stopped.
        NcodecError: an image could not be coded.
    """
    for verb in ("encode", "decode"):
        todo = [task for task in tasks if not task.done(verb, keep)]
        if not todo:
            continue
        job = {
            "verb": verb,
            "keep": keep,
            "coder": {"kind": coder.kind, **asdict(coder)},  # type: ignore[call-overload]
            "tasks": [[str(task.source), str(task.coded), task.kind] for task in todo],
        }
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "job.json"
            save_json(path, job)
            processes.run([sys.executable, "-m", __name__, str(path)], Path(scratch))


def outcome(task: Task) -> dict[str, Any]:
    """What the two processes found: ``size``, ``breakdown``, ``digest``, ``encode``, ``decode``.

    Of a lossy coder also ``quality``, unless what it decoded was kept for somebody else to judge.

    Only ``absent``, a reason, where the coder does not take the image.
    """
    encoded: dict[str, Any] = json.loads(task.record("encode").read_text())
    decoded: dict[str, Any] = json.loads(task.record("decode").read_text())
    return encoded if "absent" in encoded else encoded | decoded


def speed(cost: Mapping[str, float], amount: float) -> Speed:
    """The speed of a `Cost` as a record has it, for so many images or MB."""
    seconds = cost["seconds"]
    return Speed(seconds, cost["cpu_seconds"], rate=amount / max(seconds, 1e-9))


def _encode(coder: Coder, task: Task, coded: Path) -> dict[str, Any]:
    import ncodec

    try:
        cost = coder.encode(task.source, coded)
    except InputError as error:
        if coder.role == "codec":
            raise
        return {"absent": str(error)}
    breakdown = ncodec.probe(coded).breakdown() if isinstance(coder, Nc) else {}
    return {"size": coded.stat().st_size, "breakdown": breakdown, "encode": asdict(cost)}


def _decode(coder: Coder, task: Task, output: Path, score: bool) -> dict[str, Any]:
    if "absent" in json.loads(task.record("encode").read_text()):
        return {}
    cost = coder.decode(task.coded, output)
    if isinstance(coder, NcFile | Transcoder):
        return {"digest": blake3(output.read_bytes()).hexdigest(), "decode": asdict(cost)}
    if isinstance(coder, Student):
        return {"digest": digest(np.load(output)), "decode": asdict(cost)}
    pixels = _as_source(read_image(output).pixels, task.kind[0])
    result = {"digest": digest(pixels), "decode": asdict(cost)}
    if score and not coder.lossless:
        result["quality"] = image_scores(pixels, read_image(task.source).pixels)
    return result


def _as_source(pixels: NDArray[Any], channels: int) -> NDArray[Any]:
    """Grey again, where a format without grey holds it as three equal channels."""
    colours, alpha = pixels[:, :, :3], pixels[:, :, 3:]
    if pixels.shape[2] < 3 or channels > 2 or (colours != colours[:, :, :1]).any():
        return pixels
    return np.concatenate([colours[:, :, :1], alpha], axis=2)


_Work = Callable[[Coder, Task, Path], dict[str, Any]]


def _run(job: Mapping[str, Any]) -> None:
    fields = dict(job["coder"])
    coder = _KINDS[fields.pop("kind")](**fields)
    decode = partial(_decode, score=not job["keep"])
    verbs: dict[str, _Work] = {"encode": _encode, "decode": decode}
    work = verbs[job["verb"]]
    warm = set()
    for source, coded, kind in job["tasks"]:
        task = Task(Path(source), Path(coded), tuple(kind))
        output = task.coded if job["verb"] == "encode" else task.decoded
        if task.kind not in warm:
            warm.add(task.kind)
            work(coder, task, output)
        result = work(coder, task, output)
        if not job["keep"]:
            task.decoded.unlink(missing_ok=True)
        save_json(task.record(job["verb"]), result)


def main() -> None:
    """Does a job; exits with the code that the error tree gives."""
    try:
        _run(json.loads(Path(sys.argv[1]).read_text()))
    except KeyboardInterrupt:
        sys.exit(Interrupted.exit_code)
    except NcodecError as error:
        print(f"ncodec: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
