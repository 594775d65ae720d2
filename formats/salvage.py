"""The repair of a damaged file: a readable one is made of what is intact in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from ncodec.formats.boxes import INDX, SEGM, SIGNATURE, pack_box
from ncodec.formats.index import BoxEntry, pack_index, pack_tail
from ncodec.formats.limits import Limits
from ncodec.formats.output import atomic_output, destination, same_file
from ncodec.formats.reader import Reader

__all__ = ["Report", "repair"]


@dataclass(frozen=True)
class Report:
    """An account of what `repair` kept and what is gone.

    Attributes:
        kept: the indices of the segments in the new file.
        lost: the runs of frames that no kept segment holds.
        lost_boxes: the types of the other boxes that are known to be lost.
        end_known: False where frames may be missing after the last kept segment, because
            neither the index nor HEAD nor TIME says how many there were.
    """

    kept: tuple[int, ...]
    lost: tuple[range, ...]
    lost_boxes: tuple[str, ...]
    end_known: bool


def repair(
    source: str | Path | bytes | BinaryIO,
    output: str | Path | BinaryIO,
    limits: Limits | None = None,
) -> Report:
    """Writes to `output` every intact box of `source`, with a new index and tail.

    A lost segment is a gap: frame numbers, and so the timestamps, of the others do not change.
    Raises DamagedFile where no HEAD or no segment is intact, UsageError where output is input.

    >>> _ = ncodec.encode("clip.mkv", "clip.nc", codec="hnerv", preset="ultrafast", epochs=1)
    >>> ncodec.repair("clip.nc", "sound.nc").kept
    (0,)
    """
    target = destination(output)
    same_file(source, target)
    with Reader(source, limits=limits, strict=False) as reader:
        report = Report(
            kept=tuple(segment.index for segment in reader.segments),
            lost=reader.gaps,
            lost_boxes=tuple(box.type for box in reader.lost_boxes if box.type != SEGM),
            end_known=reader.frames is not None,
        )
        with atomic_output(target) as stream:
            _copy(reader, stream)
    return report


def _copy(reader: Reader, stream: BinaryIO) -> None:
    entries: list[BoxEntry] = []
    position = len(SIGNATURE)
    stream.write(SIGNATURE)
    for box in reader.boxes:
        if box.type == INDX:
            continue
        for chunk in reader.raw_box(box):
            stream.write(chunk)
        entries.append(replace(box, offset=position))
        position = entries[-1].end
    stream.write(pack_box(INDX, pack_index(entries)))
    stream.write(pack_tail(position))
