"""All that depends on the device: its choice, threads, autocast and memory format."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import ParamSpec

import torch
from torch import Tensor

from ncodec.errors import DeviceError, UsageError

__all__ = ["Device", "resolve_device", "threads"]

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Device:
    """The place where tensors live and how convolutions run there.

    Attributes:
        place: the torch device.
        autocast: the fast dtype of convolutions, or None for float32.
    """

    place: torch.device
    autocast: torch.dtype | None

    def running(self, mixed: bool) -> AbstractContextManager[object]:
        """The context in which networks run; float32 unless `mixed`."""
        if not mixed or self.autocast is None:
            return nullcontext()
        return torch.autocast(self.place.type, dtype=self.autocast)

    def compiled(self, function: Callable[P, Tensor]) -> Callable[P, Tensor]:
        """`function` compiled for the shapes that it meets; on CUDA replayed as a graph, too."""
        # Tracing a call with other parameters looks at their gradients, which none of them has.
        warnings.filterwarnings("ignore", "The .grad attribute of a Tensor", UserWarning)
        mode = "reduce-overhead" if self.place.type == "cuda" else "default"
        program: Callable[P, Tensor] = torch.compile(function, dynamic=False, mode=mode)
        return program


def resolve_device(name: str) -> Device:
    """The device of ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    bfloat16 is used where convolutions are faster in it: on every CUDA device that has it, and
    on a CPU whose instructions include it (elsewhere it falls back to a loop 20 times slower).

    Raises:
        UsageError: another name.
        DeviceError: a CUDA device that is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, number = name.partition(":")
    if kind == "cpu" and not number:
        return Device(torch.device("cpu"), torch.bfloat16 if _cpu_has_bfloat16() else None)
    if kind != "cuda" or (number and not number.isdecimal()):
        raise UsageError(f"device is {name!r} but must be auto, cpu, cuda or cuda:N")
    count = torch.cuda.device_count()
    if int(number or 0) >= count:
        raise DeviceError(
            f"device {name!r} is not there: {count} CUDA devices found; use --device cpu"
        )
    half = torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else None
    return Device(torch.device(name), half)


def _cpu_has_bfloat16() -> bool:
    onednn: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return onednn and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Runs a block with `count` CPU threads for torch.

    Raises:
        DeviceError: the block ran out of the device's or the machine's memory.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    except RuntimeError as error:
        # On a CPU torch has no class of its own for this.
        if isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error):
            raise DeviceError(
                "out of memory: use a smaller --model-size, --max-segment or fewer --workers"
            ) from error
        raise
    finally:
        torch.set_num_threads(before)
