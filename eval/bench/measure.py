"""One file: encoded and decoded in fresh processes, scored, and kept."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from blake3 import blake3

from ncodec import eval as evaluation
from ncodec.eval.anchors import video as anchors
from ncodec.eval.anchors.video import AnchorSetting
from ncodec.eval.bench.choice import CodecChoice, flags
from ncodec.eval.bench.clip import Prepared
from ncodec.eval.bench.papercount import symbol_bits
from ncodec.eval.bench.processes import Processes, Ran
from ncodec.eval.bench.steps import Step, Store, code_digest, machine, versions
from ncodec.eval.metrics.score import score
from ncodec.eval.results import Point, Speed, save_json
from ncodec.files.probing import probe
from ncodec.jobs.plan import PLAN_FILE
from ncodec.media.copying import Copying

__all__ = ["Measurer"]

_NCODEC = (sys.executable, "-m", "ncodec")
_PICTURES_ALONE = tuple(f"--no-{each.name}" for each in fields(Copying))
"""Anchors have no sound, nor has what they are compared with."""
_ONE = 1
"""Threads of an anchor's encoder: x264 needs up to a tenth more bytes with two."""

_PICTURE, _ORIGINAL, _FRAMES = "decoded.png", "source.png", "frames.json"


@dataclass(slots=True)
class Measurer:
    """Makes points; what was made before comes from the store.

    Attributes:
        folder: the run's: processes work in it, so that command lines are short.
        processes: what starts them.
        threads: CPU threads of each process.
        device: the codecs'.
        max_segment: frames a segment at most.
        paper_bpp: whether rates are also counted as papers do.
        store: where its steps are kept.
    """

    folder: Path
    processes: Processes
    threads: int
    device: str
    max_segment: int
    paper_bpp: bool = False
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.folder / "steps")

    def encode_step(
        self, clip: Prepared, codec: str, options: Mapping[str, Any], seed: int
    ) -> Step:
        """The encode of a clip with a codec: ``out.nc``, its time and its command."""
        arguments = ["--codec", codec, *flags(options), "--seed", str(seed)]
        arguments += ["--threads", str(self.threads), "--device", self.device]
        arguments += ["--max-segment", str(self.max_segment)]

        def work(folder: Path) -> dict[str, Any]:
            plan = folder / "plan"
            if "time_budget" in options:
                # What is left of an interrupted fit would be given all of it again.
                shutil.rmtree(plan, ignore_errors=True)
            resumed = (plan / PLAN_FILE).exists()
            files = [self._inside(clip.path), "-o", self._inside(folder / "out.nc")]
            more = ["--plan", self._inside(plan), "-qy", *["--resume"] * resumed]
            line = [*_NCODEC, "encode", *files, *arguments, *_PICTURES_ALONE, *more]
            ran = self.processes.run(line, self.folder)
            # The first part of an interrupted fit is in nobody's clock.
            speed = None if resumed else _speed(ran, clip.info.frames / ran.seconds)
            return {
                "encode": speed,
                "command": shlex.join(["ncodec", "encode", *files, *arguments, *_PICTURES_ALONE]),
            }

        inputs = {
            "clip": clip.digest,
            "arguments": arguments,
            "files": CodecChoice(codec, options).contents(),
            "code": code_digest(codec),
            **_context(),
        }
        return Step("encode", inputs, work)

    def anchor_step(self, clip: Prepared, setting: AnchorSetting, crf: int, keyint: int) -> Step:
        """The encode of a clip with an anchor: ``out.mp4``, its time and its command."""

        def work(folder: Path) -> dict[str, Any]:
            files = (clip.path, folder / "out.mp4")
            line = anchors.command(setting, crf, keyint, *files, _ONE)
            ran = self.processes.run(line, self.folder)
            said = json.loads(ran.out)
            source, output = (Path(self._inside(path)) for path in files)
            return {
                "encode": _speed(ran, said["frames"] / said["seconds"]),
                "command": anchors.ffmpeg_line(setting, crf, keyint, source, output, _ONE),
            }

        inputs = {
            "clip": clip.digest,
            "setting": [setting.name, anchors.SETTINGS_VERSION, crf, keyint],
            "code": _digest("anchors"),
            **_context(),
        }
        return Step("anchor", inputs, work)

    def score_step(self, clip: Prepared, file: Path) -> Step:
        """Decoding a file in a fresh process and scoring its frames.

        A .nc file is decoded by `ncodec decode`, whose frames are scored; the frames a second are
        those of another process, which drops them, as is done with the anchors' files.
        """
        place = ["--threads", str(self.threads), "--device", self.device]

        def work(folder: Path) -> dict[str, Any]:
            decoded, took = file, None
            if file.suffix == ".nc":
                # y4m is written fastest, and holds no RGB.
                rgb = clip.info.pixel_format.startswith("gbrp")
                decoded = folder / f"decoded{'.mkv' if rgb else '.y4m'}"
                files = [self._inside(file), "-o", self._inside(decoded)]
                took = self.processes.run([*_NCODEC, "decode", "-qy", *files, *place], self.folder)
                timing = [sys.executable, "-m", "ncodec.eval.bench.decode", *files[:1], *place]
            else:
                timing = anchors.decode_command(file, self.threads)
            ran = self.processes.run(timing, self.folder)
            said = json.loads(ran.out)
            speed = _speed(took or ran, said["frames"] / said["seconds"])
            frame = clip.info.frames // 2
            pictures = (frame, folder / _PICTURE, folder / _ORIGINAL)
            scores = score(decoded, clip.path, self.threads, pictures)
            if decoded != file:
                decoded.unlink()
            save_json(folder / _FRAMES, scores.frames)
            return {
                "decode": speed,
                "quality": scores.pooled,
                "absent": scores.absent,
                "colour": scores.colour,
            }

        inputs = {
            "clip": clip.digest,
            "file": blake3(file.read_bytes()).hexdigest(),
            "threads": self.threads,
            "device": self.device,
            "code": [code_digest(), _digest("metrics")],
            **_context(),
        }
        return Step("score", inputs, work)

    def point(self, clip: Prepared, encode: Step, label: str) -> tuple[Point, Mapping[str, Any]]:
        """A file encoded, decoded and scored, and what scoring it said.

        Raises:
            NcodecError: one of the steps failed.
        """
        encoding = self.store.do(encode)
        file = encoding.folder / ("out.nc" if encode.kind == "encode" else "out.mp4")
        scoring = self.store.do(self.score_step(clip, file))
        size = file.stat().st_size
        commands = [encoding.outcome["command"]]
        macs = paper = None
        if encode.kind == "encode":
            contents = probe(file)
            breakdown, macs = contents.breakdown(), contents.macs_per_pixel
            if self.paper_bpp and (bits := symbol_bits(file)) is not None:
                paper = bits / clip.pixels
            commands.append(f"ncodec decode {shlex.quote(self._inside(file))} -o back.mkv")
        else:
            packets = anchors.packet_bytes(file)
            breakdown = {"packets": packets, "container": size - packets}
        point = Point(
            label=label,
            size=size,
            rate=8 * size / clip.pixels,
            bitrate=8 * size / clip.seconds / 1000,
            breakdown=breakdown,
            quality=scoring.outcome["quality"],
            encode=encoding.outcome["encode"] and Speed(**encoding.outcome["encode"]),
            decode=Speed(**scoring.outcome["decode"]),
            macs_per_pixel=macs,
            paper_rate=paper,
            commands=commands,
            frames=self._inside(scoring.folder / _FRAMES),
            picture=self._inside(scoring.folder / _PICTURE),
        )
        return point, scoring.outcome

    def original(self, point: Point) -> str | None:
        """The source's frame that a point's picture is to be compared with."""
        return point.picture and str(Path(point.picture).with_name(_ORIGINAL))

    def _inside(self, path: Path) -> str:
        """The path as processes of this run see it: they work in its folder."""
        return str(path.relative_to(self.folder) if path.is_relative_to(self.folder) else path)


def _speed(ran: Ran, rate: float | None) -> dict[str, Any]:
    return asdict(Speed(ran.seconds, ran.cpu_seconds, ran.peak_bytes, rate))


def _context() -> dict[str, Any]:
    return {"versions": versions(), "machine": machine()}


def _digest(room: str) -> str:
    """Hash of the sources and settings of a room of ncodec.eval."""
    folder = Path(evaluation.__path__[0]) / room
    state = blake3()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".py", ".json"):
            state.update(path.read_bytes())
    return state.hexdigest()[:20]
