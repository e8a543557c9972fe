"""Writes single.onnx (one row) and batch.onnx (1024 rows) beside a network.safetensors. Usage: make_onnx.py FOLDER"""

import sys
from pathlib import Path

import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

OPSET = 21


def model(tensors, n_rows):
    """Gemm and Selu by turns, from x [n_rows, features] to y [n_rows, classes]."""
    n_layers = sum(name.endswith(".weight") for name in tensors)
    nodes, initializers, name = [], [], "x"
    for layer in range(n_layers):
        weight, bias = f"layers.{layer}.weight", f"layers.{layer}.bias"
        initializers += [numpy_helper.from_array(tensors[key], key) for key in (weight, bias)]
        out = "y" if layer == n_layers - 1 else f"z{layer}"
        nodes.append(helper.make_node("Gemm", [name, weight, bias], [out], transB=1))
        name = out
        if layer < n_layers - 1:
            nodes.append(helper.make_node("Selu", [name], [f"x{layer}"]))
            name = f"x{layer}"
    widths = tensors["input"].shape[1], tensors["output"].shape[1]
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [n_rows, w]) for n, w in zip("xy", widths))
    graph = helper.make_graph(nodes, "selu_network", [x], [y], initializers)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    onnx.checker.check_model(made)
    return made


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    network = load_file(folder / "network.safetensors")
    onnx.save(model(network, 1), folder / "single.onnx")
    onnx.save(model(network, 1024), folder / "batch.onnx")
