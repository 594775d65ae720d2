"""x264, x265 and SVT-AV1 as anchors: settings from video.json, each encode a fresh process."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import av

from ncodec.errors import InputError, MissingDependency, UsageError
from ncodec.formats import VideoInfo

__all__ = [
    "SETTINGS",
    "SETTINGS_VERSION",
    "AnchorSetting",
    "anchor_settings",
    "command",
    "decode_command",
    "ffmpeg_line",
    "packet_bytes",
]


@dataclass(frozen=True, slots=True)
class AnchorSetting:
    """An encoder at a preset.

    Attributes:
        name: the name of encoder and preset: ``x264 veryslow``, ``svtav1 preset 4 low delay``.
        encoder: ``x264``, ``x265`` or ``svtav1``.
        codec: FFmpeg's name of the encoder.
        preset: the encoder's own name or number.
        low_delay: whether frames are coded in display order without looking ahead.
        standard: whether the encoder's name alone asks for this line: not for low delay, nor for
            another tune than PSNR.
        tune: the measure of quality that it is tuned for, as the encoder writes it.
        crfs: from coarse to fine.
        fixed: FFmpeg's options besides the preset.
        key: the option that has the encoder's own parameters.
        params: those, as its value. Here and in `fixed` ``{crf}``, ``{keyint}``, ``{threads}``
            and ``{tune}`` stand for values. SVT-AV1's crf is a parameter because FFmpeg's option
            ends at 63, and the encoder's range at 70.
        filter: FFmpeg's bitstream filter that drops the encoder's message about itself, which
            would be a tenth of a small file; empty where a parameter does that.
        odd_sizes: whether the encoder takes odd sizes of subsampled chroma.
    """

    name: str
    encoder: str
    codec: str
    preset: str
    low_delay: bool
    standard: bool
    tune: str
    crfs: tuple[int, ...]
    fixed: tuple[tuple[str, str], ...]
    key: str
    params: str
    filter: str
    odd_sizes: bool

    def options(self, crf: float, keyint: int, threads: int) -> dict[str, str]:
        """FFmpeg's options for a quality and frames from one keyframe to the next."""
        values = {"crf": f"{crf:g}", "keyint": keyint, "threads": threads, "tune": self.tune}
        options = {"preset": self.preset, **dict(self.fixed), self.key: self.params}
        return {name: text.format_map(values) for name, text in options.items()}

    def check(self, info: VideoInfo, name: str) -> None:
        """Refuses a clip that the encoder does not take.

        Raises:
            InputError: its pixel format or size.
        """
        known = av.Codec(self.codec, "w").video_formats or []
        formats = [entry.name for entry in known if entry.name.startswith("yuv4")]
        if info.pixel_format not in formats:
            raise InputError(
                f"{name} is {info.pixel_format}, which {self.encoder} does not take: convert it to"
                f" one of {', '.join(formats)}"
            )
        rows = info.pixel_format.startswith("yuv420p") and info.height % 2
        columns = not info.pixel_format.startswith("yuv444p") and info.width % 2
        if (rows or columns) and not self.odd_sizes:
            raise InputError(
                f"{name} is {info.width}x{info.height}, and {self.encoder} takes only even sizes of"
                f" {info.pixel_format}: crop it"
            )


def _load() -> tuple[int, tuple[AnchorSetting, ...]]:
    record = json.loads(Path(__file__).with_name("video.json").read_text())
    return record["version"], tuple(_setting(line, record["encoders"]) for line in record["lines"])


