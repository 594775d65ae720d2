"""A .nc file of features, and what its heads say."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import UsageError
from ncodec.files.stored import StoredFile
from ncodec.formats import Reader
from ncodec.plugin import Context, FeatureCodec
from ncodec.registry import codec_for
from ncodec.threads import thread_count

__all__ = ["FeatureFile"]

TOP = 5


class FeatureFile:
    """An open file of features; a context manager.

    Args:
        source: a path, bytes, a binary stream, or an open `Reader`, which is closed with this.
        device, threads, models: as in `Album`.

    Attributes:
        heads: names that `head` takes.
        names: of the images.

    Raises:
        UsageError: the file holds pictures.
        NcodecError: the file cannot be read, or its codec or its model is not there.
    """

    def __init__(
        self,
        source: str | Path | bytes | BinaryIO | Reader,
        *,
        device: str = "auto",
        threads: int = 0,
        models: Iterable[str | Path] = (),
    ) -> None:
        self._reader = source if isinstance(source, Reader) else Reader(source)
        try:
            codec = codec_for(self._reader.header)
            if not isinstance(codec, FeatureCodec):
                raise UsageError(
                    f"{self._reader.name} holds pictures of {codec.codec_id}, which has no heads: "
                    "decode it without --head"
                )
            stored = StoredFile.of(self._reader, models)
            records = stored.records()
            context = Context(device=device, threads=threads or thread_count())
            self._features = codec.open_features(stored, context)
        except BaseException:
            self._reader.close()
            raise
        self.heads = tuple(self._features.heads)
        self.names = tuple(records.name(index) for index in range(len(self)))

    def __enter__(self) -> FeatureFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; arrays already returned stay valid."""
        self._reader.close()

    def __len__(self) -> int:
        return len(self._features)

    def head(self, name: str, index: int = 0) -> NDArray[np.float32]:
        """What head `name` makes of image `index`; errors as `ncodec.plugin.Features.head`."""
        return self._features.head(name, index)

    def check(self, index: int = 0) -> None:
        """Decodes the integers of image `index`, which are checked; errors as `head`."""
        self._features.check(index)

    def classify(self, index: int = 0, count: int = TOP) -> list[tuple[str, float]]:
        """The most likely classes of image `index` and their probabilities."""
        values = self.head("logits", index).astype(np.float64)
        likely = np.exp(values - values.max())
        likely /= likely.sum()
        names = self._features.classes()
        return [
            (names[i], float(likely[i]))
            for i in np.argsort(-likely, kind="stable")[:count].tolist()
        ]
