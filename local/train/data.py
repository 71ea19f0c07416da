"""The public sets as (text, source, heads): what each says of which head; what it does not say is not learnt.

Which sets may shape weights, and by what licence: `SETS`. The others are read only to measure.
"""

from __future__ import annotations

import csv
import hashlib
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

from herald.moderate.normalise import plain

Row = tuple[str, str, dict[str, int]]

SETS = (
    ("davidson", "MIT", "hate, toxicity in tweets"),
    ("stormfront_hate", "CC-BY-SA-3.0-ES (text)", "hate in forum sentences"),
    ("cat_wiki_toxicity", "Apache-2.0, text CC-BY-SA-3.0", "toxicity of talk pages, four fifths"),
    ("toxic_spans", "CC0-1.0", "toxic comments, its training part"),
    ("goemotions", "Apache-2.0, data CC-BY-4.0", "emotions: sentiment, praise, question"),
    ("tweeteval", "CC-BY-3.0 (its sentiment part only)", "sentiment of tweets, two thirds"),
    ("clinc150", "CC-BY-3.0", "questions, its training part"),
    ("uci_reviews", "CC-BY-4.0", "sentiment of reviews, four fifths"),
    ("sms_spam", "CC-BY-4.0", "spam, four fifths"),
    ("youtube_spam", "CC-BY-4.0", "spam, four of five videos"),
    ("surge_profanity", "MIT", "words, by category and severity"),
    ("ldnoobw", "CC-BY-4.0", "words"),
)
MEASURED = (
    ("airline_tweets", "CC-BY-NC-SA-4.0"), ("ethos", "GPL-3.0"), ("vader_groundtruth", "MIT"),
    ("tweeteval", "offensive and hate parts: terms unclear"), ("presidio_small", "MIT"),
)  # fmt: skip

_NEG = {2, 3, 9, 10, 11, 12, 14, 16, 19, 24, 25}
_POS = {0, 1, 4, 5, 13, 15, 17, 18, 20, 21, 23}
_TALK = {"yes", "no", "maybe", "thank_you", "goodbye", "greeting", "repeat", "cancel", "tell_joke", "sync_device"}
_CALM = dict.fromkeys(("hate", "toxic", "harassment", "threat", "sexual", "self_harm", "violence"), 0)


def held(text: str) -> bool:
    """One text of five, by its hash: never trained on where a set has no part for tests of its own."""
    return crc32(text.strip().lower().encode()) % 5 == 0


def dropped(folder: Path) -> frozenset[str]:
    """Hashes of texts that other sets, kept for judging us, hold too."""
    with (folder / "drop_rows.csv").open(encoding="utf-8") as file:
        return frozenset(line.strip().split(",")[1] for line in file if "," in line)


def hashed(text: str) -> str:
    """sha1 of a text in small letters, letters and digits only, as drop_rows.csv has it."""
    return hashlib.sha1(" ".join(re.findall(r"[a-z0-9]+", text.lower())).encode(), usedforsecurity=False).hexdigest()


