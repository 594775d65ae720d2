"""A lossy image codec of somebody else's, of two modules: coarse samples through `rawimages`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rawimages import RawImages

from ncodec.media.image import Image
from ncodec.plugin import Coded, Context, Option


class CoarseImages(RawImages):
    """Images whose samples are multiples of a step, deflated one by one."""

    codec_id = "coarseimages"
    lossless = False
    takes_target_size = True
    options = (
        Option("coarseness", int, 8, "samples are multiples of this", minimum=1),
        Option("offset", int, 0, "what is added to samples", choices=(0, 1, 2)),
    )

    def encode_images(
        self, images: Sequence[Image], options: Mapping[str, Any], context: Context
    ) -> Coded:
        step = options["coarseness"]
        while True:
            coarse = [Image(image.pixels // step * step + options["offset"]) for image in images]
            coded = super().encode_images(coarse, {"dictionary": ""}, context)
            segments = list(coded.segments)
            size = sum(len(segment.sections[0]) for segment in segments)
            if context.target_size is None or size <= context.target_size or step >= 128:
                return replace(coded, segments=iter(segments))
            step *= 2

    def rate_points(
        self, images: Sequence[Image], options: Mapping[str, Any], count: int
    ) -> Sequence[Mapping[str, Any]]:
        return [{"coarseness": 2**power} for power in reversed(range(1, count + 1))]
