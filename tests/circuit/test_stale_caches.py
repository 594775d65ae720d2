import os
from pathlib import Path

import ncodec.circuit


def test_kernels_compiled_before_an_edit_are_dropped():
    folder = Path(ncodec.circuit.__file__).parent / "__pycache__"
    folder.mkdir(exist_ok=True)
    old, new = folder / "an_old_kernel.nbi", folder / "a_new_kernel.nbi"
    try:
        old.touch()
        new.touch()
        os.utime(old, ns=(0, 0))
        ncodec.circuit._drop_stale_caches()
        assert not old.exists()
        assert new.exists()
    finally:
        old.unlink(missing_ok=True)
        new.unlink(missing_ok=True)
