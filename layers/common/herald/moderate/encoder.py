"""The small encoder that is asked where the linear models are in doubt: MiniLM, six layers, int8, run by onnxruntime.

It is a layer of its own (layers/encoder) and is opened by the first text that needs it. Where the layer or onnxruntime
is not there, or its file cannot be opened, `encoder()` is None and the linear models speak alone; an assessment's
`model_version` says who spoke.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import herald
from herald.moderate.heads import softmaxes
from herald.moderate.pieces import Pieces

WINDOW = 48
"""Pieces of a text that are read at once, with the marks of beginning and end."""

_MOST_WINDOWS = 5


class Encoder:
    """An opened encoder. One text at a time, one thread: a function has one core or less."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime  # noqa: PLC0415  a tenth of a second that only a text in doubt is worth

        self.about: dict[str, Any] = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        self.version: str = self.about["version"]
        self.labels = softmaxes(self.about)
        self._pieces = Pieces((folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            (folder / "encoder.onnx").read_bytes(), options, providers=["CPUExecutionProvider"]
        )

    def logits(self, text: str) -> list[list[float]]:
        """A row a window of a folded text, a column a head in the order of `about["heads"]`."""
        numbers = self._pieces.numbers(text, (WINDOW - 2) * _MOST_WINDOWS + 2)
        first, *inner, last = numbers
        step = WINDOW - 2
        found: list[list[float]] = []
        for at in range(0, max(1, len(inner)), step):
            piece = [first, *inner[at : at + step], last]
            if at and len(piece) < 10:
                piece = [first, *inner[-step:], last]
            found.append(self._session.run(None, {"pieces": piece})[0].tolist())
        return found


def encoder() -> Encoder | None:
    """The encoder of the layer beside this one, opened once; None where it is not installed or cannot be opened."""
    found = _opened()
    return found if isinstance(found, Encoder) else None


def trouble() -> str:
    """Why an encoder that is installed cannot be opened; empty where all is well, or none is installed."""
    found = _opened()
    return found if isinstance(found, str) else ""


@lru_cache(1)
def _opened() -> Encoder | str | None:
    layer = find_spec("herald_encoder")
    places = list(layer.submodule_search_locations or ()) if layer else []
    for folder in (*map(Path, places), Path(herald.__file__).parents[2] / "encoder" / "herald_encoder"):
        if (folder / "encoder.onnx").is_file() and find_spec("onnxruntime"):
            try:
                return Encoder(folder)
            except Exception as error:  # whatever ails its file: messages are judged without it, and the minute tells
                return f"{type(error).__name__}: {error}"[:300] or "unknown"
    return None
