"""What ffprobe and ffmpeg say of a film, as facts with names, and in which facts two films differ.

Times count from the first picture: containers begin their clocks where they like, and what a
viewer notices is what lies between the streams.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import md5
from itertools import pairwise
from pathlib import Path
from typing import Any

__all__ = ["Facts", "differences", "facts", "probe", "shown"]

Facts = dict[str, "str | tuple[float, ...]"]
"""By name, in a fixed order: words, or times in seconds after the first picture."""

Found = Mapping[str, Any]
"""An object of ffprobe's JSON."""

SLACK = 1.1e-3
"""The seconds by which equal times differ: Matroska counts milliseconds."""

OWN_TAGS = frozenset(
    (
        *("bps", "compatible_brands", "duration", "encoder", "filename", "handler_name"),
        *("language", "major_brand", "mimetype", "minor_version", "number_of_bytes", "rotate"),
        *("number_of_frames", "sample_aspect_ratio", "software", "title", "vendor_id"),
    )
)
"""Tags that a muxer writes of itself, and those that have a fact of their own."""

_KINDS = {"audio": "sound", "subtitle": "subtitles", "attachment": "attachment", "data": "data"}
_TEXT = frozenset(("ass", "mov_text", "subrip", "webvtt"))
_PROBE = ("ffprobe", "-v", "quiet", "-of", "json", "-show_data_hash", "md5", "-show_streams")
_SHOW = ("-show_format", "-show_chapters", "-show_packets", "-show_frames")


def probe(view: Sequence[str], folder: Path, stream: int | None = None) -> Facts:
    """The facts of a film.

    Args:
        view: the options of FFmpeg that name the film as its input.
        folder: where it is.
        stream: index of the video stream; the first one that is no cover if not given.
    """
    found: Found = json.loads(_output([*_PROBE, *_SHOW, *view], folder))
    streams: Sequence[Found] = found.get("streams", [])
    films = [s["index"] for s in streams if s["codec_type"] == "video" and not _is_cover(s)]
    if not films:
        return {}
    chosen = films[0] if stream is None else stream
    planar = _planar(streams[chosen].get("pix_fmt", ""))
    hashed = ["ffmpeg", "-v", "quiet", "-nostdin", "-noautorotate", *view]
    hashed += ["-map", f"0:{chosen}", "-map", "0:a?", "-fps_mode", "passthrough"]
    hashed += ["-pix_fmt", planar] if planar else []
    lines = _output([*hashed, "-f", "streamhash", "-hash", "md5", "-"], folder).splitlines()
    out = facts(found, chosen, [line.partition("=")[2] for line in lines])
    texts = [s for s in streams if s["codec_type"] == "subtitle"]
    for number, text in enumerate(texts):
        if text.get("codec_name") in _TEXT:
            read = ["ffmpeg", "-v", "quiet", "-nostdin", *view, "-map", f"0:s:{number}"]
            srt = _output([*read, "-f", "srt", "-"], folder).splitlines()
            spoken = [line for line in srt if line and "-->" not in line and not line.isdigit()]
            out[f"subtitles {number + 1} text"] = " / ".join(spoken)
    return out


