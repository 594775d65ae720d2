"""Still images: lossless coders by bits a subpixel and equality, lossy ones by their curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ncodec.errors import UsageError
from ncodec.eval.anchors.lossless import versions as library_versions
from ncodec.eval.bench.choice import codec_choice
from ncodec.eval.bench.coders import Coder, codec_line
from ncodec.eval.bench.coding import coded, lossless_items
from ncodec.eval.bench.lossless import FORMATS, format_coders
from ncodec.eval.bench.lossy import BASELINES, lossy_coders
from ncodec.eval.bench.lossy_images import lossy_summary
from ncodec.eval.bench.processes import Processes
from ncodec.eval.bench.source import Source
from ncodec.eval.bench.steps import Store
from ncodec.eval.results import Summary

if TYPE_CHECKING:
    from ncodec.eval.data.sets import LabelledImage

__all__ = ["run_images"]

_REMARKS = (
    "Every file was decoded by a process that had not encoded it; equal means that the BLAKE3 of "
    "its decoded samples is the source's.",
    "Seconds are of one image in a process that has coded one before. A codec of ncodec goes from "
    "file to file: it also reads the source and writes a PAM file. The other formats go from "
    "samples to file and back, on one thread; formats without grey hold it as RGB.",
    "A .nc file also holds the source's metadata; the other formats' files hold samples alone.",
)


def run_images(
    images: Sequence[LabelledImage],
    folder: Path,
    *,
    codecs: Sequence[str],
    anchors: Sequence[str] | None,
    points: int,
    threads: int,
    processes: Processes,
    dry_run: bool,
    tell: Callable[[str], None],
) -> Summary | None:
    """Codes every image with every coder, each in two fresh processes, but for what is done.

    Args:
        images: images of any size and sample type.
        folder: the run's; finished work is kept in its ``steps``.
        codecs: texts for `codec_choice`, ``pc-photo:effort=best``; all lossless or all lossy.
        anchors: names of `ncodec.eval.bench.lossless.FORMATS`, or of
            `ncodec.eval.bench.lossy.BASELINES` if the codecs are lossy; None for all.
        points: the most points of a lossy codec or anchor.
        threads: those of ncodec's codecs; the anchors have one.
        dry_run: tell what is done and what would be; return nothing.
        tell: hears of progress, a line at a time.

    Returns:
        An item an image; what did not come back equal is among the failures.

    Raises:
        NcodecError: an image, a name or an option cannot be used, or a coder failed.
    """
    if not images:
        raise UsageError("there is no image to measure: give a file, a folder or a data set")
    choices = [codec_choice(text) for text in dict.fromkeys(codecs)]
    paths = [image.path for image in images]
    lines: list[Sequence[Coder]] = [codec_line(c, paths, points, threads) for c in choices]
    lossy = _lossy([line[0] for line in lines])
    if lossy:
        names = list(BASELINES) if anchors is None else anchors
        lines += [lossy_coders(name, points) for name in dict.fromkeys(names)]
    else:
        lines += [[f] for f in format_coders(list(FORMATS) if anchors is None else anchors)]
    sources = [Source.read(image) for image in images]
    store = Store(folder / "steps")
    unit = "pixel" if lossy else "subpixel"
    outcomes = [
        [coded(coder, sources, f"bits a {unit}", store, processes, dry_run, tell) for coder in line]
        for line in lines
    ]
    if dry_run:
        return None
    if lossy:
        return lossy_summary(sources, lines, outcomes)
    coders, firsts = [line[0] for line in lines], [line[0] for line in outcomes]
    remarks = [*_REMARKS]
    if any(coder.role == "anchor" for coder in coders):
        remarks.append(f"Libraries of the other formats: {library_versions()}.")
    title = f"Lossless images: {len(sources)} {'image' if len(sources) == 1 else 'images'}"
    items, failures = lossless_items(sources, coders, firsts)
    return Summary(
        "images", title, "bits a subpixel", [], items, remarks=remarks, failures=failures
    )


def _lossy(coders: Sequence[Coder]) -> bool:
    """Whether the codecs are lossy, all of them: lossless ones have another unit and no curve."""
    kinds = {coder.lossless: coder.name for coder in coders}
    if len(kinds) > 1:
        raise UsageError(
            f"{kinds[True]} is lossless and {kinds[False]} is lossy: measure them in two runs, "
            "each with its own -o"
        )
    return False in kinds
