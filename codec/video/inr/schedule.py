"""A fit to the end of its schedule, with reports and checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import isfinite

from ncodec.errors import Interrupted, TargetUnreachable
from ncodec.plugin import Context
from ncodec.video.inr.checkpoint import load_fit, save_fit
from ncodec.video.inr.fit import Fit

__all__ = ["run_fit"]

CHECKPOINT_SECONDS = 30.0
REPORT_SECONDS = 2.0
"""The longest time without a report, for a fit whose passes take longer."""


def run_fit(fit: Fit, context: Context, quality: Callable[[Fit], float] = Fit.psnr) -> None:
    """Fits until `context.seconds` have passed, if they are given, else by epochs.

    Args:
        fit: is continued where the checkpoint has it.
        context: time, checkpoints, and who is told.
        quality: the PSNR in dB that is reported.

    Raises:
        Interrupted: `context.stopping()` came true; the state is in the checkpoint.
        TargetUnreachable: the fit diverged.
    """
    load_fit(fit, context.checkpoints)
    start, first = time.monotonic(), fit.progress
    if first:
        context.report(fraction=first, resumed=True)
    saved = told = start
    while fit.progress < 1:
        fit.step()
        now = time.monotonic()
        if context.seconds is None:
            total = fit.recipe.epochs * fit.steps_per_epoch
            fit.progress = min(fit.step_count / total, 1.0)
        else:
            share = (now - start) / max(context.seconds, 1e-3)
            fit.progress = min(first + (1 - first) * share, 1.0)
        if context.stopping():
            save_fit(fit, context.checkpoints)
            raise Interrupted("stopped by the user")
        if now - saved > CHECKPOINT_SECONDS:
            save_fit(fit, context.checkpoints)
            saved = now
        passed = fit.step_count % fit.steps_per_epoch == 0
        if passed or fit.progress == 1 or now - told > REPORT_SECONDS:
            _report(fit, context, quality)
            told = now
    # What follows the fit may be interrupted too.
    save_fit(fit, context.checkpoints)


def _report(fit: Fit, context: Context, quality: Callable[[Fit], float]) -> None:
    epoch = fit.step_count / fit.steps_per_epoch
    if not isfinite(fit.psnr()):
        raise TargetUnreachable(
            f"the fit diverged after {epoch:.0f} epochs; choose another --seed, --quality or "
            "--preset"
        )
    context.report(
        fraction=fit.progress,
        epoch=int(epoch),
        # A time budget has no number of epochs: what the pace so far leads to.
        epochs=round(epoch / fit.progress),
        psnr=quality(fit),
        size=fit.values.size() if fit.rated else None,
    )
