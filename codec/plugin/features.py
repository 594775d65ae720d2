"""The contract of codecs of what a network needs of still images."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ncodec.plugin.context import Context
from ncodec.plugin.stills import StillCodec, Stored

if TYPE_CHECKING:
    import numpy as np

    from ncodec.media.image import Image

__all__ = ["ComparesFeatures", "FeatureCodec", "Features"]


class Features(Protocol):
    """The images of a file of features, as what their heads make of them.

    Attributes:
        heads: names of what can be had.
    """

    @property
    def heads(self) -> Sequence[str]: ...

    def __len__(self) -> int: ...

    def head(self, name: str, index: int) -> np.ndarray:
        """Float32 features of image `index`, without an axis for the batch.

        Raises:
            UsageError: there is no such head.
            DamagedFile: its segment is lost, or cannot be decoded.
            VerificationFailed: the decoded integers differ from a segment's hash.
        """
        ...

    def check(self, index: int) -> None:
        """Decodes the integers of image `index` and no more; errors as `head`."""
        ...

    def classes(self) -> Sequence[str]:
        """Names of what ``logits`` tells apart."""
        ...


@runtime_checkable
class ComparesFeatures(Protocol):
    """What `open_features` returns of a codec that can tell what an image is to become."""

    def agreement(self, image: Image, index: int) -> float:
        """The share, 0 to 1, of the integers of image `index` that encoding `image` gives, too,
        those that are 0 in both aside.

        Less than 1 for the right image where machines round the floats of a network differently.
        """
        ...


class FeatureCodec(StillCodec):
    """A codec of what a network needs of still images; `media` has ``features``.

    To be implemented: `encode_images` and `open_features`.
    """

    @abstractmethod
    def open_features(self, stored: Stored, context: Context) -> Features:
        """The features of a file, `ComparesFeatures` perhaps; decodes none yet."""
