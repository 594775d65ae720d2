"""Makes the golden files of the present encoder that are not there yet."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import ncodec
from ncodec.formats import Reader

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))

from synthetic import film  # noqa: E402

FILES = {
    "hnerv-1-stepped": {"preset": "medium", "epochs": 30},
    "hnerv-1-published": {"preset": "paper", "epochs": 30},
}


def make(name, options):
    path = FOLDER / f"{name}.nc"
    with TemporaryDirectory() as folder:
        source = film(Path(folder) / "clip.mkv", frames=10, size=(16, 12))
        ncodec.encode(source, path, max_segment=5, model_size=0.003, threads=1, **options)
    with ncodec.open(path, threads=1) as clip:
        planes = np.concatenate([plane.ravel() for frame in clip for plane in frame.planes])
    with Reader(path) as reader:
        hashes = [reader.read_segment(entry.index).integer_hash for entry in reader.segments]
    np.savez_compressed(FOLDER / f"{name}.npz", planes=planes, hashes=np.array(hashes, np.uint64))


if __name__ == "__main__":
    for name, options in FILES.items():
        if not (FOLDER / f"{name}.nc").exists():
            make(name, options)
