"""The trainer `pc-photo`: circuits for photographs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ncodec.errors import Interrupted, UsageError
from ncodec.formats import Model
from ncodec.media import open_collection
from ncodec.plugin import Context, Option, Trainer

__all__ = ["PhotoTrainer"]


class PhotoTrainer(Trainer):
    """Circuits for `pc-photo`, from RGB photographs of any size; it does not resume."""

    name: ClassVar[str] = "pc-photo"
    options: ClassVar[Sequence[Option]] = ()

    def train(self, data: Sequence[str], options: Mapping[str, Any], context: Context) -> Model:
        """Learns from images, folders and globs of them; see `ncodec.photo.learn`.

        Raises:
            UsageError: an image is not RGB of 8 bits.
        """
        # The kernels are compiled when they are imported; listing options need not wait for that.
        from ncodec.photo.learn import learn

        images = []
        for source in data:
            for image in open_collection(source):
                if image.pixel_format != "rgb24":
                    raise UsageError(
                        f"{image.name} is {image.pixel_format}: photographs to train on must be "
                        "8-bit RGB"
                    )
                images.append(image.pixels)

        def report(step: int, steps: int, bits: float) -> None:
            context.report(fraction=step / steps, epoch=step, epochs=steps, bits=bits)
            if context.stopping():
                raise Interrupted("stopped by the user: nothing is kept of an unfinished training")

        return learn(images, context.seed, report).model
