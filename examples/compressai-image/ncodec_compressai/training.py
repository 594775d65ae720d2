"""The trainer `compressai-factorized`: rate and distortion of random crops, at every quality."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ncodec.errors import Interrupted, UsageError
from ncodec.formats import Model
from ncodec.media import open_collection
from ncodec.plugin import Context, Option, Trainer
from ncodec_compressai.codec import FAMILY, STEPS, VERSION, network


class FactorizedTrainer(Trainer):
    """Models of `compressai-factorized`, from photographs of 8-bit RGB; it does not resume."""

    name = "compressai-factorized"
    options = (
        Option("steps", int, 1000, "Steps of Adam, a batch of crops each", minimum=1),
        Option("trade", float, 16.0, "Squared error that a bit a pixel is worth at 6", minimum=0),
    )

    def train(self, data: Sequence[str], options: Mapping[str, Any], context: Context) -> Model:
        """Learns from random crops, each batch at one of the qualities."""
        import torch

        torch.manual_seed(context.seed)
        torch.set_num_threads(context.threads)
        crops = Crops([image.pixels for source in data for image in open_collection(source)])
        rng, net = np.random.default_rng(context.seed), network().train()
        networks = [*net.g_a.parameters(), *net.g_s.parameters()]
        # A prior sees one batch in six, and has further to go.
        groups = [{"params": networks}, {"params": net.priors.parameters(), "lr": 0.02}]
        optimiser = torch.optim.Adam(groups, lr=2e-3)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, options["steps"])
        for step in range(1, options["steps"] + 1):
            if context.stopping():
                raise Interrupted("stopped by the user: nothing is kept of this training")
            quality = int(rng.integers(len(STEPS)))
            size = STEPS[quality]
            batch = torch.from_numpy(crops.batch(rng)) / 255
            noisy, likelihoods = net.priors[quality](net.g_a(batch) / size)
            error = 255**2 * (net.g_s(noisy * size) - batch).square().mean()
            bits = -likelihoods.log2().sum() / (batch.numel() / 3)
            # At high rates a bit is worth an error in proportion to the square of the step.
            (error + options["trade"] * (size / STEPS[-1]) ** 2 * bits).backward()
            torch.nn.utils.clip_grad_norm_(networks, 1.0)
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
            done = step / options["steps"]
            context.report(fraction=done, error=error.item(), bits=bits.item())
        return Model(FAMILY, VERSION, packed(net), {"options": dict(options)})


class Crops:
    """Random squares of photographs."""

    def __init__(self, photographs: Sequence[np.ndarray], side: int = 64, count: int = 8) -> None:
        self._photographs, self._side, self._count = photographs, side, count
        for pixels in photographs:
            if pixels.dtype != np.uint8 or pixels.shape[2] != 3 or min(pixels.shape[:2]) < side:
                raise UsageError(
                    f"a photograph is {pixels.dtype} {pixels.shape} but must be 8-bit RGB of at "
                    f"least {side}x{side}: convert it or leave it out"
                )

    def batch(self, rng: np.random.Generator) -> np.ndarray:
        """Float32 [n, 3, side, side] of 0..255."""
        patches = []
        for number in rng.integers(len(self._photographs), size=self._count):
            pixels = self._photographs[number]
            y, x = (int(rng.integers(length - self._side + 1)) for length in pixels.shape[:2])
            patches.append(pixels[y : y + self._side, x : x + self._side])
        return np.stack(patches).transpose(0, 3, 1, 2).astype(np.float32)


def packed(net: Any) -> bytes:
    """A trained network as a model file's data: its weights, and tables that add up to 2^24."""
    arrays = {n: a.numpy() for n, a in net.state_dict().items() if n.startswith(("g_a", "g_s"))}
    tables = []
    for prior in net.priors:
        prior.update(force=True, update_quantiles=True)
        # CompressAI's frequencies add up to 2^16, with 1 at least for every symbol.
        tables.append(prior._quantized_cdf.diff(dim=1).numpy().astype(np.int32) << 8)
    widest = max(table.shape[1] for table in tables)
    arrays["tables"] = np.stack([np.pad(t, ((0, 0), (0, widest - t.shape[1]))) for t in tables])
    arrays["lengths"] = np.stack([prior._cdf_length.numpy() - 1 for prior in net.priors])
    arrays["offsets"] = np.stack([prior._offset.numpy() for prior in net.priors])
    medians = [prior.quantiles[:, 0, 1].detach().numpy() for prior in net.priors]
    arrays["medians"] = np.stack(medians)
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()
