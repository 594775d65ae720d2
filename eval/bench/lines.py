"""Codecs of clips at one setting each, as `ncodec bench video` draws their curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ncodec.errors import UsageError
from ncodec.eval.bench.choice import codec_choice, flags, words
from ncodec.eval.bench.clip import Prepared
from ncodec.plugin import HasRates
from ncodec.registry import frame_codec, resolve_options

__all__ = ["CodecLine", "codec_lines"]


@dataclass(frozen=True, slots=True)
class CodecLine:
    """A codec at one setting, which becomes one curve.

    Attributes:
        name: unique in a run, such as ``hnerv fast``.
        codec: the codec's id.
        options: those that all its points share.
        rates: options that each point adds; None for the codec's own ladder.
        seconds: wall time of each encode, or None for as long as its options say.
        reference: whether the run's other lines are compared with it, as with an anchor.
    """

    name: str
    codec: str
    options: Mapping[str, Any]
    rates: Sequence[Mapping[str, Any]] | None = None
    seconds: float | None = None
    reference: bool = False

    @property
    def settings(self) -> str:
        """What its points share, in words."""
        return " ".join(["--codec", self.codec, *flags(self.encode_options)])

    @property
    def encode_options(self) -> Mapping[str, Any]:
        """The options of `ncodec encode` that all its points have."""
        budget = {} if self.seconds is None else {"time_budget": self.seconds}
        return {**self.options, **budget}

    def points(self, clip: Prepared, count: int) -> Sequence[Mapping[str, Any]]:
        """What sets each point apart; one point for a codec that has no ladder."""
        if self.rates is not None:
            return self.rates
        codec = frame_codec(self.codec)
        if not isinstance(codec, HasRates):
            return [{}]
        return codec.rate_points(clip.windows, resolve_options(codec, self.options), count)


def codec_lines(
    codecs: Sequence[str],
    presets: Sequence[str | None] = (None,),
    budgets: Sequence[float | None] = (None,),
    reference: str | None = None,
) -> list[CodecLine]:
    """A line for every codec, preset and time budget; one that brings a preset has no others.

    Args:
        codecs: texts for `codec_choice`.
        presets: names, None for a codec's default.
        budgets: seconds of wall time, None for as long as the options say.
        reference: name of the line that the others are compared with.

    Raises:
        UsageError: a codec, an option or the reference is unknown.
    """
    lines = []
    for text in codecs:
        choice = codec_choice(text)
        own = choice.options.get("preset")
        for preset, seconds in product(presets if own is None else [own], budgets):
            options = {} if preset is None else {"preset": preset}
            lines.append(_line(choice.codec, {**choice.options, **options}, seconds, reference))
    if reference is not None and not any(line.reference for line in lines):
        names = ", ".join(repr(line.name) for line in lines)
        raise UsageError(f"--reference is {reference!r} but must be one of the curves: {names}")
    return lines


def _line(
    codec: str, options: Mapping[str, Any], seconds: float | None, reference: str | None
) -> CodecLine:
    preset = resolve_options(frame_codec(codec), options).get("preset")
    others = {name: value for name, value in options.items() if name != "preset"}
    parts = [codec, preset, words(others), seconds and f"{seconds:g} s"]
    name = " ".join(part for part in parts if part)
    return CodecLine(name, codec, options, seconds=seconds, reference=name == reference)
