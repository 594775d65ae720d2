import io
import os
import re
import subprocess
import sys
import threading

import pytest
from nc_files import SMALL, write_file

from ncodec.errors import OutputError, UsageError
from ncodec.formats import Reader, atomic_output, same_file


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_name_appears_when_the_file_is_whole(tmp_path):
    path = tmp_path / "clip.nc"
    with atomic_output(path) as stream:
        write_file(stream=stream)
        (temporary,) = names(tmp_path)
        assert re.fullmatch(r"clip\.nc\.[0-9a-f]{16}\.part", temporary)
    assert path.read_bytes() == SMALL
    assert names(tmp_path) == ["clip.nc"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
def test_a_failure_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "clip.nc"
    path.write_bytes(b"old")

    def fail():
        with atomic_output(path) as stream:
            stream.write(b"new")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["clip.nc"]


def test_one_output_is_written_by_one_at_a_time(tmp_path):
    path = tmp_path / "clip.nc"
    with atomic_output(path) as first:
        first.write(b"first")
        for _ in range(2):
            with (
                pytest.raises(OutputError, match=r"clip\.nc is being written by another process"),
                atomic_output(path) as second,
            ):
                second.write(b"second")
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["clip.nc"]


def test_what_others_left_stays(tmp_path):
    left = {"clip.nc.part": b"notes", f"clip.nc.{16 * 'a'}.part": b"half of a killed one's file"}
    for name, data in left.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / f"clip.nc.{16 * 'b'}.part").symlink_to("clip.nc.part")
    with atomic_output(tmp_path / "clip.nc") as stream:
        stream.write(b"whole")
    assert (tmp_path / "clip.nc").read_bytes() == b"whole"
    assert {name: (tmp_path / name).read_bytes() for name in left} == left
    assert len(names(tmp_path)) == 4


def test_names_may_be_as_long_as_the_system_takes(tmp_path):
    with atomic_output(tmp_path / (255 * "n")) as stream:
        stream.write(b"whole")
    assert names(tmp_path) == [255 * "n"]


def test_processes_that_are_started_meanwhile_do_not_keep_the_output(tmp_path):
    path = tmp_path / "clip.nc"
    with atomic_output(path) as stream:
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
        stream.write(b"first")
    try:
        with atomic_output(path) as stream:
            stream.write(b"second")
    finally:
        child.kill()
        child.wait()
    assert path.read_bytes() == b"second"


def test_the_stream_can_seek_where_the_file_can(tmp_path):
    with atomic_output(tmp_path / "x") as stream:
        stream.write(b"abc")
        stream.seek(0)
        stream.write(b"X")
    assert (tmp_path / "x").read_bytes() == b"Xbc"


def test_destinations_that_cannot_be_written(tmp_path):
    for path in (tmp_path / "no" / "clip.nc", tmp_path, tmp_path / ("n" * 300)):
        with pytest.raises(OutputError, match=r"cannot write .*"), atomic_output(path):
            pass
    assert names(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("size", [10, 1 << 20])
def test_a_full_disk_is_an_output_error(size):
    with pytest.raises(OutputError, match="No space left"), atomic_output("/dev/full") as stream:
        stream.write(bytes(size))


def test_devices_are_written_and_not_replaced():
    with atomic_output(os.devnull) as stream:
        stream.write(b"gone")
    assert not os.path.isfile(os.devnull)


def test_a_named_pipe_is_written_directly(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    received = []
    thread = threading.Thread(target=lambda: received.append(path.read_bytes()))
    thread.start()
    with atomic_output(path) as stream:
        write_file(stream=stream)
    thread.join()
    assert received == [SMALL]


def test_a_named_pipe_is_read(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    thread = threading.Thread(target=path.write_bytes, args=(SMALL,))
    thread.start()
    with Reader(path) as reader:
        assert reader.size == len(SMALL)
    thread.join()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_stdout_is_an_output_error(monkeypatch):
    with open("/dev/full", "wb", buffering=0) as raw:
        stdout = io.TextIOWrapper(io.BufferedWriter(raw))
        monkeypatch.setattr("sys.stdout", stdout)
        with pytest.raises(OutputError, match="stdout"), atomic_output("-") as stream:
            stream.write(b"less than a buffer")
        monkeypatch.undo()
        with pytest.raises(OSError, match="space"):
            stdout.close()


def test_a_symbolic_link_stays_one(tmp_path):
    (tmp_path / "link.nc").symlink_to("target.nc")
    with atomic_output(tmp_path / "link.nc") as stream:
        stream.write(b"new")
    assert (tmp_path / "link.nc").is_symlink()
    assert (tmp_path / "target.nc").read_bytes() == b"new"


def test_dash_is_stdout(capfdbinary):
    with atomic_output("-") as stream:
        write_file(stream=stream)
    with Reader(capfdbinary.readouterr().out) as reader:
        assert reader.complete


def test_a_reader_that_went_away_is_an_output_error(monkeypatch):
    read_end, write_end = os.pipe()
    os.close(read_end)
    with open(write_end, "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        with pytest.raises(OutputError, match="stdout"), atomic_output("-") as stream:
            stream.write(bytes(1 << 20))


def test_input_and_output_are_two_files(tmp_path):
    path, link = tmp_path / "clip.nc", tmp_path / "link.nc"
    path.touch()
    link.symlink_to(path)
    for output in (path, link, tmp_path / "." / "clip.nc"):
        with pytest.raises(UsageError, match="is the input too"):
            same_file(path, output)
    same_file(path, tmp_path / "other.nc")
    same_file("-", "-")


@pytest.mark.skipif(sys.platform == "win32", reason="files have no such rights")
def test_a_file_has_the_rights_of_any_other(tmp_path):
    with atomic_output(tmp_path / "a.nc") as stream:
        stream.write(b"data")
    (tmp_path / "b.nc").write_bytes(b"data")
    assert (tmp_path / "a.nc").stat().st_mode == (tmp_path / "b.nc").stat().st_mode
    (tmp_path / "a.nc").chmod(0o640)
    with atomic_output(tmp_path / "a.nc") as stream:
        stream.write(b"other data")
    assert (tmp_path / "a.nc").stat().st_mode & 0o777 == 0o640
