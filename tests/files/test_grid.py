import numpy as np
import pytest

from ncodec.errors import DamagedFile
from ncodec.photo.tiles import SIDES, Grid
from ncodec.threads import in_order


@pytest.mark.parametrize("size", [(1, 1), (512, 512), (513, 3), (1300, 2049), (5, 3000)])
@pytest.mark.parametrize("side", SIDES)
def test_tiles_cover_every_pixel_once(size, side):
    grid = Grid(*size, side)
    assert [Grid.of_count(*size, len(grid))[i] for i in range(len(grid))] == list(grid)
    seen = np.zeros(size[::-1], int)
    for x, y, width, height in grid:
        assert 0 < width <= side
        assert 0 < height <= side
        seen[y : y + height, x : x + width] += 1
    assert (seen == 1).all()


def test_no_grid_has_any_number_of_tiles():
    with pytest.raises(DamagedFile, match="1300x2049 in 7 tiles"):
        Grid.of_count(1300, 2049, 7)


def test_a_region_is_covered_by_the_tiles_that_overlap_it():
    grid = Grid(1300, 1100, 512)
    region = (500, 400, 300, 650)
    seen = np.zeros((1100, 1300), int)
    for tile, (x, y, width, height) in grid.overlapping(region):
        tx, ty, tw, th = grid[tile]
        assert tx <= x < x + width <= tx + tw
        assert ty <= y < y + height <= ty + th
        seen[y : y + height, x : x + width] += 1
    assert seen[400:1050, 500:800].all()
    assert seen.sum() == 300 * 650


def test_work_on_threads_comes_back_in_order_and_stops_where_it_fails():
    assert list(in_order(lambda n: n * n, range(50), 3)) == [n * n for n in range(50)]

    def picky(n):
        if n == 7:
            raise ValueError(n)
        return n

    done = []
    with pytest.raises(ValueError, match="7"):
        done.extend(in_order(picky, range(50), 2))
