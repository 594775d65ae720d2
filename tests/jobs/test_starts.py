"""Windows that start from the first one of their scene: when they run, and what they are shown."""

import time

import pytest
from synthetic import TINY, film

from ncodec.errors import Interrupted
from ncodec.jobs import EncodeRequest, Progressed, SegmentDone, encode, run_encode
from ncodec.video.inr.codec import InrCodec

OPTIONS = {name: value for name, value in TINY.items() if name not in ("codec", "threads")}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A film of two scenes: three windows of 8 frames, and two."""
    return film(tmp_path_factory.mktemp("film") / "clip.mkv", frames=40, size=(16, 16), cuts=(24,))


def request(source, output, **changes):
    values = {"codec": "ngrid", "options": OPTIONS, "threads": 1, "max_segment": 8}
    return EncodeRequest(str(source), str(output), **{**values, **changes})


@pytest.fixture(scope="module")
def whole(source, tmp_path_factory):
    """What one worker writes without a stop."""
    path = tmp_path_factory.mktemp("whole") / "a.nc"
    run_encode(request(source, path))
    return path.read_bytes()


@pytest.fixture
def shown(monkeypatch):
    """Which segment every window that is encoded here is shown, by index."""
    found, inner = {}, InrCodec.encode

    def watched(self, window, options, context):
        found[window.index] = context.neighbour and context.neighbour.index
        return inner(self, window, options, context)

    monkeypatch.setattr(InrCodec, "encode", watched)
    return found


def test_windows_are_shown_the_first_one_of_their_scene(source, tmp_path, shown):
    run_encode(request(source, tmp_path / "a.nc"))
    assert shown == {0: None, 1: 0, 2: 0, 3: None, 4: 3}


def test_a_codec_that_does_not_ask_is_shown_nothing(source, tmp_path, shown):
    run_encode(request(source, tmp_path / "a.nc", codec="hnerv"))
    assert shown == dict.fromkeys(range(5))


def test_workers_begin_no_window_before_its_start_and_change_no_byte(whole, source, tmp_path):
    events = []
    run_encode(request(source, tmp_path / "a.nc", workers=2), events.append)
    assert (tmp_path / "a.nc").read_bytes() == whole
    events = [e for e in events if isinstance(e, Progressed | SegmentDone)]
    for index, start in ((1, 0), (2, 0), (4, 3)):
        finished = next(
            i for i, e in enumerate(events) if isinstance(e, SegmentDone) and e.segment == start
        )
        assert all(e.segment != index for e in events[:finished])


@pytest.mark.parametrize(("kind", "times"), [(SegmentDone, 1), (SegmentDone, 4), (Progressed, 3)])
def test_a_resumed_encode_starts_from_what_is_in_its_plan(whole, source, tmp_path, kind, times):
    output, events = tmp_path / "a.nc", []

    def stopping():
        return sum(isinstance(event, kind) for event in events) >= times

    with pytest.raises(Interrupted):
        run_encode(request(source, output), events.append, stopping)
    run_encode(request(source, output, resume=True))
    assert output.read_bytes() == whole


def test_a_start_that_is_damaged_is_made_again(whole, source, tmp_path):
    output, events = tmp_path / "a.nc", []
    with pytest.raises(Interrupted):
        run_encode(request(source, output), events.append, lambda: done(events) == 2)
    path = tmp_path / "a.nc.plan/segment-0000.bin"
    path.write_bytes(path.read_bytes()[:-3])
    run_encode(request(source, output, resume=True), events.append)
    assert done(events) == 2 + 4
    assert output.read_bytes() == whole


def done(events):
    return sum(isinstance(event, SegmentDone) for event in events)


@pytest.mark.parametrize(("alone", "threads"), [(True, 4), (False, 2)])
def test_time_and_threads_of_a_window_that_others_wait_for(
    source, tmp_path, monkeypatch, alone, threads
):
    granted = []

    def pretended(tasks, grant, *_):
        granted.append(grant(0, alone))
        raise Interrupted("enough")

    monkeypatch.setattr(encode, "run_processes", pretended)
    with pytest.raises(Interrupted):
        run_encode(request(source, tmp_path / "a.nc", threads=4, workers=2, time_budget=600))
    assert granted[0].threads == threads
    assert granted[0].end - time.monotonic() == pytest.approx(600 / 3, rel=0.05)


@pytest.mark.parametrize(
    ("starts", "pending", "most"),
    [
        ([None, None, None], [0, 2], 2),
        ([None, 0], [0, 1], 1),
        ([None, 0, 0], [0, 1, 2], 2),
        ([None, 0, 0], [2], 1),
        ([None, 0, 0, None], [0, 1, 2, 3], 3),
        ([None, 0], [], 0),
    ],
)
def test_how_many_tasks_can_run_at_once(starts, pending, most):
    assert encode._side_by_side(starts, pending) == most
