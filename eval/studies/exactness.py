"""A study whether coded bytes have one hash over threads, BLAS kernels and instruction sets.

python -m ncodec.eval.studies.exactness IMAGE.png IMAGES.npy [--model MODEL.ncm]

IMAGE.png is coded with pc-photo at every effort, IMAGES.npy with pc-hclt. "generic" compiles for
the oldest x86-64 (or ARM) there is: no AVX, no fused multiply-add.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from blake3 import blake3

__all__ = ["SETTINGS", "coded_hash"]

SETTINGS: dict[str, tuple[int, dict[str, str]]] = {
    "1 thread": (1, {}),
    "2 threads": (2, {}),
    "BLAS kernel Haswell": (2, {"OPENBLAS_CORETYPE": "Haswell"}),
    "BLAS kernel Nehalem": (2, {"OPENBLAS_CORETYPE": "Nehalem"}),
    "generic instructions": (1, {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}),
}
"""The threads and the environment of each setting."""


def coded_hash(source: Path, setting: str, *options: str) -> tuple[str, bytes]:
    """The BLAKE3 of the file that a fresh process makes of `source` under a setting, and the
    file."""
    threads, variables = SETTINGS[setting]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, **variables}
        if "NUMBA_CPU_NAME" in variables:
            environment["NUMBA_CACHE_DIR"] = folder
        out = Path(folder) / "a.nc"
        command = [sys.executable, "-m", "ncodec", "encode", str(source), "-o", str(out), "-q"]
        command += ["--threads", str(threads), *options]
        subprocess.run(command, env=environment, check=True)
        data = out.read_bytes()
    return blake3(data).hexdigest(), data


@click.command()
@click.argument("image", type=click.Path(path_type=Path, exists=True))
@click.argument("images", type=click.Path(path_type=Path, exists=True))
@click.option("--model", type=click.Path(path_type=Path), help="For IMAGES; a shipped one if none.")
def main(image: Path, images: Path, model: Path | None) -> None:
    """Print the hashes; the exit code is 1 where two differ."""
    own = ("--model", str(model)) if model else ()
    jobs = {f"pc-photo {e}": (image, ("--effort", e)) for e in ("fast", "medium", "best")}
    jobs["pc-hclt"] = (images, ("--codec", "pc-hclt", *own))
    same = True
    for name, (source, options) in jobs.items():
        digests = {setting: coded_hash(source, setting, *options)[0] for setting in SETTINGS}
        same &= len(set(digests.values())) == 1
        for setting, digest in digests.items():
            click.echo(f"{name:<16}{setting:<24}{digest[:32]}")
    sys.exit(not same)


if __name__ == "__main__":
    main()
