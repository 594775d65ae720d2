"""Sources on the command line: what is said of them, and the options that choose what is coded."""

import json
import os
import threading
from fractions import Fraction

import pytest
from synthetic import TINY, TINY_FLAGS, film

import ncodec
from ncodec.media import open_sink, open_source


@pytest.fixture
def cut(tmp_path):
    """A y4m clip that ends inside its frame 9."""
    path = film(tmp_path / "cut.y4m")
    path.write_bytes(path.read_bytes()[:-9])
    return path


SAID = "cut.y4m ends inside frame 9, after 9 whole ones"


def test_what_is_missing_is_one_line_kept_in_the_file(command, cut):
    ran = command("encode", cut.name, "-o", "a.nc", *TINY_FLAGS)
    assert (ran.code, ran.err.splitlines()[0]) == (0, f"ncodec: {SAID}")
    assert ncodec.probe("a.nc").meta["notices"] == [SAID]
    assert f"notice: {SAID}".encode() in command("info", "a.nc").out
    assert json.loads(command("info", "--json", "a.nc").out)["meta"]["notices"] == [SAID]


def test_a_quiet_encode_says_nothing_and_the_log_has_a_record(command, cut):
    assert command("encode", cut.name, "-o", "a.nc", "-q", *TINY_FLAGS).err == ""
    ran = command("encode", cut.name, "-o", "b.nc", "--log-json", *TINY_FLAGS)
    records = [json.loads(line) for line in ran.err.splitlines()]
    assert {"type": "noticed", "message": SAID} in records


def test_strict_refuses_and_leaves_nothing(command, cut, tmp_path):
    ran = command("encode", cut.name, "-o", "a.nc", "--strict", *TINY_FLAGS)
    assert (ran.code, ran.err.count("\n")) == (3, 1)
    assert [path.name for path in tmp_path.iterdir()] == [cut.name]


def test_a_part_is_coded_and_verified_with_its_source(command, tmp_path):
    film(tmp_path / "a.mkv")
    assert (
        command(
            "encode", "a.mkv", "-o", "a.nc", "--from", "0.12", "--to", "0:00.32", *TINY_FLAGS
        ).code
        == 0
    )
    assert ncodec.probe("a.nc").info.frames == 5
    assert command("verify", "a.nc", "--source", "a.mkv").code == 0


def test_raw_video_comes_from_a_file_or_a_pipe_and_workers_read_it(command, plugins, tmp_path):
    with open_source(film(tmp_path / "a.mkv")) as source:
        raw = b"".join(plane.tobytes() for frame in source.frames() for plane in frame.planes)
    (tmp_path / "a.yuv").write_bytes(raw)
    shape = ("--size", "32x24", "--pix-fmt", "yuv420p", "--fps", "30000/1001")
    workers = ("--workers", "2", "--max-segment", "5")
    line = (*shape, "--codec", "rawplanes")
    assert command("encode", "a.yuv", "-o", "a.nc", *line, *workers).code == 0
    assert command("encode", "-", "-o", "b.nc", *line, stdin=raw).code == 0
    for name in ("a.nc", "b.nc"):
        info = ncodec.probe(name).info
        assert (info.frames, 1 / info.time_base) == (10, Fraction(30000, 1001))
        assert command("verify", name, "--source", "a.yuv").code == 0


def test_a_fifo_is_read_once_and_kept(command, tmp_path):
    data = film(tmp_path / "a.mkv").read_bytes()
    os.mkfifo(tmp_path / "pipe")
    writing = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(data,))
    writing.start()
    assert command("encode", "pipe", "-o", "a.nc", *TINY_FLAGS).code == 0
    writing.join()
    assert ncodec.probe("a.nc").info.frames == 10


@pytest.mark.parametrize("source", ["f_%02d.png", "f_*.png"])
def test_images_with_a_rate_are_a_film(command, tmp_path, source):
    film(tmp_path / "in.mkv", frames=3, pixel_format="gbrp")
    with open_source(tmp_path / "in.mkv") as opened:
        frames, info = list(opened.frames()), opened.info
    for i, frame in enumerate(frames):
        with open_sink(tmp_path / f"f_{i:02}.png", info, None) as sink:
            sink.write(frame)
    flags = [flag for flag in TINY_FLAGS if flag not in ("--codec", "hnerv")]
    assert command("encode", source, "-o", "a.nc", "--fps", "12.5", *flags).code == 0
    probed = ncodec.probe("a.nc")
    assert (probed.codec, probed.info.frames, probed.info.time_base) == (
        "ngrid",
        3,
        Fraction(2, 25),
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--size", "32"], "640x360"),
        (["--fps", "fast"], "30000/1001"),
        (["--from", "later"], "90s"),
        (["--fps", "25"], "does not apply"),
        (["--pix-fmt", "gray"], "--size"),
        (["--from", "2", "--to", "1"], "ends at 1 s"),
    ],
)
def test_options_that_do_not_fit_are_one_sentence(command, tmp_path, arguments, said):
    film(tmp_path / "a.mkv")
    ran = command("encode", "a.mkv", "-o", "a.nc", *arguments, *TINY_FLAGS)
    assert (ran.code, said in ran.err) == (2, True)


def test_another_part_of_the_source_is_no_continuation(command, tmp_path, monkeypatch):
    film(tmp_path / "a.mkv")
    stops = iter([False] * 14)
    settings = TINY | {"epochs": 9}
    with pytest.raises(ncodec.Interrupted):
        ncodec.encode("a.mkv", "a.nc", start=0.2, stopping=lambda: next(stops, True), **settings)
    with pytest.raises(ncodec.UsageError, match="reading"):
        ncodec.encode("a.mkv", "a.nc", start=0.1, resume=True, **settings)
    done = ncodec.encode("a.mkv", "a.nc", start=0.2, resume=True, **settings)
    assert done.frames == 5
