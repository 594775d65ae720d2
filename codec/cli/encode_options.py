"""The options of `ncodec encode`, which are those of the codec that its source gets, too."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import click

from ncodec.cli.parameters import parameter
from ncodec.errors import InputError, NcodecError, UsageError
from ncodec.jobs.choice import choose_codec
from ncodec.media.held import Held, HeldFiles, held
from ncodec.media.pipes import is_pipe
from ncodec.registry import ALBUM, DEFAULT_CODECS, codec_names, load_codec

__all__ = ["COPIED", "SOURCE", "EncodeCommand"]

_CODEC, _CODECS, SOURCE = "ncodec.codec", "ncodec.codecs", "ncodec.source"
"""Keys of what is found before the options are read: the codec; those whose options there are; what
stands for the source."""

COPIED = {
    "audio": "its sound",
    "subtitles": "its subtitles",
    "chapters": "its chapters",
    "attachments": "its attachments and cover pictures",
    "tags": "its tags",
}

_SECTIONS = {
    "Output": ("output", "yes"),
    "Codec and rate": ("codec", "keep", "film", "target_size", "time_budget", "max_segment"),
    "Source": (
        *("start", "end", "stream", "fps", "size", "pixel_format", "strict", "alpha"),
        *COPIED,
    ),
    "Work": ("resume", "plan", "device", "threads", "workers", "seed", "limit_pixels"),
    "Messages": ("log_json", "quiet"),
}
"""The options that all codecs have, as --help lists them."""


class EncodeCommand(click.Command):
    """Has the options of the codec that its arguments name, or that their source would get."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        fault: NcodecError | None = None
        try:
            codec = self._codec_of(ctx, args)
        except NcodecError as error:
            # The options of an album are there for those of any picture.
            codec, fault = ALBUM, error
        ctx.meta[_CODEC], ctx.meta[_CODECS] = codec, (codec,)
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            _refuse_option(error.option_name, codec)
            raise
        if fault is not None:
            raise fault
        sources = ctx.params["source"]
        if not sources and not ctx.params["resume"]:
            raise UsageError("there is no source: give a film, an image, a folder, or - for stdin")
        if len(sources) > 1:
            ctx.meta[SOURCE] = HeldFiles(sources)
        ctx.params["codec"] = codec
        ctx.params["source"] = sources[0] if sources else None
        return rest

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        *common, help_option = super().get_params(ctx)
        codecs = ctx.meta.get(_CODECS, DEFAULT_CODECS.values())
        own = {option.name: option for name in codecs for option in load_codec(name).options}
        return [*common, *map(parameter, own.values()), help_option]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        *options, help_option = self.get_params(ctx)
        own = f"Options of {ctx.meta[_CODEC]}, others with --codec"
        titles = {name: title for title, names in _SECTIONS.items() for name in names}
        sections: dict[str, list[tuple[str, str]]] = {"Output": [], "Codec and rate": [], own: []}
        for option in options:
            if isinstance(option, click.Option) and (record := option.get_help_record(ctx)):
                sections.setdefault(titles.get(option.name or "", own), []).append(record)
        if record := help_option.get_help_record(ctx):
            sections["Messages"].append(record)
        for title, records in sections.items():
            if records:  # a codec may have no options
                with formatter.section(title):
                    formatter.write_dl(records)

    def _codec_of(self, ctx: click.Context, args: list[str]) -> str:
        values = self._values(ctx, args)
        # What is not given is no text, but a mark of click's.
        given = {name: value for name, value in values.items() if isinstance(value, str)}
        named, sources = given.get("codec"), values.get("source")
        if named is None and values.get("resume") is True and "output" in given:
            from ncodec.jobs.resuming import unfinished

            with suppress(NcodecError):  # the encode says it
                return unfinished(given["output"], given.get("plan")).codec
        if not isinstance(sources, tuple) or not sources or values.get("help") is True:
            return named or DEFAULT_CODECS["video"]
        source: str | Held = sources[0]
        if len(sources) > 1:
            source = HeldFiles(sources)
        elif named is None and (sources[0] == "-" or is_pipe(sources[0])):
            with suppress(InputError):  # the encode says it
                source = ctx.meta[SOURCE] = _begun(sources[0])
        return choose_codec(
            source,
            codec=named,
            timed="fps" in given,
            film=values.get("film") is True,
            keep=given.get("keep"),
            model=given.get("model"),
        )

    def _values(self, ctx: click.Context, args: list[str]) -> dict[str, Any]:
        """The values that are given, before a codec is known."""
        ctx.meta[_CODECS] = ()  # its options are seldom given, and all codecs take a while to load
        with suppress(click.NoSuchOption):
            return self._parsed(ctx, args)
        ctx.meta[_CODECS] = DEFAULT_CODECS.values()
        strict, ctx.ignore_unknown_options = ctx.ignore_unknown_options, True
        try:
            return self._parsed(ctx, args)
        finally:
            ctx.ignore_unknown_options = strict

    def _parsed(self, ctx: click.Context, args: list[str]) -> dict[str, Any]:
        try:
            values, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        except click.NoSuchOption:
            raise
        except click.UsageError:
            return {}  # the real parse says it, with the options of the default codec
        return dict(values)


def _begun(source: str) -> Held:
    """A stream or pipe, of which the beginning was read: its kind is known."""
    begun = held(source)
    assert isinstance(begun, Held)
    begun.kind  # noqa: B018 - reads it
    return begun


def _refuse_option(flag: str, codec: str) -> None:
    """Raises UsageError where `flag` is an option of other codecs than the one that is used."""
    owners = []
    for name in codec_names():
        with suppress(NcodecError):  # one that cannot be loaded has none
            if any(flag in parameter(option).opts for option in load_codec(name).options):
                owners.append(name)
    if owners:
        raise UsageError(
            f"{flag} is an option of {', '.join(owners)}, and this would be coded by {codec}: "
            "leave it out, or choose another codec with --codec"
        )
