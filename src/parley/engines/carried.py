"""Weights that a Python package carries, run by onnxruntime on one thread.

Only the files of the package are used: it is found, not imported.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any


def package_folder(name: str) -> Path:
    """Where a package lies; raises ModuleNotFoundError, which the worker reports as not installed."""
    package = find_spec(name)
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError(name, name=name)
    return Path(package.submodule_search_locations[0])


def open_session(model: Path | bytes, *, is_ort: bool = False, keep_arena: bool = True) -> Any:
    """An onnxruntime session on the CPU: one thread that does not spin, because workers share the cores.

    `is_ort` says that bytes hold ONNX Runtime's own format (of a file the name says it). Without
    `keep_arena` memory goes back after each call.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if is_ort:
        options.add_session_config_entry("session.load_model_format", "ORT")
    options.enable_cpu_mem_arena = keep_arena
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
