"""The linear models, run without any library: one row of small weights a word, all heads at once.

A row holds a byte a head. Rows are widened to 16-bit lanes of one Python integer, so that one addition adds all heads
(up to AT_ONCE rows), and a word's pieces are added up once, in 32-bit lanes, and remembered. 20,000 ordinary messages
share most of their words, but few of their pairs.

    z[h] = bias[h] + s[h] * (sum of gram rows) / sqrt(number of gram rows) + t[h] * (sum of cue rows)
    score[h] = 1 / (1 + exp(-(a[h] * z[h] + b[h])))        a, b fitted on texts that the weights never saw (Platt 1999)
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from math import dist, exp, sqrt
from typing import Any

from herald.moderate.reading import CUES, GRAMS, Lexicon, Read, piece_rows

_ZERO = 128  # what a weight of nought is stored as
_MEMO_MAX = 20_000  # of each kind: 5 MB
_AT_ONCE = 0xFFFF // 0xFF  # rows whose sum fits into a lane


class _Memo(dict[Any, int]):
    """What was worked out once, up to a bound."""

    def __init__(self, work: Callable[[Any], int]) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, key: Any) -> int:
        if len(self) >= _MEMO_MAX:
            self.clear()
        found = self[key] = self._work(key)
        return found


class Heads:
    """Weights and calibration of one trained file."""

    def __init__(self, packed: bytes) -> None:
        head, _, body = packed.partition(b"\n")
        self.about: dict[str, Any] = json.loads(head)
        self.names: tuple[str, ...] = tuple(self.about["heads"])
        self.version: str = self.about["version"]
        self.thresholds: dict[str, float] = self.about["thresholds"]
        self._width = len(self.names)
        self._lanes = struct.Struct(f"<{self._width + 1}H")  # the last lane counts rows
        self._wide_lanes = struct.Struct(f"<{self._width + 1}I")
        self._table = self._widened(zlib.decompress(body))
        if len(self._table) != (GRAMS + CUES) * self._lanes.size:
            raise ValueError("the file of weights was trained by another version of reading.py")
        self._scales = tuple(zip(self.about["bias"], self.about["gram_scale"], self.about["cue_scale"], strict=True))
        self.labels = softmaxes(self.about)
        self._calibration = tuple(map(tuple, self.about["calibration"]))
        self._words = _Memo(self._word)
        self._cues = _Memo(lambda cue: self._row(GRAMS + cue))  # at most CUES of them
        more = {int(key): name for key, name in self.about["more"].items()}
        self.lexicon = Lexicon(more, self.about["known"])

    def _widened(self, table: bytes) -> bytes:
        """Every weight and a one behind each row, in lanes."""
        rows, width, size = len(table) // self._width, self._width, self._lanes.size
        wide = bytearray(rows * size)
        for lane in range(width):
            wide[lane * 2 :: size] = table[lane::width]
        wide[width * 2 :: size] = b"\1" * rows
        return bytes(wide)  # a slice of it is read without another copy

    def scores(self, read: Read) -> dict[str, float]:
        """Calibrated scores of one text, by name."""
        return self.calibrated(self.logits(read))

    def calibrated(self, logits: list[float]) -> dict[str, float]:
        """Logits in the order of `names` -> scores by name."""
        try:
            told = [1 / (1 + exp(-a * z - b)) for (a, b), z in zip(self._calibration, logits, strict=True)]
        except OverflowError:
            told = [sigmoid(a * z + b) for (a, b), z in zip(self._calibration, logits, strict=True)]
        return dict(zip(self.names, told, strict=True))

    def logits(self, read: Read) -> list[float]:
        """What each model says of a text before calibration, in the order of `names`."""
        words = sum(map(self._words.__getitem__, dict.fromkeys(read.words)))
        *words_by, number = self._wide_lanes.unpack(words.to_bytes(self._wide_lanes.size, "little"))
        *pairs_by, pairs = self._added(self._rows(read.pairs))
        *cues_by, several = self._added(list(map(self._cues.__getitem__, read.cues)))
        number += 2 * pairs
        zero, zero_cues, length = _ZERO * number, _ZERO * several, sqrt(number) or 1.0
        return [
            bias + s * (w + p + p - zero) / length + t * (c - zero_cues)
            for (bias, s, t), w, p, c in zip(self._scales, words_by, pairs_by, cues_by)  # noqa: B905
        ]

    def _word(self, token: str) -> int:
        """A word twice and its pieces once (119 rows at most), added up."""
        lanes = self._added([2 * self._row(self.lexicon.word(token).row), *self._rows(piece_rows(token))])
        return int.from_bytes(self._wide_lanes.pack(*lanes), "little")

    def _row(self, row: int) -> int:
        return self._rows((row,))[0]

    def _rows(self, rows: Sequence[int]) -> list[int]:
        table, size, whole = self._table, self._lanes.size, int.from_bytes
        return [whole(table[row * size : (row + 1) * size], "little") for row in rows]

    def _added(self, rows: Sequence[int]) -> Sequence[int]:
        """The sum of each lane."""
        if len(rows) > _AT_ONCE:
            parts = (self._added(rows[at : at + _AT_ONCE]) for at in range(0, len(rows), _AT_ONCE))
            return [sum(lane) for lane in zip(*parts, strict=True)]
        return self._lanes.unpack(sum(rows).to_bytes(self._lanes.size, "little"))


class Softmax:
    """Classes of one label and how likely each is by the log-odds of all scores: a softmax of weighed sums.

    Fitted on sentences that no score had seen. A weighed sum is taken from how far the log-odds lie from the weights
    (|w - x|² = |w|² + |x|² - 2 w·x), which the C library measures in a fifth of the time; |x|² is the same for each
    class, and so says nothing.
    """

    def __init__(self, classes: Sequence[str], weights: Sequence[Sequence[float]], bias: Sequence[float]) -> None:
        self.classes = tuple(classes)
        self._each = [
            (tuple(row), constant + sum(weight * weight for weight in row) / 2)
            for row, constant in zip(weights, bias, strict=True)
        ]

    def likeliest(self, logits: Sequence[float]) -> str:
        """The class that more speaks for than for any other."""
        points = self._points(logits)
        return self.classes[points.index(max(points))]

    def shares(self, logits: Sequence[float]) -> list[float]:
        """How likely each class is; together 1."""
        points = self._points(logits)
        best = max(points)
        parts = [exp(point - best) for point in points]
        whole = sum(parts)
        return [part / whole for part in parts]

    def _points(self, logits: Sequence[float]) -> list[float]:
        return [constant - dist(row, logits) ** 2 / 2 for row, constant in self._each]


def softmaxes(about: Mapping[str, Any]) -> dict[str, Softmax]:
    """The labels that a trained file tells, by their names."""
    return {name: Softmax(one["classes"], one["weights"], one["bias"]) for name, one in about["kinds"].items()}


def sigmoid(z: float) -> float:
    """1 / (1 + exp(-z)), for any z."""
    return 1 / (1 + exp(-z)) if -30 < z < 30 else 1 / (1 + exp(-30.0 if z > 0 else 30.0))


@lru_cache(1)
def heads() -> Heads:
    """The weights that Herald ships, read once."""
    return Heads(files("herald.moderate").joinpath("models.bin").read_bytes())
