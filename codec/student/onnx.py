"""Students as ONNX graphs, written layer by layer: the networks are short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import MissingDependency, OutputError
from ncodec.formats.packet import AGREEMENT_BYTES
from ncodec.student.model import StudentModel
from ncodec.student.shape import Layer

__all__ = ["export"]

_OPSET, _IR = 17, 8


def export(model: StudentModel, folder: str | Path) -> list[Path]:
    """Writes encoder.onnx, tables.npz, decoder.onnx and edge.py.

    The encoder takes ``image``, uint8 [n, height, width, 3], and gives ``latents``, float32
    [n, channels, h, w]; the decoder takes scaled latents and gives ``features``, or, of a model
    whose decoder ends in one, a ``picture``, float32 [n, 3, height, width] on the scale 0..255.

    Raises:
        MissingDependency: onnx is not installed.
        OutputError: the folder cannot be written.
    """
    try:
        onnx = import_module("onnx")
    except ImportError:
        raise MissingDependency(
            "exporting needs ONNX: run python -m pip install 'ncodec[onnx]'"
        ) from None
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = [
            folder / name for name in ("encoder.onnx", "tables.npz", "decoder.onnx", "edge.py")
        ]
        paths[0].write_bytes(_encoder(onnx, model))
        with paths[1].open("wb") as stream:
            np.savez(stream, **dict[str, Any](_tables(model)))
        paths[2].write_bytes(_decoder(onnx, model))
        paths[3].write_bytes(Path(__file__).with_name("edge.py").read_bytes())
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written ({error.strerror}): choose another"
        ) from None
    return paths


class _Graph:
    """A chain of nodes, and the weights that they use."""

    def __init__(self, onnx: Any, value: str) -> None:
        self.onnx, self.value = onnx, value
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def constant(self, array: NDArray[Any]) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, [*inputs], [name], **attributes))
        self.value = name
        return name

    def layers(
        self,
        layers: Sequence[Layer],
        arrays: Iterator[NDArray[np.float32]],
        bias: bool,
        between: str,
    ) -> None:
        """Adds a network; `between` its convolutions stands ``Div``, GDN1, or ``Mul``, its
        inverse."""
        for number, layer in enumerate(layers):
            weights = [next(arrays) for _ in range(1 + bias)]
            self.add(
                "Conv",
                self.value,
                *map(self.constant, weights),
                kernel_shape=[layer.kernel] * 2,
                strides=[layer.stride] * 2,
                pads=[layer.padding] * 4,
            )
            if layer.up > 1:
                self.add("DepthToSpace", self.value, blocksize=layer.up, mode="CRD")
            if number + 1 == len(layers):
                return
            x = self.value
            beta, gamma = next(arrays), next(arrays)[:, :, None, None]
            norm = self.add(
                "Conv", self.add("Abs", x), self.constant(gamma), self.constant(beta),
                kernel_shape=[1, 1],
            )  # fmt: skip
            self.add(between, x, norm)

    def packed(self, name: str, source: Any, result: Any) -> bytes:
        helper = self.onnx.helper
        self.nodes.append(helper.make_node("Identity", [self.value], [result.name]))
        graph = helper.make_graph(self.nodes, name, [source], [result], self.weights)
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, producer_name="ncodec", opset_imports=[opset])
        model.ir_version = _IR
        self.onnx.checker.check_model(model, full_check=True)
        data: bytes = model.SerializeToString()
        return data


def _encoder(onnx: Any, model: StudentModel) -> bytes:
    kinds, info = onnx.TensorProto, onnx.helper.make_tensor_value_info
    graph = _Graph(onnx, "image")
    graph.add("Cast", "image", to=kinds.FLOAT)
    graph.add("Transpose", graph.value, perm=[0, 3, 1, 2])
    for kind, values in (("Sub", model.preparation.mean), ("Div", model.preparation.deviation)):
        scale = np.array(values, np.float32)[None, :, None, None]
        graph.add(kind, graph.value, graph.constant(scale))
    shape = model.architecture
    arrays = iter([array.astype(np.float32) for array in model.encoder])
    graph.layers(shape.encoder, arrays, shape.bias, "Div")
    return graph.packed(
        "encoder",
        info("image", kinds.UINT8, ["n", "height", "width", 3]),
        info("latents", kinds.FLOAT, ["n", shape.latents, "h", "w"]),
    )


def _decoder(onnx: Any, model: StudentModel) -> bytes:
    kinds, info = onnx.TensorProto, onnx.helper.make_tensor_value_info
    graph, shape = _Graph(onnx, "latents"), model.architecture
    arrays = iter([array.astype(np.float32) for array in model.decoder])
    graph.layers(shape.decoder, arrays, shape.bias, "Mul")
    if shape.picture:
        for kind, values in (("Mul", model.preparation.deviation), ("Add", model.preparation.mean)):
            scale = np.array(values, np.float32)[None, :, None, None]
            graph.add(kind, graph.value, graph.constant(scale))
    return graph.packed(
        "decoder",
        info("latents", kinds.FLOAT, ["n", shape.latents, "h", "w"]),
        info(
            "picture" if shape.picture else "features",
            kinds.FLOAT,
            ["n", shape.decoder[-1].channels, "H", "W"],
        ),
    )


def _tables(model: StudentModel) -> dict[str, NDArray[Any]]:
    """The content of tables.npz, which edge.py reads; rates in the model's order, the most bytes
    first."""
    priors = [rate.prior for rate in model.rates]
    preparation = [model.preparation.outside, model.preparation.side]
    return {
        "agreement": np.frombuffer(model.digest[:AGREEMENT_BYTES], np.uint8),
        "preparation": np.array(preparation, np.int64),
        "gain": np.stack([rate.gain for rate in model.rates]),
        "inverse": np.stack([rate.inverse for rate in model.rates]),
        "medians": np.stack([prior.medians for prior in priors]),
        **{
            f"{kind} {number} {index}": np.array(values, np.int64)
            for number, prior in enumerate(priors)
            for index, channel in enumerate(prior.channels)
            for kind, values in (
                ("first", channel.first),
                ("sources", [channel.sources, channel.weights]),
                ("thresholds", channel.thresholds),
                ("tables", [table.frequencies for table in channel.tables]),
                ("differences", channel.differences),
            )
        },
    }
