"""The plan directory: what is written is read again, and nobody else's files are touched."""

import errno
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ncodec.errors import (
    DamagedFile,
    InputError,
    Interrupted,
    OutputError,
    TargetUnreachable,
    UsageError,
)
from ncodec.formats import Hdr, Segment, VideoInfo
from ncodec.jobs.directory import plan_directory
from ncodec.jobs.plan import Plan, source_identity
from ncodec.media import Landmarks, Reading
from ncodec.plugin import Shared


@pytest.fixture
def plan(tmp_path):
    return Plan(
        directory=tmp_path,
        source="/a/clip.mkv",
        reading=Reading(start=Fraction(1, 3), size=(4, 2), strict=True),
        identity="clip.mkv:1:2",
        digest="00",
        kind="video",
        info=VideoInfo(17, 15, 9, Fraction(1001, 30000), "yuv420p10le", 10, rotation=90),
        hdr=Hdr(None, (1000, 400)),
        times=(0, 3, 7),
        notices=("frame 3 is damaged",),
        landmarks=Landmarks((5, 8, 12), (2**64 - 1, 0, 3)),
        windows=((0, 5), (5, 4)),
        starts=(None, 0),
        targets=(100, 80),
        shared=(Shared(b"a model"), Shared(b"another", embedded=False)),
        codec="hnerv",
        options={"preset": "fast", "model_size": 0.25, "epochs": None},
        seed=7,
        request={"target_size": 300, "max_segment": 5, "seed": 7},
        settings={"threads": 2, "time_budget": 1.5},
    )


def test_a_plan_reads_back(plan, tmp_path):
    for version in (plan, replace(plan, hdr=None, times=None, targets=None, shared=())):
        version.save()
        assert Plan.load(tmp_path) == version


def test_a_plan_whose_shared_model_changed_is_refused(plan, tmp_path):
    plan.save()
    (tmp_path / "shared-0001.bin").write_bytes(b"something else")
    with pytest.raises(InputError, match=r"shared-0001\.bin is not the model"):
        Plan.load(tmp_path)


def test_a_plan_whose_segments_wait_for_each_other_is_refused(plan, tmp_path):
    replace(plan, starts=(1, 0)).save()
    with pytest.raises(InputError, match="starts from a later one"):
        Plan.load(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"version": 1}', '{"version": 99}'])
def test_a_damaged_plan_is_an_input_error(tmp_path, text):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(InputError, match="delete"):
        Plan.load(tmp_path)


def test_finished_segments_are_kept_and_damaged_ones_are_made_again(plan, tmp_path):
    segment = Segment(1, 5, 4, (b"abc", b""), 99, psnr=33.25)
    plan.checkpoints(1).save({"a": np.arange(3)})
    plan.finish(segment)
    assert plan.finished(1) == segment
    assert plan.finished(0) is None
    assert plan.checkpoints(1).load() is None
    kept = tmp_path / "segment-0001.bin"
    whole = kept.read_bytes()
    for place in range(len(whole)):
        kept.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert plan.finished(1) is None
    kept.write_bytes(whole[:-3])
    assert plan.finished(1) is None
    kept.rename(tmp_path / "segment-0000.bin")
    kept.mkdir()
    assert plan.finished(0) is plan.finished(1) is None


def test_checkpoints_keep_arrays_exactly(plan):
    state = {"w": np.float32([[1, -0.0]]), "step": np.asarray(5), "m": np.arange(3, dtype=np.uint8)}
    plan.checkpoints(0).save(state)
    loaded = plan.checkpoints(0).load()
    assert loaded.keys() == state.keys()
    for name, array in state.items():
        assert loaded[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded[name], array)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no archive", b"\x93NUMPY"])
def test_a_damaged_checkpoint_says_which_file_to_delete(plan, tmp_path, data):
    (tmp_path / "segment-0000.npz").write_bytes(data)
    with pytest.raises(DamagedFile, match=r"segment-0000\.npz .*delete it"):
        plan.checkpoints(0).load()


def test_a_source_is_known_by_its_files(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "1.png").write_bytes(b"a")
    before = source_identity(folder)
    assert before == source_identity(folder)
    (folder / "2.png").write_bytes(b"b")
    assert source_identity(folder) != before
    with pytest.raises(InputError, match="No such file"):
        source_identity(tmp_path / "gone.mkv")


def begin(directory, error=None, resume=False, plan="plan.json", work="segment-0000.npz"):
    """A job in `directory` that plans, works and ends with `error`."""
    with plan_directory("out.nc", str(directory), resume) as made:
        (made / plan).write_text("{}")
        if work:
            (made / work).write_bytes(b"")
        if error:
            raise error


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "work"


def test_a_directory_is_gone_when_the_job_is_done(directory):
    begin(directory)
    assert not directory.exists()


@pytest.mark.parametrize(
    ("error", "work", "kept"),
    [
        (Interrupted("stop"), None, True),
        (KeyboardInterrupt(), None, True),
        (OutputError("full"), "segment-0000.bin", True),
        (OutputError("full"), None, True),
        (OSError(errno.ENOSPC, "full"), None, True),
        (UsageError("no such device"), None, False),
        (TargetUnreachable("too small"), "segment-0000.npz", False),
    ],
)
def test_a_directory_stays_where_there_is_something_to_resume(directory, error, work, kept):
    with pytest.raises(OutputError if isinstance(error, OSError) else type(error)):
        begin(directory, error, work=work)
    assert directory.exists() == kept


def test_an_interrupt_before_the_plan_leaves_nothing(directory):
    with pytest.raises(Interrupted):
        begin(directory, Interrupted("stop"), plan="source.y4m", work=None)
    assert not directory.exists()


def test_a_plan_that_was_cut_short_is_begun_anew(directory):
    directory.mkdir()
    (directory / f"plan.json.{16 * 'a'}.part").write_bytes(b"{")
    (directory / "shared-0000.bin").write_bytes(b"a model")
    (directory / f"shared-0001.bin.{16 * '0'}.part").write_bytes(b"anoth")
    begin(directory)
    assert not directory.exists()


def test_other_peoples_files_survive(directory):
    directory.mkdir()
    with pytest.raises(InputError, match="holds no unfinished encode"):
        begin(directory, resume=True)
    (directory / "diary.txt").write_text("dear")
    with pytest.raises(UsageError, match="not empty"):
        begin(directory)
    (directory / "plan.json").write_text("{}")
    begin(directory, resume=True)
    assert [file.name for file in directory.iterdir()] == ["diary.txt"]


def test_unfinished_work_is_not_overwritten(directory):
    with pytest.raises(Interrupted):
        begin(directory, Interrupted("stop"))
    with pytest.raises(UsageError, match="--resume"):
        begin(directory)
    with pytest.raises(UsageError, match="--epochs"):
        begin(directory, UsageError("other --epochs"), resume=True, work=None)
    assert (directory / "segment-0000.npz").exists()


def test_streams_and_devices_work_in_a_temporary_directory(tmp_path):
    for output in ("-", "/dev/null"):
        with plan_directory(output, None, False) as directory:
            assert not directory.is_relative_to(Path(output).parent.absolute())
        assert not directory.exists()
        with pytest.raises(UsageError, match="--plan"), plan_directory(output, None, True):
            pass


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "no" / "work", tmp_path / "file"):
        with pytest.raises(OutputError, match="cannot be used"):
            begin(path)
