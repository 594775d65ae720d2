"""Several frames at once, as arrays and tensors, and as items of a torch data set."""

import numpy as np
import pytest
import torch
from synthetic import TINY, film
from torch.utils.data import DataLoader

import ncodec
from ncodec.data import ClipDataset
from ncodec.errors import InputError, UsageError
from ncodec.media import to_rgb
from ncodec.video.inr import decoded


def test_a_batch_is_its_frames_in_rgb(nc_file):
    with ncodec.Clip(nc_file, threads=1) as clip:
        batch = clip.batch([12, 3, -1, 4])
        singles = [to_rgb(clip[i], clip.info) for i in (12, 3, 15, 4)]
    assert np.array_equal(batch.data, singles)
    assert (batch.data.dtype, batch.data.shape) == (np.uint8, (4, 24, 32, 3))
    assert batch.seconds == pytest.approx([0.48, 0.12, 0.6, 0.16])
    assert batch.durations == pytest.approx([0.04] * 4)
    assert repr(batch) == "FrameBatch(4x24x32x3 uint8 ndarray, 0.48 to 0.16 s)"


def test_a_batch_is_a_tensor_where_a_device_is_named(nc_file):
    with ncodec.Clip(nc_file, threads=1) as clip:
        array = clip.batch(slice(6, 10)).data
        tensor = clip.batch(slice(6, 10), device="cpu", layout="NCHW").data
    assert isinstance(tensor, torch.Tensor)
    assert tensor.is_contiguous()
    assert np.array_equal(tensor.permute(0, 2, 3, 1).numpy(), array)


def test_frames_that_run_together_are_the_same_but_for_the_last_bit(nc_file, monkeypatch):
    with ncodec.Clip(nc_file, threads=1) as clip:
        singly = clip.batch(slice(None)).data
        monkeypatch.setattr(decoded, "frames_at_once", lambda device, positions: 3)
        together = clip.batch(slice(None)).data
    assert np.abs(singly.astype(int) - together).max() <= 1


def test_deep_clips_give_sixteen_bits(tmp_path):
    clip = film(tmp_path / "a.mkv", frames=2, pixel_format="yuv420p10le")
    data = ncodec.encode(clip, **TINY).data
    with ncodec.Clip(data, threads=1) as opened:
        assert opened.batch([1, 0]).data.dtype == np.uint16
        assert opened.batch([0], device="cpu").data.dtype == torch.uint16


def test_a_codec_that_decodes_one_by_one_gives_batches_too(plugins, clip_file):
    data = ncodec.encode(clip_file, codec="rawplanes").data
    with ncodec.open(data) as clip:
        expected = np.stack([to_rgb(clip[i], clip.info) for i in (5, 2)])
        assert np.array_equal(clip.batch([5, 2]).data, expected)


def test_an_empty_batch_has_no_frames(nc_file):
    with ncodec.Clip(nc_file, threads=1) as clip:
        assert clip.batch([]).data.shape == (0, 24, 32, 3)


def test_batches_that_cannot_be_are_refused(nc_file):
    with ncodec.Clip(nc_file, threads=1) as clip:
        for indices in ([0, 16], [-17]):
            with pytest.raises(IndexError, match="which has 16"):
                clip.batch(indices)
        for wrong in ({"indices": 3}, {"indices": ["a"]}, {"indices": [0], "layout": "HWC"}):
            with pytest.raises(UsageError, match="must be"):
                clip.batch(**wrong)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_a_data_set_is_read_by_workers(nc_file, start):
    runs = ClipDataset([nc_file, nc_file], length=4, stride=6)
    assert (len(runs), runs[0].shape) == (6, (4, 3, 24, 32))
    loader = DataLoader(runs, batch_size=3, num_workers=2, multiprocessing_context=start)
    together = torch.cat(list(loader))
    assert torch.equal(together, torch.stack([runs[i] for i in range(len(runs))]))


def test_a_data_set_gives_what_its_transform_makes(nc_file):
    runs = ClipDataset([nc_file], length=2, stride=14, transform=lambda x: x.float().mean())
    assert [item.ndim for item in runs] == [0, 0]


def test_data_sets_that_cannot_be_are_refused(nc_file):
    with pytest.raises(InputError, match="17 frames in a row"):
        ClipDataset([nc_file], length=17)
    with pytest.raises(UsageError, match="at least 1"):
        ClipDataset([nc_file], length=0)
    with pytest.raises(UsageError, match="list of files"):
        ClipDataset(nc_file, length=1)
