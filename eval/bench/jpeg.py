"""JPEG files made smaller, and the same bytes again: of the originals' bytes, and how fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from blake3 import blake3

from ncodec.errors import InputError, UsageError
from ncodec.eval.bench.choice import codec_choice
from ncodec.eval.bench.coders import Coder
from ncodec.eval.bench.coding import coded, lossless_items
from ncodec.eval.bench.jpeg_coders import file_codec, transcoders
from ncodec.eval.bench.processes import Processes
from ncodec.eval.bench.steps import Store
from ncodec.eval.results import Summary

if TYPE_CHECKING:
    from ncodec.eval.data.sets import LabelledImage

__all__ = ["run_jpeg"]

_UNIT = "% of the original"

_REMARKS = (
    "Every file was decoded by a process that had not encoded it; equal means that the BLAKE3 of "
    "its bytes is the original's.",
    "Seconds are from bytes in memory to bytes in memory, of one file in a process that has coded "
    "one before; MB are those of the originals. A codec of ncodec also decodes what it encoded.",
)


@dataclass(frozen=True, slots=True)
class _JpegFile:
    """A JPEG file to be measured on; its digest is that of its bytes."""

    image: LabelledImage
    content: str
    size: int

    what: ClassVar[str] = "bytes"
    kind: ClassVar[tuple[int, int]] = (0, 8)

    @classmethod
    def read(cls, image: LabelledImage) -> _JpegFile:
        data = image.path.read_bytes()
        if data[:2] != b"\xff\xd8":
            raise InputError(f"{image.path} is no JPEG file: give JPEG files and folders of them")
        return cls(image, blake3(data).hexdigest(), len(data))

    @property
    def samples(self) -> str:
        return self.content

    @property
    def megabytes(self) -> float:
        return self.size / 1e6

    def rate(self, size: int, lossless: bool) -> float:
        return 100 * size / self.size

    def describe(self) -> str:
        return f"{self.size:,} bytes, BLAKE3 {self.content[:16]}"


def run_jpeg(
    images: Sequence[LabelledImage],
    folder: Path,
    *,
    codecs: Sequence[str],
    anchors: Sequence[str] | None,
    threads: int,
    processes: Processes,
    dry_run: bool,
    tell: Callable[[str], None],
) -> Summary | None:
    """Codes every file with every coder, each in two fresh processes, but for what is done.

    Args:
        images: JPEG files.
        folder: the run's; finished work is kept in its ``steps``.
        codecs: texts for `codec_choice`.
        anchors: names of `TRANSCODERS`; None for all that are installed.
        threads: those of ncodec's codecs; the others have what they take.
        dry_run: tell what is done and what would be; return nothing.
        tell: hears of progress, a line at a time.

    Returns:
        An item a file; what did not come back equal is among the failures.

    Raises:
        NcodecError: a file, a name or an option cannot be used, or a coder failed.
    """
    if not images:
        raise UsageError("there is no JPEG file to measure: give files and folders of them")
    coders: list[Coder] = [file_codec(codec_choice(t), threads) for t in dict.fromkeys(codecs)]
    others, left_out = transcoders(anchors)
    coders += others
    sources = [_JpegFile.read(image) for image in images]
    for line in left_out:
        tell(line)
    store = Store(folder / "steps")
    results = [coded(c, sources, _UNIT, store, processes, dry_run, tell) for c in coders]
    if dry_run:
        return None
    items, failures = lossless_items(sources, coders, results)
    count = f"{len(items)} JPEG {'file' if len(items) == 1 else 'files'}"
    title = f"{count}, {sum(source.size for source in sources):,} bytes"
    remarks = [*_REMARKS, *left_out]
    return Summary("jpeg", title, _UNIT, [], items, remarks=remarks, failures=failures)