def facts(found: Found, chosen: int, hashes: Sequence[str]) -> Facts:
    """The facts in ffprobe's JSON of a film whose stream `chosen` is the coded one.

    Args:
        hashes: of the decoded samples of that stream and of each audio stream.
    """
    streams: Sequence[Found] = found["streams"]
    events: Sequence[Found] = found.get("packets_and_frames", [])
    frames = [e for e in events if e["type"] == "frame"]
    pictures = [f for f in frames if f["stream_index"] == chosen]
    times: list[float] = []
    for picture in pictures:
        # AVI's last frame has none where frames were reordered.
        late = 2 * times[-1] - times[-2] if len(times) > 1 else 0
        times.append(float(picture.get("best_effort_timestamp_time", late)))
    first = times[0] if times else 0.0
    out = _picture(streams[chosen], pictures)
    out["times"] = tuple(time - first for time in times)
    out["samples"] = hashes[0] if hashes else "none"
    sounds = iter(hashes[1:])
    counts: dict[str, int] = {}
    for stream in streams:
        if stream["index"] == chosen:
            continue
        if stream["codec_tag_string"] == "text" and stream["codec_type"] == "data":
            continue  # the titles of mp4's chapters
        kind = "cover" if _is_cover(stream) else _KINDS.get(stream["codec_type"], "video")
        counts[kind] = counts.get(kind, 0) + 1
        name = f"{kind} {counts[kind]}"
        own = [e for e in events if e.get("stream_index") == stream["index"]]
        packets = [e for e in own if e["type"] == "packet"]
        out[name] = _words(stream, lone=_count(streams, stream) == 1)
        if kind == "attachment":
            continue
        if not (stream.get("codec_name") == "aac" and "mpegts" in found["format"]["format_name"]):
            # There AAC stands in ADTS frames, which only streams have.
            out[f"{name} packets"] = _digest(p.get("data_hash", "") for p in packets)
        if kind == "sound":
            heard = [e for e in own if e["type"] == "frame"]
            samples = sum(e.get("nb_samples", 0) for e in heard)
            out[f"{name} samples"] = f"{samples} samples {next(sounds, 'none')[:8]}"
            starts = [float(e["pts_time"]) for e in heard if "pts_time" in e]
            out[f"{name} span"] = tuple(start - first for start in (*starts[:1], *starts[-1:]))
        elif kind != "cover":
            out[f"{name} times"] = tuple(_spans(packets, first))
    chapters = found.get("chapters", [])
    if chapters:
        out["chapters"] = ", ".join(c.get("tags", {}).get("title", "?") for c in chapters)
        ends = [float(c[end]) - first for c in chapters for end in ("start_time", "end_time")]
        out["chapters times"] = tuple(ends)
    if tags := _tags(found["format"], {"title"}):
        out["tags"] = tags
    return out


def differences(
    source: Facts, result: Facts, *, without: Iterable[str] = (), only: Iterable[str] = ()
) -> list[str]:
    """What is another in `result`, as sentences without a verb: ``name: here -> there``.

    Args:
        without: names of facts that do not count.
        only: the names that count, if not all.
    """
    found = []
    for name in dict.fromkeys((*source, *result)):
        whole = name.rpartition(" ")[0]
        if name in without or (only and name not in only):
            continue
        if whole in (*source, *result) and (whole in source) != (whole in result):
            continue  # the stream is missing as a whole
        if name.endswith(" packets") and not (name in source and name in result):
            continue  # one of them are ADTS frames
        if not _equal(source.get(name, "nothing"), result.get(name, "nothing")):
            found.append(f"{name}: {shown(source, name)} -> {shown(result, name)}")
    return found


def shown(of: Facts, name: str) -> str:
    """A fact in a few words."""
    value = of.get(name, "nothing")
    if isinstance(value, str):
        return value
    if name == "times":
        return _rate(value)
    words = [f"{time:.3f}" for time in value[:6]] + ["..."] * (len(value) > 6)
    return f"{' '.join(words)} s"


def _equal(one: str | tuple[float, ...], other: str | tuple[float, ...]) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return len(one) == len(other) and all(
        abs(a - b) <= SLACK for a, b in zip(one, other, strict=True)
    )


def _rate(times: Sequence[float]) -> str:
    count = f"{len(times)} frame{'s' * (len(times) != 1)}"
    if len(times) < 2:
        return count
    steps = [b - a for a, b in pairwise(times)]
    if max(steps) - min(steps) > 2 * SLACK:
        return f"{count}, {1000 * min(steps):.0f} to {1000 * max(steps):.0f} ms apart"
    return f"{count}, {(len(times) - 1) / (times[-1] - times[0]):.5g} a second"


