"""The Entropic Student: learned features for a classifier on another machine.

`Encoder` makes packets of images, `Decoder` features and answers of packets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ncodec.student.coder import Decoder, Encoder

__all__ = ["Decoder", "Encoder"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'ncodec.student' has no attribute {name!r}")
    from ncodec.student import coder

    return getattr(coder, name)
