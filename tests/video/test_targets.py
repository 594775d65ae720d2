"""Sizes and times that were asked for, and the same integers on any number of threads."""

import subprocess
import sys
from fractions import Fraction
from itertools import count

import numpy as np
import pytest
from synthetic import TINY, film

import ncodec
from ncodec.errors import Interrupted, TargetUnreachable, UsageError
from ncodec.files.verify import verify
from ncodec.formats import Reader, VideoInfo
from ncodec.jobs import Progressed
from ncodec.media import Frame, open_sink

SIZED = {name: value for name, value in TINY.items() if name != "model_size"}


@pytest.mark.parametrize("target", [26_000, 40_000])
def test_a_target_size_is_nearly_filled_and_never_exceeded(clip_file, tmp_path, target):
    done = ncodec.encode(clip_file, tmp_path / "a.nc", **SIZED | {"epochs": 12}, target_size=target)
    assert done.size == (tmp_path / "a.nc").stat().st_size
    assert 0.98 * target <= done.size <= target


def test_a_target_size_with_a_network_of_ones_own(clip_file, tmp_path):
    options = TINY | {"model_size": 0.05, "epochs": 12}
    done = ncodec.encode(clip_file, tmp_path / "a.nc", **options, target_size=40_000)
    assert 0.98 * 40_000 <= done.size <= 40_000


def test_a_target_size_that_cannot_be_says_so_and_leaves_nothing(clip_file, tmp_path):
    for target in (50, 500, 900):
        with pytest.raises(TargetUnreachable):
            ncodec.encode(clip_file, tmp_path / "a.nc", **SIZED, target_size=target)
        assert not list(tmp_path.iterdir())


STEADY = TINY | {"preset": "fast", "epochs": 20, "model_size": 0.01, "max_segment": 8}


def test_a_target_psnr_is_reached_by_every_segment_with_fewer_bytes(clip_file, tmp_path):
    free = ncodec.encode(clip_file, tmp_path / "free.nc", **STEADY)
    target = min(segment.psnr for segment in ncodec.probe(tmp_path / "free.nc").segments) - 4
    done = ncodec.encode(clip_file, tmp_path / "a.nc", **STEADY, target_psnr=target)
    reached = [segment.psnr for segment in ncodec.probe(tmp_path / "a.nc").segments]
    assert all(target <= psnr for psnr in reached)
    assert done.size < free.size
    assert verify(tmp_path / "a.nc", source=clip_file, threads=1).rgb >= target - 0.05


def test_a_target_psnr_out_of_reach_says_what_was_reached_and_leaves_nothing(clip_file, tmp_path):
    with pytest.raises(TargetUnreachable, match=r"frames 0 to 7 reach \d+\.\d\d dB, not 90"):
        ncodec.encode(clip_file, tmp_path / "a.nc", **STEADY | {"epochs": 1}, target_psnr=90)
    assert not list(tmp_path.iterdir())


def test_two_targets_are_one_too_many(clip_file, tmp_path):
    with pytest.raises(UsageError, match="choose one"):
        ncodec.encode(clip_file, tmp_path / "a.nc", **TINY, target_size=40_000, target_psnr=30)
    assert not list(tmp_path.iterdir())


def test_more_quality_is_more_bytes_and_a_better_picture(clip_file, tmp_path):
    sizes, psnrs = [], []
    for quality in (50, 80):
        done = ncodec.encode(clip_file, tmp_path / "a.nc", **STEADY | {"quality": quality})
        sizes.append(done.size)
        psnrs.append(done.psnr)
    assert sizes == sorted(sizes)
    assert psnrs == sorted(psnrs)


def test_a_fit_estimates_its_file_within_a_percent(clip_file, tmp_path):
    events = []
    options = STEADY | {"model_size": 0.05}
    done = ncodec.encode(clip_file, tmp_path / "a.nc", **options, watch=events.append)
    last = [event for event in events if isinstance(event, Progressed)][-1]
    assert last.size == pytest.approx(done.size, rel=0.01)
    assert last.psnr == pytest.approx(done.psnr, abs=0.3)


@pytest.mark.parametrize("codec", ["hnerv", "nervpp", "ngrid"])
@pytest.mark.parametrize("size", [(16, 16), (2, 2), (33, 1)])
def test_small_and_flat_clips(codec, size, tmp_path):
    source = film(tmp_path / "a.mkv", frames=1, size=size, pixel_format="gray")
    options = TINY | {"codec": codec}
    assert ncodec.encode(source, tmp_path / "a.nc", **options).frames == 1
    assert verify(tmp_path / "a.nc", source=source, threads=1).frames == 1