def _picture(stream: Found, pictures: Sequence[Found]) -> Facts:
    """What describes the pictures; of what is not stated, what players take it for."""
    layout = stream.get("pix_fmt", "unknown")
    planar = _planar(layout) or layout.replace("yuvj", "yuv")
    rgb = planar.startswith("gbr")
    full = rgb or "yuvj" in layout or layout.startswith("gray")
    ranges = stream.get("color_range", "pc" if full else "tv")
    colour = [stream.get(f"color_{part}", "unknown") for part in ("primaries", "transfer")]
    colour.append("gbr" if rgb else stream.get("color_space", "unknown"))
    order = stream.get("field_order", "unknown")
    if pictures and pictures[0].get("interlaced_frame"):
        # What deinterlacers go by; FFmpeg's parser of H.264 may have another order.
        order = "tt" if pictures[0]["top_field_first"] else "bb"
    sides = [*stream.get("side_data_list", [])]
    sides += [side for picture in pictures[:1] for side in picture.get("side_data_list", [])]
    aspect = stream.get("sample_aspect_ratio", "0:1")
    out: Facts = {
        "size": f"{stream['width']}x{stream['height']}",
        "format": planar,
        "range": "pc" if rgb else ranges,
        "colour": "/".join(part.replace("unknown", "-") for part in colour),
        "aspect": "1:1" if aspect == "0:1" else aspect,
        "fields": "progressive" if order == "unknown" else order,
        "display": _display(sides),
        "video": _words({**stream, "codec_name": ""}, lone=True),
    }
    for side in sides:
        kind = side["side_data_type"]
        if kind.startswith("Mastering"):
            values = [_number(side[key]) for key in sorted(side) if key != "side_data_type"]
            out["hdr display"] = " ".join(f"{value:.5g}" for value in values)
        elif kind.startswith("Content light"):
            out["hdr light"] = f"{side['max_content']}, {side['max_average']} cd/m2"
    return out


def _planar(layout: str) -> str:
    """The planar format in which packed or palette RGB and what has alpha is compared, or ""."""
    if layout.startswith(("yuva", "ya")):
        return layout.replace("yuva", "yuv").replace("ya", "gray")
    if layout.startswith(("rgb", "bgr", "argb", "abgr", "0rgb", "0bgr", "gbr", "pal8")):
        if "48" in layout or "64" in layout:
            return "gbrp16le"
        return layout.replace("ap", "p") if layout.startswith("gbr") else "gbrp"
    return ""


def _display(sides: Iterable[Found]) -> str:
    for side in sides:
        if "displaymatrix" in side:
            words = side["displaymatrix"].split()
            numbers = [round(int(word) / 65536) for word in words if ":" not in word]
            return " ".join(map(str, (*numbers[:2], *numbers[3:5])))
    return "1 0 0 1"


def _words(stream: Found, *, lone: bool) -> str:
    """A stream as a player lists it; the default one of a kind of one goes without saying."""
    tags = {key.lower(): value for key, value in stream.get("tags", {}).items()}
    words = [stream.get("codec_name", stream["codec_tag_string"].strip("[0]"))]
    if stream["codec_type"] == "audio":
        words.append(f"{stream['sample_rate']} Hz, {stream['channels']} ch")
    if stream["codec_type"] == "video" and words[0]:
        words.append(f"{stream['width']}x{stream['height']}")
    if stream["codec_type"] == "attachment":
        words += [tags.get("filename", ""), tags.get("mimetype", ""), stream["extradata_hash"][:12]]
    if stream["codec_type"] not in ("attachment", "data") and not _is_cover(stream):
        words.append(tags.get("language", "und").replace("und", ""))
        words.append(repr(tags["title"]) if "title" in tags else "")
        marks = [key for key, on in stream["disposition"].items() if on]
        words += [mark for mark in marks if not (lone and mark == "default")]
    words.append(_tags(stream))
    return " ".join(word for word in words if word)


def _tags(of: Found, kept: Iterable[str] = ()) -> str:
    tags = {key.lower(): value for key, value in of.get("tags", {}).items()}
    own = OWN_TAGS.difference(kept)
    names = [n for n in sorted(tags) if n.partition("-")[0] not in own and n[0] != "_"]
    return "; ".join(f"{name}={tags[name]}" for name in names)


def _spans(packets: Iterable[Found], first: float) -> Iterator[float]:
    """Start and end of each packet."""
    for packet in packets:
        start = float(packet.get("pts_time", 0)) - first
        yield from (start, start + float(packet.get("duration_time", 0)))


def _digest(hashes: Iterable[str]) -> str:
    parts = list(hashes)
    return f"{len(parts)} packets {md5(' '.join(parts).encode()).hexdigest()[:8]}"


def _count(streams: Iterable[Found], stream: Found) -> int:
    return sum(other["codec_type"] == stream["codec_type"] for other in streams)


def _is_cover(stream: Found) -> bool:
    return bool(stream.get("disposition", {}).get("attached_pic"))


def _number(ratio: str) -> float:
    over, _, under = ratio.partition("/")
    return float(over) / float(under or 1)


def _output(command: Sequence[str], folder: Path) -> str:
    ran = subprocess.run(command, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL)
    return ran.stdout.decode("utf-8", "replace")
