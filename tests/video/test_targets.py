"""Sizes and times that were asked for, and the same integers on any number of threads."""

import pytest
from synthetic import TINY

import ncodec
from ncodec.errors import TargetUnreachable
from ncodec.formats import Reader
from ncodec.jobs import Progressed
from ncodec.verify import verify

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


def test_a_time_budget_ends_with_every_segment_done(clip_file, tmp_path):
    events = []
    options = {name: value for name, value in SIZED.items() if name != "epochs"}
    done = ncodec.encode(
        clip_file, tmp_path / "a.nc", **options, time_budget=3, watch=events.append
    )
    assert (done.frames, done.segments) == (16, 2)
    last = [event for event in events if isinstance(event, Progressed)][-1]
    assert last.fraction == 1


def test_the_published_preset_encodes_and_decodes(clip_file, tmp_path):
    ncodec.encode(clip_file, tmp_path / "a.nc", **TINY | {"preset": "paper", "epochs": 1})
    assert verify(tmp_path / "a.nc", source=clip_file, threads=1).segments == 2


def test_integers_and_quality_do_not_depend_on_threads(nc_file, clip_file):
    one, two = (verify(nc_file, source=clip_file, threads=n) for n in (1, 2))
    assert one.rgb == pytest.approx(two.rgb, abs=0.01)
    with Reader(nc_file) as reader:
        hashes = {reader.read_segment(entry.index).integer_hash for entry in reader.segments}
    assert len(hashes) == 2
