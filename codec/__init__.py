"""ncodec: neural compression of videos, images and features into real .nc files.

Names are resolved on first use, so that `import ncodec` costs no more than the name it uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ncodec.api import codecs, decode, encode, open, probe, train
    from ncodec.errors import NcodecError

from ncodec._version import __version__

__all__ = [
    "NcodecError",
    "__version__",
    "codecs",
    "decode",
    "encode",
    "open",
    "probe",
    "train",
]

_HOMES = {
    "NcodecError": "ncodec.errors",
    "codecs": "ncodec.api",
    "decode": "ncodec.api",
    "encode": "ncodec.api",
    "open": "ncodec.api",
    "probe": "ncodec.api",
    "train": "ncodec.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ncodec' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
