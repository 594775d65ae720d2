"""CONF: model data that all segments share, or its BLAKE3 name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from blake3 import blake3

from ncodec.formats import cbor
from ncodec.formats.errors import DamagedFile, MissingDependency, UnsupportedFormat, UsageError
from ncodec.formats.limits import Limits

__all__ = ["DIGEST_BYTES", "Conf"]

DIGEST_BYTES = 32
_KIND, _DATA = 0, 1
_INLINE, _REFERENCE = 0, 1


@dataclass(frozen=True)
class Conf:
    """A CONF box: `data` is the shared model data itself, or where `reference` is true its 32-byte
    BLAKE3 digest."""

    data: bytes
    reference: bool = False

    def __post_init__(self) -> None:
        if self.reference and len(self.data) != DIGEST_BYTES:
            raise UsageError(
                f"a reference to a model has {len(self.data)} bytes but must be a BLAKE3 digest "
                f"of {DIGEST_BYTES} bytes"
            )

    @property
    def digest(self) -> bytes:
        """The BLAKE3 of the content, whether it is here or elsewhere."""
        return self.data if self.reference else blake3(self.data).digest()

    def content(self, find: Callable[[bytes], bytes | None]) -> bytes:
        """The model data; `find` is asked for what a reference names.

        Raises MissingDependency where `find` returns None, DamagedFile where what it returns
        has another digest.
        """
        if not self.reference:
            return self.data
        data = find(self.data)
        name = self.data.hex()[:16]
        if data is None:
            raise MissingDependency(
                f"the file needs the model with BLAKE3 {name}..., which is not in the store: "
                "give it with --model FILE, or copy it there with `ncodec models FILE`"
            )
        if blake3(data).digest() != self.data:
            raise DamagedFile(f"the stored model {name}... is not what its BLAKE3 says")
        return data

    def pack(self) -> bytes:
        return cbor.dumps({_KIND: int(self.reference), _DATA: self.data})

    @classmethod
    def unpack(cls, payload: bytes, limits: Limits | None = None) -> Conf:
        record = cbor.loads(payload, "CONF", limits)
        if not isinstance(record, dict) or record.keys() != {_KIND, _DATA}:
            raise DamagedFile("CONF is not a map of a kind and data")
        kind, data = record[_KIND], record[_DATA]
        if type(kind) is not int or type(data) is not bytes:
            raise DamagedFile("CONF's kind is no integer or its data are no bytes")
        if kind not in (_INLINE, _REFERENCE):
            raise UnsupportedFormat(
                f"the file has shared data of kind {kind}, which this ncodec does not know: "
                "install a newer ncodec"
            )
        try:
            return cls(data, kind == _REFERENCE)
        except UsageError as error:
            raise DamagedFile(f"CONF cannot be right: {error}") from error
