"""A model file, `.ncm`: what a trainer learned, named by its BLAKE3.

    signature[8] | CBOR map {0: family, 1: version, 2: data, 3: tags} | crc32 u32 LE

The signature is "\\x89NCM\\r\\n\\x1a\\n", the CRC is over all before it.

Files that need a model hold it, or its digest, in a CONF box.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

from blake3 import blake3

from ncodec.formats import cbor
from ncodec.formats.errors import DamagedFile, InputError, UnsupportedFormat
from ncodec.formats.limits import Limits

__all__ = ["MODEL_SIGNATURE", "Model", "read_model"]

MODEL_SIGNATURE = b"\x89NCM\r\n\x1a\n"
_FAMILY, _VERSION, _DATA, _TAGS = range(4)
_CRC_BYTES = 4
_PART = 1 << 20


@dataclass(frozen=True)
class Model:
    """A family of models, the version of its byte format, the bytes, and tags.

    Attributes:
        family: who can use it, such as ``pc-hclt``.
        version: the version of the family's byte format, from 1.
        data: the family's bytes.
        tags: how it was made: tool, seed, options, figures; text keys, CBOR values.
    """

    family: str
    version: int
    data: bytes
    tags: Mapping[str, Any] = field(default_factory=dict)

    def pack(self) -> bytes:
        """The file's bytes."""
        record = {
            _FAMILY: self.family,
            _VERSION: self.version,
            _DATA: self.data,
            _TAGS: dict(self.tags),
        }
        body = MODEL_SIGNATURE + cbor.dumps(record)
        return body + crc32(body).to_bytes(_CRC_BYTES, "little")

    @property
    def digest(self) -> bytes:
        """The BLAKE3 of the file, which references to it hold."""
        return blake3(self.pack()).digest()

    @classmethod
    def unpack(cls, data: bytes, limits: Limits | None = None) -> Model:
        """Reads the file's bytes.

        Raises:
            DamagedFile: they are not a model file, or changed.
        """
        if not data.startswith(MODEL_SIGNATURE):
            raise DamagedFile("the model does not start with the signature of an .ncm file")
        body, crc = data[:-_CRC_BYTES], data[-_CRC_BYTES:]
        if crc32(body).to_bytes(_CRC_BYTES, "little") != crc:
            raise DamagedFile("the model is cut or its CRC is wrong: get another copy")
        record = cbor.loads(body[len(MODEL_SIGNATURE) :], "the model", limits)
        kinds = {_FAMILY: str, _VERSION: int, _DATA: bytes, _TAGS: dict}
        if (
            not isinstance(record, dict)
            or record.keys() != kinds.keys()
            or any(type(record[key]) is not kind for key, kind in kinds.items())
            or not all(isinstance(key, str) for key in record[_TAGS])
        ):
            raise DamagedFile("the model is not a map of family, version, data and tags")
        return cls(record[_FAMILY], record[_VERSION], record[_DATA], record[_TAGS])

    def expect(self, family: str, version: int) -> bytes:
        """The data, for a user of this family that reads versions up to `version`.

        Raises:
            UnsupportedFormat: it is another family's, or newer.
        """
        if self.family != family:
            raise UnsupportedFormat(
                f"the model is of family {self.family!r}, not {family!r}: give the model that "
                "fits the codec"
            )
        if not 1 <= self.version <= version:
            raise UnsupportedFormat(
                f"the model has version {self.version} of {family}, this ncodec reads up to "
                f"{version}: install a newer ncodec"
            )
        return self.data


def read_model(path: str | Path, limits: Limits | None = None) -> Model:
    """The model in a file.

    Raises:
        InputError: it cannot be read, or is not a model.
    """
    limits = limits or Limits()
    try:
        # Piece by piece: a file is as long as it is, and no memory is asked for that it lacks.
        parts, size = [], 0
        with open(path, "rb") as stream:
            while size <= limits.box_bytes and (part := stream.read(_PART)):
                parts.append(part)
                size += len(part)
    except OSError as error:
        raise InputError(
            f"model {path} cannot be read ({error.strerror}): check the path, or make one with "
            "ncodec train"
        ) from None
    limits.check("box_bytes", size)
    try:
        return Model.unpack(b"".join(parts), limits)
    except DamagedFile as error:
        raise InputError(f"{path} is no usable model ({error}): give an intact .ncm file") from None
