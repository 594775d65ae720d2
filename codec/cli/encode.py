"""ncodec encode"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import click
from click.core import ParameterSource

from ncodec.cli.parameters import DEVICE, YES, may_write, parameter, stoppable, stopping_notice
from ncodec.cli.progress import logged, watching
from ncodec.cli.values import DURATION, PICTURE_SIZE, RATE, SIZE
from ncodec.errors import InputError, Interrupted, NcodecError, UsageError
from ncodec.formats import same_file
from ncodec.jobs.choice import KEPT, choose_codec
from ncodec.jobs.request import DEFAULTS, check_output, check_source
from ncodec.media.held import Held, HeldFiles, held
from ncodec.media.pipes import is_pipe
from ncodec.plugin import StillCodec
from ncodec.registry import ALBUM, DEFAULT_CODECS, codec_names, load_codec

__all__ = ["command"]

_CODEC, _SOURCE = "ncodec.codec", "ncodec.source"
_COPIED = {
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
        *_COPIED,
    ),
    "Work": ("resume", "plan", "device", "threads", "workers", "seed"),
    "Messages": ("log_json", "quiet"),
}
"""The options that all codecs have, as --help lists them."""


class _EncodeCommand(click.Command):
    """Has the options of the codec that its arguments name, or that their source would get."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        fault: NcodecError | None = None
        try:
            codec = self._codec_of(ctx, args)
        except NcodecError as error:
            # The options of an album are there for those of any picture.
            codec, fault = ALBUM, error
        ctx.meta[_CODEC] = codec
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
            ctx.meta[_SOURCE] = HeldFiles(sources)
        ctx.params["codec"] = codec
        ctx.params["source"] = sources[0] if sources else None
        return rest

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        *common, help_option = super().get_params(ctx)
        named = ctx.meta.get(_CODEC)
        # Before a codec is known: all options that there can be if none is named.
        codecs = DEFAULT_CODECS.values() if named is None else (named,)
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
        strict, ctx.ignore_unknown_options = ctx.ignore_unknown_options, True
        try:
            values, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        except click.UsageError:
            values = {}  # the real parse says it, with the options of the default codec
        finally:
            ctx.ignore_unknown_options = strict
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
                source = ctx.meta[_SOURCE] = _begun(sources[0])
        return choose_codec(
            source,
            codec=named,
            timed="fps" in given,
            film=values.get("film") is True,
            keep=given.get("keep"),
            model=given.get("model"),
        )


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


def _leaving_out(command: Callable[..., None]) -> Callable[..., None]:
    """Adds a flag for each thing that is copied beside the picture."""
    for name, what in reversed(_COPIED.items()):
        flag = click.option(
            f"--no-{name}",
            name,
            is_flag=True,
            flag_value=False,
            default=None,
            help=f"Film: leave out {what}.",
        )
        command = flag(command)
    return command


