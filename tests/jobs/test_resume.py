"""Stopping and going on: nothing is lost, and nothing differs from a run without a stop."""

import os
import shlex
import shutil
from dataclasses import replace

import pytest
from synthetic import TINY, film

import ncodec
from ncodec.errors import DamagedFile, InputError, Interrupted, UsageError
from ncodec.jobs import EncodeRequest, Planned, Progressed, SegmentDone, run_encode
from ncodec.media.held import held

OPTIONS = {name: value for name, value in TINY.items() if name not in ("codec", "threads")} | {
    "epochs": 4
}


def request(source, output, **changes):
    values = {"codec": "hnerv", "options": OPTIONS, "threads": 1, "max_segment": 8}
    return EncodeRequest(str(source), str(output), **{**values, **changes})


def stop_after(kind, times, job):
    """Runs `job` until the watcher has seen `times` events of `kind`; returns all events."""
    events = []

    def stopping():
        return sum(isinstance(event, kind) for event in events) >= times

    with pytest.raises(Interrupted):
        run_encode(job, events.append, stopping)
    return events


@pytest.fixture(scope="module")
def whole(clip_file, tmp_path_factory):
    """What an encode without a stop writes."""
    path = tmp_path_factory.mktemp("whole") / "a.nc"
    run_encode(request(clip_file, path))
    return path.read_bytes()


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(whole, clip_file, tmp_path):
    for seed, same in ((0, True), (1, False)):
        run_encode(request(clip_file, tmp_path / "a.nc", seed=seed))
        assert ((tmp_path / "a.nc").read_bytes() == whole) == same


@pytest.mark.parametrize(
    ("kind", "times"), [(Progressed, 1), (Progressed, 3), (Progressed, 4), (SegmentDone, 1)]
)
def test_a_resumed_encode_writes_the_very_same_bytes(whole, clip_file, tmp_path, kind, times):
    output = tmp_path / "a.nc"
    stop_after(kind, times, request(clip_file, output))
    assert sorted(os.listdir(tmp_path)) == ["a.nc.plan"]
    done = run_encode(request(clip_file, output, resume=True))
    assert output.read_bytes() == whole
    assert (done.frames, os.listdir(tmp_path)) == (16, ["a.nc"])


def test_a_stop_at_every_step_still_ends_the_same(whole, clip_file, tmp_path):
    output = tmp_path / "a.nc"
    stop_after(Planned, 1, request(clip_file, output))
    for _ in range(6):
        stop_after(Progressed, 1, request(clip_file, output, resume=True))
    run_encode(request(clip_file, output, resume=True))
    assert output.read_bytes() == whole


def test_finished_segments_are_not_made_again(clip_file, tmp_path):
    output = tmp_path / "a.nc"
    stop_after(SegmentDone, 1, request(clip_file, output))
    events = []
    run_encode(request(clip_file, output, resume=True), events.append)
    (planned,) = (event for event in events if isinstance(event, Planned))
    assert planned.finished == 1
    assert [e.segment for e in events if isinstance(e, SegmentDone)] == [1]


def test_a_stop_while_reading_leaves_nothing(clip_file, tmp_path):
    with pytest.raises(Interrupted):
        run_encode(request(clip_file, tmp_path / "a.nc"), stopping=lambda: True)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def unfinished(clip_file, tmp_path):
    """A copy of the film, and its encode that was stopped."""
    source, output = shutil.copy2(clip_file, tmp_path / "clip.mkv"), tmp_path / "a.nc"
    stop_after(Progressed, 1, request(source, output))
    return source, output


def test_an_unfinished_encode_is_not_overwritten(unfinished):
    with pytest.raises(UsageError, match=r"with ncodec encode --resume -o \S*a\.nc, or"):
        run_encode(request(*unfinished))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"seed": 1}, "seed"),
        ({"max_segment": 5}, "max_segment"),
        ({"target_size": 9000}, "target_size"),
        ({"options": {**OPTIONS, "epochs": 5}}, "epochs"),
        ({"options": {**OPTIONS, "preset": "medium"}}, "preset"),
    ],
)
def test_other_options_do_not_continue_it(unfinished, changes, name):
    with pytest.raises(UsageError, match=f"has {name} .* not"):
        run_encode(request(*unfinished, resume=True, **changes))
    assert run_encode(request(*unfinished, resume=True)).frames == 16


def test_another_source_does_not_continue_it(unfinished, tmp_path):
    source, output = unfinished
    other = film(tmp_path / "other.mkv", frames=16)
    for path in (other, tmp_path / "missing.mkv"):
        with pytest.raises(InputError):
            run_encode(request(path, output, resume=True))
    film(source, frames=16)
    with pytest.raises(InputError, match=r"is not what the encode .* began with"):
        run_encode(request(source, output, resume=True))


