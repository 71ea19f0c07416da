"""`make models`: trains the weights that moderation ships, and writes their card. Seeded: the same data, the same bytes.

python -m local.train --data DIR
"""

from __future__ import annotations

import argparse
import hashlib
import html
import json
import sys
import zlib
from collections import Counter
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.utils.parallel import Parallel, delayed

from herald.moderate.normalise import plain
from herald.moderate.reading import CUES, GRAMS, Lexicon, rows
from local.train import data, templates
from local.train.card import write_card

HEADS = tuple(templates.H.split())
CUE_VALUE = 0.1
ROOT = Path(__file__).parents[2]
MODERATE = ROOT / "layers/common/herald/moderate"
REPORT = ROOT / "local/train/report.json"
STEEPEST = 1.6
OURS = ("own", "customers", "scams", "hate", "harms")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.train")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    folder = parser.parse_args().data
    if not (folder / "index.csv").exists():
        sys.exit(f"make models: no data in {folder}; docs/models.md names each set, its source and licence")
    more = {crc32(plain(word).text.encode()): name for word, name in data.lexicon(folder).items()}
    texts, sources, labels = gather(folder)
    known = _known(texts, sources)
    lexicon = Lexicon(more, known)
    matrix, reads = featurise(texts, lexicon)
    weak_labels(labels, reads, sources, texts)
    weights, bias, calibration, thresholds, scores, said = fit(matrix, labels, sources, texts)
    packed = pack(weights, bias, calibration, thresholds, more, known, said)
    (MODERATE / "models.bin").write_bytes(packed)
    print(f"models.bin: {len(packed) / 1e6:.2f} MB, {len(texts)} texts")
    report = {"heads": scores, "texts": dict(sorted(Counter(sources).items()))}
    REPORT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    write_card()
    return 0


def gather(folder: Path) -> tuple[list[str], list[str], list[dict[str, int]]]:
    """Every text that may be learnt from, once for each time it counts."""
    drop = data.dropped(folder)
    texts, sources, labels = [], [], []
    for text, source, heads in data.training(folder):
        if drop & {data.hashed(text), data.hashed(html.escape(text))}:
            continue
        texts.append(text[:3000])
        sources.append(source)
        labels.append(dict(heads))
    for text, source, heads in data.sentences():
        texts.append(text)
        sources.append(source)
        labels.append(dict(heads))
    for text, heads in templates.make():
        texts.append(text)
        sources.append("own")
        labels.append(heads)
    return texts, sources, labels


def _known(texts: list[str], sources: list[str]) -> list[int]:
    """CRC-32 of words that occur too often to be misspelt ones, from the calmer sets."""
    counts: Counter[str] = Counter()
    for text, source in zip(texts, sources, strict=True):
        if source in ("cat", "goemotions", "clinc", "uci", "tweeteval"):
            counts.update({word for word in plain(text).text.split() if word.isalpha() and len(word) > 3})
    return sorted(crc32(word.encode()) for word, number in counts.items() if number > 3)


def featurise(texts: list[str], lexicon: Lexicon) -> tuple[csr_matrix, list[frozenset[str]]]:
    """Rows of GRAMS + CUES columns, scaled as heads.py does."""
    indptr: list[int] = [0]
    indices: list[int] = []
    values: list[float] = []
    classes: list[frozenset[str]] = []
    for text in texts:
        read = lexicon.read(plain(text).text)
        counts = Counter(rows(read))
        length = sqrt(sum(counts.values())) or 1.0
        indices.extend(counts)
        values.extend(count / length for count in counts.values())
        indices.extend(GRAMS + cue for cue in sorted(read.cues))
        values.extend([CUE_VALUE] * len(read.cues))
        indptr.append(len(indices))
        classes.append(read.classes)
    shape = len(texts), GRAMS + CUES
    return csr_matrix((np.array(values, np.float32), np.array(indices, np.int32), np.array(indptr)), shape), classes


