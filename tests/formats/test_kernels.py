import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ncodec.eval.metrics.planes
import ncodec.formats
import ncodec.weights.places
from ncodec.formats.entropy.kernels import sources

PUT = "step = scale * np.uint64(left)"
CODE = """
import sys
import numpy as np
from ncodec.formats.entropy.ranges import finish, start_encoding, to_bytes
from ncodec.formats.entropy.{module} import {name}
state, words = start_encoding(), np.zeros(9, np.uint32)
for symbol in range(20):
    {name}(state, words, 5 * 2**20, 2**20)
sys.stdout.buffer.write(to_bytes(words, finish(state, words)))
"""
CALLER = """
from ncodec.formats.entropy.kernels import kernel
from ncodec.formats.entropy.ranges import put


@kernel
def twice(state, words, left, width):
    put(state, words, left, width)
    put(state, words, left, width)
"""


@pytest.fixture
def copy(tmp_path):
    """The package's files in a folder of its own, with a kernel that another file's is part of."""
    package = tmp_path / "ncodec"
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copytree(Path(ncodec.formats.__file__).parent, package / "formats")
    (package / "formats" / "entropy" / "caller.py").write_text(CALLER)
    return package


def coded(copy, module, name):
    """What a fresh process writes with a kernel of the copy."""
    # Without site (-S), which knows where ncodec is installed, the copy is what is imported.
    path = f"import sys; sys.path[:0] = {[str(copy.parent), *sys.path]}"
    code = f"{path}\n{CODE.format(module=module, name=name)}"
    command = [sys.executable, "-S", "-c", code]
    return subprocess.run(command, capture_output=True, check=True).stdout


def test_an_edit_of_an_inlined_kernel_reaches_the_kernels_that_call_it(copy):
    before = coded(copy, "caller", "twice")
    assert coded(copy, "caller", "twice") == before
    compiled = list((copy / "formats" / "entropy" / "__pycache__").glob("caller.twice*.code"))
    assert len(compiled) == 1
    ranges = copy / "formats" / "entropy" / "ranges.py"
    source = ranges.read_text()
    assert PUT in source
    ranges.write_text(source.replace(PUT, "step = scale * np.uint64(left + left)"))
    after = coded(copy, "caller", "twice")
    assert after != before
    ranges.write_text(source)
    assert coded(copy, "caller", "twice") == before


def test_machine_code_is_kept_while_nothing_changes(copy):
    coded(copy, "caller", "twice")
    folder = copy / "formats" / "entropy" / "__pycache__"
    times = {file: file.stat().st_mtime_ns for file in folder.glob("*.code")}
    assert times
    coded(copy, "caller", "twice")
    assert {file: file.stat().st_mtime_ns for file in folder.glob("*.code")} == times


def test_sources_are_what_a_file_imports_through_others():
    names = {path.name for path in sources(Path(ncodec.weights.places.__file__))}
    assert {"places.py", "ranges.py", "coder.py", "errors.py"} <= names
    assert "fit.py" not in names


def test_kernels_of_the_evaluation_know_the_decorators_file():
    names = {path.name for path in sources(Path(ncodec.eval.metrics.planes.__file__))}
    assert {"planes.py", "kernels.py"} <= names
