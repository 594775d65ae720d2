"""Makes the golden files of the present encoder that are not there yet."""

import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image as PillowImage

import ncodec
from ncodec.formats import Reader
from ncodec.media import Image, write_image

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))

from students import untrained  # noqa: E402
from synthetic import film  # noqa: E402

from ncodec.files.features import FeatureFile  # noqa: E402

CLIPS = {
    "hnerv-1-stepped": {"codec": "hnerv", "preset": "medium", "epochs": 30},
    "hnerv-1-published": {"codec": "hnerv", "preset": "paper", "epochs": 30},
    "hnerv-2-packed": {"codec": "hnerv", "preset": "medium", "epochs": 60},
    "nervpp-1-packed": {"codec": "nervpp", "preset": "medium", "epochs": 60},
    "nervpp-1-public": {
        "codec": "nervpp",
        "preset": "paper",
        "variant": "public",
        "width": 8,
        "epochs": 10,
    },
    "ngrid-1-packed": {"codec": "ngrid", "preset": "medium", "epochs": 60},
    "ngrid-1-contexts": {
        "codec": "ngrid",
        "preset": "medium",
        "epochs": 60,
        "model_size": 0.012,
        "max_segment": 10,
    },
    "ngrid-2-packed": {
        "codec": "ngrid",
        "preset": "medium",
        "epochs": 60,
        "model_size": 0.006,
        "max_segment": 10,
    },
}
PHOTOS = {
    "pc-photo-1-fast": ("fast", 3, np.uint8),
    "pc-photo-1-medium": ("medium", 4, np.uint8),
    "pc-photo-1-best": ("best", 3, np.uint8),
    "pc-photo-1-steps": ("medium", 3, np.uint16),
    "pc-photo-1-grey": ("medium", 1, np.uint8),
}
PASTS = {
    "pc-photo-1-jpeg": ("JPEG", {"quality": 80}),
    "pc-photo-1-webp": ("WEBP", {"quality": 90}),
}
ICON = "pc-photo-1-icon"
TRAININGS = {
    "pc-hclt-1-trained": ("pc", {"latents": 3, "components": 5, "epochs": 3}),
    "pc-idf-1-circuit": (
        "pc-idf",
        {"latents": 2, "epochs": 2, "flow_epochs": 2, "couplings": 2, "hidden": 6},
    ),
}

JPEGS = {
    "pc-jpeg-1-baseline": {"quality": 85},
    "pc-jpeg-1-progressive": {"quality": 70, "progressive": True, "subsampling": 0},
    "pc-jpeg-1-best": {"quality": 92, "effort": "best"},
    "pc-jpeg-1-stored": None,
}

ALBUMS = ["album-1-mixed"]

STUDENTS = {"entropic-student-1-classes": 2}


