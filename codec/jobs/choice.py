"""Which codec a source gets."""

from __future__ import annotations

from ncodec.errors import UsageError
from ncodec.media import media_kind
from ncodec.media.kinds import Kind
from ncodec.media.streams import Held
from ncodec.registry import DEFAULT_CODECS

__all__ = ["KEPT", "choose_codec"]

KEPT = ("file", "pixels")
"""What can be kept of a JPEG file."""


def choose_codec(
    source: str | Held,
    *,
    codec: str | None = None,
    timed: bool = False,
    film: bool = False,
    keep: str | None = None,
) -> str:
    """The id of the codec that `source` gets.

    Args:
        source: a path, or what stands for a source without one.
        codec: the one that was named, if any.
        timed: whether frames a second were given: images are a film then.
        film: whether images are to be a film.
        keep: of `KEPT`, None for the file.

    Raises:
        UsageError: these do not go together, or the source may be a clip as well as a collection.
    """
    if keep is not None and keep not in KEPT:
        raise UsageError(f"keep is {keep!r} but must be one of {', '.join(KEPT)}")
    if codec is not None:
        for name, given in (("keep", keep is not None), ("film", film)):
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
            f"codec, such as codec={DEFAULT_CODECS['collection']!r} for images without loss"
        )
    if keep is not None and kind not in ("image", "jpeg"):
        raise UsageError(f"keep does not apply to {source}, which is no JPEG file: leave it out")
    return DEFAULT_CODECS["image" if keep == "pixels" else kind]
