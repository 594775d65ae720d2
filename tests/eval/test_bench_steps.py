"""Steps are done once; fresh processes are timed, fail with their own words, and stop."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ncodec.errors import InputError, Interrupted, NcodecError
from ncodec.eval.bench.processes import Processes
from ncodec.eval.bench.steps import Step, Store, code_digest


def counting(inputs, done):
    def work(folder):
        done.append(inputs)
        (folder / "out").write_text("x")
        return {"size": 1}

    return Step("count", inputs, work)


def test_a_step_is_done_once_and_again_for_other_inputs(tmp_path):
    done = []
    for inputs in ({"a": 1}, {"a": 1}, {"a": 2}):
        outcome = Store(tmp_path).do(counting(inputs, done))
        assert outcome.outcome == {"size": 1}
        assert (outcome.folder / "out").read_text() == "x"
    assert done == [{"a": 1}, {"a": 2}]


def test_a_step_that_was_cut_off_is_done_again(tmp_path):
    done = []
    step = counting({"a": 1}, done)

    def cut_off(folder):
        (folder / "out").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path).do(Step("count", {"a": 1}, cut_off))
    assert Store(tmp_path).find(step) is None
    Store(tmp_path).do(step)
    assert done == [{"a": 1}]


def test_threads_that_want_one_step_do_it_once(tmp_path):
    done, store = [], Store(tmp_path)

    def work(folder):
        done.append(folder)
        time.sleep(0.05)
        return {}

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store.do, [Step("slow", {}, work)] * 4))
    assert len(done) == 1


def test_a_damaged_record_is_named(tmp_path):
    step = counting({}, [])
    Store(tmp_path).do(step)
    (Store(tmp_path).path(step) / "record.json").write_text('{"inputs"')
    with pytest.raises(InputError, match="delete the folder"):
        Store(tmp_path).find(step)


def python(code):
    return [sys.executable, "-S", "-c", code]


def test_a_process_has_its_own_peak_and_time(tmp_path):
    small = Processes().run(python("print('said')"), tmp_path)
    assert small.out == "said\n"
    big = Processes().run(python("x = bytearray(1 << 28)"), tmp_path)
    assert big.peak_bytes > 1 << 28 > small.peak_bytes
    slow = Processes().run(python("import time; time.sleep(0.2)"), tmp_path)
    assert slow.seconds > 0.2 > slow.cpu_seconds


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("import sys; sys.exit('ncodec: no such clip')", NcodecError, "no such clip"),
        ("import sys; print('ncodec: bad', file=sys.stderr); sys.exit(3)", InputError, "^bad$"),
        ("import os; os.kill(os.getpid(), 9)", NcodecError, "SIGKILL"),
    ],
)
def test_a_process_that_fails_says_why(tmp_path, code, kind, said):
    with pytest.raises(kind, match=said):
        Processes().run(python(code), tmp_path)


def test_stopping_interrupts_what_runs_and_starts_nothing_more(tmp_path):
    processes = Processes()
    started = tmp_path / "started"
    code = f"import time; open({str(started)!r}, 'w'); time.sleep(60)"

    def stop():
        while not started.exists():
            time.sleep(0.01)
        processes.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(Interrupted):
        processes.run(python(code), tmp_path)
    thread.join()
    with pytest.raises(Interrupted):
        processes.run(python("print()"), tmp_path)


def test_a_killed_run_leaves_no_process_behind(tmp_path):
    code = f"""
import sys
from pathlib import Path
from ncodec.eval.bench.processes import Processes
inner = "import os, time; os.symlink(str(os.getpid()), 'pid'); time.sleep(60)"
Processes().run([sys.executable, "-S", "-c", inner], Path({str(tmp_path)!r}))
"""
    run = subprocess.Popen([sys.executable, "-c", code])
    while not (tmp_path / "pid").is_symlink():
        time.sleep(0.01)
    pid = int(os.readlink(tmp_path / "pid"))
    run.kill()
    run.wait()
    for _ in range(500):
        if not running(pid):
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} is still there")


def running(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


PACKAGE = {
    "two/__init__.py": "",
    "two/codec.py": "from two.helper import Base\n\n\nclass Two(Base):\n    codec_id = 'two'\n",
    "two/helper.py": "from rawimages import RawImages as Base\n",
    "beside.py": "STEP = 1\n",
    "two-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: two\nVersion: 1.0\n",
    "two-1.0.dist-info/entry_points.txt": "[ncodec.codecs]\ntwo = two.codec:Two\n",
    "two-1.0.dist-info/RECORD": "two/codec.py,,\ntwo/helper.py,,\nbeside.py,,\n",
}


@pytest.mark.parametrize("changed", ["two/codec.py", "two/helper.py", "beside.py"])
def test_any_module_of_a_codecs_package_makes_its_results_stale(
    plugins, changed, tmp_path, monkeypatch
):
    for name, text in PACKAGE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    before, other = code_digest("two"), code_digest("rawplanes")
    (tmp_path / changed).write_text(PACKAGE[changed] + "# changed\n")
    code_digest.cache_clear()
    assert code_digest("two") != before
    assert code_digest("rawplanes") == other
    for name in ("two", "two.codec", "two.helper"):
        sys.modules.pop(name, None)
