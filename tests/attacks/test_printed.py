"""Every verb on every golden file; and what files say of themselves never steers a terminal."""

import pytest
from remade import GOLDEN, with_meta, with_records

EVIL = "a\x1b[2J\x07\x9b31m\r\nlost: everything\u202e\u2028.png"
BY_NAME = {path.stem: path for path in GOLDEN}


def is_plain(text):
    return all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_verb_reads_every_golden_file(command, path):
    model = path.with_suffix(".ncm")
    models = ("--model", model) if model.exists() else ()
    folder = path.stem.startswith(("album", "pc-hclt", "pc-idf"))
    what = ("--head", "logits", "-o", "a.npy") if models else ("-o", "out/" if folder else "a.png")
    if path.stem.startswith("pc-jpeg"):
        what = ("-o", "a.jpg")
    if path.stem.startswith(("hnerv", "nervpp", "ngrid")):
        what = ("-o", "a.png", "--frames", ":1")
    for line in (
        ("info", path),
        ("info", path, "--json"),
        ("verify", path, *models),
        ("decode", path, "-q", *what, *models, "--threads", 1),
        ("repair", path, "-o", "again.nc"),
        ("info", "again.nc"),
    ):
        ran = command(*line)
        assert (ran.code, "rror" in ran.err) == (0, False), (line, ran.err)
        assert is_plain(ran.out.decode() + ran.err)


def test_an_image_of_features_has_no_pixels(command):
    said = command("info", BY_NAME["entropic-student-1-classes"]).out.decode()
    assert "1 image as features: photo.png\nrate: 907 bytes an image\n" in said


@pytest.mark.parametrize("stem", ["album-1-mixed", "ngrid-2-packed", "pc-hclt-1-trained"])
def test_texts_of_a_file_are_printed_plain(command, tmp_path, stem):
    data = BY_NAME[stem].read_bytes()
    data = with_meta(data, **{EVIL: EVIL, "notices": [EVIL], "options": {EVIL: [EVIL]}})
    if not stem.startswith("ngrid"):
        data = with_records(data, names=[EVIL] * 3)
    (tmp_path / "a.nc").write_bytes(data)
    (tmp_path / "x\x1b[31m.nc").write_bytes(data[:-1])
    for line in (("info", "a.nc"), ("decode", "a.nc", "-o", "out/"), ("info", "x\x1b[31m.nc")):
        ran = command(*line)
        assert ran.code == (4 if "x\x1b[31m.nc" in line else 0)
        text = ran.out.decode() + ran.err
        assert is_plain(text)
        assert "\\x1b[" in text or "decode" in line
        assert not any(part.startswith("lost") for part in text.split("\n"))
