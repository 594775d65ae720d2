from itertools import pairwise

import numpy as np
import pytest

import ncodec
from ncodec.circuit.coding import code_length
from ncodec.circuit.flow.couplings import Coupling, Flow, mask, squeeze, unsqueeze
from ncodec.circuit.flow.packing import FlowModel
from ncodec.circuit.flow.prior import factorised, from_rows, latent_variables, to_rows
from ncodec.errors import DamagedFile, UsageError
from ncodec.formats import read_model

TINY = {"flow_epochs": 2, "couplings": 2, "hidden": 4, "latents": 2, "epochs": 1, "threads": 1}


def images(count=40, side=4, channels=3, seed=0):
    """Smooth images with a little noise."""
    random = np.random.default_rng(seed)
    base = random.integers(60, 190, (count, 1, 1, channels))
    return (base + random.integers(0, 9, (count, side, side, channels))).astype(np.uint8)


def flow(channels=3, couplings=6, hidden=5, scales=2, seed=1, spread=3000):
    random = np.random.default_rng(seed)
    found = []
    for scale in range(scales):
        found.append([])
        for index in range(couplings):
            changed = mask(index, channels << (2 * scale))
            widths = [int((~changed).sum()), hidden, hidden, int(changed.sum())]
            weights = [random.integers(-spread, spread, (b, a, 3, 3)) for a, b in pairwise(widths)]
            biases = [random.integers(-spread, spread, b) for b in widths[1:]]
            found[-1].append(Coupling(changed, weights, biases))
    return Flow(found)


@pytest.mark.parametrize("channels", [1, 3])
def test_any_flow_is_a_bijection_even_at_the_largest_weights(channels):
    made = flow(channels, spread=1 << 15)
    planes = np.random.default_rng(2).integers(0, 256, (5, channels, 8, 4)).astype(np.uint8)
    latents = made.forward(planes)
    assert latents.shape == (5, 16 * channels, 2, 1)
    assert (latents != squeeze(squeeze(planes))).any()
    assert np.array_equal(made.backward(latents), planes)


def test_squeezing_moves_blocks_into_channels():
    planes = np.arange(2 * 3 * 4 * 6).reshape(2, 3, 4, 6)
    assert np.array_equal(unsqueeze(squeeze(planes)), planes)
    assert squeeze(planes)[0, :4, 0, 0].tolist() == [0, 1, 6, 7]


def test_couplings_are_exact_integers_whatever_the_batch():
    made = flow()
    planes = np.random.default_rng(3).integers(0, 256, (7, 3, 8, 8)).astype(np.uint8)
    together = made.forward(planes)
    alone = np.concatenate([made.forward(planes[i : i + 1]) for i in range(7)])
    assert np.array_equal(together, alone)


def test_a_packed_model_is_the_same_model():
    made = flow()
    rows = to_rows(made.forward(np.moveaxis(images(side=8), 3, 1)))
    model = FlowModel((3, 8, 8), made, factorised(rows, latent_variables((48, 2, 2))))
    back = FlowModel.unpack(model.pack())
    assert back.pack() == model.pack()
    planes = np.moveaxis(images(side=8, seed=5), 3, 1)
    assert np.array_equal(back.flow.forward(planes), made.forward(planes))
    for cut in (0, 10, 60, len(model.pack()) - 40):
        with pytest.raises(DamagedFile):
            FlowModel.unpack(model.pack()[:cut])


def test_the_factorised_prior_costs_the_entropy_of_each_latent():
    random = np.random.default_rng(4)
    rows = np.stack([random.integers(0, 4, 4000), random.integers(100, 116, 4000)], axis=1)
    prior = factorised(rows.astype(np.int32), latent_variables((2, 1, 1)))
    bits = code_length(prior, rows.astype(np.int32)).mean()
    assert 6 <= bits < 6.1


def test_latents_as_rows_and_back():
    latents = np.random.default_rng(6).integers(0, 256, (3, 4, 2, 2)).astype(np.uint8)
    assert np.array_equal(from_rows(to_rows(latents), (4, 2, 2)), latents)


@pytest.mark.parametrize("prior", ["circuit", "factorised"])
def test_a_trained_model_codes_images_it_never_saw(tmp_path, prior):
    np.save(tmp_path / "train.npy", images())
    np.save(tmp_path / "other.npy", images(9, seed=7))
    tags = ncodec.train("pc-idf", tmp_path / "train.npy", tmp_path / "m.ncm", prior=prior, **TINY)
    assert tags["held_out_bpd"] < 9
    assert read_model(tmp_path / "m.ncm").family == "pc-idf"
    ncodec.encode(
        tmp_path / "other.npy", tmp_path / "a.nc", codec="pc-idf", model=tmp_path / "m.ncm"
    )
    assert ncodec.probe(tmp_path / "a.nc").models == (read_model(tmp_path / "m.ncm").digest.hex(),)
    ncodec.decode(tmp_path / "a.nc", tmp_path / "b.npy", models=[tmp_path / "m.ncm"])
    assert (tmp_path / "b.npy").read_bytes() == (tmp_path / "other.npy").read_bytes()
    np.save(tmp_path / "wide.npy", images(3, side=6))
    with pytest.raises(UsageError, match="6x6 rgb24, the model is for 4x4"):
        ncodec.encode(
            tmp_path / "wide.npy", tmp_path / "c.nc", codec="pc-idf", model=tmp_path / "m.ncm"
        )


def test_what_it_cannot_model_is_refused(tmp_path, command):
    np.save(tmp_path / "odd.npy", images(6, side=5))
    ran = command("train", "pc-idf", "odd.npy", "-o", "m.ncm")
    assert (ran.code, "even sides" in ran.err, (tmp_path / "m.ncm").exists()) == (2, True, False)
    ran = command("encode", "odd.npy", "--codec", "pc-idf", "-o", "a.nc")
    assert (ran.code, "ncodec train pc-idf" in ran.err) == (2, True)
