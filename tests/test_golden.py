"""Files of released bitstreams decode to what they always did; tests/golden/README.md."""

from pathlib import Path

import numpy as np
import pytest

import ncodec
from ncodec.files.album import Album
from ncodec.files.features import FeatureFile
from ncodec.formats import Reader
from ncodec.media.quality import plane_psnr
from ncodec.store import shipped_model

FILES = sorted((Path(__file__).parent / "golden").glob("*.nc"))


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def golden(request):
    """A file, and what it decoded to when it was made."""
    with np.load(request.param.with_suffix(".npz")) as archive:
        return request.param, archive["planes"], archive["hashes"]


def numbers(content):
    """The bytes of a file that is kept, or an image's samples."""
    return (
        np.frombuffer(content, np.uint8) if isinstance(content, bytes) else content.pixels.ravel()
    )


def test_there_are_golden_files():
    assert [path.stem for path in FILES] == [
        "album-1-mixed",
        "entropic-student-1-classes",
        "hnerv-1-published",
        "hnerv-1-stepped",
        "hnerv-2-packed",
        "hnerv-2-values",
        "nervpp-1-packed",
        "nervpp-1-public",
        "ngrid-1-contexts",
        "ngrid-1-packed",
        "ngrid-2-packed",
        "pc-hclt-1-trained",
        "pc-idf-1-circuit",
        "pc-jpeg-1-baseline",
        "pc-jpeg-1-best",
        "pc-jpeg-1-progressive",
        "pc-jpeg-1-stored",
        "pc-photo-1-best",
        "pc-photo-1-deep",
        "pc-photo-1-fast",
        "pc-photo-1-grey",
        "pc-photo-1-icon",
        "pc-photo-1-jpeg",
        "pc-photo-1-medium",
        "pc-photo-1-steps",
        "pc-photo-1-webp",
    ]


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("digits", "86ba4163446d4ac60db3c677710f29a106c23b86abd4339b58892566641f80f6"),
        ("entropic-lite0", "d0a2a5846b2fc99ddcf48d737fc6d6e5fd9b4fcfc7eab521f919ebb9197d0453"),
        (
            "entropic-lite0-picture",
            "1223d6b4ab2e7b9f432aca6d01e71f284521c150a426d5dd1e26408160a0fd89",
        ),
        ("pc-jpeg", "8aabd04d2f843cfc37a619e62f0532d2713ed1f3a7ea88789bfe1204a253af02"),
        ("pc-photo", "7d2ff07cf4ea814ef6f25e7921a62ad72a0027c849d3ecbf9e78355fa4e7dd15"),
    ],
)
def test_shipped_models_stay_as_files_refer_to_them(name, digest):
    # A better model is another file with another name: old files need this one.
    assert shipped_model(name).digest.hex() == digest


def test_integers_are_the_same_for_ever(golden):
    path, _, hashes = golden
    with Reader(path) as reader:
        found = [reader.read_segment(entry.index).integer_hash for entry in reader.segments]
    assert found == hashes.tolist()


def test_samples_are_the_same_frames_within_float_error(golden):
    path, expected, _ = golden
    if path.stem.startswith("entropic"):
        with FeatureFile(path, models=[path.with_suffix(".ncm")]) as features:
            # Opening checks the integers; floats are another machine's.
            found = features.head("features").ravel()
        assert np.allclose(found, expected, rtol=1e-2, atol=1e-3 * np.abs(expected).max())
        return
    # Opening a frame of each segment checks the decoded integers against the file's hash.
    with ncodec.open(path, device="cpu", threads=1) as opened:
        if isinstance(opened, Album):
            contents = opened.originals(range(len(opened)))
            assert np.array_equal(np.concatenate([*map(numbers, contents)]), expected)
            return
        planes = np.concatenate([plane.ravel() for frame in opened for plane in frame.planes])
    assert planes.shape == expected.shape
    # At 60 dB one sample in sixteen is off by one: 0.05 dB of any codec's error is far above it.
    assert plane_psnr(planes, expected, 255) > 60
