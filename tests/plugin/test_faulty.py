"""What a codec of another package does wrong is one sentence with its name, and leaves no file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from packages import PLUGIN, install
from synthetic import film

TARGET = ("--target-size", "1k")

CASES = [
    ("wrongname", "WrongName", (), 8, "codec_id is 'somethingelse' but its entry point is called"),
    ("nomedia", "NoMedia", (), 8, "media is None but must be a frozenset of some of collection,"),
    ("nodecode", "NoDecode", (), 8, "NoDecode lacks decode"),
    ("nobase", "NoBase", (), 8, "'NoBase' is no class that inherits from"),
    ("oddoption", "OddOption", (), 8, "option colours is of type <class 'dict'> but must be one"),
    ("ignoredtarget", "IgnoredTarget", TARGET, 11, "over --target-size 1000"),
    ("nocheck", "NoCheck", (), 12, "without checking its integers"),
    ("raises", "Raises", (), 12, "failed in decode (IndexError: list index out of range;"),
    ("raiseslater", "RaisesLater", (), 12, "failed in decode (ZeroDivisionError: no such luck;"),
    ("toofew", "TooFew", (), 12, "decodes segment 0 to 9 frames, it has 10"),
    ("wrongshape", "WrongShape", (), 12, "to planes of uint8 (32, 24), uint8 (16, 12), uint8"),
    ("wrongtype", "WrongType", (), 12, "to planes of float32 (24, 32)"),
    ("notasegment", "NotASegment", (), 12, "returned an object of type bytes from encode"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site-packages folder with a package for each of them."""
    folder = tmp_path_factory.mktemp("faulty")
    for name, target, *_ in CASES:
        files = ("rawplanes.py", "faulty.py")
        install(folder, name, f"faulty:{target}", *files, package=f"faulty_{name}")
    return folder


@pytest.mark.parametrize(("name", "target", "flags", "code", "words"), CASES, ids=lambda v: str(v))
def test_a_fault_is_one_sentence_with_the_package_s_name(
    fresh, site, tmp_path, name, target, flags, code, words
):
    source = film(tmp_path / "clip.mkv", cuts=())
    encode = fresh("encode", source, "-o", "a.nc", "--codec", name, "-q", *flags, path=[site])
    _, err = encode.communicate()
    sentence = err.decode()
    assert encode.returncode == code
    assert sentence.startswith("ncodec: ")
    assert sentence.count("\n") == 1
    assert f"codec '{name}' of faulty_{name} 1.0 " in sentence
    assert words in sentence
    assert os.listdir(tmp_path) == [source.name]


def test_the_list_of_codecs_names_the_faulty_ones_and_shows_the_others(fresh, site):
    ran = fresh("codecs", path=[site])
    out, err = ran.communicate()
    unusable = [name for name, _, _, code, _ in CASES if code == 8]
    assert ran.returncode == 0
    assert len(err.splitlines()) == len(unusable)
    assert all(f"of faulty_{name} 1.0 cannot be used" in err.decode() for name in unusable[:-1])
    assert b"wrongtype (version 2" in out
    assert b"pc-photo" in out


def test_the_api_lists_faulty_codecs_with_their_fault_beside_the_sound_ones(site):
    script = "import json, ncodec; print(json.dumps({c.name: c.fault for c in ncodec.codecs()}))"
    environment = {**os.environ, "PYTHONPATH": str(site)}
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, check=True
    )
    faults = json.loads(ran.stdout)
    for name, _, _, code, words in CASES:
        assert words in faults[name] if code == 8 else faults[name] is None
    assert faults["pc-photo"] is None


def test_a_file_that_was_encoded_before_the_codec_broke_names_the_package(
    fresh, site, tmp_path, plugin_site
):
    source = film(tmp_path / "clip.mkv", cuts=())
    fresh("encode", source, "-o", "a.nc", "--codec", "rawplanes", path=[plugin_site]).communicate()
    worse = tmp_path / "site"
    worse.mkdir()
    (worse / "rawplanes.py").write_text(
        (PLUGIN / "rawplanes.py").read_text().replace("inflater.decompress(", "inflater.deflate(")
    )
    install(worse, "rawplanes", "rawplanes:RawPlanes")
    decode = fresh("decode", "a.nc", "-o", "b.mkv", path=[worse])
    err = decode.communicate()[1].decode()
    assert decode.returncode == 12
    assert "codec 'rawplanes' of rawplanes 1.0 failed in decode (AttributeError: " in err
    assert not Path(tmp_path / "b.mkv").exists()
