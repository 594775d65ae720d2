"""Video codecs with trained models: in the file, or named by their BLAKE3."""

import pytest
from packages import install
from palette import Palette
from synthetic import film, read

import ncodec
from ncodec.errors import Interrupted, UsageError
from ncodec.formats import Model, Reader
from ncodec.jobs import SegmentDone
from ncodec.plugin import check, register

LEVELS = bytes(range(0, 256, 5))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    install(folder, "palette", "palette:Palette", "palette.py")
    return folder


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "levels.ncm"
    path.write_bytes(Model("palette", 1, LEVELS).pack())
    return path


@pytest.fixture
def source(tmp_path):
    return film(tmp_path / "clip.mkv", frames=20, cuts=(10,))


def run(fresh, site, *arguments):
    """Exit code and stderr of a command in a process of its own."""
    ran = fresh(*arguments, path=[site])
    return ran.communicate()[1].decode(), ran.returncode


def levels(path):
    return {sample for frame in read(path)[1] for plane in frame.planes for sample in plane.flat}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_model_in_the_file_needs_nothing_else(fresh, site, model, source, tmp_path, workers):
    options = ("--codec", "palette", "--model", model, "--embed-model", "--workers", workers)
    assert run(fresh, site, "encode", source, "-o", "a.nc", "-q", *options) == ("", 0)
    with Reader(tmp_path / "a.nc") as reader:
        assert [conf.reference for conf in reader.confs()] == [False]
        assert len(reader.segments) == 2
    model.unlink()
    assert run(fresh, site, "decode", "a.nc", "-o", "b.mkv")[1] == 0
    assert levels(tmp_path / "b.mkv") <= set(LEVELS)
    assert run(fresh, site, "verify", "a.nc", "--source", source)[1] == 0


def test_a_model_that_is_referred_to_is_found_or_asked_for(fresh, site, model, source, tmp_path):
    options = ("--codec", "palette", "--model", model)
    assert run(fresh, site, "encode", source, "-o", "a.nc", "-q", *options) == ("", 0)
    with Reader(tmp_path / "a.nc") as reader:
        assert [conf.reference for conf in reader.confs()] == [True]
        assert "model" not in reader.meta["options"]
    err, code = run(fresh, site, "decode", "a.nc", "-o", "b.mkv")
    assert code == 8
    assert "give it with --model FILE" in err
    assert not (tmp_path / "b.mkv").exists()
    assert run(fresh, site, "decode", "a.nc", "-o", "b.mkv", "--model", model)[1] == 0
    assert levels(tmp_path / "b.mkv") <= set(LEVELS)


def interrupted(source, output, options):
    """An encode that is stopped after its first segment."""
    segments = []
    with pytest.raises(Interrupted):
        ncodec.encode(
            source,
            output,
            watch=lambda event: isinstance(event, SegmentDone) and segments.append(event),
            stopping=lambda: bool(segments),
            **options,
        )


def test_a_resumed_job_has_the_model_that_it_began_with(model, source, tmp_path):
    options = {"codec": "palette", "model": model, "embed_model": True, "threads": 1}
    with register(Palette):
        ncodec.encode(source, tmp_path / "whole.nc", **options)
        interrupted(source, tmp_path / "a.nc", options)
        other = options | {"model": tmp_path / "other.ncm"}
        with pytest.raises(UsageError, match=r"has model .* leave it out to go on"):
            ncodec.encode(source, tmp_path / "a.nc", resume=True, **other)
        model.write_bytes(Model("palette", 1, b"another").pack())
        ncodec.encode(source, tmp_path / "a.nc", resume=True, **options)
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "whole.nc").read_bytes()
    assert not (tmp_path / "a.nc.plan").exists()


def test_a_codec_with_a_model_passes_the_conformance_kit(model):
    report = check(Palette, {"model": model}, models=[model])
    assert len(report.tried) == 2
    assert "10le" in report.refused[0]


def test_a_target_size_counts_the_model(fresh, site, model, source, tmp_path):
    options = ("--codec", "palette", "--model", model, "--embed-model", "--target-size", "400")
    err, code = run(fresh, site, "encode", source, "-o", "a.nc", *options)
    assert code == 11
    assert "the container alone takes" in err
    assert not (tmp_path / "a.nc").exists()
