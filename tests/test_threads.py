"""The number of threads follows what is free."""

import random

import pytest

from ncodec.threads import ThreadChoice


def work(choice, pieces, cost, noise=0.0, seed=0):
    """Seconds that so many pieces take in all, and with how many threads each ran."""
    dice = random.Random(seed)
    total, counts = 0.0, []
    for _ in range(pieces):
        seconds = cost(choice.count) * (1 + dice.uniform(0, noise))
        counts.append(choice.count)
        total += seconds
        choice.took(seconds)
    return total, counts


def idle(count):
    """Each thread helps."""
    return 0.1 / count + 0.01


def busy(count):
    """A second thread waits for a CPU while the first one spins."""
    return 0.11 if count == 1 else 0.4 * count


@pytest.mark.parametrize("most", [2, 3, 8, 16])
def test_an_idle_machine_is_used_whole(most):
    total, counts = work(ThreadChoice(most), 1000, idle, noise=0.1)
    assert max(counts) == most
    assert total < 1.15 * 1000 * 1.05 * idle(most)


def test_a_busy_machine_costs_little_more_than_one_thread():
    choice = ThreadChoice(2)
    total, counts = work(choice, 1000, busy, noise=0.1)
    assert counts.count(2) < 20
    assert total < 1.2 * 1000 * 1.05 * busy(1)


def test_threads_follow_a_machine_that_becomes_busy_and_idle_again():
    choice = ThreadChoice(2)
    work(choice, 500, idle)
    assert choice.count == 2
    _, counts = work(choice, 100, busy)
    assert counts.count(2) < 20
    _, counts = work(choice, 1000, idle)
    assert counts.count(2) > 500


def test_threads_that_bring_nothing_are_not_used():
    choice = ThreadChoice(4)
    work(choice, 200, lambda count: 0.1)
    _, counts = work(choice, 400, lambda count: 0.1)
    assert counts.count(1) > 300


def test_one_thread_stays_one():
    choice = ThreadChoice(1)
    _, counts = work(choice, 100, busy)
    assert set(counts) == {1}
    assert choice.settled
    assert choice.seconds == pytest.approx(busy(1))


def test_the_time_of_a_piece_is_that_of_the_threads_that_suit_it():
    choice = ThreadChoice(2)
    while not choice.settled:
        choice.took(busy(choice.count))
    assert choice.seconds == pytest.approx(busy(1))