def training(folder: Path) -> Iterator[Row]:
    """Every row that may shape weights."""
    for row in _csv(folder / "davidson/labeled_data.csv"):
        text, kind = html.unescape(row["tweet"]), row["class"]
        if held(text):
            continue
        if kind == "0":
            yield text, "davidson", {"hate": 1, "toxic": 1, "spam": 0, "scam": 0, "pos": 0}
        elif kind == "2":
            yield text, "davidson", {**_CALM, "scam": 0, "legal": 0}
        elif crc32(text.encode()) % 3 == 0:
            yield text, "davidson", {"toxic": 1, "hate_weak": 0, "spam": 0, "scam": 0}
    for row in _csv(folder / "stormfront_hate/all.csv"):
        if row["label"] == "hate" and not held(row["text"]):
            yield row["text"], "stormfront", {"hate": 1, "toxic": 1}
        elif row["label"] == "noHate" and not held(row["text"]):
            yield row["text"], "stormfront", {"hate": 0, "spam": 0, "scam": 0}
    for part in ("gc", "gn"):
        for row in _csv(folder / f"cat_wiki_toxicity/{part}.csv"):
            if held(row["text"]):
                continue
            if row["label"] == "1":
                yield from [(row["text"], "cat", {"toxic": 1, "spam": 0, "scam": 0})] * 3
            else:
                yield row["text"], "cat", {**_CALM, "spam": 0, "scam": 0, "praise_weak": 0, "urgency": 0}
    for row in _csv(folder / "toxic_spans/tsd_train.csv"):
        if row["spans"] != "[]":
            yield row["text"], "toxic_spans", {"toxic": 1, "spam": 0, "scam": 0, "praise": 0}
            yield from _beside(row["text"], set(json.loads(row["spans"])))
    for line in (folder / "goemotions/train.tsv").read_text(encoding="utf-8").splitlines():
        text, labels, _ = line.split("\t")
        kinds = {int(label) for label in labels.split(",")}
        heads: dict[str, int] = {"spam": 0, "scam": 0, "legal": 0, "urgency": 0}
        heads["neg"], heads["pos"] = int(kinds <= _NEG), int(kinds <= _POS)
        if kinds & {7, 6}:
            heads["question"] = 1
        if kinds & {0, 15, 18}:
            heads |= {"praise": 1, "complaint": 0}
        elif kinds <= _NEG or kinds == {27}:
            heads["praise"] = 0
        if not kinds & {2, 3, 11}:
            heads |= {"toxic_weak": 0, "hate_weak": 0, "threat": 0}
        yield text, "goemotions", heads
    for text, label, held_out in _sentiment(folder):
        if not held_out:
            heads = {
                "neg": int(label == "0"),
                "pos": int(label == "2"),
                "spam_weak": 0,
                "scam": 0,
                "threat": 0,
                "toxic_weak": 0,
            }
            if label != "2":
                heads["praise"] = 0
            if label == "2":
                heads |= {"complaint": 0, "hate": 0}
            if label == "1":
                heads["complaint"] = 0
            yield text, "tweeteval", heads
    clinc = json.loads((folder / "clinc150/data_full.json").read_text(encoding="utf-8"))
    for text, intent in clinc["train"] + clinc["oos_train"]:
        heads = {**_CALM, "spam": 0, "scam": 0, "legal": 0, "praise": 0, "pos": 0, "neg": 0, "profanity": 0}
        heads["question"] = int(intent not in _TALK)
        if intent not in ("report_lost_card", "report_fraud", "damaged_card", "account_blocked", "lost_luggage"):
            heads |= {"complaint": 0, "urgency": 0}
        yield text, "clinc", heads
    for text, good in reviews(folder, held_out=False):
        heads = {
            "pos": good,
            "neg": 1 - good,
            "praise": good,
            "complaint": 1 - good,
            "spam": 0,
            "scam": 0,
            "legal": 0,
            "hate": 0,
            "threat": 0,
            "toxic": 0,
            "question": 0,
        }
        yield from [(text, "uci", heads)] * 2
    for text, spam in sms(folder, held_out=False):
        if spam:
            yield from [(text, "sms", {"spam": 1, "toxic": 0, "hate": 0, "complaint": 0})] * 2
        else:
            yield text, "sms", {"spam": 0, "scam": 0, "hate": 0, "legal": 0, "complaint_weak": 0, "toxic_weak": 0}
    for video in VIDEOS:
        for text, spam in youtube(folder, video):
            if spam:
                yield from [(text, "youtube", {"spam": 1, "complaint": 0, "hate": 0})] * 3
            else:
                yield from [(text, "youtube", {"spam": 0, "scam": 0, "complaint": 0, "legal": 0})] * 3
    for row in _csv(folder / "surge_profanity/profanity_en.csv"):
        kind, severity = row["category_1"], float(row["severity_rating"])
        heads = {"profanity": int(severity >= 1.4), "toxic": int(severity >= 1.6)}
        if "slurs" in kind or "orientation" in kind:
            heads["hate"] = int(severity >= 2)
        if "sexual" in kind and "orientation" not in kind:
            heads["sexual"] = 1
        yield row["text"], "surge_profanity", heads
        yield f"you {row['text']}", "surge_profanity", {**heads, "toxic": 1}
    for line in (folder / "ldnoobw/en.txt").read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield line.strip(), "ldnoobw", {"profanity": 1}


def _beside(text: str, marked: set[int]) -> Iterator[Row]:
    """Sentences of a toxic text in which nothing was marked as toxic: what the same people say when they are not."""
    for sentence in _SENTENCE.finditer(text):
        words = sentence.group().strip()
        if len(words.split()) > 4 and marked.isdisjoint(range(*sentence.span())):
            yield words, "toxic_spans", {"toxic": 0, "spam": 0, "scam": 0}


_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")


def sentences() -> Iterator[Row]:
    """Our own sentences, written one by one (local/train/sentences), with what each is labelled for."""
    for row in _own("customers"):
        yield row["text"], "customers", _customer(row)
    for row in _own("scams"):
        scam, spam = int(row["scam"]), int(row["spam"])
        heads = {"scam": scam, "spam": spam, "hate": 0, "toxic": 0, "threat": 0, "sexual": 0, "self_harm": 0}
        if spam:
            heads |= dict.fromkeys(("complaint", "praise", "review", "user_content", "abuse", "legal", *PERSONAS), 0)
        yield row["text"], "scams", heads
    for row in _own("hate"):
        toxic = int(row["toxic"])
        heads = {"hate": int(row["hate"]), "toxic": toxic, "spam": 0, "scam": 0, "self_harm": 0, "review": 0}
        if toxic:
            heads |= {"abuse": 1, "troll": 1, "praise": 0, "pos": 0, "complimentary": 0, "question": 0}
        yield row["text"], "hate", heads
    for row in _own("harms"):
        heads = {name: int(row[name]) for name in HARMS} | {"spam": 0, "scam": 0, "review": 0}
        if heads["toxic"]:
            heads |= {"praise": 0, "pos": 0, "complimentary": 0}
        yield row["text"], "harms", heads


