"""Learning: it gains, it stops, it resumes, and both rules and all kinds of images work."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from circuits import random_circuit, random_images

from ncodec.circuit.coding import code_length, decode_rows, encode_rows
from ncodec.circuit.flows import Flows, Parameters, to_nodes
from ncodec.circuit.learn import learn, split
from ncodec.circuit.packing import pack_circuit
from ncodec.circuit.quantize import quantize
from ncodec.circuit.recipe import Learning
from ncodec.circuit.variables import Variables
from ncodec.errors import Interrupted, UsageError
from ncodec.plugin import Context

VARIABLES = Variables((6, 6, 1), 8)
SMALL = Learning(latents=4, components=6, epochs=4, batch=64)


def strokes(count, seed=0):
    """Grey bars on black at a random row or column, uint8 [count, 6, 6, 1]."""
    random = np.random.default_rng(seed)
    images = np.zeros((count, 6, 6, 1), np.uint8)
    for image in images:
        place = random.integers(1, 5)
        bar = random.integers(200, 256, 6)
        if random.random() < 0.5:
            image[place, :, 0] = bar
        else:
            image[:, place, 0] = bar
    return images


TRAIN, HELD_OUT = (VARIABLES.to_rows(strokes(*args)) for args in ((300, 0), (60, 1)))


class Memory:
    """Checkpoints in memory."""

    def __init__(self):
        self.state = None

    def load(self):
        return self.state

    def save(self, state):
        self.state = {name: np.array(array) for name, array in state.items()}


def same(first, second):
    return pack_circuit(quantize(first)) == pack_circuit(quantize(second))


@pytest.mark.parametrize("rule", ["anemone", "em"])
def test_learning_finds_the_bars(rule):
    reports = []
    options = replace(SMALL, rule=rule)
    context = Context(report=lambda **known: reports.append(known))
    learned = learn(TRAIN, HELD_OUT, VARIABLES, options, context)
    circuit = quantize(learned)
    assert code_length(circuit, HELD_OUT).mean() / 36 < 1.9
    assert learned.curve.shape == (4, 3)
    assert learned.curve[-1, 2] < learned.curve[0, 2]
    assert reports[-1]["fraction"] == 1
    assert reports[-1]["held_out"] == learned.curve[-1, 2]
    rows = decode_rows(circuit, encode_rows(circuit, HELD_OUT), len(HELD_OUT))
    assert (rows == HELD_OUT).all()


def test_integers_cost_as_much_as_what_was_learned():
    learned = learn(TRAIN, HELD_OUT, VARIABLES, SMALL, Context())
    best = learned.curve[:, 2].min()
    assert code_length(quantize(learned), HELD_OUT).mean() / 36 == pytest.approx(best, abs=0.02)


def test_an_interrupted_run_ends_with_the_same_circuit():
    whole = learn(TRAIN, HELD_OUT, VARIABLES, SMALL, Context(seed=3))
    checkpoints, reports = Memory(), []
    context = Context(
        seed=3,
        checkpoints=checkpoints,
        report=lambda **known: reports.append(known),
        stopping=lambda: len(reports) == 2,
    )
    with pytest.raises(Interrupted):
        learn(TRAIN, HELD_OUT, VARIABLES, SMALL, context)
    resumed = learn(TRAIN, HELD_OUT, VARIABLES, SMALL, context)
    assert same(whole, resumed)
    assert (whole.curve == resumed.curve).all()
    assert [known["epoch"] for known in reports] == [1, 2, 2, 3, 4]
    assert reports[2]["resumed"]


def test_learning_ends_when_held_out_images_stop_gaining():
    noise = VARIABLES.to_rows(random_images(VARIABLES, 40))
    options = replace(SMALL, epochs=50, patience=2)
    learned = learn(TRAIN, noise, VARIABLES, options, Context())
    best = int(learned.curve[:, 2].argmin()) + 1
    assert len(learned.curve) == best + 2


@pytest.mark.parametrize(
    ("shape", "depth", "tied"), [((4, 3, 3), 8, False), ((3, 3, 1), 16, True), ((1, 1, 1), 8, True)]
)
def test_all_kinds_of_images_can_be_learned(shape, depth, tied):
    variables = Variables(shape, depth)
    rows = variables.to_rows(random_images(variables, 30))
    options = replace(SMALL, epochs=1, tied=tied, shift=0.5)
    circuit = quantize(learn(rows, rows[:0], variables, options, Context()))
    assert len(circuit.levels.mixes) == (variables.kinds if tied else variables.count)
    assert (decode_rows(circuit, encode_rows(circuit, rows), 30) == rows).all()


def test_constant_images_can_be_learned():
    rows = np.zeros((500, 36), np.int32)
    circuit = quantize(learn(rows, rows[:0], VARIABLES, SMALL, Context()))
    assert code_length(circuit, rows).mean() / 36 < 0.05


def test_the_e_step_counts_what_the_likelihood_says():
    """The flow of a parameter is the derivative of the log-likelihood by its logarithm."""
    circuit = random_circuit((2, 2, 1), latents=3, components=4)
    flows = Flows(circuit.tree, torch.device("cpu"))
    random = torch.Generator().manual_seed(0)

    def table(*size):
        return torch.rand(*size, generator=random) + 0.1

    parameters = Parameters(table(3), table(4, 3, 3), table(4, 3, 4), table(256, 4))
    rows = circuit.variables.to_rows(random_images(circuit.variables, 50))
    places = to_nodes(rows, circuit.tree, circuit.variables)
    counted = parameters.map(torch.zeros_like)
    _, kept = flows.upward(parameters, places)
    flows.downward(parameters, places, kept, counted)
    logarithms = parameters.map(lambda tensor: tensor.log().requires_grad_())
    likelihood, _ = flows.upward(logarithms.map(torch.exp), places)
    likelihood.sum().backward()
    for flow, logarithm in zip(counted.tensors, logarithms.tensors, strict=True):
        assert torch.allclose(flow, logarithm.grad, rtol=1e-4, atol=1e-4)


def test_the_split_is_by_seed():
    train, held_out = split(1000, 0.05, seed=1)
    assert len(held_out) == 50
    assert sorted([*train, *held_out]) == list(range(1000))
    assert (split(1000, 0.05, seed=1)[1] == held_out).all()
    assert (split(1000, 0.05, seed=2)[1] != held_out).any()


@pytest.mark.parametrize("wrong", [{"latents": 1}, {"components": 300}, {"rule": "sgd"}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError):
        learn(TRAIN, HELD_OUT, VARIABLES, replace(SMALL, **wrong), Context())


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(UsageError, match="no images"):
        learn(TRAIN[:0], HELD_OUT, VARIABLES, SMALL, Context())


def test_learning_runs_on_cuda(cuda):
    learned = learn(TRAIN, HELD_OUT, VARIABLES, SMALL, Context(device=cuda))
    assert learned.curve[-1, 2] < 1.9