def photo(channels, kind):
    """Waves with noise beside a drawn part: both of pc-photo's coders have something to do."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:40, :530]
    waves = [100 + 60 * np.sin(x / (8 + c)) + 50 * np.cos(y / (6 + c)) for c in range(channels)]
    levels = np.stack(waves, axis=2) + random.normal(0, 3, (40, 530, channels))
    pixels = (np.clip(levels, 0, 255) * (257 if kind == np.uint16 else 1)).astype(kind)
    pixels[:, 300:] = 40 * (x[:, 300:] // 16 % 5)[:, :, None]
    return pixels


def small(count):
    """Small colour images of a ramp each."""
    random = np.random.default_rng(1)
    ramp = np.arange(4)[:, None, None] + np.arange(4)[:, None]
    base = random.integers(40, 160, (count, 1, 1, 3))
    noise = random.integers(0, 5, (count, 4, 4, 3))
    return (base + random.integers(1, 9, (count, 1, 1, 1)) * ramp + noise).astype(np.uint8)


def make_clip(name, options):
    path = FOLDER / f"{name}.nc"
    with TemporaryDirectory() as folder:
        source = film(Path(folder) / "clip.mkv", frames=10, size=(16, 12))
        defaults = {"model_size": 0.003, "max_segment": 5, "threads": 1}
        ncodec.encode(source, path, **defaults | options)
    with ncodec.open(path, threads=1) as clip:
        planes = np.concatenate([plane.ravel() for frame in clip for plane in frame.planes])
    save(name, planes)


def make_past(name, kind, options):
    held = BytesIO()
    waves = np.ascontiguousarray(photo(3, np.uint8)[:, :300])
    PillowImage.fromarray(waves).save(held, kind, **options)
    keep_photo(name, np.asarray(PillowImage.open(held).convert("RGB")), "medium")


def make_photo(name, effort, channels, kind):
    keep_photo(name, photo(channels, kind), effort)


def keep_photo(name, pixels, effort):
    with TemporaryDirectory() as folder:
        source = Path(folder) / "photo.png"
        write_image(source, Image(pixels))
        ncodec.encode(source, FOLDER / f"{name}.nc", effort=effort)
    save(name, pixels.ravel())


def jpeg(**options):
    held = BytesIO()
    PillowImage.fromarray(photo(3, np.uint8)).save(held, "JPEG", **options)
    return held.getvalue()


def make_jpeg(name, options):
    options = dict(options or {})
    effort = options.pop("effort", "medium")
    data = jpeg(**options) if options else jpeg()[:2000]
    with TemporaryDirectory() as folder:
        source = Path(folder) / "photo.jpg"
        source.write_bytes(data)
        ncodec.encode(source, FOLDER / f"{name}.nc", codec="pc-jpeg", effort=effort)
    save(name, np.frombuffer(data, np.uint8))


def make_album(name):
    """A JPEG file and pixels, in folders."""
    kept, pixels = jpeg(quality=60), photo(3, np.uint8)[:, :90]
    with TemporaryDirectory() as folder:
        below = Path(folder) / "pictures" / "below"
        below.mkdir(parents=True)
        (below.parent / "kept.jpg").write_bytes(kept)
        write_image(below / "drawn.png", Image(pixels))
        ncodec.encode(below.parent, FOLDER / f"{name}.nc")
    save(name, np.concatenate([pixels.ravel(), np.frombuffer(kept, np.uint8)]))


def make_trained(name, trainer, options):
    with TemporaryDirectory() as folder:
        images, model = Path(folder) / "images.npy", Path(folder) / "model.ncm"
        np.save(images, small(60))
        ncodec.train(trainer, images, model, threads=1, **options)
        np.save(images, small(9))
        codec = {"pc": "pc-hclt"}.get(trainer, trainer)
        path = FOLDER / f"{name}.nc"
        ncodec.encode(images, path, codec=codec, model=model, embed_model=True)
    save(name, small(9).ravel())


def make_student(name, rate):
    path, model = FOLDER / f"{name}.nc", FOLDER / f"{name}.ncm"
    model.write_bytes(untrained().pack())
    with TemporaryDirectory() as folder:
        source = Path(folder) / "photo.png"
        write_image(source, Image(photo(3, np.uint8)[:, :120]))
        options = {"codec": "entropic-student", "model": model, "rate": rate, "whole": True}
        ncodec.encode(source, path, **options)
    with FeatureFile(path, models=[model]) as opened:
        save(name, opened.head("features").ravel())


def save(name, planes):
    """What the file decodes to, and its segments' hashes."""
    with Reader(FOLDER / f"{name}.nc") as reader:
        hashes = [reader.read_segment(entry.index).integer_hash for entry in reader.segments]
    np.savez_compressed(FOLDER / f"{name}.npz", planes=planes, hashes=np.array(hashes, np.uint64))


def missing(names):
    return {n: names[n] for n in names if not (FOLDER / f"{n}.nc").exists()}


if __name__ == "__main__":
    for name, options in missing(CLIPS).items():
        make_clip(name, options)
    for name, arguments in missing(PHOTOS).items():
        make_photo(name, *arguments)
    for name, arguments in missing(PASTS).items():
        make_past(name, *arguments)
    for name in missing({ICON: None}):
        keep_photo(name, np.ascontiguousarray(photo(4, np.uint8)[:24, 320:360]), "medium")
    for name, options in missing(JPEGS).items():
        make_jpeg(name, options)
    for name in ALBUMS:
        if not (FOLDER / f"{name}.nc").exists():
            make_album(name)
    for name, arguments in missing(TRAININGS).items():
        make_trained(name, *arguments)
    for name, rate in missing(STUDENTS).items():
        make_student(name, rate)
