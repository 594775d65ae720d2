"""A .nc file of features, and what its heads say."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import UsageError
from ncodec.files.openfile import OpenFile
from ncodec.files.stored import StoredFile
from ncodec.media.image import Image
from ncodec.plugin import ComparesFeatures, FeatureCodec

__all__ = ["FeatureFile"]

TOP = 5


class FeatureFile(OpenFile):
    """An open file of features; a context manager.

    Args:
        source, device, threads, models: as in `OpenFile`.

    Attributes:
        heads: names that `head` takes.

    Raises:
        UsageError: the file holds pictures.
        NcodecError: as in `OpenFile`.
    """

    unit = "image"

    def _load(self, codec: Any, stored: StoredFile) -> None:
        if not isinstance(codec, FeatureCodec):
            raise UsageError(
                f"{self._reader.name} holds pictures of {codec.codec_id}, which has no heads: "
                "decode it without --head"
            )
        self._records = stored.records()
        self._features = codec.open_features(stored, self._context)
        self.heads = tuple(self._features.heads)

    def __len__(self) -> int:
        return len(self._features)

    @property
    def names(self) -> tuple[str, ...]:
        """The images' names."""
        return tuple(map(self.name, range(len(self))))

    def name(self, index: int = 0) -> str:
        """The name of image `index`."""
        return self._records.name(self._index(index))

    def head(self, name: str, index: int = 0) -> NDArray[np.float32]:
        """What head `name` makes of image `index`; errors as `ncodec.plugin.Features.head`."""
        return self._features.head(name, self._index(index))

    def check(self, index: int = 0) -> None:
        """Decodes the integers of image `index`, which are checked; errors as `head`."""
        self._features.check(self._index(index))

    def agreement(self, image: Image, index: int = 0) -> float:
        """The share of the integers of image `index` that encoding `image` gives, too.

        Raises:
            UsageError: the codec cannot tell.
        """
        if not isinstance(self._features, ComparesFeatures):
            codec = self._reader.header.codec_id
            raise UsageError(f"{codec} does not compare features with a source: leave it out")
        return self._features.agreement(image, self._index(index))

    def _about(self) -> str:
        return f" with heads {', '.join(self.heads)}"

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
