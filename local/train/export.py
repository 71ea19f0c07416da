"""The second half of `make encoder`: what was trained becomes int8 for onnxruntime, and is fitted to the linear models.

python -m local.train.export --data DIR --base DIR --trained FILE
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from sklearn.linear_model import LogisticRegression

from herald.moderate.encoder import Encoder as Opened
from herald.moderate.heads import heads
from herald.moderate.pieces import Pieces
from local.train.__main__ import HEADS, INBOX, ROOT, auc, kinds, threshold, version
from local.train.card import write_card
from local.train.encoder import LONGEST, Alone, Encoder, apart, base, rows

FOLDER = ROOT / "layers/encoder/herald_encoder"
COUNTS = {"own": 0.3, "customers": 3.0, "scams": 3.0, "hate": 3.0, "harms": 3.0, "sms": 3.0, "youtube": 3.0}
"""How much a text counts when both models are weighed: most of what the large sets hold is easy, and what people write to
brands is what a score has to mean something for."""
LESS = {"hate": 0.6, "scam": 0.6}
"""Share of the linear model's say that is kept. Both are weighed on texts of the sources they learnt from, where words tell
these two better than they do elsewhere."""
OUTLIERS = 0.98, 0.75
"""Inputs of a product larger than this share of the others are brought down, by their excess to this power: int8 has one
scale for all of them. By the power 1 the weights, which take what is brought down, would lose more than the inputs gain."""
KEPT = 14_000  # commonest entries of the base's vocabulary that stay whether a training text holds them or not


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.train.export")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--trained", type=Path, default=Path("build/encoder/encoder.pt"))
    parser.add_argument("--fit-only", action="store_true")
    options = parser.parse_args()
    texts, sources, labels = rows(options.data)
    if not options.fit_only:
        write(options.base, options.trained, texts)
    about = fit(texts, sources, labels)
    (FOLDER / "about.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    write_card()
    return 0


def write(folder: Path, trained: Path, texts: list[str]) -> None:
    """encoder.onnx and vocabulary.txt, without the words that no text of ours needs."""
    _, vocabulary = base(folder)
    whole = Pieces(vocabulary)
    seen = Counter(number for text in texts for number in whole.numbers(text, LONGEST))
    keep = [
        number for number, piece in enumerate(vocabulary)
        if (not piece.startswith("[unused") and (number in seen or number < KEPT or len(piece.removeprefix("##")) == 1))
        or number == 0
    ]  # fmt: skip
    model = Encoder(len(vocabulary))
    model.load_state_dict(torch.load(trained, weights_only=True))
    model.eval()
    model.words = torch.nn.Embedding.from_pretrained(model.words.weight[keep].detach())
    model.places = torch.nn.Embedding.from_pretrained(model.places.weight[: LONGEST + 2].detach())
    again = {number: place for place, number in enumerate(keep)}
    sample = texts[:: max(1, len(texts) // 500)]
    pieces = [[again[number] for number in whole.numbers(text, LONGEST)] for text in sample]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        full = Path(scratch) / "full.onnx"
        torch.onnx.export(
            even(Alone(model).eval(), pieces), (torch.ones(12, dtype=torch.int64),), str(full), input_names=["pieces"],
            output_names=["logits"], dynamic_axes={"pieces": {0: "length"}}, opset_version=17, dynamo=False,
        )  # fmt: skip
        # 7 bits: without VNNI, pairs of 8-bit products overflow 16 bits (onnxruntime's note on reduce_range)
        quantize_dynamic(
            full, FOLDER / "encoder.onnx", per_channel=True, reduce_range=True, weight_type=QuantType.QInt8
        )
    (FOLDER / "vocabulary.txt").write_text("\n".join(vocabulary[number] for number in keep), encoding="utf-8")
    (FOLDER / "about.json").write_text(json.dumps({"version": "", "heads": HEADS, "kinds": {}}), encoding="utf-8")
    print(f"{len(keep)} pieces, {(FOLDER / 'encoder.onnx').stat().st_size / 1e6:.1f} MB")


class Evened(torch.nn.Module):
    """A product whose inputs are scaled first and its weights by the inverse: the same to float's last digits."""

    def __init__(self, product: torch.nn.Linear, scale: torch.Tensor) -> None:
        super().__init__()
        self.product, self.inverse = product, 1 / scale
        product.weight.data = product.weight.data * scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: pieces, width of the inputs."""
        return self.product(x * self.inverse)


def even(model: Alone, texts: list[list[int]]) -> Alone:
    """The same model, each product's few large inputs made smaller, so that int8's steps suit the others.

    How large an input gets is read off these texts (pieces each). The idea is SmoothQuant's (Xiao et al. 2023), which scales
    every input. Measured on 600 texts: logits after int8 lie .16 (root mean square) from float's, without this .26.
    """
    owners = [(third, layer) for third, layer in zip(model.thirds, model.model.layers, strict=True)]
    products = [product for third, layer in owners for product in (third, layer.out, layer.wide, layer.narrow)]
    largest = [torch.zeros(product.in_features) for product in products]

    def watch(place: int) -> Any:
        def look(_: Any, given: tuple[torch.Tensor]) -> None:
            largest[place] = torch.maximum(largest[place], given[0].abs().amax(0))

        return products[place].register_forward_pre_hook(look)

    hooks = [watch(place) for place in range(len(products))]
    with torch.no_grad():
        for numbers in texts:
            model(torch.tensor(numbers))
    for hook in hooks:
        hook.remove()
    share, power = OUTLIERS
    scales = iter([(seen / seen.quantile(share)).clamp(min=1) ** power for seen in largest])
    for place, (third, layer) in enumerate(owners):
        model.thirds[place] = Evened(third, next(scales))
        for name in ("out", "wide", "narrow"):
            setattr(layer, name, Evened(getattr(layer, name), next(scales)))
    return model


def fit(texts: list[str], sources: list[str], labels: list[dict[str, int]]) -> dict[str, Any]:
    """For each head, how both models' logits become one score, on texts that neither has learnt from."""
    kept = [i for i, (text, source) in enumerate(zip(texts, sources, strict=True)) if apart(text, source)]
    linear, opened = heads(), Opened(FOLDER)
    z_linear = np.array([linear.logits(linear.odds(linear.lexicon.read(texts[i]))) for i in kept])
    z_encoder = np.array([opened.logits(texts[i])[0] for i in kept])
    mixed, thresholds, report, logits = [], {}, {}, np.zeros_like(z_linear)
    for number, head in enumerate(HEADS):
        y = np.array([labels[i].get(head, -1) for i in kept])
        told = y >= 0
        weight = np.array([COUNTS.get(sources[i], 0.5) for i in kept])[told]
        weight *= np.where(y[told] == 1, INBOX.get(head, 1.0), 1.0)
        x = np.stack([z_encoder[told, number], z_linear[told, number]], 1)
        model = LogisticRegression(C=1.0).fit(x, y[told], sample_weight=weight)
        (a, b), c = np.clip(model.coef_[0], 0.05, 1.3), float(model.intercept_[0])
        if head in LESS:
            said = a * x[:, :1] + LESS[head] * b * x[:, 1:]
            again = LogisticRegression(C=100.0).fit(said, y[told], sample_weight=weight)
            a, b = float(again.coef_[0, 0]) * np.array([a, LESS[head] * b])
            c = float(again.intercept_[0])
        logits[:, number] = a * z_encoder[:, number] + b * z_linear[:, number] + c
        mixed.append([round(float(a), 5), round(float(b), 5), round(c, 5)])
        p = 1 / (1 + np.exp(-(x @ [a, b] + c)))
        thresholds[head] = threshold(p, y[told], head)
        report[head] = {
            "auc": [round(auc(y[told], value), 4) for value in (z_linear[told, number], z_encoder[told, number], p)],
            "brier": round(float(np.mean((p - y[told]) ** 2)), 4), "texts": int(told.sum()), "threshold": thresholds[head],
        }  # fmt: skip
        print(head, mixed[-1], thresholds[head], report[head], flush=True)
    said = kinds([texts[i] for i in kept], logits)
    about = {"version": "", "heads": HEADS, "mixed": mixed, "thresholds": thresholds, "kinds": said, "report": report}
    about["version"] = version((FOLDER / "encoder.onnx").read_bytes(), json.dumps(about).encode())
    return about


if __name__ == "__main__":
    sys.exit(main())
