"""An encoder of images to packets, and a decoder of packets to features and answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ncodec.device import resolve_device
from ncodec.errors import UnsupportedFormat, UsageError
from ncodec.formats import Model
from ncodec.media import Image, read_image
from ncodec.student.model import StudentModel, find
from ncodec.student.network import build_decoder, build_encoder, load_arrays
from ncodec.student.payload import Latents, open_packet, pack, packet
from ncodec.student.tail import find_tail
from ncodec.student.teachers import Teacher, load_teacher

__all__ = ["Decoder", "Encoder"]

Picture = Image | NDArray[np.uint8] | str | Path


class Encoder:
    """The device's side: a small convolutional network and integer tables.

    Args:
        model: a model file, the name of a shipped one, or None for the shipped one.
        rate: 1, the fewest bytes, up to the number of rates that the model has.
        whole: keep an image's own size and all of it, rather than the teacher's resize and crop.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        NcodecError: the model cannot be used, or has no such rate.
    """

    def __init__(
        self,
        model: str | Path | Model | StudentModel | None = None,
        *,
        rate: int = 3,
        whole: bool = False,
        device: str = "cpu",
    ) -> None:
        self.model, _ = find(model)
        self.rate, self.whole = rate, whole
        self._rate = self.model.rate(rate)
        self._place = resolve_device(device).place
        network = build_encoder(self.model.architecture)
        self._network = _ready(network, self.model.encoder, self._place)

    def encode_all(self, images: Iterable[Picture]) -> list[bytes]:
        """Encodes several images, a packet each; raises what `encode` does."""
        return [self.encode(image) for image in images]

    def encode(self, image: Picture) -> bytes:
        """Encodes an image as a packet.

        Args:
            image: a file, an `ncodec.media.Image`, or uint8 [height, width, channels].

        Raises:
            InputError: a file is no image.
            UsageError: an image has 16 bits a sample, or is too small.
        """
        latents = self.latents(self.prepare(image))
        return packet(pack(latents, self.model), self.model)

    def prepare(self, image: Picture) -> NDArray[np.uint8]:
        """An image as the network takes it, uint8 [height, width, 3]."""
        if isinstance(image, str | Path):
            image = read_image(image)
        pixels = image.pixels if isinstance(image, Image) else image
        return self.model.preparation.prepare(pixels, self.whole)

    def latents(self, prepared: NDArray[np.uint8]) -> Latents:
        """The latents of a prepared image: what is coded of it."""
        height, width, _ = prepared.shape
        if min(map(self.model.architecture.latent_side, (height, width))) < 1:
            raise UsageError(f"an image of {width}x{height} is too small: enlarge it")
        image = torch.from_numpy(np.array(prepared)).to(self._place)
        with torch.inference_mode():
            inputs = self.model.preparation.normalised(image.permute(2, 0, 1)[None].float())
            outputs: NDArray[np.float32] = self._network(inputs)[0].cpu().numpy()
        return Latents(self.rate, width, height, self._rate.rounded(outputs))


class Decoder:
    """The server's side: the student's decoder and the teacher's tail.

    Args:
        model: as in `Encoder`.
        teacher_weights: the weights of a teacher whose package does not bring them.
        tails: model files to look into for what makes pictures, before the package and the store.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        NcodecError: the model cannot be used. The teacher is loaded when it is first needed.
    """

    def __init__(
        self,
        model: str | Path | Model | StudentModel | None = None,
        *,
        teacher_weights: str | Path | None = None,
        tails: Iterable[str | Path] = (),
        device: str = "cpu",
    ) -> None:
        self.model, _ = find(model)
        self._weights = Path(teacher_weights) if teacher_weights else None
        self._tails = tuple(tails)
        self._place = resolve_device(device).place
        network = build_decoder(self.model.architecture)
        self._network = _ready(network, self.model.decoder, self._place)

    @cached_property
    def teacher(self) -> Teacher:
        """The teacher whose tail goes on from the features.

        Raises:
            MissingDependency: it is not installed.
            UnsupportedFormat: its weights are not those that the student was trained with.
        """
        teacher = load_teacher(self.model.teacher, self._weights)
        if teacher.weights != self.model.weights:
            raise UnsupportedFormat(
                f"the weights of {self.model.teacher} have BLAKE3 {teacher.weights[:16]}... and "
                f"the model was trained with {self.model.weights[:16]}...: install or give those"
            )
        return teacher.to(self._place)

    def features(self, packets: bytes | Sequence[bytes]) -> Tensor:
        """What the teacher computes at the cut, approximately: float32 [n, channels, h, w].

        Args:
            packets: one, or several of images of one size.

        Raises:
            DamagedFile, UnsupportedFormat: a packet is damaged, or for another model.
        """
        return self._decoded(packets, "features")

    def embedding(self, packets: bytes | Sequence[bytes]) -> Tensor:
        """The teacher's pooled features, float32 [n, features]; errors as `features`."""
        return self._decoded(packets, "embedding")

    def logits(self, packets: bytes | Sequence[bytes]) -> Tensor:
        """The teacher's answers, float32 [n, classes]; errors as `features`."""
        return self._decoded(packets, "logits")

    def pictures(self, packets: bytes | Sequence[bytes]) -> Tensor:
        """Pictures for people, uint8 [n, height, width, 3]; errors as `features`.

        Raises:
            MissingDependency: no tail of this model is there.
        """
        return self._decoded(packets, "picture")

    def heads(self, latents: Sequence[Latents], name: str) -> Tensor:
        """``features``, ``embedding``, ``logits`` or ``picture`` of images of one size."""
        if name == "picture":
            return self._pictures(latents)
        features = self._features(latents)
        with torch.inference_mode():
            if name == "embedding":
                features = self.teacher.embedding(features)
            elif name == "logits":
                features = self.teacher.logits(features)
            return features.cpu()

    def _decoded(self, packets: bytes | Sequence[bytes], name: str) -> Tensor:
        several = [packets] if isinstance(packets, bytes) else packets
        return self.heads([open_packet(each, self.model) for each in several], name)

    def _features(self, latents: Sequence[Latents]) -> Tensor:
        with torch.inference_mode():
            features: Tensor = self._network(self._restored(latents))
            return self.teacher.received(features) if self.model.architecture.picture else features

    def _pictures(self, latents: Sequence[Latents]) -> Tensor:
        with torch.inference_mode():
            pictures = self.model.preparation.restored(self._painter(self._restored(latents)))
            return pictures.round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu()

    @cached_property
    def _painter(self) -> nn.Sequential:
        network = build_decoder(self.model.architecture)
        return _ready(network, find_tail(self.model, self._tails).network, self._place)

    def _restored(self, latents: Sequence[Latents]) -> Tensor:
        """The input of a decoder network."""
        if len({each.values.shape for each in latents}) != 1:
            raise UsageError("images of several sizes are no batch: decode them one by one")
        restored = [self.model.rate(each.rate).restored(each.values) for each in latents]
        return torch.from_numpy(np.stack(restored)).to(self._place)


def _ready(
    network: nn.Sequential, weights: Sequence[NDArray[np.float16]], place: torch.device
) -> nn.Sequential:
    """A network with its weights, to be used and not trained."""
    load_arrays(network, weights)
    network.to(place, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval().requires_grad_(False)
