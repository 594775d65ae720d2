"""The Entropic Student: learned features for a classifier on another machine.

`Encoder` makes packets of images, `Decoder` features and answers of packets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ncodec.formats.lazy import resolver

if TYPE_CHECKING:
    from ncodec.student.coder import Decoder, Encoder

__all__ = ["Decoder", "Encoder"]

__getattr__ = resolver(__name__, dict.fromkeys(__all__, "ncodec.student.coder"))
