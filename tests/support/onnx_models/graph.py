"""A graph of ONNX operators, written node by node."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, save

FLOAT, INT64, INT32 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32
_OPSET = 17
_IR_VERSION = 8


class Graph:
    """Collects nodes and constants; each method returns the name of its output.

    Args:
        inputs: Name, element type and shape of each; a dimension that varies is a string.
    """

    def __init__(self, **inputs: tuple[int, Sequence[int | str]]) -> None:
        self._inputs = [
            helper.make_tensor_value_info(name, kind, shape)
            for name, (kind, shape) in inputs.items()
        ]
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._names = (f"n{number}" for number in itertools.count())

    def constant(self, value: NDArray[Any]) -> str:
        """Add a constant."""
        name = next(self._names)
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def floats(self, *values: float) -> str:
        return self.constant(np.array(values, np.float32))

    def ints(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator with one output."""
        name = next(self._names)
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def cast(self, value: str, kind: int) -> str:
        return self.add("Cast", value, to=kind)

    def cut(self, value: str, axis: int, first: int, last: int) -> str:
        """Add ``value[first:last]`` along one axis."""
        return self.add("Slice", value, self.ints(first), self.ints(last), self.ints(axis))

    def save(self, path: Path, **outputs: tuple[str, int]) -> None:
        """Write the graph.

        Args:
            path: The file.
            outputs: By the name it gets, what comes out and its element type.
        """
        nodes = [
            *self._nodes,
            *(helper.make_node("Identity", [made], [name]) for name, (made, _) in outputs.items()),
        ]
        values = [
            helper.make_tensor_value_info(name, kind, None) for name, (_, kind) in outputs.items()
        ]
        graph = helper.make_graph(nodes, path.stem, self._inputs, values, self._constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        save(model, path)
