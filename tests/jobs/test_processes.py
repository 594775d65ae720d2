"""Interrupts and kills of real processes, with workers."""

import json
import os
import re
import shlex
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from synthetic import TINY, TINY_FLAGS

import ncodec
from ncodec.formats import atomic_output

ENDLESS = {name: value for name, value in TINY.items() if name != "epochs"}
FLAGS = [*TINY_FLAGS[:2], *TINY_FLAGS[4:], "--time-budget", "10m", "--log-json"]


def begin(fresh, source, workers):
    """An encode in a process group of its own, once a segment makes progress."""
    arguments = ("encode", source, "-o", "a.nc", *FLAGS, "--workers", workers)
    # Unbuffered: what a line leaves in a buffer would be lost to `communicate`.
    job = fresh(*arguments, start_new_session=True, bufsize=0)
    for line in job.stderr:
        if json.loads(line)["type"] == "progressed":
            return job
    raise AssertionError(f"it ended with {job.wait()}")


def workers_of(pid):
    """Ids of its worker processes; Python's resource tracker is a child, too."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.parametrize("workers", [2])
def test_ctrl_c_keeps_the_work(fresh, clip_file, tmp_path, workers):
    job = begin(fresh, clip_file, workers)
    os.killpg(job.pid, signal.SIGINT)
    records = [json.loads(line) for line in job.communicate()[1].splitlines()]
    assert job.returncode == 130
    kinds = [record["type"] for record in records]
    assert kinds.count("stopping") == 1
    command = "ncodec encode --resume -o a.nc"
    message = f"stopped; go on with: {command}"
    assert records[-1] == {"type": "failed", "exit_code": 130, "message": message}
    assert os.listdir(tmp_path) == ["a.nc.plan"]
    names = os.listdir(tmp_path / "a.nc.plan")
    assert "plan.json" in names
    assert any(name.endswith(".npz") for name in names)
    resumed(clip_file, tmp_path)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks Linux for child processes")
def test_who_asks_again_does_not_wait(fresh, clip_file, tmp_path):
    job = begin(fresh, clip_file, 2)
    workers = workers_of(job.pid)
    for _ in range(3):
        os.killpg(job.pid, signal.SIGINT)
        time.sleep(0.05)
    records = [json.loads(line) for line in job.communicate(timeout=120)[1].splitlines()]
    assert job.returncode == 130
    assert records[-1]["type"] == "failed"
    assert not any(map(alive, workers))
    assert os.listdir(tmp_path) == ["a.nc.plan"]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks Linux for child processes")
def test_a_killed_encode_goes_on_and_its_workers_end(fresh, clip_file, tmp_path):
    job = begin(fresh, clip_file, 2)
    workers = workers_of(job.pid)
    assert len(workers) == 2
    job.kill()
    job.wait()
    deadline = time.monotonic() + 60
    while left := [pid for pid in workers if alive(pid)]:
        assert time.monotonic() < deadline, [Path(f"/proc/{p}/status").read_text() for p in left]
        time.sleep(0.1)
    assert not (tmp_path / "a.nc").exists()
    resumed(clip_file, tmp_path)


def test_an_output_that_is_being_made_is_refused_to_others(fresh, clip_file, tmp_path):
    job = begin(fresh, clip_file, 1)
    for flags in ((), ("--resume",), ("--plan", "b")):
        other = fresh("encode", clip_file, "-o", "a.nc", *FLAGS[:-1], *flags)
        said = other.communicate()[1].decode()
        assert other.returncode == 7
        words = r"ncodec: a\.nc(\.plan)? is being written by another process: .*\n"
        assert re.fullmatch(words, said)
    os.kill(job.pid, signal.SIGINT)
    job.communicate()
    assert os.listdir(tmp_path) == ["a.nc.plan"]
    resumed(clip_file, tmp_path)


def test_a_training_that_runs_is_refused_to_others(fresh, tmp_path):
    np.save(tmp_path / "images.npy", np.arange(16 * 64, dtype=np.uint8).reshape(16, 8, 8))
    line = ("train", "pc", "images.npy", "-o", "a.ncm", "--threads", 1)
    with atomic_output(tmp_path / "a.ncm"):
        (tmp_path / "a.ncm.state").touch()
        for flags in ((), ("--resume",)):
            other = fresh(*line, *flags)
            assert b"a.ncm is being written by another process" in other.communicate()[1]
            assert other.returncode == 7


def test_a_training_that_is_stopped_says_the_command_that_goes_on(fresh, tmp_path):
    np.save(tmp_path / "images.npy", np.arange(16 * 64, dtype=np.uint8).reshape(16, 8, 8))
    endless = ("--threads", "1", "--epochs", "100000", "--patience", "100000")
    line = ("train", "pc", "images.npy", "-o", "a.ncm", *endless)
    job = fresh(*line, "--log-json", bufsize=0)
    job.stderr.readline()
    os.kill(job.pid, signal.SIGINT)
    said = job.communicate()[1].decode().splitlines()[-1]
    assert job.returncode == 130
    command = shlex.join(("ncodec", *line, "--log-json", "--resume"))
    assert said == f"ncodec: stopped; go on with: {command}"
    assert (tmp_path / "a.ncm.state").exists()


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def resumed(source, folder):
    more = {"time_budget": 1, "workers": 1, "resume": True}
    done = ncodec.encode(source, folder / "a.nc", **ENDLESS, **more)
    assert (done.frames, done.segments) == (16, 2)
    assert os.listdir(folder) == ["a.nc"]
    with ncodec.open(folder / "a.nc", threads=1) as clip:
        assert len(list(clip)) == 16
