"""The contract that every codec keeps, and what its four kinds have in common.

A codec is one immutable byte format with what writes and reads it. It is a class that inherits
from `VideoCodec`, `ImageCodec` or `FeatureCodec`, has the attributes of `Codec`, and can be made
without arguments. A package names it in the entry-point group ``ncodec.codecs``, under its
`codec_id`; `ncodec.plugin.register` does the same for one process.

What it promises, and what is checked:

* Its attributes have the types that `Codec` gives and its abstract methods are there: checked when
  it is loaded. Importing its module is cheap: the command line reads its options, so that anything
  heavy (torch) is imported inside the methods.
* An id and a version name one byte format for ever. Other bytes are another version; `decode`
  reads all versions up to its own.
* Everything up to the end of entropy decoding is integer arithmetic. The encoder puts
  `ncodec.formats.integer_hash` of those integers into the segment, the decoder calls
  `Segment.check` with its own: an encode fails where it does not.
* Frames and pixels come back in the number, shapes and sample type that were announced: checked
  on every decode.
* Bytes that cannot be decoded raise `DamagedFile`, other integers `VerificationFailed`. Any other
  exception that is no `NcodecError` becomes `CodecFailed`, which names the package.
* A target size is never exceeded: the finished file is measured.

`ncodec.plugin.check` tries all of it on small inputs.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from ncodec.plugin.context import Option

__all__ = ["MEDIA", "Codec"]

MEDIA = frozenset({"video", "image", "collection", "features"})
"""Kinds of source that a codec may take."""


class Codec(ABC):
    """What codecs of every kind have.

    Attributes:
        codec_id: name in the file's header and of the entry point.
        bitstream_version: the version that is written, from 1; all up to it are read.
        media: kinds of source taken, of `MEDIA`: ``video`` for clips, ``image`` for single images,
            ``collection`` for many images of one shape, ``features`` for what a network needs of
            images.
        options: what a user can choose; command-line flags and keywords of `ncodec.encode`.
        sections: names of a segment's sections, for size breakdowns.
    """

    codec_id: ClassVar[str]
    bitstream_version: ClassVar[int]
    media: ClassVar[frozenset[str]]
    sections: ClassVar[Sequence[str]] = ()

    @property
    def options(self) -> Sequence[Option]:
        return ()
