"""pc-hclt end to end: training, models by reference and embedded, and what it refuses."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as PillowImage

import ncodec
from ncodec.circuit import collection
from ncodec.errors import DamagedFile
from ncodec.formats import Reader, Writer, read_model
from ncodec.media import read_image

TINY = ("--latents", "2", "--components", "4", "--epochs", "2", "--threads", "1", "--quiet")


def images(count=30, seed=0, shape=(6, 5)):
    """Images of bars: something to learn."""
    random = np.random.default_rng(seed)
    found = np.zeros((count, *shape), np.uint8)
    for image in found:
        image[:, random.integers(0, shape[1])] = random.integers(100, 256)
    return found


@pytest.fixture(autouse=True)
def own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("NCODEC_MODELS", str(tmp_path / "store"))


@pytest.fixture
def trained(command, tmp_path):
    """A model in m.ncm and images that it never saw in other.npy."""
    np.save(tmp_path / "train.npy", images())
    np.save(tmp_path / "other.npy", images(17, seed=5))
    ran = command("train", "pc", "train.npy", "-o", "m.ncm", *TINY)
    assert (ran.code, ran.err) == (0, "")
    return command


def test_a_trained_model_codes_what_it_never_saw(trained, tmp_path):
    tags = read_model(tmp_path / "m.ncm").tags
    assert {"seed", "tool", "options", "held_out_bpd", "training_bpd"} <= tags.keys()
    ran = trained("encode", "other.npy", "-o", "a.nc", "--model", "m.ncm")
    assert (ran.code, "17 images" in ran.err) == (0, True)
    assert trained("decode", "a.nc", "-o", "b.npy", "--model", "m.ncm").code == 0
    assert (tmp_path / "b.npy").read_bytes() == (tmp_path / "other.npy").read_bytes()
    assert trained("verify", "a.nc", "--source", "other.npy", "--model", "m.ncm").code == 0


def test_training_again_gives_the_same_model(trained, tmp_path):
    assert trained("train", "pc", "train.npy", "-o", "n.ncm", *TINY).code == 0
    assert (tmp_path / "n.ncm").read_bytes() == (tmp_path / "m.ncm").read_bytes()


def test_a_missing_model_is_named_and_the_store_has_what_was_added(trained, tmp_path):
    trained("encode", "other.npy", "-o", "a.nc", "--model", "m.ncm")
    digest = read_model(tmp_path / "m.ncm").digest.hex()
    ran = trained("decode", "a.nc", "-o", "b.npy")
    assert (ran.code, digest[:16] in ran.err, "--model FILE" in ran.err) == (8, True, True)
    assert not (tmp_path / "b.npy").exists()
    assert digest in trained("info", "a.nc").out.decode()
    assert trained("models", "m.ncm").code == 0
    assert digest in trained("models").out.decode()
    assert trained("decode", "a.nc", "-o", "b.npy").code == 0
    assert (tmp_path / "b.npy").read_bytes() == (tmp_path / "other.npy").read_bytes()


def test_an_embedded_model_travels_in_the_file(trained, tmp_path):
    trained("encode", "other.npy", "-o", "a.nc", "--model", "m.ncm", "--embed-model")
    (tmp_path / "m.ncm").unlink()
    assert trained("decode", "a.nc", "-o", "b.npy").code == 0
    assert ncodec.probe(tmp_path / "a.nc").models == ()


def test_a_folder_comes_back_file_by_file(trained, tmp_path):
    (tmp_path / "in").mkdir()
    for index, pixels in enumerate(images(12, seed=3)):
        PillowImage.fromarray(pixels).save(tmp_path / "in" / f"bar {index}.png")
    ran = trained("encode", "in", "--codec", "pc-hclt", "--model", "m.ncm", "-o", "a.nc")
    assert ran.code == 0
    trained("decode", "a.nc", "-o", "out/", "--model", "m.ncm")
    for path in (tmp_path / "in").iterdir():
        assert np.array_equal(
            read_image(tmp_path / "out" / path.name).pixels, read_image(path).pixels
        )
    trained("decode", "a.nc", "-o", "one/", "--model", "m.ncm", "--frames", "10:11")
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["bar 10.png"]


def test_chunks_decode_apart_and_in_order(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(collection, "CHUNK", 100)
    monkeypatch.setattr("ncodec.circuit.hclt.CHUNK", 100)
    sizes = set()
    for threads in (1, 2):
        ncodec.encode(
            tmp_path / "other.npy", tmp_path / "a.nc", model=tmp_path / "m.ncm", threads=threads
        )
        sizes.add((tmp_path / "a.nc").read_bytes())
    assert len(sizes) == 1
    with ncodec.open(tmp_path / "a.nc", models=[tmp_path / "m.ncm"], threads=2) as album:
        assert len(ncodec.probe(tmp_path / "a.nc").segments) == 6
        expected = np.load(tmp_path / "other.npy")[..., None]
        assert np.array_equal(np.stack([image.pixels for image in album]), expected)
        picked = list(album.stream([16, 2, 3]))
        assert all(
            np.array_equal(p.pixels, expected[i]) for p, i in zip(picked, (16, 2, 3), strict=True)
        )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ("other.npy", "--codec", "pc-hclt"),
            2,
            "no shipped model fits images of 5x6, 1 channel, 8 bits",
        ),
        (("wide.npy", "--model", "m.ncm"), 2, "the images are 6x5"),
        (("other.npy", "--model", "gone.ncm"), 3, "gone.ncm cannot be read"),
        (("other.npy", "--model", "other.npy"), 3, "other.npy is no usable model"),
        (("float.npy", "--model", "m.ncm"), 2, "float.npy has float64 samples"),
        (("none.npy", "--model", "m.ncm"), 3, "none.npy"),
        (("no*.png", "--model", "m.ncm"), 3, "matches no file"),
        (("mixed/*.png", "--model", "m.ncm"), 3, "b.png"),
    ],
)
def test_what_cannot_be_encoded_is_told(trained, tmp_path, arguments, code, words):
    np.save(tmp_path / "wide.npy", images(3, shape=(5, 6)))
    np.save(tmp_path / "float.npy", np.zeros((3, 6, 5)))
    np.save(tmp_path / "none.npy", np.zeros((0, 6, 5), np.uint8))
    (tmp_path / "mixed").mkdir()
    PillowImage.fromarray(images(1)[0]).save(tmp_path / "mixed" / "a.png")
    PillowImage.fromarray(images(1, shape=(7, 5))[0]).save(tmp_path / "mixed" / "b.png")
    ran = trained("encode", *arguments, "-o", "a.nc")
    assert (ran.code, words in ran.err, ran.err.count("\n")) == (code, True, 1), ran.err
    assert not list(tmp_path.glob("a.nc*"))


def test_an_interrupted_training_is_kept_and_resumed(trained, tmp_path):
    calls = iter([False, True])
    with pytest.raises(ncodec.NcodecError):
        ncodec.train(
            "pc", tmp_path / "train.npy", tmp_path / "r.ncm",
            latents=2, components=4, epochs=2, threads=1, stopping=lambda: next(calls, True),
        )  # fmt: skip
    assert (tmp_path / "r.ncm.state").exists()
    assert not (tmp_path / "r.ncm").exists()
    ran = trained("train", "pc", "train.npy", "-o", "r.ncm", *TINY)
    assert (ran.code, "--resume" in ran.err) == (2, True)
    assert trained("train", "pc", "train.npy", "-o", "r.ncm", *TINY, "--resume").code == 0
    assert (tmp_path / "r.ncm").read_bytes() == (tmp_path / "m.ncm").read_bytes()
    assert not (tmp_path / "r.ncm.state").exists()


def test_trainers_and_their_options_are_told(command):
    ran = command("train", "nothing", "x.npy", "-o", "m.ncm")
    assert (
        ran.code,
        "there are entropic-picture, entropic-student, pc, pc-idf, pc-jpeg, pc-photo" in ran.err,
    ) == (8, True)
    assert "--latents" in command("train", "pc", "--help").out.decode()
    assert "--latents" not in command("train", "--help").out.decode()
    ran = command("train", "pc", "gone.npy", "-o", "m.ncm")
    assert (ran.code, "gone.npy" in ran.err) == (3, True)


def test_forged_files_without_a_model_or_with_endless_chunks_are_damaged(trained, tmp_path):
    trained("encode", "other.npy", "-o", "a.nc", "--model", "m.ncm")
    with Reader(tmp_path / "a.nc") as reader:
        header, confs, segment = reader.header, reader.confs(), reader.read_segment(0)
    forged = replace(segment, frame_count=1 << 22)
    info = replace(header.info, frames=0)
    for name, boxes, last in (("no model", (), segment), ("endless", confs, forged)):
        out = io.BytesIO()
        writer = Writer(out, replace(header, info=info))
        for conf in boxes:
            writer.conf(conf)
        writer.segment(last)
        writer.finish()
        words = "holds nor names" if name == "no model" else "that fit in a chunk"
        with pytest.raises(DamagedFile, match=words):
            ncodec.open(out.getvalue(), models=[tmp_path / "m.ncm"])