@click.command(cls=_EncodeCommand)
@click.argument("source", nargs=-1, metavar="SOURCE")
@click.option("-o", "--output", metavar="FILE", help="The .nc file, or - for stdout.")
@YES
@click.option(
    "--codec",
    help="See `ncodec codecs`; adds its options.  [default: pc-jpeg for a JPEG file, pc-photo for "
    "another image, pc-hclt for .npy, IDX and globs, else ngrid]",
)
@click.option(
    "--keep",
    type=click.Choice(KEPT),
    help="JPEG files: as they are, or their pixels alone.  [default: file]",
)
@click.option("--film", is_flag=True, help="Images: code them as a film, with loss.")
@click.option("--target-size", type=SIZE, help="Video: bytes of the file: 150000, 150k, 1.5M.")
@click.option("--time-budget", type=DURATION, help="Video: wall time for everything: 300s, 5m.")
@click.option(
    "--max-segment",
    type=click.IntRange(min=1),
    default=DEFAULTS["max_segment"],
    show_default=True,
    help="Video: frames a segment at most; segments also end at scene cuts.",
)
@click.option(
    "--stream", type=click.IntRange(min=0), help="Film: the video stream's index, as in ffprobe."
)
@click.option("--from", "start", type=DURATION, help="Video: code what is shown from then on.")
@click.option("--to", "end", type=DURATION, help="Video: code what is shown before then.")
@click.option("--fps", type=RATE, help="Folder or pattern of images, raw video: 25, 30000/1001.")
@click.option("--size", type=PICTURE_SIZE, help="Raw video: width and height, as 640x360.")
@click.option(
    "--pix-fmt", "pixel_format", metavar="FORMAT", help="Raw video: FFmpeg's name, as yuv420p."
)
@click.option("--strict", is_flag=True, default=None, help="Video: refuse a damaged source.")
@click.option(
    "--no-alpha",
    "alpha",
    is_flag=True,
    flag_value=False,
    default=None,
    help="Film: drop its alpha.",
)
@_leaving_out
@DEVICE
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads at most.  [default: all]")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=DEFAULTS["workers"],
    show_default=True,
    help="Video: processes that fit segments side by side.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=DEFAULTS["seed"],
    show_default=True,
    help="Of everything random.",
)
@click.option("--resume", is_flag=True, help="Video: go on with an interrupted encode.")
@click.option("--plan", metavar="DIR", help="Video: for unfinished work.  [default: FILE.plan]")
@click.option("--log-json", is_flag=True, help="Events on stderr as one JSON object a line.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
def command(
    source: str | None,
    output: str | None,
    yes: bool,
    codec: str,
    keep: Literal["file", "pixels"] | None,
    film: bool,
    plan: str | None,
    log_json: bool,
    quiet: bool,
    **values: Any,
) -> None:
    """Encode SOURCE: a film, y4m, an image, a folder or pattern of images, .npy, IDX, - for stdin.

    \b
    Examples:
      ncodec encode clip.mp4 -o clip.nc
      ncodec encode clip.mp4 -o clip.nc --preset fast --target-size 200k
      ncodec encode clip.mp4 -o clip.nc --time-budget 5m --workers 2
      ncodec encode photo.png -o photo.nc
      ncodec encode photo.jpg -o photo.nc
      ncodec encode digits.npy -o digits.nc
      ncodec encode photo.jpg --codec entropic-student -o photo.nc
      ffmpeg -i clip.mp4 -f yuv4mpegpipe - | ncodec encode - -o clip.nc
      ncodec encode f_%04d.png --fps 24 -o clip.nc
      ncodec encode clip.yuv --size 640x360 --pix-fmt yuv420p --fps 25 -o clip.nc
      ncodec encode --resume -o clip.nc
    """
    from ncodec.api import encode

    context = click.get_current_context()
    # What is not said is as it was where an encode goes on.
    settings = {
        name: value
        for name, value in values.items()
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    notify = stopping_notice(log_json, quiet, saving=not isinstance(load_codec(codec), StillCodec))
    with logged(log_json):
        target = _checked(source, output, yes or values["resume"])
        with watching(log_json, quiet) as watch, stoppable(notify) as stop:
            try:
                encode(
                    context.meta.get(_SOURCE, source),
                    target,
                    codec=codec,
                    keep=keep if codec == ALBUM else None,
                    plan=plan,
                    watch=watch,
                    stopping=stop.is_set,
                    **settings,
                )
            except KeyboardInterrupt:
                raise _stopped_at_once(target, plan) from None


def _checked(source: str | None, output: str | None, replacing: bool) -> str:
    """The output, once it is clear that it is meant; `replacing`: also where it exists."""
    if output is None:
        name = Path(source or "").stem.strip("-") or "clip"
        raise UsageError(f"there is no output: give -o {name}.nc, or -o - for stdout")
    if source is not None:
        same_file(source, output)
        check_source(source, source, output)
    check_output(output)
    may_write(output, replacing)
    return output


def _stopped_at_once(output: str, plan: str | None) -> Interrupted:
    """The error for a second Ctrl-C, which leaves what was kept until then."""
    from ncodec.jobs.directory import resume_command, unfinished_directory

    try:
        unfinished_directory(output, plan)
    except NcodecError:
        return Interrupted("stopped at once; nothing was kept")
    return Interrupted(f"stopped at once; go on with: {resume_command(output, plan)}")