@pytest.mark.parametrize("codec", ["hnerv", "nervpp", "ngrid"])
def test_one_colour_is_a_valid_file(codec, tmp_path):
    info = VideoInfo(16, 16, 3, Fraction(1, 25), "yuv420p", matrix=1)
    planes = tuple(np.full(shape, 77, np.uint8) for shape in ((16, 16), (8, 8), (8, 8)))
    with open_sink(tmp_path / "a.mkv", info, None) as sink:
        for pts in range(3):
            sink.write(Frame(planes, pts))
    options = TINY | {"codec": codec, "preset": "fast", "epochs": 30}
    done = ncodec.encode(tmp_path / "a.mkv", tmp_path / "a.nc", **options)
    assert done.psnr is None or done.psnr > 30
    assert verify(tmp_path / "a.nc", source=tmp_path / "a.mkv", threads=1).frames == 3


def test_a_fit_that_diverges_says_so_and_leaves_nothing(clip_file, tmp_path, monkeypatch):
    from ncodec.video.inr.distortion import Distortion

    errors = Distortion.errors
    monkeypatch.setattr(Distortion, "errors", lambda *a: errors(*a) * float("nan"))
    with pytest.raises(TargetUnreachable, match="diverged"):
        ncodec.encode(clip_file, tmp_path / "a.nc", **TINY)
    assert not list(tmp_path.iterdir())


def test_a_time_budget_ends_with_every_segment_done(clip_file, tmp_path):
    events = []
    options = {name: value for name, value in SIZED.items() if name != "epochs"}
    done = ncodec.encode(
        clip_file, tmp_path / "a.nc", **options, time_budget=3, watch=events.append
    )
    assert (done.frames, done.segments) == (16, 2)
    last = [event for event in events if isinstance(event, Progressed)][-1]
    assert last.fraction == 1


LATE = """
import sys
import ncodec
from ncodec.video.inr.codec import InrCodec

estimate, known = InrCodec.estimate, set()

def estimated(*given):
    found = estimate(*given)
    known.update(sys.modules)
    return found

InrCodec.estimate = estimated
ncodec.encode(*sys.argv[1:], codec="ngrid", time_budget=2, threads=1)
print(sorted(name for name in set(sys.modules) - known if name.startswith("torch")))
"""


def test_torch_is_imported_before_time_is_dealt_out(clip_file, tmp_path):
    # The first window would pay a second or two for all of them.
    arguments = [sys.executable, "-c", LATE, str(clip_file), str(tmp_path / "a.nc")]
    ran = subprocess.run(arguments, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "[]\n", "")


HUGE = {"codec": "hnerv", "preset": "ultrafast", "quality": 160, "threads": 1}
"""A network whose steps take so long that few fit into some seconds."""


def cost(path):
    return ncodec.probe(path).macs_per_pixel


def test_a_network_too_large_for_its_time_is_made_smaller(clip_file, tmp_path):
    ncodec.encode(clip_file, tmp_path / "a.nc", **HUGE, time_budget=3)
    ncodec.encode(clip_file, tmp_path / "b.nc", **HUGE, epochs=1)
    assert cost(tmp_path / "a.nc") < cost(tmp_path / "b.nc") / 2


def test_a_resumed_fit_keeps_the_network_that_its_first_budget_allowed(clip_file, tmp_path):
    out, asked = tmp_path / "a.nc", count(1)
    with pytest.raises(Interrupted):
        ncodec.encode(clip_file, out, **HUGE, time_budget=6, stopping=lambda: next(asked) > 20)
    [checkpoint] = out.with_name("a.nc.plan").rglob("*.npz")
    with np.load(checkpoint) as state:
        begun = state["shape"].tobytes()
    ncodec.encode(clip_file, out, **HUGE, time_budget=3, resume=True)
    with Reader(out) as reader:
        first = min(reader.segments, key=lambda s: s.index)
        assert reader.read_segment(first.index).sections[0] == begun


def test_the_published_preset_encodes_and_decodes(clip_file, tmp_path):
    ncodec.encode(clip_file, tmp_path / "a.nc", **TINY | {"preset": "paper", "epochs": 1})
    assert verify(tmp_path / "a.nc", source=clip_file, threads=1).segments == 2


def test_integers_and_quality_do_not_depend_on_threads(nc_file, clip_file):
    one, two = (verify(nc_file, source=clip_file, threads=n) for n in (1, 2))
    assert one.rgb == pytest.approx(two.rgb, abs=0.01)
    with Reader(nc_file) as reader:
        hashes = {reader.read_segment(entry.index).integer_hash for entry in reader.segments}
    assert len(hashes) == 2
