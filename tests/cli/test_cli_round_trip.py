"""From a film to .nc and back on the command line: frames, samples and times."""

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from synthetic import TINY, TINY_FLAGS, film, read, same_planes, seconds

import ncodec

UNEVEN = [0, 40, 90, 130, 200, 230, 270, 310, 360, 401]
KINDS = {
    "8 bits": {},
    "10 bits": {"pixel_format": "yuv420p10le"},
    "odd size": {"size": (17, 15)},
    "one pixel": {"size": (1, 1)},
    "4:2:2": {"pixel_format": "yuv422p"},
    "4:4:4": {"pixel_format": "yuv444p"},
    "RGB": {"pixel_format": "gbrp"},
    "RGB of 12 bits": {"pixel_format": "gbrp12le"},
    "grey": {"pixel_format": "gray"},
    "full range": {"full_range": True},
    "one frame": {"frames": 1},
    "uneven times": {"times": UNEVEN, "time_base": Fraction(1, 1000)},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_clip_comes_back(command, tmp_path, kind):
    source = film(tmp_path / "clip.mkv", **KINDS[kind])
    info, frames = read(source)
    assert command("encode", source, "-o", "a.nc", *TINY_FLAGS).code == 0
    assert command("decode", "a.nc", "-o", "back.mkv", "--threads", 1).code == 0
    with ncodec.open(tmp_path / "a.nc", threads=1) as clip:
        opened = list(clip)
        assert clip.info == info
    back_info, back = read(tmp_path / "back.mkv")
    assert same_planes(back, opened)
    assert seconds(back_info, back) == seconds(info, frames) == seconds(info, opened)
    assert (back_info.pixel_format, back_info.full_range) == (info.pixel_format, info.full_range)
    assert command("verify", "a.nc", "--source", source, "--threads", 1).code == 0


@pytest.mark.parametrize("source", ["a.mkv", "a.mp4"])
@pytest.mark.parametrize("target", ["b.mkv", "b.mp4"])
def test_uneven_times_are_kept_exactly_from_film_to_film(command, tmp_path, source, target):
    film(tmp_path / source, times=UNEVEN, time_base=Fraction(1, 1000))
    command("encode", source, "-o", "a.nc", *TINY_FLAGS)
    command("decode", "a.nc", "-o", target, "--threads", 1)
    assert seconds(*read(tmp_path / target)) == [Fraction(t, 1000) for t in UNEVEN]
    assert command("decode", "a.nc", "-o", "b.y4m").code == 7


def test_a_turned_film_stays_turned_and_its_images_are_upright(command, tmp_path):
    source = film(tmp_path / "a.mkv", frames=2, rotation=90)
    command("encode", source, "-o", "a.nc", *TINY_FLAGS)
    assert ncodec.probe(tmp_path / "a.nc").info.rotation == 90
    command("decode", "a.nc", "-o", "b.mp4", "--threads", 1)
    command("decode", "a.nc", "-o", "pngs/", "--threads", 1)
    assert read(tmp_path / "b.mp4")[0].rotation == 90
    upright = read(tmp_path / "pngs")[0]
    assert (upright.width, upright.height, upright.frames) == (24, 32, 2)


def test_every_output_has_the_same_frames(command, nc_file, tmp_path):
    for name in ("b.mkv", "b.mp4", "b.y4m", "pngs/"):
        ran = command("decode", nc_file, "-o", name, "--threads", 1)
        assert ran.err.startswith(f"{name}: 16 frames in ")
        assert len(read(tmp_path / name)[1]) == 16
    piped = command("decode", nc_file, "-o", "-", "--threads", 1)
    assert piped.out == (tmp_path / "b.y4m").read_bytes()
    assert same_planes(read(tmp_path / "b.mkv")[1], read(tmp_path / "b.y4m")[1])


def test_pipes_in_fresh_processes(fresh, clip_file, nc_file, tmp_path):
    y4m = film(tmp_path / "a.y4m").read_bytes()
    encode = fresh("encode", "-", "-o", "-", *TINY_FLAGS)
    nc, told = encode.communicate(y4m)
    assert (encode.returncode, told.count(b"\n")) == (0, 2)
    decode = fresh("decode", "-", "-o", "-", "--threads", 1, "-q")
    back, told = decode.communicate(nc)
    assert (decode.returncode, told) == (0, b"")
    (tmp_path / "back.y4m").write_bytes(back)
    with ncodec.open(nc, threads=1) as clip:
        assert same_planes(read(tmp_path / "back.y4m")[1], list(clip))
    assert [file.name for file in tmp_path.iterdir() if "plan" in file.name] == []


@pytest.mark.parametrize(
    ("wanted", "indices"),
    [
        (("--frames", "3:6"), [3, 4, 5]),
        (("--frames", "-2:"), [14, 15]),
        (("--frames", ":1"), [0]),
        (("--at", "0.3"), [7]),
        (("--at", "0"), [0]),
    ],
)
@pytest.mark.parametrize("target", ["b.mkv", "b.y4m"])
def test_excerpts(command, nc_file, tmp_path, wanted, indices, target):
    assert command("decode", nc_file, "-o", target, *wanted, "--threads", 1).code == 0
    with ncodec.open(nc_file, threads=1) as clip:
        assert same_planes(read(tmp_path / target)[1], [clip[i] for i in indices])


def test_an_excerpt_of_uneven_times_keeps_them(command, tmp_path):
    film(tmp_path / "a.mkv", times=UNEVEN, time_base=Fraction(1, 1000))
    command("encode", "a.mkv", "-o", "a.nc", *TINY_FLAGS)
    command("decode", "a.nc", "-o", "b.mkv", "--frames", "2:5", "--threads", 1)
    first = UNEVEN[2]  # alone in its file, a video starts at 0
    assert seconds(*read(tmp_path / "b.mkv")) == [Fraction(t - first, 1000) for t in UNEVEN[2:5]]
    assert command("decode", "a.nc", "-o", "c.png", "--at", "0.1", "--threads", 1).code == 0
    assert len(read(tmp_path / "c.png")[1]) == 1


def test_segments_end_at_cuts_and_are_never_longer_than_asked(command, clip_file, tmp_path):
    for flags, expected in (((), [8, 8]), (("--max-segment", "5"), [4, 4, 4, 4])):
        command("encode", clip_file, "-yo", "a.nc", *TINY_FLAGS, *flags)
        found = json.loads(command("info", "a.nc", "--json").out)
        assert [segment["frame_count"] for segment in found["segments"]] == expected


def test_workers_write_the_same_bytes(clip_file, tmp_path):
    for workers in (1, 2):
        name = tmp_path / f"{workers}.nc"
        ncodec.encode(clip_file, name, **TINY | {"threads": workers}, workers=workers)
    assert (tmp_path / "1.nc").read_bytes() == (tmp_path / "2.nc").read_bytes()


def test_info_adds_up(command, nc_file):
    found = json.loads(command("info", nc_file, "--json").out)
    assert sum(found["breakdown"].values()) == found["size"]
    assert (found["info"]["time_base"], found["duration"]) == ("1/25", "16/25")
    page = command("info", nc_file).out.decode()
    for words in ("32x24, yuv420p, 16 frames, 25 frames/s", "RGB-PSNR", "frames 8 to 15: "):
        assert words in page


def test_a_json_log_is_json_from_start_to_end(command, clip_file):
    ran = command("encode", clip_file, "-o", "a.nc", *TINY_FLAGS, "--epochs", 20, "--log-json")
    records = [json.loads(line) for line in ran.err.splitlines()]
    kinds = list(dict.fromkeys(record["type"] for record in records))
    assert kinds == ["scanned", "planned", "progressed", "segment_done", "finished"]
    failed = command("encode", "missing", "-o", "b.nc", "--log-json")
    record = json.loads(failed.err)
    assert (failed.code, record["type"], record["exit_code"]) == (3, "failed", 3)


def test_without_a_terminal_it_says_two_lines_and_with_quiet_none(command, clip_file):
    ran = command("encode", clip_file, "-o", "a.nc", *TINY_FLAGS, "--epochs", 20)
    assert [line.split(":")[0] for line in ran.err.splitlines()] == ["hnerv", "a.nc"]
    assert (ran.out, "\r" in ran.err) == (b"", False)
    assert command("encode", clip_file, "-o", "b.nc", *TINY_FLAGS, "-q").err == ""
    assert command("decode", "a.nc", "-o", "b.mkv", "-q").err == ""


def test_images_in_and_out(command, tmp_path):
    film(tmp_path / "pngs", frames=3, pixel_format="gbrp")
    assert command("encode", "pngs", "-o", "a.nc", *TINY_FLAGS).code == 0
    command("decode", "a.nc", "-o", "back/", "--threads", 1)
    with ncodec.open(tmp_path / "a.nc", threads=1) as clip:
        assert same_planes(read(tmp_path / "back")[1], list(clip))
        assert all(np.asarray(frame.planes).dtype == np.uint8 for frame in clip)


def test_a_reader_that_has_seen_enough_is_no_error(fresh, nc_file):
    process = fresh("decode", nc_file, "-o", "-", "--threads", 1)
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr.read() == b""


def test_what_exists_is_overwritten_where_somebody_says_so(command, clip_file, tmp_path):
    for arguments in (
        ("encode", clip_file, "-o", "a.nc", *TINY_FLAGS),
        ("decode", "a.nc", "-o", "b.mkv", "--threads", 1),
    ):
        output = tmp_path / arguments[3]
        output.write_bytes(b"old")
        assert command(*arguments).code == 2
        assert output.read_bytes() == b"old"
        assert command(*arguments, "-y").code == 0
        assert output.read_bytes() != b"old"


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2), ("", 2)])
def test_on_a_terminal_it_asks(nc_file, tmp_path, answer, code):
    (tmp_path / "b.y4m").write_bytes(b"old")
    primary, secondary = os.openpty()
    try:
        line = [Path(sys.executable).with_name("ncodec"), "decode", nc_file, "-o", "b.y4m", "-q"]
        job = subprocess.Popen(
            [*line, "--threads", "1"], cwd=tmp_path, stdin=secondary, stderr=secondary
        )
        os.write(primary, f"{answer}\n".encode())
        assert job.wait() == code
        said = os.read(primary, 4096).decode()
    finally:
        os.close(primary)
        os.close(secondary)
    assert "b.y4m exists: overwrite? [y/N]" in said
    assert ((tmp_path / "b.y4m").read_bytes() == b"old") == (code != 0)


def test_a_device_gets_what_stdout_gets(command, fresh, nc_file):
    job = fresh("decode", nc_file, "-o", "/dev/stdout", "--threads", 1)
    assert job.communicate()[0] == command("decode", nc_file, "-o", "-", "--threads", 1).out
    assert job.returncode == 0
