"""`ncodec bench video` from clips to report, through fresh processes, with a small codec."""

import json
import os
import signal
import time
from types import SimpleNamespace

import pytest
from PIL import Image as Pillow
from synthetic import film

from ncodec.eval.bench import run
from ncodec.eval.bench.measure import Measurer
from ncodec.eval.bench.processes import Ran
from ncodec.eval.results import load_summary
from ncodec.jobs.plan import PLAN_FILE


@pytest.fixture
def clip(tmp_path):
    return film(tmp_path / "clip.mkv", frames=8, size=(64, 64), matrix=1)


@pytest.fixture
def elsewhere(plugins, plugin_site, monkeypatch):
    """The plugins are installed for fresh processes, too."""
    monkeypatch.setenv("PYTHONPATH", str(plugin_site))


def bench(command, clip, *more):
    arguments = ("--codecs", "rawplanes", "--threads", 1, *more)
    return command("bench", "video", clip, "-o", "run", *arguments)


def test_a_run_measures_files_and_goes_on_where_it_was(command, clip, elsewhere, tmp_path):
    ran = bench(command, clip, "--anchors", "x264-medium")
    assert ran.code == 0, ran.err
    found = load_summary("run/summary.json")
    (item,) = found.items
    ours, anchor = item.curves
    assert [len(curve.points) >= 4 for curve in item.curves] == [True, True]
    for curve in item.curves:
        rates = [point.rate for point in curve.points]
        assert rates == sorted(rates)
        for point in curve.points:
            assert sum(point.breakdown.values()) == point.size
            assert point.rate == pytest.approx(8 * point.size / (64 * 64 * 8))
            assert len(json.loads((tmp_path / "run" / point.frames).read_text())["psnr_y"]) == 8
            assert (tmp_path / "run" / point.picture).read_bytes().startswith(b"\x89PNG")
            assert point.encode.seconds > 0
            assert point.decode.peak_bytes > 1 << 20
    best = max(point.quality["psnr_y"] for point in ours.points)
    assert max(point.quality["psnr_y"] for point in anchor.points) > best - 1
    assert {delta.anchor for delta in item.deltas} == {"x264 medium"}
    report = (tmp_path / "run" / "report.html").read_text()
    assert f"{ours.points[0].size:,}" in report
    assert found.manifest["command"].startswith("ncodec bench video")
    assert b"rawplanes" in ran.out

    again = bench(command, clip, "--anchors", "x264-medium", "--dry-run")
    assert again.out.count(b": done") == 4
    again = bench(command, clip, "--anchors", "x264-medium")
    assert again.err.count("kept") == again.err.count(" dB, ")
    assert load_summary("run/summary.json").items == found.items


def test_what_a_dry_run_would_do(command, clip, plugins, tmp_path):
    ran = bench(command, clip, "--anchors", "x264", "--points", 2, "--dry-run")
    assert ran.code == 0
    lines = ran.out.decode().splitlines()
    assert sum("rawplanes, coarseness" in line for line in lines) == 2
    assert "up to" in lines[-2]
    assert "about" in lines[-1]
    assert not (tmp_path / "run").exists()


def test_time_budgets_and_presets_are_a_curve_each(command, clip, tmp_path):
    budgets = ("--time-budget", "2s", "--time-budget", "1m", "--preset", "fast,paper")
    given = (
        "bench",
        "video",
        clip,
        "-o",
        "run",
        "--codecs",
        "hnerv",
        "--anchors",
        "none",
        "--points",
        1,
        "--dry-run",
    )
    ran = command(*given, *budgets, "--reference", "hnerv paper 60 s")
    assert ran.code == 0, ran.err
    lines = ran.out.decode().splitlines()[:-1]
    assert [line.split(": ")[1].split(",")[0] for line in lines] == [
        "hnerv fast 2 s",
        "hnerv fast 60 s",
        "hnerv paper 2 s",
        "hnerv paper 60 s",
    ]
    assert [line.split(": ")[2] for line in lines] == ["about 2 s", "about 60 s"] * 2
    own = ("--codecs", "hnerv:paper,hnerv", "--preset", "fast")
    ran = command(*given, *own)
    assert [line.split(": ")[1].split(",")[0] for line in ran.out.decode().splitlines()[:-1]] == [
        "hnerv paper",
        "hnerv fast",
    ]
    ran = command(*given, *budgets, "--reference", "hnerv slow")
    assert ran.code == 2
    assert "--reference is 'hnerv slow' but must be one of the curves: 'hnerv fast 2 s'" in ran.err


@pytest.mark.parametrize(("options", "goes_on"), [({}, True), ({"time_budget": 60.0}, False)])
def test_an_interrupted_encode_goes_on_where_it_has_no_budget(options, goes_on, tmp_path):
    lines = []

    def ran(line, folder):
        lines.append(line)
        return Ran(1.0, 1.0, 1, "", "")

    measurer = Measurer(tmp_path, SimpleNamespace(run=ran), 1, "cpu", 240)
    clip = SimpleNamespace(path=tmp_path / "clip.mkv", digest="", info=SimpleNamespace(frames=8))
    step = measurer.encode_step(clip, "hnerv", options, 0)
    begun = measurer.store.path(step) / "plan"
    begun.mkdir(parents=True)
    (begun / PLAN_FILE).write_text("{}")
    done = measurer.store.do(step)
    assert ("--resume" in lines[0]) is begun.exists() is goes_on
    assert (done.outcome["encode"] is None) is goes_on


