"""What a fit takes over from a finished segment of its scene."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from synthetic import TINY, film, read

from ncodec.formats import VideoInfo
from ncodec.media import Frame
from ncodec.plugin import Context, StartsWarm
from ncodec.registry import load_codec, resolve_options
from ncodec.video.hnerv.codec import HNeRV
from ncodec.video.inr.encoding import Encoding, inherited
from ncodec.video.inr.shape import GRIDS
from ncodec.video.ngrid.codec import NGrid

GIVEN = {name: TINY[name] for name in ("preset", "epochs", "model_size")}
OPTIONS = resolve_options(NGrid(), GIVEN)


@dataclass
class Part:
    """A window of frames in memory."""

    index: int
    first_frame: int
    info: VideoInfo
    kept: list[Frame]

    @property
    def frame_count(self):
        return len(self.kept)

    def frames(self):
        return iter(self.kept)


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    """8 and 9 frames of a film."""
    info, frames = read(film(tmp_path_factory.mktemp("film") / "clip.mkv", frames=17))
    return Part(0, 0, info, frames[:8]), Part(1, 8, info, frames[8:])


@pytest.fixture(scope="module")
def neighbour(windows):
    return NGrid().encode(windows[0], OPTIONS, Context())


def begun(window, **context):
    """The fit of a window before its first step."""
    encoding = Encoding(NGrid.architecture, window, OPTIONS, Context(**context), 0.0)
    encoding._frames = torch.zeros(
        window.frame_count, 6, *encoding.shape.geometry.padded, dtype=torch.uint8
    )
    return encoding._begin()


def test_the_first_weights_are_the_decoded_ones_of_the_neighbour(windows, neighbour):
    shape, tensors = NGrid.architecture.stored(neighbour, windows[0].info)
    decoded = dict(zip(shape.tensors, tensors, strict=True))
    fit = begun(windows[1], neighbour=neighbour)
    for name, parameter in fit.decoder.named_parameters():
        same = np.array_equal(parameter.detach().numpy(), decoded[name].dequantize())
        assert same != name.startswith(GRIDS)


def test_a_window_of_another_length_has_the_same_network(windows, neighbour):
    found = inherited(NGrid.architecture, neighbour, windows[1])
    first = NGrid.architecture.unpack(neighbour.sections[0], windows[0].info, 8)
    assert found.shape == replace(first, frames=9)
    segment = NGrid().encode(windows[1], OPTIONS, Context(neighbour=neighbour))
    assert segment.sections[0] == neighbour.sections[0]


def test_it_changes_a_segment_but_not_what_decodes_it(windows, neighbour):
    warm, cold = (
        NGrid().encode(windows[1], OPTIONS, Context(neighbour=n)) for n in (neighbour, None)
    )
    assert warm.integer_hash != cold.integer_hash
    assert len(NGrid().decode(warm, windows[1].info, (), Context())) == 9


@pytest.mark.parametrize(
    "change",
    [
        {"sections": ()},
        {"sections": (b"", b"", b"")},
        {"integer_hash": 1},
    ],
)
def test_a_neighbour_that_cannot_be_read_is_none(windows, neighbour, change):
    damaged = replace(neighbour, **change)
    assert inherited(NGrid.architecture, damaged, windows[1]) is None


def test_a_neighbour_of_another_codec_is_none(windows):
    other = HNeRV().encode(windows[0], resolve_options(HNeRV(), GIVEN), Context())
    assert inherited(NGrid.architecture, other, windows[1]) is None


def test_a_network_of_another_width_starts_as_usual(windows, neighbour):
    found = inherited(NGrid.architecture, neighbour, windows[1])
    wider = replace(found.shape, channels=tuple(c + 1 for c in found.shape.channels))
    _, decoder = NGrid.architecture.networks(wider)
    before = {name: p.detach().clone() for name, p in decoder.named_parameters()}
    found.give(decoder)
    kept = [name for name, p in decoder.named_parameters() if torch.equal(p, before[name])]
    assert set(before) - set(kept) == {"head.bias"}


def test_a_network_that_time_made_smaller_counts_error_more(windows, neighbour):
    options = {**OPTIONS, "model_size": 0.006}
    timed, free = (
        Encoding(
            NGrid.architecture,
            windows[1],
            options,
            Context(neighbour=neighbour, seconds=seconds),
            0.0,
        )
        for seconds in (60.0, None)
    )
    assert timed.shape == free.shape
    assert (0.4 < timed._share < 0.9, free._share) == (True, 1.0)


def test_which_codecs_start_warm():
    for name, warm in (("ngrid", True), ("hnerv", False), ("nervpp", False)):
        assert isinstance(load_codec(name), StartsWarm) == warm
