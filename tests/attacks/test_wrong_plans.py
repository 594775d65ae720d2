"""Plan directories that somebody changed, with or without their checksums."""

from contextlib import suppress

import pytest
from synthetic import TINY
from wrong import variants

import ncodec
from ncodec.errors import InputError, Interrupted
from ncodec.jobs import SegmentDone
from ncodec.jobs.album_plan import AlbumPlan
from ncodec.jobs.plan import PLAN_FILE, Plan
from ncodec.jobs.sealing import open_record, seal_record

VERSION = 5


@pytest.fixture(scope="module")
def begun(clip_file, tmp_path_factory):
    """The plan directory of an encode that was stopped after its first segment."""
    output = tmp_path_factory.mktemp("begun") / "a.nc"

    def watch(event):
        if isinstance(event, SegmentDone):
            raise Interrupted("stopped by the user")

    with pytest.raises(Interrupted):
        ncodec.encode(clip_file, output, **TINY, watch=watch)
    return output.with_name("a.nc.plan")


def test_a_changed_plan_is_not_used(begun, tmp_path):
    data = (begun / PLAN_FILE).read_bytes()
    for change in (b'"hnerv"', b'"ngrid"'), (b'"seed": 0', b'"seed": 1'):
        (tmp_path / PLAN_FILE).write_bytes(data.replace(*change))
        with pytest.raises(InputError, match="its checksum is wrong"):
            Plan.load(tmp_path)


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"version": 5}', b"5", b"\xff"])
def test_a_plan_that_is_none(tmp_path, text):
    (tmp_path / PLAN_FILE).write_bytes(text)
    for kind in (Plan, AlbumPlan):
        with pytest.raises(InputError, match="start anew"):
            kind.load(tmp_path)


def test_values_of_plans(begun, tmp_path):
    record = open_record((begun / PLAN_FILE).read_bytes(), VERSION)
    for _, value, changed in variants(record):
        if isinstance(changed, dict) and not isinstance(value, bytes):
            (tmp_path / PLAN_FILE).write_bytes(seal_record(changed, VERSION))
            with suppress(InputError):
                Plan.load(tmp_path)


def test_a_finished_file_is_read_before_its_plan_is_deleted(clip_file, tmp_path, monkeypatch):
    from ncodec.jobs import encode

    def spoilt(stream, *given, write=encode.write_file):
        size = write(stream, *given)
        stream.seek(size // 2)
        stream.write(b"spoilt")
        return size

    monkeypatch.setattr(encode, "write_file", spoilt)
    with pytest.raises(ncodec.NcodecError, match=r"does not read as it was written.*go on with"):
        ncodec.encode(clip_file, tmp_path / "a.nc", **TINY)
    monkeypatch.undo()
    assert ncodec.encode(clip_file, tmp_path / "a.nc", **TINY, resume=True).frames == 16
    assert [path.name for path in tmp_path.iterdir()] == ["a.nc"]
