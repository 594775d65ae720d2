"""The contract of trainers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from ncodec.formats import Model
from ncodec.plugin.context import Context, Option

__all__ = ["Trainer"]


class Trainer(Protocol):
    """Makes model files: ``ncodec train NAME DATA... -o model.ncm``.

    Entry-point group ``ncodec.trainers``, loaded as codecs are.
    """

    name: ClassVar[str]
    options: ClassVar[Sequence[Option]]

    def train(self, data: Sequence[str], options: Mapping[str, Any], context: Context) -> Model:
        """Learns from `data`, paths as given; `context.report` hears of every epoch.

        The tags of the model say how it was made and what it reached.
        """
        ...