def weak_labels(
    labels: list[dict[str, int]], classes: list[frozenset[str]], sources: list[str], texts: list[str]
) -> None:
    """Heads that no set labels, from words; and labels that hold only where no word speaks against them."""
    for heads, seen, source, text in zip(labels, classes, sources, texts, strict=True):
        first = text.lower().split(maxsplit=1)[:1]
        asks = "?" in text or (first and first[0] in _ASKS)
        foul = seen & {"strong", "slur", "insult", "kys", "dehuman"}
        for weak in ("hate_weak", "toxic_weak", "spam_weak", "praise_weak", "complaint_weak"):
            if weak in heads:
                value = heads.pop(weak)
                if not foul and not (weak == "complaint_weak" and "bad" in seen):
                    heads.setdefault(weak.removesuffix("_weak"), value)
        if source in ("surge_profanity", "ldnoobw"):
            continue
        heads.setdefault("profanity", int(bool(seen & {"strong", "slur"})))
        if source not in OURS and "sexual" not in seen and not seen & {"strong", "slur"}:
            heads.setdefault("sexual", 0)
        if source not in (*OURS, "clinc"):
            if "question" not in heads and not asks:
                heads["question"] = 0
            if not seen & {"kill", "violence", "weapon", "threat", "kys"}:
                heads.setdefault("violence", 0)
                heads.setdefault("threat", 0)
            if "selfharm" not in seen and "kill" not in seen:
                heads.setdefault("self_harm", 0)
        if source in ("toxic_spans", "davidson", "cat"):
            if heads.get("toxic") == 1 and "you" in seen and seen & {"insult", "strong", "kys"}:
                heads.setdefault("harassment", 1)
            if "selfharm" not in seen:
                heads.setdefault("self_harm", 0)
            if not seen & {"kill", "violence", "weapon"}:
                heads.setdefault("violence", 0)
                heads.setdefault("threat", 0)


def apart(text: str, source: str) -> bool:
    """Is this text kept from training, to calibrate and to measure? A tenth; of our own labelled sentences a quarter."""
    code = crc32(b"c" + plain(text).text.encode("utf-8", "replace"))
    return code % 10 == 0 or (source == "customers" and code % 4 == 0)


def fit(matrix: csr_matrix, labels: list[dict[str, int]], sources: list[str], texts: list[str]) -> Any:
    """One logistic regression a head; Platt's calibration and thresholds on texts that it never saw."""
    kept = np.array([apart(text, source) for text, source in zip(texts, sources, strict=True)])
    gold = np.array([[row.get(head, -1) for head in HEADS] for row in labels], np.int8)
    written = np.array([WRITTEN.get(source, 1.0) for source in sources], np.float32)
    own = np.array([source == "own" for source in sources])
    weight = np.where(gold >= 0, written[:, None], 0).astype(np.float32)
    for number, head in enumerate(HEADS):
        told = gold[~kept, number] >= 0
        share = max(1e-4, float((gold[~kept, number][told] == 1).mean())) if told.any() else 1.0
        weight[:, number] *= np.where(gold[:, number] == 1, min(8.0, max(1.0, 0.35 / share)), 1.0)
        weight[own, number] *= OWN.get(head, 1.0)
    weights, bias = learn(matrix[~kept], gold[~kept], weight[~kept], np.array(sources)[~kept])
    z = matrix[kept] @ weights + bias
    calibration, thresholds, scores = [], {}, {}
    for number, head in enumerate(HEADS):
        told = gold[kept, number] >= 0
        y, x = gold[kept, number][told], z[told, number]
        # the share of a label stays as it is here: a rare one made heavier would be called likely
        counts = written[kept][told] * np.where(y == 1, INBOX.get(head, 1.0), 1.0)
        platt = LogisticRegression(C=100.0).fit(x[:, None], y, sample_weight=counts)
        a, b = float(platt.coef_[0, 0]), float(platt.intercept_[0])
        if not 0 < a <= STEEPEST:  # nothing overlapped, so nothing says how steep: the logistic's own slope is kept
            a, b = 1.0, 0.0
        calibration.append((a, b))
        p = 1 / (1 + np.exp(-(a * x + b)))
        thresholds[head] = threshold(p, y, head)
        scores[head] = {
            "rows": int((gold[~kept, number] >= 0).sum()), "share": round(float((y == 1).mean()), 3),
            "auc": round(auc(y, x), 4), "brier": round(float(np.mean((p - y) ** 2)), 4), "threshold": thresholds[head],
        }  # fmt: skip
        print(head, scores[head], flush=True)
    logits = z * np.array([a for a, _ in calibration]) + np.array([b for _, b in calibration])
    said = kinds([plain(text).text for text, stays in zip(texts, kept, strict=True) if stays], logits)
    return weights, bias.tolist(), calibration, thresholds, scores, said


