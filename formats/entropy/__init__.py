"""Entropy coding with integer tables only.

An `Encoder` writes symbols with `Table`s of integer frequencies, a `Decoder` reads them back.
`encode_arrays` and `decode_arrays` code whole quantised tensors and choose the tables;
`encode_array` and `decode_array` do one within a stream that holds other things.

Names are resolved on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ncodec.formats.lazy import resolver

if TYPE_CHECKING:
    from ncodec.formats.entropy.coder import Decoder, Encoder, Table, uniform
    from ncodec.formats.entropy.integers import decode_integers, encode_integers
    from ncodec.formats.entropy.tables import gaussian, laplace
    from ncodec.formats.entropy.tensor import (
        decode_array,
        decode_arrays,
        encode_array,
        encode_arrays,
        estimate_bytes,
    )

_HOMES = {
    "Decoder": "coder",
    "Encoder": "coder",
    "Table": "coder",
    "uniform": "coder",
    "decode_integers": "integers",
    "encode_integers": "integers",
    "gaussian": "tables",
    "laplace": "tables",
    "decode_array": "tensor",
    "decode_arrays": "tensor",
    "encode_array": "tensor",
    "encode_arrays": "tensor",
    "estimate_bytes": "tensor",
}
__all__ = [
    "Decoder",
    "Encoder",
    "Table",
    "decode_array",
    "decode_arrays",
    "decode_integers",
    "encode_array",
    "encode_arrays",
    "encode_integers",
    "estimate_bytes",
    "gaussian",
    "laplace",
    "uniform",
]

__getattr__ = resolver(__name__, {name: f"{__name__}.{home}" for name, home in _HOMES.items()})


def __dir__() -> list[str]:
    return sorted(__all__)
