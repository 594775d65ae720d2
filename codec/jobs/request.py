"""What a user asks of an encode."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

from ncodec.errors import InputError, UsageError
from ncodec.formats.boxes import SIGNATURE
from ncodec.formats.short import is_short
from ncodec.media.copying import COPYING, Copying
from ncodec.media.held import Held
from ncodec.media.kinds import is_media_name
from ncodec.media.reading import READING, Reading

__all__ = ["DEFAULTS", "EncodeRequest", "check_output", "check_source"]

_RANGES = {
    "target_size": (1, 2**63),
    "time_budget": (0, 10**9),
    "max_segment": (1, 2**32),
    "threads": (0, 2**16),
    "workers": (1, 2**16),
    "seed": (0, 2**32),
}
"""Smallest and largest allowed value by field."""

_READ = tuple(field.name for field in fields(Reading))
"""Keywords that say what of the source is read."""

_COPIED = tuple(field.name for field in fields(Copying))
"""Keywords that say what is copied beside the picture."""

_STILL = frozenset({"target_size", "device", "threads", "seed", "reading", "copying"})
"""Fields that codecs of still images heed; a target size if they are lossy and say so."""

_ALBUM = _STILL - {"target_size"} | {"keep", "workers", "plan", "resume"}
"""Fields that an album heeds."""


_KEPT = ("target_size", "time_budget", "max_segment", "device", "threads", "workers", "seed")
"""Fields that are plain values, which a plan keeps."""


@dataclass(frozen=True, slots=True)
class EncodeRequest:
    """What is to be encoded, and how: the one list of an encode's arguments and defaults.

    Attributes:
        source: a path, or what stands for a source without one.
        output: a path, ``-`` for standard output, or a binary stream.
        codec: codec id.
        options: the codec's own, as given.
        target_size: bytes of the finished file, or None.
        time_budget: seconds of wall time for everything that is left to do, or None.
        max_segment: frames a segment at most.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        threads: CPU threads of all workers together.
        workers: processes; 1 works in this one.
        seed: the seed of everything random.
        plan: the plan directory; None for ``OUTPUT.plan``.
        resume: continue what the plan directory holds.
        reading: what of the source is read, and how.
        copying: what is copied beside the picture.
        keep: what is kept of JPEG files in an album, of `ncodec.jobs.choice.KEPT`.
    """

    source: str | Held
    output: str | BinaryIO
    codec: str
    options: Mapping[str, Any]
    target_size: int | None = None
    time_budget: float | None = None
    max_segment: int = 240
    device: str = "auto"
    threads: int = 0
    workers: int = 1
    seed: int = 0
    plan: str | None = None
    resume: bool = False
    reading: Reading = READING
    copying: Copying = COPYING
    keep: str = "file"

    def __post_init__(self) -> None:
        check_output(self.output)
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            kinds = (int, float) if name == "time_budget" else (int,)
            if value is None and DEFAULTS[name] is None:
                continue
            if not isinstance(value, kinds) or not least <= value <= most:
                raise UsageError(f"{name} is {value!r} but must be {least} to {most}")

    @classmethod
    def of(
        cls, source: str | Held, output: str | BinaryIO, codec: str, settings: Mapping[str, Any]
    ) -> EncodeRequest:
        """A request of keywords: its fields, its `Reading`'s and `Copying`'s, the codec's own.

        Raises:
            UsageError: a value is not allowed.
        """
        own = {name: value for name, value in settings.items() if name in DEFAULTS}
        reading = {name: value for name, value in settings.items() if name in _READ}
        copying = {name: value for name, value in settings.items() if name in _COPIED}
        options = {
            name: value
            for name, value in settings.items()
            if name not in (*DEFAULTS, *_READ, *_COPIED) and value is not None
        }
        if reading:
            own["reading"] = Reading(**reading)
        if copying:
            own["copying"] = Copying(**copying)
        if own.get("plan") is not None:
            own["plan"] = str(own["plan"])
        return cls(source, output, codec, options, **own)

    def check_still(self) -> None:
        """Raises UsageError where something was asked for that no codec of still images heeds."""
        self._check(_STILL, "codes still images in one go")

    def check_album(self) -> None:
        """Raises UsageError where something was asked for that albums do not heed."""
        self._check(_ALBUM, "codes pictures one by one, without loss")

    def _check(self, heeded: frozenset[str], why: str) -> None:
        given = [name for name in DEFAULTS if getattr(self, name) != DEFAULTS[name]]
        given += [name for name in _READ if getattr(self.reading, name) != getattr(READING, name)]
        given += [name for name in _COPIED if not getattr(self.copying, name)]
        for name in given:
            if name not in heeded:
                raise UsageError(
                    f"{name} does not apply to {self.codec}, which {why}: leave it out"
                )

    @property
    def settings(self) -> dict[str, Any]:
        """What an encode that goes on has as it was, unless something else is said."""
        return {name: getattr(self, name) for name in _KEPT}

    @property
    def comparable(self) -> dict[str, Any]:
        """What, with the codec and its options, may not change until the job is done."""
        fixed = {name: getattr(self, name) for name in ("target_size", "max_segment", "seed")}
        fixed["reading"] = self.reading.to_record()
        fixed["copying"] = asdict(self.copying)
        # A schedule that follows the clock cannot go on by epochs, nor the other way round.
        return fixed | {"timed": self.time_budget is not None}


DEFAULTS: Mapping[str, Any] = {
    field.name: field.default for field in fields(EncodeRequest) if field.default is not MISSING
}
"""What a request has for each argument that is not given."""


def check_source(path: str | Path, source: str | Path | Held, output: str | BinaryIO) -> None:
    """Raises InputError where `path`, which holds what `source` gives, is a .nc file."""
    if not Path(path).is_file():  # a pipe is read once
        return
    with suppress(OSError), open(path, "rb") as stream:
        start = stream.read(len(SIGNATURE))
        if start == SIGNATURE or is_short(start):
            name = "-" if isinstance(source, Held) else str(source)
            target = output if isinstance(output, str) and is_media_name(output) else "OUT"
            line = shlex.join(["ncodec", "decode", name, "-o", target])
            raise InputError(f"{source} is a .nc file already: decode it with {line}")


def check_output(output: str | BinaryIO) -> None:
    """Raises UsageError where `output` is named as what ncodec encodes, not as a .nc file."""
    if isinstance(output, str) and is_media_name(output):
        raise UsageError(
            f"{output} would be a .nc file: call it {Path(output).with_suffix('.nc')}, or use "
            "ncodec decode to write films and images"
        )
