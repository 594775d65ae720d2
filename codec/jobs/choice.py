"""Which codec a source gets."""

from __future__ import annotations

from pathlib import Path

from ncodec.errors import UsageError
from ncodec.formats import read_model
from ncodec.media import Collection, media_kind, open_collection
from ncodec.media.collection import ArrayCollection
from ncodec.media.kinds import Kind
from ncodec.media.picture_files import PictureFiles, open_pictures
from ncodec.media.streams import Held
from ncodec.plugin import HasModels
from ncodec.registry import ALBUM, DEFAULT_CODECS, load_codec

__all__ = ["KEPT", "choose_codec", "codec_of_picture", "pictures_of"]

KEPT = ("file", "pixels")
"""What can be kept of a JPEG file."""

_SMALL = 1 << 16
"""The most bytes of a picture that can be one of a collection: a model for more is none to ship."""


def choose_codec(
    source: str | Held,
    *,
    codec: str | None = None,
    timed: bool = False,
    film: bool = False,
    keep: str | None = None,
    model: str | Path | None = None,
) -> str:
    """The id of the codec that `source` gets.

    Args:
        source: a path, or what stands for a source without one.
        codec: the one that was named, if any.
        timed: whether frames a second were given: images are a film then.
        film: whether images are to be a film.
        keep: of `KEPT`, None for the file.
        model: the model file that was named, if any: it says what several images are.

    Raises:
        UsageError: these do not go together, or the source may be a clip as well as a collection.
        InputError: the source or the model cannot be read.
    """
    if keep is not None and keep not in KEPT:
        raise UsageError(f"keep is {keep!r} but must be one of {', '.join(KEPT)}")
    if codec is not None:
        for name, given in (("keep", keep is not None and codec != ALBUM), ("film", film)):
            if given:
                raise UsageError(f"{name} chooses a codec, and {codec} is named: leave one out")
        return codec
    kind: Kind | None
    if film:
        kind = "video"
    elif isinstance(source, Held):
        kind = source.kind
    else:
        kind = media_kind(source, timed=timed)
    if kind is None:
        raise UsageError(
            f"{source} may be a clip or a collection of images: give fps= for a clip, or name a "
            f"codec, such as codec={ALBUM!r} for images without loss"
        )
    if kind == "album" and timed:
        kind = "video"
    there = isinstance(source, Held) or Path(source).exists()
    if kind == "collection" and there and not _is_collection(source, model):
        kind = "album" if len(pictures_of(source)) > 1 else "image"
    elif kind == "album" and _is_collection(source, model):
        kind = "collection"
    if keep is not None and kind not in ("image", "jpeg", "album"):
        raise UsageError(f"keep does not apply to {source}, which is no JPEG file: leave it out")
    return codec_of_picture(kind, keep)


def codec_of_picture(kind: Kind, keep: str | None) -> str:
    """The id of the codec of a source of this kind, with what is kept of a JPEG file."""
    return DEFAULT_CODECS["image" if (kind, keep) == ("jpeg", "pixels") else kind]


def pictures_of(source: str | Held) -> Collection:
    """The pictures of an album, or of an array file; errors as of `open_pictures`."""
    if isinstance(source, Held):
        return source.collection()
    if media_kind(source) == "collection":
        return open_collection(source)
    return open_pictures(source)


def _is_collection(source: str | Held, model: str | Path | None) -> bool:
    """Whether the pictures are of one shape, for which the codec of collections has a model."""
    if model is not None:
        return read_model(model).family not in (DEFAULT_CODECS["image"], DEFAULT_CODECS["jpeg"])
    codec = load_codec(DEFAULT_CODECS["collection"])
    pictures = pictures_of(source)
    if not isinstance(codec, HasModels) or not _is_small(pictures, 0):
        return False
    first = pictures[0]
    plain = first.metadata.samples.is_plain
    if not plain or not codec.fits(first.pixels.shape, first.bit_depth):
        return False
    if isinstance(pictures, ArrayCollection):
        return True
    if isinstance(pictures, PictureFiles) and any(pictures.pages):
        return False
    below = not isinstance(source, Held) and {*open_collection(source).names} != {*pictures.names}
    if below:
        return False  # pictures in folders below, which only an album takes
    return all(
        _is_small(pictures, index)
        and (image := pictures[index]).pixels.shape == first.pixels.shape
        and image.bit_depth == first.bit_depth
        for index in range(1, len(pictures))
    )


def _is_small(pictures: Collection, index: int) -> bool:
    """Whether it can be one of a collection, as far as can be told without decoding it."""
    if not isinstance(pictures, PictureFiles):
        return pictures[index].pixels.nbytes <= _SMALL
    return pictures.sizes[index] <= _SMALL and not pictures.file(index).startswith(b"\xff\xd8\xff")
