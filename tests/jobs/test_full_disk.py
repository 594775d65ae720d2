"""A disk without room, at every stage: a sentence, and what is done is kept."""

import os
import resource
import shlex

import pytest
from synthetic import TINY, TINY_FLAGS

import ncodec
from ncodec.errors import Interrupted
from ncodec.jobs import SegmentDone

ENCODE = ("encode", "-o", "a.nc", *TINY_FLAGS, "--max-segment", "8", "-q")


@pytest.fixture
def cramped(fresh, plugin_site):
    """Runs `ncodec` where no file may be larger than `size`: its exit code and what it says."""

    def run(size, *arguments, stdin=b""):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        process = fresh(*arguments, path=[plugin_site], preexec_fn=limit)
        said = process.communicate(stdin)[1].decode()
        assert said.startswith("ncodec: ")
        assert said.count("\n") == 1
        return process.returncode, said

    return run


@pytest.fixture(scope="module")
def whole(clip_file):
    """What an encode on a roomy disk writes."""
    return ncodec.encode(clip_file, **TINY, max_segment=8).data


def goes_on(said, command):
    """Runs the command that a message ends with; the file that comes out."""
    line = shlex.split(said.partition("go on with: ")[2])
    assert command(*line[1:]).code == 0
    assert os.listdir() == ["a.nc"]
    with open("a.nc", "rb") as file:
        return file.read()


@pytest.mark.parametrize("piped", [False, True])
def test_a_plan_that_does_not_fit_leaves_nothing(cramped, clip_file, tmp_path, piped):
    stdin = clip_file.read_bytes() if piped else b""
    code, said = cramped(500, *ENCODE, "-" if piped else clip_file, stdin=stdin)
    assert code == 7
    assert "File too large" in said
    assert "make room on its disk" in said
    assert os.listdir(tmp_path) == []


def test_a_checkpoint_that_does_not_fit(cramped, command, clip_file, whole):
    code, said = cramped(3000, *ENCODE, clip_file)
    assert code == 7
    assert "what is done is kept" in said
    assert goes_on(said, command) == whole


def test_a_file_that_does_not_fit_at_the_end(cramped, command, clip_file, whole, tmp_path):
    def watch(event):
        if isinstance(event, SegmentDone) and event.segment == event.segments - 1:
            raise Interrupted("stopped by the user")

    with pytest.raises(Interrupted):
        ncodec.encode(clip_file, tmp_path / "a.nc", **TINY, max_segment=8, watch=watch)
    code, said = cramped(len(whole) - 1, "encode", "--resume", "-o", "a.nc", "-q")
    assert code == 7
    assert "cannot write a.nc: File too large" in said
    assert os.listdir(tmp_path) == ["a.nc.plan"]
    assert goes_on(said, command) == whole


@pytest.mark.parametrize("output", ["b.mkv", "b.mp4", "b.y4m", "b/", "b.png"])
def test_a_decode_that_does_not_fit_leaves_nothing(cramped, plugins, clip_file, tmp_path, output):
    ncodec.encode(clip_file, tmp_path / "a.nc", codec="rawplanes")
    one = ("--at", "0") if output == "b.png" else ()
    code, said = cramped(100, "decode", "a.nc", "-o", output, "-q", "--threads", 1, *one)
    assert code == 7
    assert "File too large" in said
    assert os.listdir(tmp_path) == ["a.nc"]
