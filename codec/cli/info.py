"""ncodec info"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ncodec.files.probing import Probe

__all__ = ["command"]


@click.command()
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
def command(file: str, as_json: bool) -> None:
    """Show what FILE holds: clip, codec, segments, and where its bytes go."""
    from ncodec.files.probing import probe

    found = probe(file)
    click.echo(json.dumps(_record(found), indent=2) if as_json else _page(file, found))


def _clip(found: Probe) -> list[str]:
    info = found.info
    rate = f"{float(1 / info.time_base):g} frames/s" if found.constant_rate else "variable rate"
    pixels = info.width * info.height * info.frames
    return [
        f"{found.media_kind}: {info.width}x{info.height}, {info.pixel_format}, "
        f"{info.frames} frames, {rate}, {float(found.duration):g} s",
        f"colour: primaries {info.primaries}, transfer {info.transfer}, matrix {info.matrix}, "
        f"{'full' if info.full_range else 'limited'} range"
        + (f"; rotation {info.rotation}" if info.rotation else ""),
        f"rate: {8 * found.size / pixels:.4f} bits a pixel, "
        f"{8 * found.size / float(found.duration) / 1000:.1f} kbit/s",
    ]


def _images(found: Probe) -> list[str]:
    info, count, names = found.info, found.images or 1, found.names
    listed = f": {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}" if names else ""
    lines = [
        f"{count:,} image{'s' * (count > 1)} of {info.width}x{info.height}, "
        f"{info.pixel_format}{listed}",
        f"rate: {8 * found.size / (info.width * info.height * count):.4f} bits a pixel",
    ]
    lines += [f"model: {digest}" for digest in found.models]
    return lines


def _record(found: Probe) -> dict[str, Any]:
    record = asdict(found) | {"breakdown": found.breakdown(), "psnr": found.psnr}
    plain: dict[str, Any] = json.loads(json.dumps(record, default=_text))
    return plain


def _text(value: Any) -> str:
    """Fractions exactly, as 1/25; bytes that somebody put into the tags as hexadecimals."""
    return value.hex() if isinstance(value, bytes) else str(value)


def _page(name: str, found: Probe) -> str:
    segments = found.segments
    lines = [f"{name}: {found.size:,} bytes, {found.codec} version {found.bitstream_version}"]
    lines += _clip(found) if found.images is None else _images(found)
    if found.psnr is not None:
        lines.append(f"quality: {found.psnr:.2f} dB RGB-PSNR, recorded by the encoder")
    if found.macs_per_pixel is not None:
        lines.append(f"decoder: {found.macs_per_pixel:,.0f} multiply-accumulates a pixel")
    lines.append("bytes:")
    for part, size in found.breakdown().items():
        lines.append(f"  {part:<14}{size:>12,}  {size / found.size:6.1%}")
    lines.append(f"segments: {len(segments)}")
    unit = "frames"
    if found.images is not None:
        unit = "images" if found.images == found.info.frames > 1 else "tiles"
    for segment in segments:
        last = segment.first_frame + segment.frame_count - 1
        quality = f"  {segment.psnr:.2f} dB" if segment.psnr is not None else ""
        size = sum(segment.sections.values())
        lines.append(f"  {unit} {segment.first_frame} to {last}: {size:,} bytes{quality}")
    for key, value in found.meta.items():
        lines.append(f"{key}: {value}")
    return "\n".join(lines)
