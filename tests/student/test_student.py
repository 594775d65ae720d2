from importlib.util import find_spec

import numpy as np
import pytest
import torch

import ncodec
from ncodec.errors import Interrupted, TargetUnreachable, UsageError
from ncodec.formats import read_model
from ncodec.student.learn import Recipe, alive
from ncodec.student.model import StudentModel
from ncodec.student.network import GDN1, build_decoder, build_encoder, load_arrays, to_arrays
from ncodec.student.shape import LITE, PAPER, Architecture
from ncodec.student.student import Student
from ncodec.student.teachers import load_teacher
from ncodec.student.transform import begin_as_transform, cosines

needs_compressai = pytest.mark.skipif(
    find_spec("compressai") is None,
    reason="CompressAI is not there: it wants numpy < 2; install ncodec[features]",
)


def shapes(network, side, channels):
    found = []
    x = torch.zeros(1, channels, side, side)
    for layer in network:
        x = layer(x)
        if isinstance(layer, torch.nn.Conv2d):
            found.append(tuple(x.shape[1:]))
    return found


def test_the_papers_layers_and_parameters():
    encoder, decoder = build_encoder(PAPER), build_decoder(PAPER)
    assert shapes(encoder, 224, 3) == [(96, 112, 112), (48, 56, 56), (24, 55, 55)]
    assert shapes(decoder, 55, 24) == [(512, 56, 56), (256, 55, 55), (256, 56, 56)]
    assert PAPER.latent_side(224) == 55
    assert sum(p.numel() for p in encoder.parameters()) == 138_672
    assert not any(m.bias is not None for m in encoder if isinstance(m, torch.nn.Conv2d))


@pytest.mark.parametrize(("name", "width"), [("resnet18", 64), ("resnet50", 256)])
def test_students_of_resnets_end_in_what_layer2_takes(name, width, tmp_path):
    models = pytest.importorskip("torchvision.models")
    torch.manual_seed(0)
    network = models.get_model(name).eval()
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    teacher = load_teacher(name, tmp_path / "weights.pth")
    images = 255 * torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        features = teacher.features(images)
        assert features.shape == (1, width, 16, 16)
        whole = network(teacher.preparation.normalised(images))
        assert torch.allclose(teacher.logits(features), whole, rtol=1e-3, atol=1e-4)
        latents = build_encoder(teacher.architecture)(images)
        assert build_decoder(teacher.architecture)(latents).shape == features.shape


@needs_compressai
@pytest.mark.parametrize("architecture", [PAPER, LITE], ids=["paper", "lite"])
def test_networks_of_training_and_of_use_are_the_same(architecture):
    torch.manual_seed(0)
    student = Student(architecture, 2)
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        for trained, build in (
            (student.encoder, build_encoder),
            (student.decoder, build_decoder),
        ):
            used = build(architecture)
            load_arrays(used, to_arrays(trained))
            expected = trained(images)
            assert torch.allclose(used(images), expected, rtol=0.02, atol=0.02)
            images = expected
    assert Architecture.from_record(architecture.to_record()) == architecture


def test_a_student_begins_as_a_transform_of_blocks():
    """Far from quantisation the untrained networks give the image back."""
    torch.manual_seed(0)
    encoder, decoder = (build(LITE) for build in (build_encoder, build_decoder))
    begin_as_transform(encoder, decoder)
    for module in (*encoder, *decoder):
        if isinstance(module, GDN1):
            torch.nn.init.zeros_(module.gamma)
    coarse = torch.rand(1, 3, 8, 8)
    image = torch.nn.functional.interpolate(coarse, size=(64, 64), mode="bicubic")
    with torch.inference_mode():
        restored = decoder(encoder(image))[:, :, 8:-8, 8:-8]
    error = (restored - image[:, :, 8:-8, 8:-8]).square().mean()
    assert error < 0.1 * image.var()


def test_cosines_are_orthonormal():
    rows = torch.from_numpy(cosines(4)).flatten(1)
    assert torch.allclose(rows @ rows.T, torch.eye(48, dtype=rows.dtype))


