"""x264 and x265 on a clip: file bytes against PSNR, measured as ncodec measures itself.

python -m ncodec.eval.anchors CLIP [--crf 20 --crf 28 ...]
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import click

from ncodec.media import open_source, scan
from ncodec.media.frame import to_av
from ncodec.quality import mean_psnr, planes_psnr, rgb_psnr

__all__ = ["Point", "anchor"]

ENCODERS = {"x264": "libx264", "x265": "libx265"}
OPTIONS = {"preset": "medium", "tune": "psnr"}
QUIET: dict[str, dict[str, str]] = {"x264": {}, "x265": {"x265-params": "log-level=error"}}


@dataclass(frozen=True, slots=True)
class Point:
    """One encode: bytes of the mp4 file, mean RGB- and luma-PSNR in dB, seconds to encode."""

    size: int
    rgb: float
    luma: float
    seconds: float


def anchor(clip: str | Path, encoder: str, crf: int) -> Point:
    """Encodes `clip` with ``x264`` or ``x265`` at a crf, and measures the decoded file."""
    with tempfile.TemporaryDirectory() as folder, open_source(clip) as source:
        found = scan(source, scene_threshold=None)
        info, path = found.info, Path(folder) / "anchor.mp4"
        frames = list(source.frames())
        start = time.monotonic()
        with av.open(str(path), "w") as container:
            options = OPTIONS | QUIET[encoder] | {"crf": str(crf)}
            stream = container.add_stream(
                ENCODERS[encoder], rate=1 / info.time_base, options=options
            )
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = info.width, info.height
            stream.pix_fmt = info.pixel_format
            for frame in frames:
                container.mux(stream.encode(to_av(frame, info)))
            container.mux(stream.encode(None))
        seconds = time.monotonic() - start
        rgb, luma = [], []
        with open_source(path) as coded:
            for decoded, frame in zip(coded.frames(), frames, strict=True):
                rgb.append(rgb_psnr(decoded.planes, frame.planes, info))
                luma.append(planes_psnr(decoded.planes, frame.planes, info)[0])
        return Point(path.stat().st_size, mean_psnr(rgb) or 0.0, mean_psnr(luma) or 0.0, seconds)


@click.command()
@click.argument("clip")
@click.option("--crf", multiple=True, type=int, default=(20, 26, 32, 38, 44))
def main(clip: str, crf: Sequence[int]) -> None:
    """Print bytes and PSNR of x264 and x265, preset medium, tune psnr, for CLIP."""
    click.echo(f"{'encoder':8}{'crf':>5}{'bytes':>10}{'RGB dB':>9}{'Y dB':>9}{'seconds':>9}")
    for encoder in ENCODERS:
        for value in crf:
            point = anchor(clip, encoder, value)
            click.echo(
                f"{encoder:8}{value:5}{point.size:10,}{point.rgb:9.2f}{point.luma:9.2f}"
                f"{point.seconds:9.1f}"
            )


if __name__ == "__main__":
    main()