class Taught(NamedTuple):
    """How freely the weights of one score may grow (C of the logistic regression), how much a text of a large set and one
    of a small set counts beside one of ours, and how large a cue is beside CUE_VALUE: a large one is trusted sooner."""

    c: float
    large: float
    small: float = 1.0
    cues: float = 1.0


_BY_TONE = Taught(1.0, 1.0)
"""What the labels of large sets tell, of which another reader would give others: few words may weigh much."""
_BY_FORM = Taught(30.0, 0.3)
"""What our own sentences and the small sets tell: forms of words that mean one thing. Thousands of calm texts teach little."""
_OF_HARM = Taught(3.0, 1.0)
"""Between the two: our own sentences, and what large sets tell by their words."""
TAUGHT = {
    **dict.fromkeys(("toxic", "complaint", "praise", "neg", "pos", "angry", "unhappy", "complimentary"), _BY_TONE),
    **dict.fromkeys(("harassment", "threat", "sexual", "violence", "profanity"), _OF_HARM),
    "self_harm": Taught(1.0, 1.0, cues=3.5),  # a few phrases tell it, whatever stands around them
    "scam": Taught(30.0, 0.1),
    # cues tell the advertising of the videos that were learnt from, not of others
    "spam": Taught(10.0, 0.1, small=4.0, cues=0.0),
}
SMALL = ("sms", "youtube")


def learn(matrix: csr_matrix, gold: Any, weight: Any, sources: Any) -> Any:
    """One logistic regression a head, each by itself -> weights (columns x heads), bias.

    Args:
        matrix, gold, weight, sources: a row a text; 0 in weight where a text says nothing of a head.
    """
    small, large = np.isin(sources, SMALL), ~np.isin(sources, (*SMALL, *OURS))

    def one(number: int) -> tuple[Any, float]:
        how = TAUGHT.get(HEADS[number], _BY_FORM)
        counts = weight[:, number] * np.where(large, how.large, np.where(small, how.small, 1.0))
        told = np.flatnonzero(counts)
        model = LogisticRegression(C=how.c, solver="liblinear", tol=1e-3)
        seen = matrix[told]
        seen.data[seen.indices >= GRAMS] *= how.cues
        model.fit(seen, gold[told, number] == 1, sample_weight=counts[told])
        print(HEADS[number], "learnt of", len(told), flush=True)
        weights = model.coef_[0].astype(np.float32)
        weights[GRAMS:] *= how.cues
        return weights, float(model.intercept_[0])

    found = Parallel(n_jobs=-1)(delayed(one)(number) for number in range(gold.shape[1]))
    return np.stack([weights for weights, _ in found], axis=1), np.array([bias for _, bias in found], np.float32)


def kinds(texts: list[str], logits: Any) -> dict[str, Any]:
    """Type and persona of a message from all its logits: a softmax each, on our own sentences that no head saw.

    Args:
        texts: folded.
        logits: a row a text, in the order of HEADS, calibrated.
    """
    labelled = data.kinds()
    rows = [index for index, text in enumerate(texts) if text in labelled]
    found: dict[str, Any] = {}
    if not rows:
        return found
    x = np.clip(logits[rows], -6, 6)
    for place, name in enumerate(("type", "persona")):
        y = [labelled[texts[index]][place] for index in rows]
        model = LogisticRegression(C=0.3, max_iter=10_000).fit(x, y)
        found[name] = {
            "classes": list(model.classes_),
            "weights": [[round(float(w), 4) for w in row] for row in model.coef_],
            "bias": [round(float(b), 4) for b in model.intercept_],
        }
        print(name, f"{model.score(x, y):.3f} right of {len(rows)} it was fitted on", flush=True)
    return found


