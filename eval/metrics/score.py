"""Scores of a decoded clip against its source, frame by frame and over the clip.

Both files are read in lockstep, so memory holds a few frames whatever the length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ncodec.errors import InputError
from ncodec.eval.metric_names import METRICS
from ncodec.eval.metrics.colour import colour_of
from ncodec.eval.metrics.filters import Vmaf, Xpsnr, pooled_xpsnr, vmaf_absent, xpsnr_absent
from ncodec.eval.metrics.frames import absent_planes, frame_scores
from ncodec.eval.metrics.planes import combined, error_keys, mean, pooled_psnr, psnr_cap
from ncodec.formats import VideoInfo
from ncodec.media import Frame, Reading, VideoSource, open_source, to_rgb, write_image
from ncodec.media.image import Image
from ncodec.threads import in_order

__all__ = ["METRICS", "Scores", "score"]


@dataclass(frozen=True, slots=True)
class Scores:
    """The figures of a comparison.

    Attributes:
        frames: the values of each frame for ``mse_y``, ``psnr_y``, ...
        pooled: the clip's value for every key of `METRICS`; None where there is none.
        absent: why figures are absent, in sentences.
        colour: matrix, range, chroma location and what made RGB of them.
    """

    frames: dict[str, list[float]]
    pooled: dict[str, float | None]
    absent: list[str]
    colour: dict[str, Any]


def score(
    decoded: Path, source: Path, threads: int = 1, picture: tuple[int, Path, Path] | None = None
) -> Scores:
    """Compares two clips, or two images.

    Args:
        decoded: frames in the source's size and pixel format. Its colour tags are not looked at.
        source: the frames as they should be.
        threads: that frames are shared between, 1 or more.
        picture: a frame's index, and where to write it as an 8-bit RGB PNG, decoded and source.

    Raises:
        InputError: a file cannot be read, or they differ in size, pixel format or frames.
    """
    # Alpha that an encode was told to drop is no part of the comparison.
    ours, theirs = open_source(decoded), open_source(source, Reading(alpha=False))
    _check_alike(ours, theirs)
    info, cap = theirs.info, psnr_cap(theirs.info)
    rate = theirs.rates()[0] if theirs.rates() else 1 / info.time_base
    no_xpsnr, no_vmaf = xpsnr_absent(info), vmaf_absent(info)
    with TemporaryDirectory() as scratch:
        xpsnr = None if no_xpsnr else Xpsnr(info, rate)
        vmaf = None if no_vmaf else Vmaf(info, rate, threads, Path(scratch) / "vmaf.json")

        def pairs() -> Iterator[tuple[Frame, Frame]]:
            for index, (a, b) in enumerate(_lockstep(ours, theirs)):
                for whole_clip in (xpsnr, vmaf):
                    if whole_clip is not None:
                        whole_clip.push(a, b)
                if picture is not None and index == picture[0]:
                    _write_picture(a, info, picture[1])
                    _write_picture(b, info, picture[2])
                yield a, b

        scores = list(in_order(lambda pair: frame_scores(*pair, info), pairs(), threads))
        weighted = {} if xpsnr is None else xpsnr.finish()
        vmaf_frames = {} if vmaf is None else {"vmaf": vmaf.finish()}
    if not scores:
        raise InputError(f"{source} has no frames: give a clip with at least one")
    if picture is not None and picture[0] >= len(scores):
        raise InputError(
            f"{source} has no frame {picture[0]}: its {len(scores)} frames count from 0"
        )
    frames: dict[str, list[float]] = {key: [one[key] for one in scores] for key in scores[0]}
    frames |= _xpsnr_frames(weighted, cap) | vmaf_frames
    pooled = {key: mean(values) for key, values in frames.items()}
    pooled |= _pooled(frames, info) | _xpsnr_pooled(weighted, cap)
    return Scores(
        frames,
        {metric.key: pooled.get(metric.key) for metric in METRICS},
        [*absent_planes(info), *filter(None, (no_xpsnr, no_vmaf))],
        colour_of(info),
    )


def _pooled(frames: dict[str, list[float]], info: VideoInfo) -> dict[str, float]:
    errors = {name: frames[f"mse_{name}"] for name, _ in error_keys(info)}
    return {f"psnr_{name}_pooled": value for name, value in pooled_psnr(errors, info).items()}


def _xpsnr_frames(scores: dict[str, list[float]], cap: float) -> dict[str, list[float]]:
    capped = {plane: [min(cap, value) for value in values] for plane, values in scores.items()}
    if len(capped) == 3:
        capped["yuv"] = [combined(*values) for values in zip(*capped.values(), strict=True)]
    return {f"xpsnr_{plane}": values for plane, values in capped.items()}


def _xpsnr_pooled(scores: dict[str, list[float]], cap: float) -> dict[str, float]:
    pooled = {plane: pooled_xpsnr(values, cap) for plane, values in scores.items()}
    if len(pooled) == 3:
        pooled["yuv"] = combined(*pooled.values())
    return {f"xpsnr_{plane}_pooled": value for plane, value in pooled.items()}


def _lockstep(ours: VideoSource, theirs: VideoSource) -> Iterator[tuple[Frame, Frame]]:
    left, right = ours.frames(), theirs.frames()
    count = 0
    for a in left:
        b = next(right, None)
        if b is None:
            raise _other_length(ours, count + 1 + sum(1 for _ in left), theirs, count)
        yield a, b
        count += 1
    rest = sum(1 for _ in right)
    if rest:
        raise _other_length(ours, count, theirs, count + rest)


def _other_length(ours: VideoSource, count: int, theirs: VideoSource, expected: int) -> InputError:
    return InputError(
        f"{ours.name} has {count} frames and {theirs.name} has {expected}: compare clips of the"
        " same frames"
    )


def _check_alike(ours: VideoSource, theirs: VideoSource) -> None:
    layout, expected = (
        f"{source.info.width}x{source.info.height} {source.info.pixel_format}"
        for source in (ours, theirs)
    )
    if layout != expected:
        raise InputError(
            f"{ours.name} is {layout} and {theirs.name} is {expected}: decode to the source's size"
            " and pixel format"
        )


def _write_picture(frame: Frame, info: VideoInfo, path: Path) -> None:
    rgb = to_rgb(frame, info)
    if rgb.dtype.itemsize > 1:
        rgb = ((rgb.astype("u4") + 128) // 257).astype("u1")
    write_image(path, Image(rgb))