@needs_compressai
def test_rounding_is_around_the_medians():
    student = Student(LITE, 2)
    with torch.no_grad():
        student.prior.quantiles[:, 0, 1] = torch.linspace(-0.5, 0.5, 192)
    latents = 3 * torch.randn(2, 192, 3, 3)
    medians = student.prior.quantiles[:, 0, 1].detach()[:, None, None]
    steps = student.rounded(latents) - medians
    assert torch.allclose(steps, steps.round(), atol=1e-5)
    assert (student.rounded(latents) - latents).abs().max() <= 0.5 + 1e-5


def test_a_model_comes_back_from_its_bytes(model):
    content = read_model(model)
    found = StudentModel.of(content)
    assert found.pack() == content.data
    assert [rate.beta for rate in found.rates] == [0.001, 0.01]
    assert len(found.rates[0].prior.channels) == found.architecture.latents


OPTIONS = {"beta": "0.01", "epochs": 2, "distil_epochs": 0, "crops": 2, "batch": 2, "side": 64}


@needs_compressai
def test_a_resumed_training_ends_as_one_in_one_go(tmp_path, photographs, small_student):
    def train(name, **given):
        ncodec.train(
            "entropic-student", photographs, tmp_path / name, threads=1, **OPTIONS, **given
        )
        return StudentModel.of(read_model(tmp_path / name))

    whole = train("whole.ncm")
    told = []
    with pytest.raises(Interrupted):
        train("parts.ncm", stopping=lambda: len(told) == 1, report=lambda **k: told.append(k))
    assert not (tmp_path / "parts.ncm").exists()
    resumed = train("parts.ncm", resume=True)
    assert resumed.pack() == whole.pack()


@needs_compressai
def test_labels_and_the_teachers_answers_tune_the_decoder_alone(
    tmp_path, photographs, small_student
):
    for number, name in enumerate(("cat", "dog", "hen")):
        (tmp_path / "data" / name).mkdir(parents=True)
        data = (photographs / f"{number}.png").read_bytes()
        (tmp_path / "data" / name / "1.png").write_bytes(data)

    def train(name, stage2):
        options = {**OPTIONS, "epochs": 1, "distil_epochs": stage2, "recipe": "short"}
        ncodec.train("entropic-student", tmp_path / "data", tmp_path / name, threads=1, **options)
        return StudentModel.of(read_model(tmp_path / name))

    before, after = train("a.ncm", 0), train("b.ncm", 1)
    assert all(map(np.array_equal, before.encoder, after.encoder))
    assert not all(map(np.array_equal, before.decoder, after.decoder))


def test_a_collapsed_rate_is_named():
    recipe = Recipe((0.5, 7.0), (1, 0), 1, 2, 64)
    alive([900.0, 100.0], recipe, 0)
    with pytest.raises(TargetUnreachable, match="beta 7 has collapsed in epoch 4"):
        alive([900.0, 3.0], recipe, 3)


@pytest.mark.parametrize("beta", ["", "x", "0", "1,-2", "nan"])
def test_betas_must_be_numbers(tmp_path, photographs, beta):
    with pytest.raises(UsageError, match="beta is"):
        ncodec.train("entropic-student", photographs, tmp_path / "x.ncm", beta=beta or ",")


def test_folders_of_classes_are_labels(tmp_path, photographs):
    from ncodec.student.crops import Photographs

    for name, numbers in (("b", [0, 1]), ("a", [2])):
        (tmp_path / name).mkdir()
        for number in numbers:
            data = (photographs / f"{number}.png").read_bytes()
            (tmp_path / name / f"{number}.png").write_bytes(data)
    found = Photographs([str(tmp_path)])
    assert found.labels is not None
    assert found.labels.tolist() == [0, 1, 1]
    again = [found.batch([0, 2], 32, [5], threads) for threads in (1, 2)]
    assert np.array_equal(*again)
