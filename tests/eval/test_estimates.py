"""What an encode says before and while it works comes true."""

import pytest

from ncodec.eval.studies.busy import seconds_of
from ncodec.eval.studies.estimates import promises_of


@pytest.fixture(scope="module")
def promises(clip_file):
    return promises_of(clip_file, ["--preset", "ultrafast", "--epochs", "20", "--threads", "1"])


def test_progress_ends_where_the_file_is(promises):
    assert abs(promises.psnr) < 0.3


def test_bytes_are_told_half_way(promises):
    assert 0.7 < promises.size(0.5) < 1.4


def test_a_row_has_a_cell_a_column(promises):
    assert promises.row().count("|") == 6


def test_seconds_of_a_command_are_its_own():
    wall, cpu = seconds_of(["python3", "-c", "sum(range(10**6))"])
    assert 0 < cpu < wall + 1