def test_a_source_that_was_moved_does(unfinished, tmp_path):
    source, output = unfinished
    (tmp_path / "elsewhere").mkdir()
    moved = shutil.move(source, tmp_path / "elsewhere")
    assert run_encode(request(moved, output, resume=True)).frames == 16


def test_a_damaged_checkpoint_is_named(unfinished, tmp_path):
    (tmp_path / "a.nc.plan/segment-0000.npz").write_bytes(b"PK")
    with pytest.raises(DamagedFile, match="delete it to fit this segment"):
        run_encode(request(*unfinished, resume=True))
    (tmp_path / "a.nc.plan/segment-0000.npz").unlink()
    assert run_encode(request(*unfinished, resume=True)).frames == 16


def test_a_plan_folder_of_ones_own(clip_file, tmp_path):
    job = {"plan": str(tmp_path / "work")}
    stop_after(Progressed, 1, request(clip_file, tmp_path / "a.nc", **job))
    assert os.listdir(tmp_path) == ["work"]
    run_encode(request(clip_file, tmp_path / "a.nc", **job, resume=True))
    assert os.listdir(tmp_path) == ["a.nc"]


def test_the_name_of_the_output_is_enough_to_go_on(whole, clip_file, tmp_path):
    output = tmp_path / "a.nc"
    stop_after(Progressed, 1, request(clip_file, output))
    done = ncodec.encode(output=output, resume=True)
    assert (done.frames, output.read_bytes()) == (16, whole)
    assert os.listdir(tmp_path) == ["a.nc"]


def test_what_is_read_and_copied_goes_on_as_it_was(clip_file, tmp_path):
    output, events = tmp_path / "a.nc", []
    settings = {"start": 0.12, "end": 0.52, "audio": False, "tags": False}
    with pytest.raises(Interrupted):
        ncodec.encode(
            *(clip_file, output),
            **TINY,
            **settings,
            watch=events.append,
            stopping=lambda: any(isinstance(event, Progressed) for event in events),
        )
    with pytest.raises(UsageError, match="has copying"):
        ncodec.encode(output=output, resume=True, audio=True)
    assert ncodec.encode(output=output, resume=True).frames == 10


def test_what_is_not_said_again_is_as_it_was(unfinished, monkeypatch):
    source, output = unfinished
    asked = []
    monkeypatch.setattr("ncodec.jobs.run_encode", lambda job, *_: asked.append(job))
    ncodec.encode(source, output, resume=True, workers=2, epochs=4)
    (job,) = asked
    assert (job.source, job.codec, job.workers, job.threads) == (str(source), "hnerv", 2, 1)
    assert (job.max_segment, job.seed, job.device) == (8, 0, "auto")
    assert {**job.options, **OPTIONS} == job.options


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"codec": "ngrid"}, "codec 'hnerv', not 'ngrid'"),
        ({"preset": "medium"}, "preset"),
        ({"seed": 1}, "seed"),
        ({"end": 0.2}, "reading"),
    ],
)
def test_what_is_said_otherwise_is_refused(unfinished, changes, name):
    with pytest.raises(UsageError, match=f"has {name}"):
        ncodec.encode(output=unfinished[1], resume=True, **changes)


def test_a_pipe_is_read_once_even_if_its_encode_goes_on(whole, clip_file, tmp_path):
    output = tmp_path / "a.nc"
    with clip_file.open("rb") as pipe:
        stop_after(Progressed, 1, replace(request(clip_file, output), source=held(pipe)))
    (tmp_path / "a.nc.plan").rename(tmp_path / "moved")
    ncodec.encode(output=output, resume=True, plan=tmp_path / "moved")
    assert output.read_bytes() == whole


def test_there_is_a_source_or_something_to_go_on_with(tmp_path):
    with pytest.raises(UsageError, match="there is no source"):
        ncodec.encode(output=tmp_path / "a.nc")
    with pytest.raises(InputError, match="holds no unfinished encode"):
        ncodec.encode(output=tmp_path / "a.nc", resume=True)


@pytest.mark.parametrize("plan", [None, "work"])
def test_a_stop_says_the_command_that_goes_on(whole, clip_file, command, tmp_path, plan):
    name = "it's a clip.nc"
    events = []
    with pytest.raises(Interrupted) as stopped:
        run_encode(request(clip_file, name, plan=plan), events.append, lambda: len(events) > 3)
    line = str(stopped.value).partition("go on with: ")[2]
    assert command(*shlex.split(line)[1:]).code == 0
    assert (tmp_path / name).read_bytes() == whole
