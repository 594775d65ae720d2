"""Results that are no pictures: said, because a small file looks like success."""

from __future__ import annotations

from collections.abc import Sequence

from ncodec.formats import Segment

__all__ = ["poor_clip", "poor_images"]

_POOR = 20.0
"""RGB-PSNR in dB below which hardly more than the colours of a scene can be told."""


def poor_clip(psnr: float | None, segments: Sequence[Segment]) -> str | None:
    """What to say of a clip that is poor as a whole or in some segments; None of others.

    Args:
        psnr: the mean over its frames in dB; None where it is lossless.
        segments: all of them.
    """
    remedy = (
        "give it more time, a higher --quality or --target-size, or shorter segments with "
        "--max-segment"
    )
    if psnr is not None and psnr < _POOR:
        return f"the picture is poor, {psnr:.2f} dB: {remedy}"
    poor = [(s.psnr, s) for s in segments if s.psnr is not None and s.psnr < _POOR]
    if not poor:
        return None
    worst, segment = min(poor, key=lambda pair: pair[0])
    end = segment.first_frame + segment.frame_count - 1
    return (
        f"{len(poor)} of {len(segments)} segments below {_POOR:g} dB, the worst, frames "
        f"{segment.first_frame} to {end}, at {worst:.2f} dB: {remedy}"
    )


def poor_images(psnr: float | None) -> str | None:
    """The same of still images."""
    if psnr is None or psnr >= _POOR:
        return None
    return f"the picture is poor, {psnr:.2f} dB: give it a higher quality or --target-size"