def auc(y: Any, p: Any) -> float:
    """Chance that a positive scores above a negative."""
    ranks = np.empty(len(p))
    ranks[np.argsort(p)] = np.arange(len(p))
    positive = y == 1
    if not positive.any() or positive.all():
        return 0.5
    return float((ranks[positive].mean() - (positive.sum() - 1) / 2) / (~positive).sum())


_ASKS = {
    "how",
    "what",
    "when",
    "where",
    "who",
    "why",
    "which",
    "can",
    "could",
    "is",
    "are",
    "do",
    "does",
    "did",
    "will",
}
OWN = {"hate": 1.5, "toxic": 1.0, "question": 1.0}
WRITTEN = {"customers": 4.0, "scams": 3.0, "hate": 3.0, "harms": 3.0, "sms": 3.0, "youtube": 2.0}
"""How much more a sentence of ours that was written by itself, or one of a small set, counts than one of a large set."""

INBOX = {"complaint": 3.0, "spam": 0.5, "scam": 2.0, "hate": 2.0, "toxic": 2.0, "harassment": 2.0}
"""How much more a text that has the label counts when a score is calibrated. A sixth of the texts complain, and of what a
brand is sent about half; thousands of calm requests and chats that only teach what is harmless make the mix of the sets
calmer than comments are. Of advertising it holds a tenth; brands are sent one to eight in a hundred."""


SOONER = ("threat", "self_harm", "violence", "urgency", "legal")  # what a person had better see once too often


def threshold(p: Any, y: Any, head: str) -> float:
    """Where F1 is best, within 0.4 (of some 0.3) and 0.5: what is likelier than not is flagged, whatever a few texts more
    or less would make of the best place. A text that has the label counts as INBOX says. A higher line has to gain by more
    than chance gives; of what had better be seen too often, by a hundredth."""
    gain = 0.01 if head in SOONER else 0.002
    counts = INBOX.get(head, 1.0)
    best, at = 0.0, 0.5
    for step in range(6 if head in SOONER else 8, 11):
        line = step * 0.05
        hit, wrong = counts * ((p >= line) & (y == 1)).sum(), ((p >= line) & (y != 1)).sum()
        f1 = 2 * hit / max(1, hit + wrong + counts * (y == 1).sum())
        if f1 > best + gain:
            best, at = float(f1), line
    return round(at, 2)


def pack(weights: Any, bias: Any, calibration: Any, thresholds: Any, more: Any, known: Any, said: Any) -> bytes:
    """One byte a weight, a scale a head for grams and one for cues; the table is deflated."""
    grams, cues = weights[:GRAMS], weights[GRAMS:] * CUE_VALUE
    out, scales = [], []
    for part in (grams, cues):
        scale = (
            np.maximum(np.abs(part).max(axis=0), 1e-9)
            if part is cues
            else np.maximum(np.quantile(np.abs(part), 0.9997, axis=0), 1e-9)
        )
        out.append((np.clip(np.rint(part / scale * 127), -127, 127) + 128).astype(np.uint8).tobytes())
        scales.append([round(float(s) / 127, 9) for s in scale])
    body = b"".join(out)
    head = {
        "heads": HEADS, "version": "", "bias": [round(b, 6) for b in bias],
        "gram_scale": scales[0], "cue_scale": scales[1], "calibration": [(round(a, 6), round(b, 6)) for a, b in calibration],
        "thresholds": thresholds, "more": {str(k): v for k, v in sorted(more.items())}, "known": known,
        "kinds": said,
    }  # fmt: skip
    head["version"] = version(json.dumps(head, separators=(",", ":")).encode(), body)
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + zlib.compress(body, 9)


def version(*parts: bytes) -> str:
    """Six digits of all that makes a score: weights, calibration, thresholds, types. Other digits may judge otherwise."""
    return hashlib.sha256(b"".join(parts)).hexdigest()[:6]


if __name__ == "__main__":
    sys.exit(main())
