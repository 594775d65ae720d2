"""The trainer `entropic-picture`: a second tail for a student whose encoder stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10
from typing import Any, ClassVar

import numpy as np

from ncodec.errors import Interrupted, UsageError
from ncodec.formats import Model
from ncodec.plugin import Context, Option, Trainer

__all__ = ["PictureTrainer"]

_RATE = 1e-3
"""The rate of learning at the start; it falls evenly to nothing."""

_REPORTS = 50
"""The number of steps between two reports."""

_LEAST = 1e-6
"""The least value of GDN1's parameters, which must be positive."""


class PictureTrainer(Trainer):
    """Trains a decoder of pictures for people, from the latents that a student sends to a
    classifier.

    The decoder begins as the student's and learns the squared error of pixels, from integers as a
    file holds them.
    """

    name: ClassVar[str] = "entropic-picture"
    options: ClassVar[Sequence[Option]] = (
        Option("student", str, "entropic-lite0", "a model file, or the name of a shipped one"),
        Option("steps", int, 1000, "steps of training", minimum=1),
        Option("side", int, 160, "side of a crop, in pixels", minimum=32),
        Option(
            "batch", int, 12, "crops a step, which take turns at the student's rates", minimum=1
        ),
    )

    def train(self, data: Sequence[str], options: Mapping[str, Any], context: Context) -> Model:
        """Learns from files, globs and folders of images.

        Raises:
            UsageError: the student's decoder does not end in a picture.
            NcodecError: the student cannot be used.
            Interrupted: `context.stopping()` came true; nothing is kept, it is a matter of minutes.
        """
        import torch

        from ncodec.device import resolve_device, threads
        from ncodec.student.coder import Encoder
        from ncodec.student.crops import Photographs
        from ncodec.student.model import find
        from ncodec.student.network import GDN1, build_decoder, load_arrays, to_arrays
        from ncodec.student.tail import FAMILY, VERSION, PictureTail

        student, _ = find(options["student"])
        if not student.architecture.picture:
            raise UsageError(
                f"a student of {student.teacher} ends in features, not in a picture: give another"
            )
        photographs = Photographs(data)
        place = resolve_device(context.device).place
        encoders = [
            Encoder(student, rate=number + 1, whole=True, device=context.device)
            for number in range(len(student.rates))
        ]
        with threads(context.threads):
            network = build_decoder(student.architecture)
            load_arrays(network, student.decoder)
            network.to(place, memory_format=torch.channels_last)  # type: ignore[call-overload]
            norms = [module for module in network if isinstance(module, GDN1)]
            optimiser = torch.optim.Adam(network.parameters())
            errors: list[float] = []
            for step in range(options["steps"]):
                if context.stopping():
                    raise Interrupted("stopped by the user: start again, nothing is kept")
                seed = [context.seed, step]
                which = np.random.default_rng(seed).integers(
                    len(photographs), size=options["batch"]
                )
                pixels = photographs.batch(which.tolist(), options["side"], seed, context.threads)
                latents = [
                    encoders[(step + number) % len(encoders)].latents(picture)
                    for number, picture in enumerate(pixels)
                ]
                restored = [student.rate(each.rate).restored(each.values) for each in latents]
                targets = torch.from_numpy(pixels).to(place).permute(0, 3, 1, 2).float()
                outputs = network(torch.from_numpy(np.stack(restored)).to(place))
                rows, columns = outputs.shape[2:]
                targets = student.preparation.normalised(targets)[:, :, :rows, :columns]
                loss = (outputs - targets).square().mean()
                for group in optimiser.param_groups:
                    group["lr"] = _RATE * (1 - step / options["steps"])
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
                with torch.no_grad():
                    for norm in norms:
                        norm.beta.clamp_min_(_LEAST)
                        norm.gamma.clamp_min_(_LEAST)
                errors.append(loss.item())
                if (step + 1) % _REPORTS == 0 or step + 1 == options["steps"]:
                    mean = float(np.mean(errors[-_REPORTS:]))
                    peak = 255 / student.preparation.deviation[0]
                    psnr = 10 * log10(peak**2 / max(mean, 1e-10))
                    context.report(fraction=(step + 1) / options["steps"], psnr=psnr)
        tags = {"options": dict(options), "images": len(photographs), "psnr": round(psnr, 2)}
        tail = PictureTail(student.digest, to_arrays(network))
        return Model(FAMILY, VERSION, tail.pack(), tags)
