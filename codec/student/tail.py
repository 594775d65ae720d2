"""A second tail of a student: its latents as a picture for people, encoder and prior untouched.

A model file of family `entropic-picture`: CBOR map {"student": BLAKE3 of the student's file,
"network": float16 weights of a decoder with the student's layers}.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile, MissingDependency, UsageError
from ncodec.formats import Model, cbor
from ncodec.store import models
from ncodec.student.model import StudentModel, decoder_arrays, weight_bytes

__all__ = ["FAMILY", "VERSION", "PictureTail", "find_tail"]

FAMILY, VERSION = "entropic-picture", 1


@dataclass(frozen=True)
class PictureTail:
    """A decoder from a student's latents to normalised pictures.

    Attributes:
        student: BLAKE3 of the student's model file.
        network: weights, as `ncodec.student.network.to_arrays` orders them.
    """

    student: bytes
    network: Sequence[NDArray[np.float16]]

    def pack(self) -> bytes:
        """The data of a model file."""
        return cbor.dumps({"student": self.student, "network": weight_bytes(self.network)})

    @classmethod
    def of(cls, model: Model, student: StudentModel) -> PictureTail:
        """The tail in a model file; DamagedFile where it is none for `student`."""
        content: Any = cbor.loads(model.expect(FAMILY, VERSION), "the model")
        try:
            network = decoder_arrays(student.architecture, content["network"])
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFile(f"the model is no tail ({error}): get another copy") from None
        return cls(student.digest, network)


def find_tail(student: StudentModel, files: Iterable[str | Path] = ()) -> PictureTail:
    """The picture tail of a student: from `files`, the package or the user's folder.

    Raises:
        UsageError: the student's decoder makes no pictures, so it can have no such tail.
        MissingDependency: there is none.
    """
    if not student.architecture.picture:
        raise UsageError(
            f"a student of {student.teacher} has no pictures: its decoder ends in features; "
            "use --head features, embedding, logits or classify"
        )
    for model in models(FAMILY, files):
        content = cbor.loads(model.data, "the model")
        if isinstance(content, dict) and content.get("student") == student.digest:
            return PictureTail.of(model, student)
    raise MissingDependency(
        f"no tail makes pictures of model {student.digest.hex()[:16]}...: train one with "
        "`ncodec train entropic-picture`, and give it with --model or `ncodec models add`"
    )
