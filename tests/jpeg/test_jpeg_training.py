"""`ncodec train pc-jpeg`, and files that begin from such a model."""

from io import BytesIO

import pytest
from jpegs import jpeg, scene

import ncodec
from ncodec.errors import InputError, Interrupted, MissingDependency, UnsupportedFormat
from ncodec.formats import Model, Reader
from ncodec.jpeg.trainer import JpegTrainer
from ncodec.plugin import Context


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(5):
        (folder / f"{seed}.jpg").write_bytes(jpeg(scene(96, 80, seed), quality=85))
    (folder / "9.jpeg").write_bytes(b"\xff\xd8 no picture")
    (folder / "notes.txt").write_text("no picture either")
    return folder


@pytest.fixture(scope="module")
def model(photos, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "mine.ncm"
    tags = ncodec.train("pc-jpeg", [photos], path, hold_out=2)
    assert tags["files"] == 2  # 1 and 3: 0, 2 and 4 are held out, 9.jpeg is no picture
    return path


def test_a_file_begins_from_the_model_that_decoding_finds(photos, model, monkeypatch, tmp_path):
    monkeypatch.setenv("NCODEC_MODELS", str(tmp_path))
    data = (photos / "0.jpg").read_bytes()
    coded = ncodec.encode(data, codec="pc-jpeg", model=model).data
    digest = Model.unpack(model.read_bytes()).digest
    assert ncodec.probe(coded).models == (digest.hex(),)
    assert ncodec.probe(coded).kept.size == len(data)
    with pytest.raises(MissingDependency, match="give it with --model FILE"):
        ncodec.decode(coded, BytesIO(), format="jpg")
    held = BytesIO()
    ncodec.decode(coded, held, format="jpg", models=[model])
    assert held.getvalue() == data
    (tmp_path / f"{digest.hex()}.ncm").write_bytes(model.read_bytes())
    assert ncodec.verify(coded, source=photos / "0.jpg").identical
    assert coded != ncodec.encode(data, codec="pc-jpeg").data


def test_what_is_stored_needs_no_model(model):
    data = jpeg(scene(40, 40)).replace(b"\xff\xc0", b"\xff\xc9")
    coded = ncodec.encode(data, codec="pc-jpeg", model=model).data
    with Reader(coded) as reader:
        assert not list(reader.confs())


def test_models_of_others_are_refused(photos, tmp_path):
    other = tmp_path / "other.ncm"
    other.write_bytes(Model("pc-photo", 1, b"", {}).pack())
    with pytest.raises(UnsupportedFormat, match="family 'pc-photo'"):
        ncodec.encode(photos / "0.jpg", tmp_path / "a.nc", codec="pc-jpeg", model=other)
    assert not (tmp_path / "a.nc").exists()


def test_folders_files_and_patterns_are_learned_from_in_turn(photos, tmp_path):
    told = []
    context = Context(report=lambda **figures: told.append(figures))
    sources = [str(photos / "[12].jpg"), str(photos / "4.jpg")]
    trained = JpegTrainer().train(sources, {"hold_out": 0}, context)
    assert trained.tags["files"] == 3
    assert [figures["file"] for figures in told] == [0, 1, 2, 3]
    with pytest.raises(InputError, match="nothing has no JPEG files"):
        JpegTrainer().train([str(tmp_path / "nothing")], {"hold_out": 0}, context)
    with pytest.raises(InputError, match="no JPEG files are left"):
        JpegTrainer().train([str(photos / "4.jpg")], {"hold_out": 2}, context)
    with pytest.raises(Interrupted):
        JpegTrainer().train(sources, {"hold_out": 0}, Context(stopping=lambda: True))