HARMS = ("threat", "sexual", "self_harm", "violence", "harassment", "hate", "toxic")


PERSONAS = ("troll", "angry", "misguided", "unhappy", "complimentary", "advocate")
TYPES = ("question", "complaint", "review", "praise", "user_content", "spam", "abuse", "other")
_TYPE_HEADS = ("complaint", "review", "praise", "user_content", "spam", "abuse")


def _customer(row: dict[str, str]) -> dict[str, int]:
    kind, tone, toxic = row["type"], int(row["tone"]), int(row["toxic"])
    heads = {name: int(kind == name) for name in _TYPE_HEADS} | {name: int(row["persona"] == name) for name in PERSONAS}
    heads |= {
        "neg": int(tone < 0), "pos": int(tone > 0), "toxic": toxic, "legal": int(row["legal"] != "none"),
        "urgency": int(row["urgent"]),
    }  # fmt: skip
    if kind == "question" or "?" not in row["text"]:
        heads["question"] = int(kind == "question")
    if kind == "review":  # a good review praises, a bad one may complain
        heads["praise"] = int(tone > 0)
        if tone < 0:
            del heads["complaint"]
    if kind == "user_content":
        del heads["praise"]
    if kind != "spam":
        heads["scam"] = 0
    if not toxic and not heads["urgency"]:
        heads |= dict.fromkeys(("hate", "harassment", "threat", "sexual", "self_harm", "violence"), 0)
    return heads


def kinds() -> dict[str, tuple[str, str]]:
    """Folded text -> its type and persona (empty: none), of the sentences that are labelled for both."""
    return {plain(row["text"]).text: (row["type"], row["persona"]) for row in _own("customers")}


LATER = (("harms_c", "scams_g", "scams_h"), ("scams_i", "scams_j"))
"""Files of sentences that were written when the encoder had learnt from the others, those of one day together."""


def later(days: int = len(LATER)) -> frozenset[str]:
    """Folded texts of the first so many days of LATER."""
    return frozenset(plain(row["text"]).text for day in LATER[:days] for name in day for row in _own(name))


def _own(name: str) -> Iterator[dict[str, str]]:
    for path in sorted((Path(__file__).parent / "sentences").glob(f"{name}*.csv")):
        yield from _csv(path)


def lexicon(folder: Path) -> dict[str, str]:
    """Single words of the lists that our own lack -> class."""
    found: dict[str, str] = {}
    for row in _csv(folder / "surge_profanity/profanity_en.csv"):
        kind, severity = row["category_1"], float(row["severity_rating"])
        word = row["text"].lower().strip()
        if " " in word or len(word) < 4 or not word.isalpha():
            continue
        if ("slurs" in kind or "orientation" in kind) and severity >= 2:
            found[word] = "slur"
        elif severity >= 1.8:
            found[word] = "strong"
        elif "sexual" in kind and severity >= 1.3:
            found[word] = "sexual"
        elif severity >= 1.2:
            found[word] = "mild"
    return found


def reviews(folder: Path, *, held_out: bool) -> Iterator[tuple[str, int]]:
    """Sentences of reviews and whether they are good."""
    for path in sorted((folder / "uci_reviews").glob("*.txt")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            text, tab, label = line.rpartition("\t")
            if tab and label.strip() in ("0", "1") and held(text) is held_out:
                yield text, int(label)


def sms(folder: Path, *, held_out: bool) -> Iterator[tuple[str, int]]:
    """Texts and whether they are spam."""
    for line in (folder / "sms_spam/SMSSpamCollection").read_text(encoding="utf-8").splitlines():
        label, _, text = line.partition("\t")
        if label in ("ham", "spam") and held(text) is held_out:
            yield text, int(label == "spam")


VIDEOS, KEPT_VIDEO = ("01-Psy", "02-KatyPerry", "03-LMFAO", "04-Eminem"), "05-Shakira"
"""The videos whose comments train, and the one whose comments are only judged."""


def youtube(folder: Path, video: str) -> Iterator[tuple[str, int]]:
    """Comments under one video and whether they are spam."""
    for row in _csv(folder / f"youtube_spam/Youtube{video}.csv"):
        yield re.sub(r"<[^>]+>", " ", html.unescape(row["CONTENT"])), int(row["CLASS"])


def _sentiment(folder: Path) -> Iterator[tuple[str, str, bool]]:
    for row in _csv(folder / "tweeteval/sentiment.csv"):
        yield row["text"], row["label"], row["split"] == "test" and crc32(row["text"].encode()) % 3 == 0


def sentiment_tweets(folder: Path) -> Iterator[tuple[str, str]]:
    """Tweets kept from training: (text, negative 0, neutral 1 or positive 2)."""
    return ((text, label) for text, label, held_out in _sentiment(folder) if held_out)


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        yield from csv.DictReader(file)
