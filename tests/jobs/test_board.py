"""Progress of a job: weighted by frames, and timed by this run's work alone."""

import time

import pytest

from ncodec.jobs.board import Board


def test_segments_count_by_their_frames():
    board = Board([30, 10], set(), time.monotonic())
    assert board.progressed(0, {"fraction": 0.5}).fraction == 0.375
    assert board.progressed(1, {"fraction": 1.0}).fraction == 0.625


def test_what_an_earlier_run_reached_does_not_shorten_the_estimate():
    board = Board([10, 10], {0}, time.monotonic() - 4)
    assert board.progressed(1, {"fraction": 0.5, "resumed": True}).eta is None
    later = board.progressed(1, {"fraction": 0.75})
    assert later.fraction == 0.875
    assert later.eta == pytest.approx(later.elapsed)
