"""ncodec info"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ncodec.api import Probe

__all__ = ["command"]


@click.command()
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
def command(file: str, as_json: bool) -> None:
    """Show what FILE holds: clip, codec, segments, and where its bytes go."""
    from ncodec.api import probe

    found = probe(file)
    click.echo(json.dumps(_record(found), indent=2) if as_json else _page(file, found))


def _record(found: Probe) -> dict[str, Any]:
    record = asdict(found) | {"breakdown": found.breakdown(), "psnr": found.psnr}
    plain: dict[str, Any] = json.loads(json.dumps(record, default=_text))
    return plain


def _text(value: Any) -> str:
    """Fractions exactly, as 1/25; bytes that somebody put into the tags as hexadecimals."""
    return value.hex() if isinstance(value, bytes) else str(value)


def _page(name: str, found: Probe) -> str:
    info, segments = found.info, found.segments
    rate = f"{float(1 / info.time_base):g} frames/s" if found.constant_rate else "variable rate"
    pixels = info.width * info.height * info.frames
    lines = [
        f"{name}: {found.size:,} bytes, {found.codec} version {found.bitstream_version}",
        f"{found.media_kind}: {info.width}x{info.height}, {info.pixel_format}, "
        f"{info.frames} frames, {rate}, {float(found.duration):g} s",
        f"colour: primaries {info.primaries}, transfer {info.transfer}, matrix {info.matrix}, "
        f"{'full' if info.full_range else 'limited'} range"
        + (f"; rotation {info.rotation}" if info.rotation else ""),
        f"rate: {8 * found.size / pixels:.4f} bits a pixel, "
        f"{8 * found.size / float(found.duration) / 1000:.1f} kbit/s",
    ]
    if found.psnr is not None:
        lines.append(f"quality: {found.psnr:.2f} dB RGB-PSNR, recorded by the encoder")
    lines.append("bytes:")
    for part, size in found.breakdown().items():
        lines.append(f"  {part:<14}{size:>12,}  {size / found.size:6.1%}")
    lines.append(f"segments: {len(segments)}")
    for segment in segments:
        last = segment.first_frame + segment.frame_count - 1
        quality = f"  {segment.psnr:.2f} dB" if segment.psnr is not None else ""
        size = sum(segment.sections.values())
        lines.append(f"  frames {segment.first_frame} to {last}: {size:,} bytes{quality}")
    for key, value in found.meta.items():
        lines.append(f"{key}: {value}")
    return "\n".join(lines)
