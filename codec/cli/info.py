"""ncodec info"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ncodec.cli.parameters import LIMIT
from ncodec.cli.words import counted, plain, share

if TYPE_CHECKING:
    from ncodec.files.probing import Probe
    from ncodec.media.matroska.listing import Part
    from ncodec.plugin import KeptFile

__all__ = ["command"]


@click.command()
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
@LIMIT
def command(file: str, as_json: bool) -> None:
    """Show what FILE holds: clip, codec, segments, and where its bytes go."""
    from ncodec.files.probing import probe

    contents = probe(file)
    click.echo(json.dumps(_record(contents), indent=2) if as_json else _page(file, contents))


def _clip(contents: Probe) -> list[str]:
    info = contents.info
    time = contents.frame_time
    rate = "variable rate" if time is None else f"{float(1 / time):g} frames/s"
    pixels = info.width * info.height * info.frames
    size = contents.size - contents.tracks_size
    return [
        f"{contents.media_kind}: {info.width}x{info.height}, {info.pixel_format}, "
        f"{info.frames} frames, {rate}, {float(contents.duration):g} s"
        + (f", from {float(contents.start):g} s on" if contents.start else ""),
        f"colour: primaries {info.primaries}, transfer {info.transfer}, matrix {info.matrix}, "
        f"{'full' if info.full_range else 'limited'} range"
        + (f"; rotation {info.rotation}" if info.rotation else "")
        + "; mirrored" * info.mirrored,
        f"rate: {8 * size / pixels:.4f} bits a pixel, "
        f"{8 * size / float(contents.duration) / 1000:.1f} kbit/s"
        + " without the tracks"
        * bool(contents.tracks_size),
        *map(_track, contents.tracks),
    ]


def _track(part: Part) -> str:
    """A line on a copied track, attachment, or the chapters."""
    about = (part.codec, part.language, part.name and repr(part.name))
    many = f"{part.count:,} " if part.kind == "chapters" else ""
    return f"{', '.join((many + part.kind, *filter(None, about)))}: {part.size:,} bytes"


def _images(contents: Probe) -> list[str]:
    info, count, names = contents.info, contents.images or 1, contents.names
    listed = f": {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}" if names else ""
    pixels = info.width * info.height * count
    # Features have no pixels, or those of a picture that is not in the file.
    shape = f" of {info.width}x{info.height}, {info.pixel_format}" if pixels else " as features"
    rate = f"{contents.size / count:,.0f} bytes an image"
    if pixels:
        rate = f"{8 * contents.size / pixels:.4f} bits a pixel"
    lines = [
        f"{counted(count, 'image')}{shape}{listed}",
        _kept(contents.size, contents.kept) if contents.kept else f"rate: {rate}",
    ]
    if contents.samples:
        lines.append(f"samples: {contents.samples}, in planes one below another")
    lines += [f"model: {digest}" for digest in contents.models]
    return lines


def _album(contents: Probe) -> list[str]:
    count, held = contents.images or 0, contents.info.frames
    lost = held - len(contents.pictures)
    what = f"{counted(held, 'picture')}" + f", {lost} of them lost" * bool(lost)
    lines = [what if count == held else f"{count:,} images of an array in {what}"]
    for picture in contents.pictures:
        info = picture.info
        lines.append(
            f"  {picture.index}: {picture.name}, {info.width}x{info.height} {info.pixel_format}, "
            f"{picture.codec}, {picture.size:,} bytes"
        )
    return lines


def _kept(size: int, file: KeptFile) -> str:
    """The line on a file that is kept."""
    several = f", {counted(file.pictures, 'picture')} in it" if file.pictures > 1 else ""
    stored = f"; stored as it is: {file.stored}" if file.stored else ""
    return f"kept: a file of {file.size:,} bytes{several}; this is {share(size, file.size)}{stored}"


def _record(contents: Probe) -> dict[str, Any]:
    record = asdict(contents) | {"breakdown": contents.breakdown(), "psnr": contents.psnr}
    plain: dict[str, Any] = json.loads(json.dumps(record, default=_text))
    return plain


def _text(value: Any) -> str:
    """The text of a value: fractions exactly, as 1/25, and bytes in the tags as hexadecimals."""
    return value.hex() if isinstance(value, bytes) else str(value)


def _page(name: str, contents: Probe) -> str:
    segments = contents.segments
    lines = [
        f"{name}: {contents.size:,} bytes, {contents.codec} version {contents.bitstream_version}"
    ]
    if contents.pictures:
        lines += _album(contents)
    else:
        lines += _clip(contents) if contents.images is None else _images(contents)
    if contents.psnr is not None:
        lines.append(f"quality: {contents.psnr:.2f} dB RGB-PSNR, recorded by the encoder")
    if contents.macs_per_pixel is not None:
        lines.append(f"decoder: {contents.macs_per_pixel:,.0f} multiply-accumulates a pixel")
    lines.append("bytes:")
    for part, size in contents.breakdown().items():
        # A file that is stored as it is has none of its codec's parts but one.
        if contents.kept and not size:
            continue
        lines.append(f"  {part:<14}{size:>12,}  {size / contents.size:6.1%}")
    if not contents.pictures:
        lines.append(f"segments: {len(segments)}")
    unit = "frame"
    if contents.images is not None:
        unit = "image" if contents.images == contents.info.frames > 1 else "tile"
    if contents.kept:
        unit = "part"
    for segment in segments if not contents.pictures else ():
        last = segment.first_frame + segment.frame_count - 1
        quality = f"  {segment.psnr:.2f} dB" if segment.psnr is not None else ""
        size = sum(segment.sections.values())
        which = (
            f"{unit} {last}"
            if segment.frame_count == 1
            else f"{unit}s {segment.first_frame} to {last}"
        )
        about = f"  {segment.about}" if segment.about else ""
        lines.append(f"  {which}: {size:,} bytes{quality}{about}")
    for key, value in contents.meta.items():
        if key == "notices" and isinstance(value, list):
            lines += [f"notice: {sentence}" for sentence in value]
        else:
            lines.append(f"{key}: {value}")
    return "\n".join(map(plain, lines))
