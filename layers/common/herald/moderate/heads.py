"""The linear models, run without any library: one row of small weights a word, all heads at once.

A row holds a byte a head, and is read as one Python integer, so that one addition adds all heads. To leave each head
two bytes to grow into, every second one is added by itself (up to _AT_ONCE rows); the others are what remains of the
whole sum. So heads stand in `lanes`: those of even number, then those of odd. A word's pieces are added up once, in
lanes of four bytes, and remembered. 20,000 ordinary messages share most of their words, but few of their pairs.

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

from herald.moderate.reading import CUES, GRAMS, Lexicon, Read, pair_rows, piece_rows

_ZERO = 128  # what a weight of nought is stored as
_AT_ONCE = 0xFFFF // 0xFF  # rows whose sum fits into a lane


class Heads:
    """Weights and calibration of one trained file."""

    def __init__(self, packed: bytes) -> None:
        head, _, body = packed.partition(b"\n")
        self.about: dict[str, Any] = json.loads(head)
        self.names: tuple[str, ...] = tuple(self.about["heads"])
        self.version: str = self.about["version"]
        self.thresholds: dict[str, float] = self.about["thresholds"]
        self._width = len(self.names)
        half = (self._width + 1) // 2
        self._even, self._half = int.from_bytes(b"\xff\0" * half, "little"), 16 * half
        self._lanes = struct.Struct(f"<{2 * half}H")
        self._wide_lanes = struct.Struct(f"<{2 * half + 1}I")  # the last counts rows
        self._table = zlib.decompress(body)
        if len(self._table) != (GRAMS + CUES) * self._width:
            raise ValueError("the file of weights was trained by another version of reading.py")
        self._calibration: list[tuple[float, float]] = [(a, b) for a, b in self.about["calibration"]]
        factors = zip(
            self._calibration, self.about["bias"], self.about["gram_scale"], self.about["cue_scale"], strict=True
        )
        scales = [(a * bias + b, a * s, a * t) for (a, b), bias, s, t in factors]  # calibrated at once
        self._scales = list(zip(*scales[0::2], *scales[1::2], strict=True))
        self.labels = softmaxes(self.about)
        self._cues: list[int | None] = [None] * CUES  # what was worked out of each
        more = {int(key): name for key, name in self.about["more"].items()}
        self.lexicon = Lexicon(more, self.about["known"], self._word)

    def scores(self, read: Read) -> dict[str, float]:
        """Calibrated scores of one text, by name."""
        return self.calibrated(self.odds(read))

    def calibrated(self, odds: list[float]) -> dict[str, float]:
        """Log-odds in the order of `names` -> scores by name."""
        try:
            told = [1 / (1 + exp(-x)) for x in odds]
        except OverflowError:
            told = list(map(sigmoid, odds))
        return dict(zip(self.names, told, strict=True))

    def logits(self, odds: list[float]) -> list[float]:
        """What each model says before calibration, in the order of `names`: z of its log-odds."""
        return [(x - b) / a for x, (a, b) in zip(odds, self._calibration, strict=True)]

    def odds(self, read: Read) -> list[float]:
        """Calibrated log-odds of one text, a * z + b, in the order of `names`."""
        words = sum([word.weight for word in set(read.known)])
        *words_by, number = self._wide_lanes.unpack(words.to_bytes(self._wide_lanes.size, "little"))
        pairs, cues = pair_rows(read.known), [self._cues[cue] or self._cue(cue) for cue in read.cues]
        pairs_by, cues_by = self._summed(self._rows(pairs), self._in_lanes), self._summed(cues)
        number += 2 * len(pairs)
        zero, zero_cues, length = _ZERO * number, _ZERO * len(cues), sqrt(number) or 1.0
        lanes = [
            bias + s * (w + p + p - zero) / length + t * (c - zero_cues)
            for bias, s, t, w, p, c in zip(*self._scales, words_by, pairs_by, cues_by, strict=False)
        ]
        told, half = [0.0] * self._width, len(lanes) - len(lanes) // 2
        told[0::2], told[1::2] = lanes[:half], lanes[half:]
        return told

    def _word(self, token: str, row: int) -> int:
        """A word twice and its pieces once (81 rows at most), added up."""
        rows = [row, row, *piece_rows(token)]
        lanes = self._summed(self._rows(rows), self._in_lanes)
        return int.from_bytes(self._wide_lanes.pack(*lanes, len(rows)), "little")

    def _cue(self, cue: int) -> int:
        found = self._cues[cue] = self._in_lanes(self._rows((GRAMS + cue,)))
        return found

    def _rows(self, rows: Sequence[int]) -> list[int]:
        table, width, whole = self._table, self._width, int.from_bytes
        return [whole(table[(at := row * width) : at + width], "little") for row in rows]

    def _summed(self, rows: Sequence[int], in_lanes: Callable[[Sequence[int]], int] = sum) -> Sequence[int]:
        """The sum of each lane of rows that take two bytes a lane, or that `in_lanes` adds up to that."""
        if len(rows) <= _AT_ONCE:
            return self._lanes.unpack(in_lanes(rows).to_bytes(self._lanes.size, "little"))
        parts = [self._summed(rows[at : at + _AT_ONCE], in_lanes) for at in range(0, len(rows), _AT_ONCE)]
        return [sum(lane) for lane in zip(*parts, strict=True)]

    def _in_lanes(self, rows: Sequence[int]) -> int:
        """The sum of up to _AT_ONCE rows as they lie in the table, two bytes a lane."""
        even = sum(map(self._even.__and__, rows))
        return even | (sum(rows) - even >> 8) << self._half


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
