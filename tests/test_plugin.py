"""A codec of another package: found, listed, given its options, and used like ncodec's own."""

import io
from dataclasses import replace

import numpy as np
import pytest
from synthetic import film, read, same_planes

import ncodec
from ncodec.errors import MissingDependency, UnsupportedFormat, UsageError
from ncodec.formats import Header, Reader, Writer
from ncodec.plugin import Option
from ncodec.registry import codec_names, load_codec, resolve_options


def test_an_installed_package_encodes_and_decodes_in_a_fresh_process(fresh, plugin_site, tmp_path):
    source = film(tmp_path / "clip.mkv", cuts=())
    arguments = ("encode", source, "-o", "clip.nc", "--codec", "rawplanes", "--deflate-level", "9")
    encode = fresh(*arguments, path=[plugin_site])
    assert encode.communicate()[0] == b""
    decode = fresh("decode", "clip.nc", "-o", "back.mkv", path=[plugin_site])
    decode.communicate()
    assert (encode.returncode, decode.returncode) == (0, 0)
    assert same_planes(read(tmp_path / "back.mkv")[1], read(source)[1])


def test_its_options_are_keywords_of_the_api(plugins, clip_file, tmp_path):
    done = ncodec.encode(clip_file, tmp_path / "a.nc", codec="rawplanes", coarseness=4)
    with ncodec.open(tmp_path / "a.nc") as clip:
        assert all((plane % 4 == 0).all() for frame in clip for plane in frame.planes)
    meta = ncodec.probe(tmp_path / "a.nc").meta
    assert meta["options"] == {"deflate_level": 6, "coarseness": 4}
    assert done.psnr > 40


def test_it_is_listed_with_its_options_beside_one_that_is_broken(plugins, command):
    ran = command("codecs")
    out = ran.out.decode()
    assert "rawplanes (version 2, video): Samples as they are, deflated." in out
    assert "--deflate-level" in out
    assert "[default: 6]" in out
    assert "hnerv" in out
    assert "codec 'broken' of broken 1.0 cannot be loaded (ModuleNotFoundError" in ran.err
    assert (ran.code, ran.err.count("\n")) == (0, 1)


def test_its_flags_show_in_help(plugins, command):
    out = command("encode", "--codec=rawplanes", "--help").out.decode()
    assert "--coarseness" in out
    assert "--model-size" not in out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--codec", "rawplanes", "--deflate-level", "10"), 2, "--deflate-level"),
        (("--codec", "rawplanes", "--coarseness", "0"), 2, "--coarseness"),
        (("--codec", "rawplanes", "--preset", "fast"), 2, "--preset"),
        (("--codec", "broken"), 8, "pip install --upgrade broken"),
        (
            ("--codec", "nowhere"),
            8,
            "is not installed: there are broken, coarseimages, entropic-student, hnerv, nervpp",
        ),
    ],
)
def test_what_it_does_not_take_is_refused(plugins, command, clip_file, arguments, code, words):
    ran = command("encode", clip_file, "-o", "a.nc", *arguments)
    assert ran.code == code
    assert words in ran.err


def test_any_failure_of_its_import_names_the_package(plugins, plugin_site):
    with pytest.raises(MissingDependency, match="--upgrade broken"):
        load_codec("broken")


def test_a_file_without_its_codec_can_still_be_probed(plugin_site, plugins, clip_file, tmp_path):
    ncodec.encode(clip_file, tmp_path / "a.nc", codec="rawplanes")
    data = (tmp_path / "a.nc").read_bytes()
    renamed = _with_header(data, codec_id="gone")
    assert list(ncodec.probe(renamed).breakdown()) == ["section 0", "container"]
    with pytest.raises(MissingDependency, match="'gone' is not installed"):
        ncodec.open(renamed)


def test_a_newer_bitstream_is_unsupported_and_an_older_one_is_read(plugins, clip_file, tmp_path):
    ncodec.encode(clip_file, tmp_path / "a.nc", codec="rawplanes")
    data = (tmp_path / "a.nc").read_bytes()
    with pytest.raises(UnsupportedFormat, match=r"version 3 of rawplanes.* reads up to 2"):
        ncodec.open(_with_header(data, bitstream_version=3))
    with ncodec.open(_with_header(data, bitstream_version=1)) as clip:
        assert len(list(clip)) == 16


def test_damage_that_the_codec_finds_is_a_damaged_file(plugins, clip_file, tmp_path, command):
    ncodec.encode(clip_file, tmp_path / "a.nc", codec="rawplanes")
    (tmp_path / "b.nc").write_bytes(_with_header((tmp_path / "a.nc").read_bytes(), cut=40))
    ran = command("decode", "b.nc", "-o", "b.mkv")
    assert ran.code == 4
    assert not list(tmp_path.glob("*.part"))


def test_options_are_converted_checked_and_filled_in():
    codec = load_codec("hnerv")
    options = resolve_options(codec, {"epochs": "3", "preset": None})
    assert (options["epochs"], options["preset"]) == (3, "medium")
    for bad in ({"epochs": "x"}, {"epochs": 0}, {"preset": "best"}, {"model_size": np.nan}):
        with pytest.raises(UsageError):
            resolve_options(codec, bad)
    with pytest.raises(UsageError, match="no option 'depth': it has preset"):
        resolve_options(codec, {"depth": 1})


def test_names_are_known_without_loading_anything(plugins):
    circuits = {"pc-hclt", "pc-idf", "pc-jpeg", "pc-photo"}
    own = {"entropic-student", "hnerv", "nervpp", "ngrid"} | circuits
    assert set(codec_names()) == own | {"broken", "coarseimages", "rawimages", "rawplanes"}
    assert Option("a", int, 0, "help").choices is None


def _with_header(data, cut=0, **changes):
    """A file again, with other fields in its header, `cut` bytes less in each first section."""
    out = io.BytesIO()
    with Reader(data) as reader:
        old = reader.header
        fields = {"codec_id": old.codec_id, "bitstream_version": old.bitstream_version} | changes
        writer = Writer(out, Header(**fields, media_kind=old.media_kind, info=old.info))
        for entry in reader.segments:
            segment = reader.read_segment(entry.index)
            first = segment.sections[0]
            writer.segment(replace(segment, sections=(first[: len(first) - cut],)))
        writer.finish()
    return out.getvalue()
