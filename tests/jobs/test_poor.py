"""What is no picture is said to be none, once."""

import numpy as np
import pytest
from synthetic import TINY

import ncodec
from ncodec.formats import Segment
from ncodec.jobs import Finished, Noticed
from ncodec.jobs.poor import poor_clip, poor_images


def segments(*values):
    return [Segment(i, 8 * i, 8, (), 0, psnr=value) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("psnr", "values", "said"),
    [
        (9.541, (9.0, 10.1), "the picture is poor, 9.54 dB: give it more time, "),
        (
            25.0,
            (40.0, 10.0, 15.0),
            "2 of 3 segments below 20 dB, the worst, frames 8 to 15, at 10.00 dB: ",
        ),
        (20.0, (20.0,), None),
        (None, (None, 30.0), None),
    ],
)
def test_a_poor_clip_is_said_to_be_poor_once(psnr, values, said):
    notice = poor_clip(psnr, segments(*values))
    assert notice is None if said is None else notice.startswith(said)


def test_a_poor_image_too():
    assert "is poor, 12.00 dB" in poor_images(12.0)
    assert poor_images(20.0) is poor_images(None) is None


def test_it_is_told_before_the_end_and_the_file_is_there(tmp_path):
    noise = np.random.default_rng(0).integers(0, 2, (4, 24, 32, 3), np.uint8) * 255
    events = []
    ncodec.encode(noise, tmp_path / "a.nc", fps=25, **TINY, watch=events.append)
    assert [type(event) for event in events[-2:]] == [Noticed, Finished]
    assert sum(isinstance(event, Noticed) for event in events) == 1
    assert (tmp_path / "a.nc").exists()