def test_a_file_that_fails_does_not_end_the_run(command, clip, elsewhere, tmp_path):
    assert bench(command, clip, "--anchors", "none", "--points", 2).code == 0
    folder = next((tmp_path / "run" / "steps").glob("encode-*"))
    (folder / "record.json").unlink()
    (folder / "out.nc").unlink()
    (folder / "out.nc").mkdir()
    ran = bench(command, clip, "--anchors", "none", "--points", 2)
    assert ran.code == 1
    assert "Traceback" not in ran.err
    found = load_summary("run/summary.json")
    assert len(found.items[0].curves[0].points) == 1
    (failure,) = found.failures
    assert failure.startswith("clip: rawplanes, seed 0, coarseness")


def test_an_anchor_that_does_not_take_a_clip_is_absent(command, tmp_path, elsewhere):
    clip = film(tmp_path / "clip.mkv", frames=2, size=(32, 32), pixel_format="gbrp12le")
    ran = bench(command, clip, "--anchors", "x265-medium", "--points", 1)
    assert ran.code == 0, ran.err
    (item,) = load_summary("run/summary.json").items
    assert [curve.name for curve in item.curves] == ["rawplanes"]
    assert any("x265 medium: clip is gbrp12le" in line for line in item.absent)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--anchors", "x266"], 2, "x264"),
        (["--codecs", "nobody"], 8, "hnerv"),
        (["--codecs", "pc-photo"], 2, "still images"),
        (["--codecs", "rawplanes", "--preset", "fast"], 2, "preset"),
        (["--codecs", ","], 2, "a,b,c"),
    ],
)
def test_what_cannot_be_run_is_said_at_once(command, clip, plugins, arguments, code, said):
    ran = command("bench", "video", clip, "-o", "run", *arguments)
    assert ran.code == code
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_killed_run_goes_on(fresh, clip, elsewhere, tmp_path):
    line = ["bench", "video", clip, "-o", "run", "--codecs", "rawplanes", "--anchors", "none"]
    first = fresh(*line, path=[os.environ["PYTHONPATH"]])
    while not list((tmp_path / "run").glob("steps/score-*/record.json")):
        assert first.poll() is None, first.stderr.read()
        time.sleep(0.01)
    first.kill()
    first.communicate()
    second = fresh(*line, path=[os.environ["PYTHONPATH"]])
    out, err = second.communicate()
    assert second.returncode == 0, err
    assert 1 <= err.count(b"kept") < 4
    assert b"report.html" in out


def test_ctrl_c_stops_a_run_and_its_processes(fresh, clip, elsewhere, tmp_path):
    line = ["bench", "video", clip, "-o", "run", "--codecs", "rawplanes", "--anchors", "none"]
    process = fresh(*line, path=[os.environ["PYTHONPATH"]])
    while not list((tmp_path / "run").glob("steps/encode-*")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert b"what is finished is kept" in err
    assert b"Traceback" not in err


def test_files_are_made_side_by_side_if_wanted(command, clip, elsewhere):
    ran = bench(command, clip, "--anchors", "x264-medium", "--points", 2, "--jobs", 3)
    assert ran.code == 0, ran.err
    found = load_summary("run/summary.json")
    assert "times are not comparable" in found.remarks[0]
    assert [len(curve.points) >= 2 for curve in found.items[0].curves] == [True, True]


def test_two_clips_of_one_name_are_refused(command, clip, plugins, tmp_path):
    (tmp_path / "other").mkdir()
    other = film(tmp_path / "other" / "clip.mkv", frames=2)
    ran = command("bench", "video", clip, other, "-o", "run", "--codecs", "rawplanes")
    assert ran.code == 2
    assert "two clips are called clip" in ran.err


def test_a_run_needs_its_extra_before_it_starts(command, clip, monkeypatch):
    monkeypatch.setattr(run, "find_spec", lambda name: None if name == "jinja2" else True)
    ran = command("bench", "video", clip, "-o", "run")
    assert ran.code == 8
    assert "ncodec[eval]" in ran.err
    assert not os.path.exists("run")


def test_one_run_at_a_time_in_a_folder(command, clip, plugins):
    import fcntl

    os.mkdir("run")
    with open("run/.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = bench(command, clip, "--anchors", "none")
    assert ran.code == 2
    assert "another run" in ran.err


def test_two_files_are_compared_with_their_source(command, clip, elsewhere, tmp_path):
    assert command("encode", clip, "-o", "a.nc", "--codec", "rawplanes").code == 0
    line = ["--codec", "rawplanes", "--coarseness", "16"]
    assert command("encode", clip, "-o", "b.nc", *line).code == 0
    ran = command("compare", "a.nc", "b.nc", "--source", clip, "--json")
    assert ran.code == 0, ran.err
    a, b = json.loads(ran.out)["files"]
    assert a["bytes"] == os.path.getsize("a.nc")
    assert a["quality"]["psnr_y"] == 60 > b["quality"]["psnr_y"]
    text = command("compare", "a.nc", "b.nc", "--source", clip).out.decode()
    assert max(map(len, text.splitlines()[1:])) <= 100
    Pillow.new("L", (8, 8)).save("grey.png")
    assert command("encode", "grey.png", "-o", "grey.nc").code == 0
    ran = command("compare", "a.nc", "grey.nc", "--source", clip)
    assert ran.code == 2
    assert "ncodec verify grey.nc" in ran.err
    ran = command("compare", "a.nc", clip, "--source", f"{clip}#crop=32x32")
    assert ran.code == 3
    assert "64" in ran.err
    assert "32" in ran.err


def test_verbs_need_no_heavy_imports(fresh):
    for verb in ("bench", "compare"):
        process = fresh(verb, "--help")
        _, err = process.communicate()
        assert (process.returncode, err) == (0, b"")