def _setting(line: dict[str, Any], encoders: dict[str, Any]) -> AnchorSetting:
    encoder, preset, low_delay = line["encoder"], line["preset"], line.get("low_delay", False)
    shared = encoders[encoder]
    tune = line.get("tune", "psnr")
    suffix = f" tune {tune}" * (tune != "psnr")
    return AnchorSetting(
        name=f"{encoder} {'preset ' * preset.isdigit()}{preset}{' low delay' * low_delay}{suffix}",
        encoder=encoder,
        codec=shared["codec"],
        preset=preset,
        low_delay=low_delay,
        standard=not low_delay and tune == "psnr",
        tune=shared["tunes"][tune],
        crfs=tuple(shared["crfs"]),
        fixed=tuple(shared["options"].items()),
        key=shared["key"],
        params=shared["params"] + (":" + shared["low_delay"]) * low_delay,
        filter=shared["filter"],
        odd_sizes=shared["odd_sizes"],
    )


SETTINGS_VERSION, SETTINGS = _load()
"""The version of video.json, which grows with every change that changes a file, and its
settings."""


def anchor_settings(names: Sequence[str]) -> list[AnchorSetting]:
    """The settings that `names` ask for, each once.

    Args:
        names: an encoder (``x264``) for its `standard` lines, or a line's name with hyphens
            (``svtav1-preset-4``, ``x264-veryslow-low-delay``, ``x265-veryslow-tune-ssim``).

    Raises:
        UsageError: a name is unknown.
        MissingDependency: this PyAV has no such encoder.
    """
    settings = {setting.name: setting for name in names for setting in _named(name)}
    for setting in settings.values():
        if setting.codec not in _codecs():
            raise MissingDependency(
                f"{setting.name} needs an FFmpeg with {setting.codec}, which this PyAV was built"
                " without: run python -m pip install --force-reinstall --only-binary av av"
            )
    return list(settings.values())


def _named(name: str) -> list[AnchorSetting]:
    lines = [s for s in SETTINGS if _typed(s) == name.strip().lower().replace(" ", "-")]
    lines = lines or [s for s in SETTINGS if s.encoder == name and s.standard]
    if not lines:
        encoders = dict.fromkeys(setting.encoder for setting in SETTINGS)
        allowed = ", ".join([*encoders, *map(_typed, SETTINGS)])
        raise UsageError(f"{name!r} is no anchor: choose among {allowed}")
    return lines


def _typed(setting: AnchorSetting) -> str:
    return setting.name.replace(" ", "-")


@cache
def _codecs() -> frozenset[str]:
    return frozenset(av.codecs_available)


def command(
    setting: AnchorSetting, crf: float, keyint: int, source: Path, output: Path, threads: int
) -> list[str]:
    """The command line that runs `ncodec.eval.anchors.encode` in a fresh process."""
    return [
        *(sys.executable, "-m", "ncodec.eval.anchors.encode", _typed(setting)),
        *("--crf", f"{crf:g}", "--keyint", str(keyint), "--threads", str(threads)),
        *(str(source), str(output)),
    ]


def decode_command(file: Path, threads: int) -> list[str]:
    """The command line that runs `ncodec.eval.anchors.decode` in a fresh process."""
    return [
        *(sys.executable, "-m", "ncodec.eval.anchors.decode"),
        *(str(file), "--threads", str(threads)),
    ]


def ffmpeg_line(
    setting: AnchorSetting,
    crf: float,
    keyint: int,
    source: Path,
    output: Path,
    threads: int = 1,
) -> str:
    """A command line of ffmpeg for the same setting, to be typed into a shell.

    It states the threads, as x264's files depend on them: 2 make them 6 % larger at 640x272, and
    11 % at 176x144.
    """
    options = setting.options(crf, keyint, threads)
    words = ["ffmpeg", "-i", str(source), "-map", "0:v:0", "-c:v", setting.codec]
    words += [word for name, value in options.items() for word in (f"-{name}", value)]
    if setting.filter:
        words += ["-bsf:v", setting.filter]
    return shlex.join([*words, str(output)])


def packet_bytes(file: Path) -> int:
    """The bytes of a film's packets: what its file has without the container."""
    with av.open(f"file:{file}") as container:
        return sum(packet.size for packet in container.demux(video=0))
