"""Smaller frames: of the right size, like the whole ones shrunk, through every way in."""

import numpy as np
import pytest
import torch
from synthetic import TINY, film, read
from torch.nn import functional as F

import ncodec
from ncodec.errors import UsageError
from ncodec.video.hnerv.network import HNeRVDecoder


def shrunk(plane, side):
    rows, columns = plane.shape
    padded = np.pad(plane, ((0, -rows % side), (0, -columns % side)), mode="edge")
    return padded.reshape(len(padded) // side, side, -1, side).mean(axis=(1, 3))


@pytest.mark.parametrize("preview", [2, 4])
@pytest.mark.parametrize(
    ("codec", "size", "pixel_format"),
    [
        ("hnerv", (64, 48), "yuv420p"),
        ("hnerv", (17, 15), "yuv420p10le"),
        ("hnerv", (33, 30), "yuv444p"),
        ("nervpp", (36, 20), "yuv420p"),
        ("ngrid", (64, 48), "yuv420p"),
    ],
)
def test_a_preview_is_about_the_frame_shrunk(tmp_path, codec, size, pixel_format, preview):
    options = {name: value for name, value in TINY.items() if name not in ("codec", "model_size")}
    clip = film(tmp_path / "a.mkv", size=size, frames=2, pixel_format=pixel_format)
    ncodec.encode(clip, tmp_path / "a.nc", codec=codec, **options)
    with (
        ncodec.open(tmp_path / "a.nc") as whole,
        ncodec.open(tmp_path / "a.nc", preview=preview) as less,
    ):
        assert (less.info.width, less.info.height) == tuple(-(-s // preview) for s in size)
        assert less.times == whole.times
        depth = 1 << whole.info.bit_depth
        for one, other in zip(whole, less, strict=True):
            for plane, small in zip(one.planes, other.planes, strict=True):
                expected = shrunk(plane.astype(float), preview)[: len(small), : small.shape[1]]
                assert small.dtype == plane.dtype
                assert np.abs(small - expected).mean() < 0.03 * depth


def test_a_network_without_its_last_enlargement_shows_the_means_of_flat_cells():
    torch.manual_seed(0)
    decoder = HNeRVDecoder([2, 3], [4, 8, 6, 5], [1, 3], out=6, skips=True)
    last = decoder.stages[-1]
    with torch.no_grad():
        # All of a cell alike, whatever its input: then nothing is lost by averaging.
        last.conv.weight.copy_(last.conv.weight[::9].repeat_interleave(9, 0))
        last.conv.bias.copy_(last.conv.bias[::9].repeat_interleave(9))
        last.enlarging.zero_()
        x = torch.randn(1, 4, 5, 7)
        whole, less = decoder(x), decoder.preview(x)
        # Means of tanh are not the tanh of means.
        undone = F.avg_pool2d(torch.atanh(2 * whole - 1), decoder.preview_factor)
    assert torch.allclose(torch.atanh(2 * less - 1), undone, atol=1e-4)


def test_the_command_line_writes_previews(nc_file, command):
    ran = command("decode", nc_file, "-o", "a.mkv", "--preview", "2")
    assert ran.code == 0
    info, frames = read("a.mkv")
    with ncodec.open(nc_file) as clip:
        assert len(frames) == len(clip)
        assert info.width == -(-clip.info.width // 2)
    refused = command("decode", nc_file, "-o", "b.mkv", "--preview", "3")
    assert (refused.code, "'3' is not one of '2', '4'" in refused.err) == (2, True)


def test_what_has_no_previews_says_so(plugins, nc_file, clip_file, tmp_path):
    ncodec.encode(clip_file, tmp_path / "raw.nc", codec="rawplanes")
    with pytest.raises(UsageError, match="rawplanes has no previews"):
        ncodec.open(tmp_path / "raw.nc", preview=2)
    with pytest.raises(UsageError, match="preview is 3"):
        ncodec.open(nc_file, preview=3)
