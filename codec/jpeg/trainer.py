"""The trainer `pc-jpeg`: what the coefficients of a user's own JPEG files have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import Any, ClassVar, overload

from ncodec.errors import InputError, Interrupted
from ncodec.formats import Model
from ncodec.media.images import JPEG_SUFFIXES
from ncodec.plugin import Context, Option, Trainer

__all__ = ["JpegTrainer"]


class JpegTrainer(Trainer):
    """The state that `pc-jpeg` starts from, of JPEG files; it does not resume."""

    name: ClassVar[str] = "pc-jpeg"
    options: ClassVar[Sequence[Option]] = (
        Option("hold_out", int, 0, "leave out the first file of each folder and each N-th then"),
    )

    def train(self, data: Sequence[str], options: Mapping[str, Any], context: Context) -> Model:
        """Learns from JPEG files, folders and globs of them, once through; see
        `ncodec.jpeg.learn`. Files that cannot be rebuilt are passed over.

        Raises:
            InputError: there are none.
        """
        # The kernels are compiled when they are imported; listing options need not wait for that.
        from ncodec.jpeg.learn import learn

        every = options["hold_out"]
        groups = [_files(source) for source in data]
        if every:
            groups = [[file for i, file in enumerate(g) if i % every] for g in groups]
        # Files of one folder are alike: taking turns keeps the last from ruling the state.
        turns = sorted((i / len(group), file) for group in groups for i, file in enumerate(group))
        if not turns:
            raise InputError(
                f"{', '.join(data)}: no JPEG files are left to learn from: give more of them"
            )
        return learn(_Told([file for _, file in turns], context))


class _Told(Sequence[Path]):
    """Files whose reading in turn is the progress of a training."""

    def __init__(self, files: Sequence[Path], context: Context) -> None:
        self._files = files
        self._context = context

    def __len__(self) -> int:
        return len(self._files)

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Path]: ...
    def __getitem__(self, index: int | slice) -> Path | Sequence[Path]:
        return self._files[index]

    def __iter__(self) -> Iterator[Path]:
        for number, file in enumerate(self._files):
            if self._context.stopping():
                raise Interrupted("stopped by the user: nothing is kept of an unfinished training")
            self._context.report(fraction=number / len(self), file=number, files=len(self))
            yield file
        self._context.report(fraction=1.0, file=len(self), files=len(self))


def _files(source: str) -> list[Path]:
    """The JPEG files that a path or pattern names, in the order of their names.

    Raises:
        InputError: there is none.
    """
    path = Path(source)
    found = [path] if path.is_file() else [Path(name) for name in glob(source)]
    if path.is_dir():
        found = [file for file in path.iterdir() if file.suffix.lower() in JPEG_SUFFIXES]
    files = [file for file in found if file.is_file()]
    if not files:
        known = ", ".join(sorted(JPEG_SUFFIXES))
        raise InputError(
            f"{source} has no JPEG files: give files, a folder of {known}, or a quoted pattern"
        )
    return sorted(files)
