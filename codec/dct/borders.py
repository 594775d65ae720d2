"""The samples at a block's edges, eight at a time: what its neighbours predict their DC from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.dct.values import EDGE
from ncodec.formats.entropy.kernels import instruction, types
from ncodec.formats.entropy.lanes import I64, LANES, Lanes

__all__ = ["put_borders"]


def _basis() -> NDArray[np.int64]:
    """c(k) cos((2 n + 1) k pi / 16) in 1/8192 at [k, n]."""
    basis = np.zeros((8, 8), dtype=np.int64)
    for k in range(8):
        for n in range(8):
            turn = (2 * n + 1) * k % 32
            sign = -1 if 8 < turn < 24 else 1
            turn = min(turn, 32 - turn)
            part = min(turn, 16 - turn)
            basis[k, n] = EDGE[0] if k == 0 else 0 if part == 8 else sign * EDGE[part]
            if k and part == 0:
                basis[k, n] = sign * 8192
    return basis


BASIS = _basis()


@instruction
def put_borders(_: Any, memory: Any, values: Any, lines: Any) -> Any:
    """The samples of the rows 0, 1, 6, 7 of a block, in 1/32, without its DC.

    Args:
        values: where its coefficients times their quantisers are, row by row; for columns, column
            by column.
        lines: where the samples are put.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, values, lines = arguments
        lanes = Lanes(context, builder, signature.args[0], memory, LANES)
        rows = [lanes.load(builder.add(values, I64(LANES * k))) for k in range(LANES)]
        for n in range(2):
            even, odd = (
                builder.ashr(
                    lanes.weighed(
                        rows[first::2], [lanes.constant(int(b)) for b in BASIS[first::2, n]]
                    ),
                    lanes.constant(10),
                )
                for first in range(2)
            )
            for line, sums in (n, builder.add(even, odd)), (3 - n, builder.sub(even, odd)):
                parts = [lanes.repeated(sums, j) for j in range(LANES)]
                samples = lanes.weighed(parts, [lanes.constants(wave) for wave in BASIS])
                place = builder.add(lines, I64(LANES * line))
                lanes.store(builder.ashr(samples, lanes.constant(13)), place)
        return context.get_dummy_value()

    return types.void(memory, types.int64, types.int64), build
