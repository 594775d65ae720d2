"""What is asked of an encode that goes on: what its plan says, where nothing else is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from ncodec.errors import UsageError
from ncodec.jobs.album_plan import AlbumPlan, is_album
from ncodec.jobs.directory import unfinished_directory
from ncodec.jobs.plan import Plan
from ncodec.jobs.request import EncodeRequest
from ncodec.media.held import COPY, Held, HeldFiles
from ncodec.registry import ALBUM

__all__ = ["continued", "unfinished"]


def unfinished(output: str | BinaryIO, plan: str | Path | None) -> Plan | AlbumPlan:
    """The plan of the encode to `output` that was interrupted.

    Args:
        output: its output.
        plan: its plan directory; None for ``OUTPUT.plan``.

    Raises:
        InputError: there is none.
        UsageError: the output has no plan directory by itself, and none is given.
    """
    directory = unfinished_directory(output, plan)
    return AlbumPlan.load(directory) if is_album(directory) else Plan.load(directory)


def continued(
    plan: Plan | AlbumPlan,
    source: str | Held | None,
    output: str | BinaryIO,
    codec: str | None,
    settings: Mapping[str, Any],
) -> EncodeRequest:
    """The request that goes on with `plan`.

    Args:
        plan: of the interrupted encode.
        source: None for what it began with.
        output: where the file goes.
        codec: None for the one it began with.
        settings: keywords of `EncodeRequest.of`: what is None or missing is as it was. What may not
            change is compared by `ncodec.jobs.planning.load_plan`.

    Raises:
        UsageError: a value is not allowed.
    """
    if isinstance(plan, AlbumPlan):
        return _continued_album(plan, source, output, codec, settings)
    if source is None:
        copy = next(plan.directory.glob(f"{COPY}.*"), None)
        source = plan.source if copy is None else str(copy)
    same = codec is None or codec == plan.codec
    before = {
        **plan.settings,
        **asdict(plan.reading),
        **plan.request["copying"],
        **(plan.options if same else {}),
    }
    given = {name: value for name, value in settings.items() if value is not None}
    return EncodeRequest.of(source, output, codec or plan.codec, before | given)


def _continued_album(
    plan: AlbumPlan,
    source: str | Held | None,
    output: str | BinaryIO,
    codec: str | None,
    settings: Mapping[str, Any],
) -> EncodeRequest:
    if codec not in (None, ALBUM):
        raise UsageError(
            f"the unfinished encode in {plan.directory} has codec {ALBUM!r}, not {codec!r}: leave "
            "it out to go on, or delete the folder to start anew"
        )
    before = {**plan.settings, "keep": plan.keep, "seed": plan.seed, **plan.options}
    given = {name: value for name, value in settings.items() if value is not None}
    picked = HeldFiles(plan.source) if source is None else source
    return EncodeRequest.of(picked, output, ALBUM, before | given)
