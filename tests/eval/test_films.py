"""The study of what comes back of a film: clips, facts and verdicts, without FFmpeg's tools."""

import os
import subprocess
import sys
from dataclasses import replace

import av
import pytest
from click.testing import CliRunner
from synthetic import film, read, same_planes

from ncodec.eval.studies import films
from ncodec.eval.studies.film_clips import Trial, mirror, shell, trials
from ncodec.eval.studies.film_facts import differences, facts, shown
from ncodec.eval.studies.films import Outcome
from ncodec.eval.studies.stored import Stored
from ncodec.plugin import check

STREAM = {
    "index": 0,
    "codec_type": "video",
    "codec_name": "h264",
    "codec_tag_string": "[0][0][0][0]",
    "pix_fmt": "yuv420p",
    "width": 64,
    "height": 48,
    "sample_aspect_ratio": "4:3",
    "field_order": "progressive",
    "disposition": {"default": 1, "attached_pic": 0},
    "tags": {"language": "und", "BPS-eng": "9"},
}
SOUND = STREAM | {
    "index": 1,
    "codec_type": "audio",
    "codec_name": "flac",
    "sample_rate": "44100",
    "channels": 2,
    "tags": {"language": "deu", "title": "Ton"},
}

SILENT = {"clip.mp4": ["sound: flac -> nothing"]}


def found(*streams, start=0.0, **extra):
    """ffprobe's JSON of a film with two pictures and a packet of sound a stream."""
    events = []
    for stream in streams:
        shared = {"stream_index": stream["index"]}
        for time in (start, start + 0.04):
            events += [
                shared | {"type": "packet", "pts_time": str(time), "data_hash": "MD5:00"},
                shared
                | {"type": "frame", "best_effort_timestamp_time": str(time), "pts_time": str(time)}
                | {"nb_samples": 1024},
            ]
    rest = {"format": {"format_name": "matroska"}, "packets_and_frames": events}
    return rest | {"streams": streams} | extra


