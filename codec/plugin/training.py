"""The contract of trainers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ncodec.formats import Model
from ncodec.plugin.context import Context, Option

__all__ = ["Trainer"]


class Trainer(ABC):
    """Makes model files: ``ncodec train NAME DATA... -o model.ncm``.

    A package names it in the entry-point group ``ncodec.trainers`` under its `name`; it is
    loaded and checked as codecs are.

    Attributes:
        name: what the command line calls it.
        options: what a user can choose.
    """

    name: ClassVar[str]
    options: ClassVar[Sequence[Option]]

    @abstractmethod
    def train(self, data: Sequence[str], options: Mapping[str, Any], context: Context) -> Model:
        """Learns from `data`, paths as given; `context.report` hears of every epoch.

        The tags of the model say how it was made and what it reached.
        """
