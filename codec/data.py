"""Clips for training: runs of frames of .nc files as a torch data set."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.utils.data import Dataset

from ncodec.errors import InputError, UsageError
from ncodec.files.clip import Clip

__all__ = ["ClipDataset"]


class ClipDataset(Dataset[Any]):
    """Runs of consecutive frames of .nc clips.

    Item i is a uint8 tensor [length, 3, H, W] in RGB, uint16 above 8 bits, or what `transform`
    makes of it. Files are opened where they are read: a `DataLoader` may fork its workers or
    spawn them. What a repaired file has lost is left out.

    Args:
        paths: the files.
        length: frames of a run.
        stride: frames from the start of a run to that of the next; `length` if not given.
        transform: called with the tensor of each item.
        preview: 2 or 4 for frames of a half or a quarter of the size each way.
        threads: CPU threads of each worker.

    Raises:
        NcodecError: a file cannot be read, or none has so many frames.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        *,
        length: int,
        stride: int | None = None,
        transform: Callable[[Tensor], Any] | None = None,
        preview: int = 1,
        threads: int = 1,
    ) -> None:
        step = length if stride is None else stride
        if length < 1 or step < 1:
            raise UsageError(f"length is {length} and stride {step} but both must be at least 1")
        if isinstance(paths, str | Path):
            raise UsageError(f"paths is {str(paths)!r} but must be a list of files: [{paths!r}]")
        self._paths = [Path(path) for path in paths]
        self._length, self._transform = length, transform
        self._preview, self._threads = preview, threads
        self._opened: tuple[int, int, Clip] | None = None
        self._runs: list[tuple[int, int]] = []
        for number in range(len(self._paths)):
            with self._open(number) as clip:
                frames = list(clip.available())
            starts = range(0, len(frames) - length + 1, step)
            whole = (i for i in starts if frames[i + length - 1] - frames[i] == length - 1)
            self._runs += [(number, frames[i]) for i in whole]
        if not self._runs:
            raise InputError(f"none of {len(self._paths)} files has {length} frames in a row")

    def __len__(self) -> int:
        return len(self._runs)

    def __getitem__(self, index: int) -> Any:
        number, first = self._runs[index]
        frames = range(first, first + self._length)
        data = self._clip(number).batch(frames, device="cpu", layout="NCHW").data
        assert isinstance(data, Tensor)
        return data if self._transform is None else self._transform(data)

    def close(self) -> None:
        """Closes the file that was read last; reading opens it again."""
        if self._opened is not None:
            self._opened[2].close()
            self._opened = None

    def __del__(self) -> None:
        if hasattr(self, "_opened"):  # not where the arguments were refused
            self.close()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_opened": None}

    def _clip(self, number: int) -> Clip:
        """The file, which stays open; a forked process must not share its parent's position."""
        process = os.getpid()
        if self._opened is None or self._opened[:2] != (process, number):
            self.close()
            self._opened = process, number, self._open(number)
        return self._opened[2]

    def _open(self, number: int) -> Clip:
        return Clip(self._paths[number], device="cpu", threads=self._threads, preview=self._preview)
