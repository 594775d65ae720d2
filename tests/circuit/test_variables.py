"""Images as rows of small alphabets, and back."""

import numpy as np
import pytest
from circuits import random_images

from ncodec.circuit.variables import Variables
from ncodec.errors import UsageError


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_kind_of_image_comes_back(channels, depth):
    variables = Variables((5, 3, channels), depth)
    images = random_images(variables, 40)
    images[0], images[1] = 0, np.iinfo(images.dtype).max
    rows = variables.to_rows(images)
    assert rows.shape == (40, variables.count)
    assert (rows >= 0).all()
    assert (rows < np.array(variables.alphabets)[variables.kind]).all()
    back = variables.from_rows(rows)
    assert back.dtype == images.dtype
    assert (back == images).all()


def test_primaries_stay_within_the_alphabets():
    variables = Variables((1, 1, 3), 8)
    corners = np.array(np.meshgrid(*[[0, 255]] * 3)).reshape(3, -1).T.astype(np.uint8)
    rows = variables.to_rows(corners.reshape(-1, 1, 1, 3))
    assert variables.alphabets == (256, 511, 511)
    assert rows.min() == 0
    assert rows[:, 1:].max() == 510
    assert (variables.from_rows(rows).reshape(-1, 3) == corners).all()


def test_positions_and_kinds_follow_the_raster():
    variables = Variables((2, 3, 1), 16)
    assert variables.kind.tolist() == [0, 1] * 6
    assert variables.position[-1].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("shape", "depth"),
    [((0, 4, 1), 8), ((4, 4, 5), 8), ((4, 4, 1), 12), ((4, 4, 0), 8), ((1 << 11, 1 << 10, 1), 8)],
)
def test_other_shapes_are_refused(shape, depth):
    with pytest.raises(UsageError, match="cannot be modelled"):
        Variables(shape, depth)


def test_images_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="do not fit"):
        Variables((2, 2, 1), 8).to_rows(np.zeros((1, 2, 2, 3), np.uint8))
    with pytest.raises(UsageError, match="do not fit"):
        Variables((2, 2, 1), 8).to_rows(np.zeros((1, 2, 2, 1), np.uint16))
