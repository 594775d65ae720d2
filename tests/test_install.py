"""bin/ncodec, bin/venv and bin/install.py on a small project that pip installs without network."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""

# A build backend whose wheel holds a command that prints its folder and its arguments.
BACKEND = '''
import pathlib, time, zipfile

FILES = {
    "tiny.py": """import os, sys

def main():
    print(os.getcwd(), *sys.argv[1:])
""",
    "ncodec-1.dist-info/METADATA": """Metadata-Version: 2.1
Name: ncodec
Version: 1
Provides-Extra: dev
""",
    "ncodec-1.dist-info/WHEEL": """Wheel-Version: 1.0
Root-Is-Purelib: true
Tag: py3-none-any
""",
    "ncodec-1.dist-info/entry_points.txt": "[console_scripts]\\nncodec = tiny:main\\n",
    "ncodec-1.dist-info/RECORD": "",
}

def build_editable(folder, settings=None, metadata=None):
    if pathlib.Path("full").exists():
        raise OSError(28, "No space left on device")
    while pathlib.Path("slow").exists():
        pathlib.Path("building").touch()
        time.sleep(0.05)
    with zipfile.ZipFile(pathlib.Path(folder, "ncodec-1-py3-none-any.whl"), "w") as wheel:
        for name, text in FILES.items():
            wheel.writestr(name, text)
    return "ncodec-1-py3-none-any.whl"
'''


@pytest.fixture(scope="module")
def env(tmp_path_factory):
    """An environment whose python3.12 is a broken shim, whose python3 works, with no index."""
    tools = tmp_path_factory.mktemp("tools")
    link_tools(tools)
    shims = {"python3.12": "exit 127", "python3": f"exec '{sys.executable}' \"$@\""}
    for name, line in shims.items():
        (tools / name).write_text(f"#!/bin/sh\n{line}\n")
        (tools / name).chmod(0o755)
    return {"PATH": str(tools), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}


@pytest.fixture(scope="module")
def installed(tmp_path_factory, env):
    """A clone after its first start, and what that start said."""
    clone = tmp_path_factory.mktemp("a clone")
    shutil.copytree(ROOT / "bin", clone / "bin")
    (clone / "pyproject.toml").write_text(PYPROJECT)
    (clone / "backend.py").write_text(BACKEND)
    return clone, start(clone, env, "--first")


@pytest.fixture
def moved(installed, tmp_path):
    """The clone moved to another place, where it has to be installed again."""
    shutil.copytree(installed[0], tmp_path / "moved", symlinks=True)
    return tmp_path / "moved"


def link_tools(folder):
    """Put what bin/venv calls besides Python into `folder`."""
    for tool in ("readlink", "sha256sum", "shasum"):
        if path := shutil.which(tool):
            (folder / tool).symlink_to(path)


def start(clone, env, *arguments, program="ncodec"):
    command = [clone / "bin" / program, *arguments]
    return subprocess.run(command, env=env, cwd="/", capture_output=True, text=True)


def test_the_first_start_says_one_line_and_leaves_stdout_to_the_program(installed):
    _, first = installed
    assert first.stdout == "/ --first\n"
    assert re.fullmatch(r"ncodec: installing the project into \.venv .*\n", first.stderr)


def test_the_next_start_is_silent_and_passes_arguments_and_folder(installed, env, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(installed[0] / "bin/ncodec")
    output = subprocess.check_output(
        [link, "a b", "-o", "c"], env=env, cwd=tmp_path, stderr=subprocess.STDOUT, text=True
    )
    assert output == f"{tmp_path} a b -o c\n"


def test_tools_that_fail_to_install_leave_the_program_working(installed, env):
    clone, _ = installed
    (clone / "full").touch()
    assert start(clone, env, "dev", program="venv").returncode == 8
    (clone / "full").unlink()
    assert (start(clone, env).stdout, start(clone, env).stderr) == ("/\n", "")


def test_tools_are_added_once_and_serve_both_commands(installed, env):
    clone, _ = installed
    assert "and its tools" in start(clone, env, "dev", program="venv").stderr
    assert start(clone, env, "dev", program="venv").stderr == ""
    assert start(clone, env).stderr == ""


def test_a_changed_pyproject_installs_again_once(installed, env):
    clone, _ = installed
    (clone / "pyproject.toml").write_text(f"{PYPROJECT}# changed\n")
    assert "installing" in start(clone, env).stderr
    assert start(clone, env).stderr == ""


def test_a_full_disk_is_named(moved, env):
    (moved / "full").touch()
    failed = start(moved, env)
    assert (failed.returncode, failed.stdout) == (8, "")
    assert "because the disk is full (OSError: [Errno 28]" in failed.stderr


@pytest.mark.parametrize(
    ("index", "cause"),
    [
        ({"PIP_NO_INDEX": "1"}, "because no version of a package fits here (ERROR: No matching"),
        (
            {"PIP_INDEX_URL": "http://127.0.0.1:9", "PIP_RETRIES": "1"},
            "because the package index cannot be reached (WARNING: Retrying",
        ),
    ],
)
def test_a_failing_pip_is_one_sentence_with_its_cause_and_log(moved, env, index, cause):
    needs = PYPROJECT.replace("[]", '["no-such-package"]')
    (moved / "pyproject.toml").write_text(needs)
    failed = start(moved, {"PATH": env["PATH"], "PIP_CONFIG_FILE": os.devnull, **index})
    assert (failed.returncode, failed.stdout, failed.stderr.count("\n")) == (8, "", 2)
    assert cause in failed.stderr
    assert f"see {moved}/.venv/install.log" in failed.stderr


def test_an_interrupted_installation_is_made_anew(moved, env):
    running = begin(moved, env)
    os.killpg(running.pid, signal.SIGINT)
    assert "the next start repairs it" in running.communicate()[1]
    assert running.returncode != 0
    (moved / "slow").unlink()
    again = start(moved, env)
    assert (again.stdout, again.stderr.count("\n")) == ("/\n", 1)


def test_a_second_start_waits_for_the_first(moved, env):
    first = begin(moved, env)
    second = launch(moved, env)
    assert "waiting for another start" in second.stderr.readline()
    (moved / "slow").unlink()
    assert "installing" in first.communicate()[1]
    assert second.communicate() == ("/\n", "")
    assert (first.returncode, second.returncode) == (0, 0)


def begin(clone, env):
    """Launch an installation that lasts while the file `slow` exists; return with pip at work."""
    (clone / "slow").touch()
    running = launch(clone, env)
    while not (clone / "building").exists():
        assert running.poll() is None
        time.sleep(0.02)
    return running


def launch(clone, env):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(
        [clone / "bin/ncodec"],
        env=env,
        cwd="/",
        start_new_session=True,
        # Ignored where the tests run in a shell's background, and inherited from there.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **pipes,
    )


def test_no_python_is_one_sentence(moved, tmp_path):
    link_tools(tmp_path)
    failed = start(moved, {"PATH": str(tmp_path)})
    assert (failed.returncode, failed.stdout) == (8, "")
    assert re.fullmatch(r"ncodec: .*3\.10, 3\.11 or 3\.12.*no python3; install.*\n", failed.stderr)


def test_pyproject_lists_every_package():
    listed = re.search(r"^packages = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.M | re.S)
    homes = {"codec": "ncodec", "formats": "ncodec.formats", "eval": "ncodec.eval"}
    found = [
        ".".join([home, *init.parent.relative_to(ROOT / folder).parts])
        for folder, home in homes.items()
        for init in (ROOT / folder).rglob("__init__.py")
    ]
    assert sorted(found) == re.findall(r'"(.+?)"', listed[1])
