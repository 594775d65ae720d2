"""The codec `entropic-student`: an image becomes what a classifier needs of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ncodec.errors import DamagedFile, UsageError
from ncodec.formats import Conf, Model, Segment, VideoInfo, integer_hash, read_model
from ncodec.plugin import Coded, Context, FeatureCodec, Option, Stored

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ncodec.media import Image
    from ncodec.student.coder import Decoder
    from ncodec.student.payload import Latents

__all__ = ["EntropicStudent"]

HEADS = ("features", "embedding", "logits", "picture")


class EntropicStudent(FeatureCodec):
    """Features of photographs for a classifier on another machine (arXiv 2108.11898)."""

    codec_id = "entropic-student"
    bitstream_version = 1
    media = frozenset({"features"})
    sections = ("latents",)
    options = (
        Option(
            "model",
            Path,
            None,
            "a model of `ncodec train entropic-student`; if none, the shipped one",
        ),
        Option("rate", int, 3, "1, the fewest bytes, to as many as the model has", minimum=1),
        Option("whole", bool, False, "keep each image's size, not the teacher's resize and crop"),
    )

    def encode_images(
        self, images: Sequence[Image], options: Mapping[str, Any], context: Context
    ) -> Coded:
        """Codes images, a segment for each.

        Raises:
            NcodecError: the model cannot be used, or has no such rate.
        """
        from ncodec.device import threads
        from ncodec.store import shipped_model
        from ncodec.student.coder import Encoder
        from ncodec.student.model import DEFAULT
        from ncodec.student.payload import pack

        model = read_model(options["model"]) if options["model"] else shipped_model(DEFAULT)
        encoder = Encoder(
            model, rate=options["rate"], whole=options["whole"], device=context.device
        )

        def segments() -> Iterator[Segment]:
            with threads(context.threads):
                for index, image in enumerate(images):
                    try:
                        latents = encoder.latents(encoder.prepare(image))
                    except UsageError as error:
                        raise UsageError(f"{image.name or f'image {index}'}: {error}") from None
                    data = pack(latents, encoder.model)
                    yield Segment(index, index, 1, (data,), integer_hash([latents.values]))

        side = 0 if options["whole"] else encoder.model.preparation.side
        info = VideoInfo(side, side, len(images), Fraction(1), "rgb24", full_range=True)
        # A model of a megabyte has no place in a file of a kilobyte.
        return Coded(info, segments(), (Conf(model.digest, reference=True),))

    def open_features(self, stored: Stored, context: Context) -> _Opened:
        return _Opened(stored, context)


class _Opened:
    """The features of a file."""

    heads = HEADS

    def __init__(self, stored: Stored, context: Context) -> None:
        from ncodec.student.coder import Decoder

        if len(stored.shared) != 1 or any(count != 1 for _, _, count in stored.present):
            raise DamagedFile(
                "a file of features names one model and has a segment an image: get another copy"
            )
        self._stored, self._threads, self._device = stored, context.threads, context.device
        self._segments = {first: index for index, first, _ in stored.present}
        self._decoder: Decoder = Decoder(
            Model.unpack(stored.shared[0]), tails=stored.models, device=context.device
        )

    def __len__(self) -> int:
        return max(self._stored.info.frames, *(first + 1 for first in self._segments), 0)

    def head(self, name: str, index: int) -> NDArray[Any]:
        from ncodec.device import threads

        if name not in self.heads:
            raise UsageError(f"{name!r} is no head of this file: it has {', '.join(self.heads)}")
        latents = self._latents(index)
        with threads(self._threads):
            outputs = self._decoder.heads([latents], name)
        values: NDArray[Any] = outputs[0].numpy()
        return values

    def check(self, index: int) -> None:
        self._latents(index)

    def agreement(self, image: Image, index: int) -> float:
        from ncodec.device import threads
        from ncodec.student.coder import Encoder

        found = self._latents(index)
        encoder = Encoder(
            self._decoder.model,
            rate=found.rate,
            whole=not self._stored.info.width,  # as `encode_images` says it
            device=self._device,
        )
        with threads(self._threads):
            given = encoder.latents(encoder.prepare(image)).values
        if given.shape != found.values.shape:
            return 0.0
        # Most are 0 whatever the picture.
        said = (given != 0) | (found.values != 0)
        return float((given == found.values)[said].mean()) if said.any() else 1.0

    def classes(self) -> Sequence[str]:
        from ncodec.student.teachers import class_names

        return class_names()

    def _latents(self, index: int) -> Latents:
        from ncodec.student.payload import unpack

        if index not in self._segments:
            raise DamagedFile(f"image {index} is lost: its segment is not in the file")
        segment = self._stored.segment(self._segments[index])
        if len(segment.sections) != 1:
            raise DamagedFile(f"image {index} has {len(segment.sections)} sections, not one")
        latents = unpack(segment.sections[0], self._decoder.model)
        segment.check([latents.values])
        return latents
