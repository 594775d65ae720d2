"""Progress of a job: weighted by frames, and timed by this run's work alone."""

import time

import pytest

from ncodec.jobs.board import Board


def test_segments_count_by_their_frames():
    board = Board([30, 10], {}, time.monotonic())
    assert board.progressed(0, {"fraction": 0.5}).fraction == 0.375
    assert board.progressed(1, {"fraction": 1.0}).fraction == 0.625


def test_what_an_earlier_run_reached_does_not_shorten_the_estimate():
    board = Board([10, 10], {0: (100, 30.0)}, time.monotonic() - 4)
    assert board.progressed(1, {"fraction": 0.5, "resumed": True}).eta is None
    later = board.progressed(1, {"fraction": 0.75})
    assert later.fraction == 0.875
    assert later.eta == pytest.approx(later.elapsed)


def test_reading_the_source_does_not_lengthen_the_estimate():
    board = Board([10, 10], {}, time.monotonic() - 1000)
    board.begin(0)
    progressed = board.progressed(0, {"fraction": 0.5})
    assert progressed.elapsed > 1000
    assert progressed.eta < 100


def test_the_size_is_the_files():
    board = Board([10, 10, 20], {0: (100, 30.0)}, time.monotonic(), container=50)
    assert board.progressed(1, {"fraction": 0.1}).size == 50 + 400
    assert board.progressed(1, {"fraction": 0.5, "size": 300}).size == 50 + 800
    board.finished(1, 200, None)
    assert board.progressed(2, {"fraction": 0.5, "size": 500}).size == 50 + 800


def test_the_psnr_is_the_files():
    board = Board([10, 10, 20], {0: (100, 30.0)}, time.monotonic())
    assert board.progressed(1, {"fraction": 0.1}).psnr == 30
    assert board.progressed(1, {"fraction": 0.5, "psnr": 20.0}).psnr == 25
    board.finished(1, 200, 40.0)
    assert board.progressed(2, {"fraction": 0.5, "psnr": 25.0}).psnr == 30


def test_without_a_coded_byte_nothing_is_said_of_the_size():
    assert Board([10], {}, time.monotonic()).progressed(0, {"fraction": 0.1}).size is None