def test_every_clip_has_a_name_a_script_and_a_sound_shell():
    clips = trials()
    assert len(clips) >= 45
    assert all(clip.special and clip.typed for clip in clips)
    scripts = "\n".join(f"{shell()}\n{clip.script}\n{clip.feed} : {clip.typed}\n" for clip in clips)
    checked = subprocess.run(["bash", "-n"], input=scripts, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_facts_count_times_from_the_first_picture():
    early, late = (facts(found(STREAM, SOUND, start=t), 0, ["a", "b"]) for t in (0, 1.4))
    assert differences(early, late) == []
    assert late["size"] == "64x48"
    assert late["aspect"] == "4:3"
    assert shown(late, "times") == "2 frames, 25 a second"
    assert late["sound 1"] == "flac 44100 Hz, 2 ch deu 'Ton'"
    assert late["sound 1 span"] == pytest.approx((0.0, 0.04))
    assert late["sound 1 samples"] == "2048 samples b"


def test_what_is_missing_is_named_once_and_what_changed_with_both_values():
    whole = facts(found(STREAM, SOUND), 0, ["a", "b"])
    turned = STREAM | {
        "side_data_list": [
            {"side_data_type": "Display Matrix", "displaymatrix": "\n0: -65536 0 0\n1: 0 65536 0\n"}
        ],
        "sample_aspect_ratio": "1:1",
    }
    alone = facts(found(turned), 0, ["a"])
    assert differences(whole, alone) == [
        "aspect: 4:3 -> 1:1",
        "display: 1 0 0 1 -> -1 0 0 1",
        "sound 1: flac 44100 Hz, 2 ch deu 'Ton' -> nothing",
    ]
    assert differences(whole, alone, only=("times", "samples")) == []
    assert differences(whole, whole | {"samples": "b"}) == ["samples: a -> b"]
    assert differences(whole, whole | {"samples": "b"}, without=("samples",)) == []


def test_matroska_s_milliseconds_are_no_difference():
    one = facts(found(STREAM), 0, ["a"])
    assert differences(one, one | {"times": (0.0, 0.041)}) == []
    assert differences(one, one | {"times": (0.0, 0.042)}) != []
    assert differences(one, one | {"times": (0.0,)}) == ["times: 2 frames, 25 a second -> 1 frame"]


def test_chapters_tags_attachments_and_hdr_are_facts():
    side = {"side_data_type": "Content light level metadata", "max_content": 9, "max_average": 4}
    font = {"codec_tag_string": "[0][0][0][0]", "index": 2, "codec_type": "attachment"}
    font |= {"extradata_hash": "MD5:0123456789", "disposition": {}}
    font |= {"tags": {"filename": "a.ttf", "mimetype": "font/ttf"}}
    chapter = {"start_time": "1", "end_time": "2", "tags": {"title": "One"}}
    container = {"format_name": "mov", "tags": {"ARTIST": "Me", "encoder": "Lavf"}}
    streams = (STREAM | {"side_data_list": [side]}, font)
    of = facts(found(*streams, chapters=[chapter], format=container), 0, ["a"])
    assert of["hdr light"] == "9, 4 cd/m2"
    assert of["attachment 1"] == "a.ttf font/ttf MD5:01234567"
    assert (of["chapters"], of["chapters times"]) == ("One", (1.0, 2.0))
    assert of["tags"] == "artist=Me"


@pytest.mark.parametrize(
    ("trial", "outcome", "right"),
    [
        ({}, {}, True),
        ({}, {"differ": {"clip.mkv": ["aspect: 4:3 -> 1:1"]}}, False),
        ({"said": "PGS", "mp4": "sound"}, {"differ": SILENT, "said": ["mp4 holds no PGS"]}, True),
        ({"said": "PGS"}, {"differ": SILENT, "said": ["mp4 holds no PGS"]}, False),
        ({"said": "PGS", "mp4": "sound"}, {"differ": SILENT}, False),
        ({"mp4": "sound"}, {"differ": SILENT, "said": ["internal error: KeyError: 0"]}, False),
        ({}, {"differ": SILENT, "said": ["something else"]}, False),
        ({"mp4": "times, fields"}, {"differ": {"clip.mp4": ["fields: tt -> bb"]}}, True),
        ({"mp4": "times, fields"}, {"differ": {"clip.mp4": ["field: tt -> bb"]}}, False),
        ({"mp4": "times, fields"}, {"differ": {"clip.mkv": ["fields: tt -> bb"]}}, False),
        ({}, {"differ": {"clip.mkv": ["not written"]}}, False),
        ({}, {"code": 3, "said": ["it is damaged"]}, False),
        ({"refused": "--no-alpha"}, {"code": 3, "said": ["it has alpha: give --no-alpha"]}, True),
        ({"refused": "--no-alpha"}, {"code": 1, "said": ["--no-alpha", "a traceback"]}, False),
        ({"refused": "--no-alpha"}, {}, False),
    ],
)
def test_a_verdict_is_wrong_where_something_goes_in_silence(trial, outcome, right):
    same = Outcome({}, {"clip.mkv": {}, "clip.mp4": {}, "pipe": {}}, {}, [], 0)
    clip = Trial("a", "b", "c", **trial)
    assert replace(same, **outcome).right(clip) is right
    assert ("**WRONG**" in films.row(clip, replace(same, **outcome))) is not right


def test_the_codec_of_the_study_keeps_its_contract_and_every_sample(tmp_path):
    assert not check(Stored).refused
    clip = film(tmp_path / "clip.mkv", frames=3)
    run = [sys.executable, "-m", "ncodec.eval.studies.stored"]
    coded, back = tmp_path / "a.nc", tmp_path / "back.mkv"
    subprocess.run([*run, "encode", clip, "-o", coded, "--codec", "stored"], check=True)
    subprocess.run([*run, "decode", coded, "-o", back], check=True)
    assert same_planes(read(clip)[1], read(back)[1])


def test_a_film_is_mirrored_by_its_display_matrix(tmp_path):
    path = film(tmp_path / "clip.mp4", size=(64, 48))
    mirror(path)
    with av.open(path) as container:
        matrix = path.read_bytes()
        at = matrix.index(bytes.fromhex("ffff0000") + bytes(12))
        assert int.from_bytes(matrix[at + 24 : at + 28], "big") == 64 << 16
        assert next(container.decode(video=0)).width == 64


def test_without_ffmpeg_the_study_says_what_it_needs(monkeypatch, tmp_path):
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    ran = CliRunner().invoke(films.main, [])
    assert ran.exit_code == 8
    assert "ffmpeg is not on the PATH: install FFmpeg's command line" in ran.output
