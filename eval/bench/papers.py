"""Settings of published tables, as data: ``ncodec bench papers/NAME``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from ncodec.errors import UsageError
from ncodec.eval.anchors.video import anchor_settings
from ncodec.eval.bench.lines import CodecLine
from ncodec.eval.bench.video import VideoRun
from ncodec.eval.data.clips import parse_clip

__all__ = ["PREFIX", "paper_names", "paper_run"]

PREFIX = "papers/"
_FOLDER = Path(__file__).with_name("papers")


def paper_names() -> list[str]:
    """``papers/hnerv-bunny`` and its like."""
    return sorted(PREFIX + path.stem for path in _FOLDER.glob("*.json"))


def paper_run(
    name: str, scale: Fraction, data: Path | None, others: Sequence[CodecLine] = ()
) -> VideoRun:
    """The run of a published table.

    Args:
        name: one of `paper_names`.
        scale: over 0, at most 1: factor on the frame's sides, the epochs and the sizes of the
            networks; under 1 the run and its report are labelled as reduced.
        data: the folder of data sets that are not installed.
        others: codecs that are measured beside the paper's, at points of their own.

    Raises:
        UsageError: there is no such table.
        InputError: the clip is not there.
    """
    if name not in paper_names():
        raise UsageError(f"there is no table {name!r}: choose from {', '.join(paper_names())}")
    table = json.loads((_FOLDER / f"{name.removeprefix(PREFIX)}.json").read_text())
    width, height = table["crop"]
    edits = [f"crop={width}x{height}"]
    # Encoders refuse odd sides, and a side needs a pixel.
    small = [max(2, 2 * round(scale * side / 2)) for side in (width, height)]
    options = dict(table["options"])
    remarks = [table["published"]]
    title = table["title"]
    if scale < 1:
        edits.append(f"scale={small[0]}x{small[1]}")
        options["epochs"] = max(1, round(scale * options["epochs"]))
        title += f", reduced to scale {scale}"
        remarks.insert(
            0,
            f"Reduced to scale {scale}: {small[0]}x{small[1]} pixels, {options['epochs']} of "
            f"{table['options']['epochs']} epochs, networks of {scale} of the size. These are not "
            "the paper's figures, and the published ones are no measure for them.",
        )
    line = CodecLine(
        f"{table['codec']} {options['preset']}",
        table["codec"],
        options,
        [{"model_size": round(float(size * scale), 6)} for size in table["model_sizes"]],
    )
    return VideoRun(
        title=title,
        clips=[parse_clip(f"{table['clip']}#{','.join(edits)}", data)],
        lines=[line, *others],
        anchors=anchor_settings(table["anchors"]),
        remarks=remarks,
    )
