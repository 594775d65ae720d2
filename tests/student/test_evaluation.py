import numpy as np
from PIL import Image as Pillow

from ncodec.eval.bench.student import student_coders
from ncodec.eval.data.photographs import crops
from ncodec.eval.studies.student import recall
from ncodec.store import shipped_model
from ncodec.student import Decoder, Encoder


def test_a_benchmark_has_every_rate_and_gets_logits(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (224, 224, 3), dtype=np.uint8)
    Pillow.fromarray(pixels).save(tmp_path / "a.png")
    coders = student_coders(None, 1)
    assert [coder.setting for coder in coders] == [f"rate {n}" for n in range(1, 7)]
    sizes = []
    for coder in (coders[0], coders[-1]):
        coder.encode(tmp_path / "a.png", tmp_path / "a.packet")
        coder.decode(tmp_path / "a.packet", tmp_path / "a.npy")
        assert np.load(tmp_path / "a.npy").shape == (1000,)
        sizes.append((tmp_path / "a.packet").stat().st_size)
    assert sizes[0] < sizes[1]


def test_the_shipped_model_is_small_and_codes_near_its_estimate():
    assert len(shipped_model("entropic-lite0").pack()) < 4_000_000
    encoder = Encoder(rate=6, whole=True)
    ramp = np.linspace(0, 255, 224).astype(np.uint8)
    image = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None], ramp[::-1, None]), axis=2)
    latents = encoder.latents(image)
    prior = encoder.model.rate(6).prior
    assert 8 * len(prior.encode(latents.values)) < 1.01 * prior.bits(latents.values) + 64
    assert Decoder().features(encoder.encode(image)).shape == (1, 24, 56, 56)


def test_recall_counts_the_nearest_other_image():
    gallery = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], np.float32)
    assert recall(gallery, gallery, ["a", "a", "b", "b"]) == 100
    assert recall(gallery, gallery, ["a", "b", "b", "a"]) == 0


def test_crops_are_twelve_squares_inside():
    for shape in ((90, 120, 3), (120, 90, 3), (90, 90, 3)):
        found = crops(np.zeros(shape, np.uint8))
        assert [part.shape[0] for part in found] == [90] * 2 + [60] * 4 + [45] * 6
        assert all(part.shape[0] == part.shape[1] for part in found)
