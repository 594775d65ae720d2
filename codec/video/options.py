"""What a user can choose of every implicit video codec. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ncodec.plugin import Option
from ncodec.video.budget import PRESET_QUALITY

__all__ = ["inr_options"]


def inr_options(presets: Iterable[str], default: str) -> Sequence[Option]:
    """The options, with these presets to choose from."""
    return (
        Option(
            "preset",
            str,
            default,
            "trade of time against quality",
            choices=tuple(presets),
        ),
        Option(
            "model_size",
            float,
            None,
            "millions of weights and embedding values a segment",
            minimum=1e-3,
        ),
        Option(
            "quality",
            float,
            PRESET_QUALITY,
            "ten more double the values; the preset's or --model-size is at 50",
            minimum=0,
        ),
        Option(
            "target_psnr",
            float,
            None,
            "dB that every segment's decoded frames reach, RGB, mean over frames",
            minimum=1,
        ),
        Option("epochs", int, None, "passes over each segment", minimum=1),
        Option(
            "compile",
            bool,
            False,
            "compile the networks first (torch.compile, a minute or two), with graphs on CUDA",
        ),
    )
