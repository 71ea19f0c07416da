"""What is known of a message before any rule: language, scores, labels, personal data, and where it stands.

One pass: fold and undo disguises (normalise), language (tongue), cues and models (reading, heads; where these are in
doubt, the encoder), personal data (personal). The models know English. For other languages the words of the lexicon,
personal data and links still count, and the assessment says by its `model_version` that no model spoke.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import exp, log
from operator import itemgetter

from herald.model import Assessment, Span
from herald.model.record import later, record
from herald.moderate import personal, reading, tongue
from herald.moderate.decide import LABELS, SCORES
from herald.moderate.encoder import Encoder, encoder, trouble
from herald.moderate.heads import Heads, heads, sigmoid
from herald.moderate.normalise import SCANNED, View, views

ABUSE = ("toxic", "hate", "harassment", "threat", "sexual", "self_harm", "violence", "profanity")
WORDS_ONLY = "lexicon"
"""`model_version` of an assessment that rests on words alone, because the models do not know its language."""

_RATED = tuple(name for name in SCORES if name != "sentiment")
_rates = itemgetter(*_RATED)
_VIEWS = 4  # disguises of one text that are judged
_SHOWN = 12  # spans
_BLOCK = 60  # words judged at once besides the whole, so that one sentence of abuse is not lost in a long text
_WHOLE = _BLOCK * 3 // 2  # words of a text that is judged whole
_SENTENCE = re.compile(r"[^.!?\n]+")
_ENDANGERED = frozenset(("selfharm", "selfharm_elsewhere", "despair"))
_SENTENCES = 3  # that are judged by themselves; each may cost what a message does
_TOLD_BY: Mapping[str, tuple[str, ...]] = {
    "slur": ("hate", "toxic"), "dehuman": ("hate", "toxic"), "kys": ("toxic", "harassment"),
    "insult": ("toxic", "harassment"), "strong": ("profanity", "toxic"), "sexual": ("sexual",),
    "selfharm": ("self_harm",), "selfharm_elsewhere": ("self_harm",), "kill": ("threat", "violence"),
    "threat": ("threat",), "weapon": ("threat", "violence"), "violence": ("violence",),
    "scam": ("scam",), "spam": ("spam",),
    "legal": ("legal",), "safety": ("urgency",), "urgent": ("urgency",), "bad": ("complaint",), "pos": ("praise",),
}  # fmt: skip
_PLAIN_WORDS: Mapping[str, Mapping[str, float]] = {
    "slur": {"hate": 0.7, "toxic": 0.85, "profanity": 0.7}, "strong": {"profanity": 0.9, "toxic": 0.6},
    "insult": {"toxic": 0.7, "harassment": 0.5}, "kys": {"toxic": 0.9, "harassment": 0.8},
    "dehuman": {"toxic": 0.5},
    "sexual": {"sexual": 0.6}, "selfharm": {"self_harm": 0.7}, "selfharm_elsewhere": {"self_harm": 0.7},
    "scam": {"scam": 0.3, "spam": 0.3}, "spam": {"spam": 0.3},
    "legal": {"legal": 0.5},
    "urgent": {"urgency": 0.5}, "bad": {"complaint": 0.5}, "pos": {"praise": 0.5},
}  # fmt: skip
_ORDINARY: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split()) for language, words in {
        "nl": "hoe slag fast bad fat", "fr": "retard retards fat", "es": "negro", "pt": "negro", "de": "dick fast bad",
        "da": "slut fag slag fast bad", "no": "slut fag slag fast bad", "sv": "slut slag sex fast bad",
        "ro": "cum fag",
    }.items()
}  # fmt: skip
"""What is an insult in English and an everyday word elsewhere: how, late, black, thick, the end, six."""
_EVERYDAY = frozenset[str]().union(*_ORDINARY.values())
_WORDS_COUNT = dict.fromkeys(SCORES, 0.6)  # from here on a word alone raises a flag


def understand(text: str) -> Assessment:
    """Assess one text, whatever it holds; the first SCANNED code points are read. Same text, same assessment."""
    text = text[:SCANNED]
    model = heads()
    seen = views(text)[:_VIEWS]
    language = tongue.language(text)
    first = model.lexicon.read(seen[0].text)
    if not first.words:
        told = _Told(dict.fromkeys(model.names, 0.0), model, model.version)
    elif language in ("en", None) and not _elsewhere(model, seen, first):
        told = _read(model, seen, first)
    else:
        language = None if language == "en" else language  # told by words that it shares with others
        told = _Told(_by_words(model, seen, language), model, WORDS_ONLY)
    scores = told.scores
    rated = _rates(scores)
    whole: dict[str, float | None] = dict(zip(_RATED, _rounded(rated), strict=True))
    whole["sentiment"] = round(max(-1.0, min(1.0, scores["pos"] - scores["neg"])), 4)
    least = _rates(_WORDS_COUNT if told.version == WORDS_ONLY else told.by.about["thresholds"])
    flags = tuple([name for name, value, bound in zip(_RATED, rated, least, strict=True) if value >= bound])
    labelled = _Labelled(told) if first.words else None
    return Assessment(  # few ask for its labels, and fewer for its spans
        language=language,
        scores=whole,
        flags=flags,
        labels=later(labelled.labels) if labelled else dict.fromkeys(LABELS),
        pii=personal.find(text),
        spans=later(lambda: _spans(seen[0], first, model, flags)) if flags else (),
        model_version=told.version,
        likely=later(labelled.likely) if labelled else {},
    )


def _elsewhere(model: Heads, seen: Sequence[View], first: reading.Read) -> bool:
    """Is it, in every reading, most likely not English, though nothing tells what it is?"""
    met = model.lexicon.met
    return tongue.elsewhere(first.words, met, _EVERYDAY) and all(
        tongue.elsewhere(reading.TOKEN.findall(view.text), met, _EVERYDAY) for view in seen[1:]
    )


def ready() -> str:
    """Open the weights now, so that the next message need not wait for them; says why the encoder cannot be, if so."""
    heads()
    return trouble()


def _rounded(shares: Sequence[float]) -> list[float]:
    """Shares of one to four places: what `round` gives, in a quarter of its time."""
    return [int(share * 10_000 + 0.5) / 10_000 for share in shares]


@record
class _Told:
    """Scores by name in the order of the heads, who spoke, its version, and their log-odds where they are known."""

    scores: dict[str, float]
    by: Heads | Encoder
    version: str
    odds: Sequence[float] = ()


def _read(model: Heads, seen: tuple[View, ...], first: reading.Read) -> _Told:
    odds = model.odds(first)
    scores = model.calibrated(odds)
    lexicon = model.lexicon
    disguised = [
        (view, lexicon.read(view.text)) for view in seen[1:] if not lexicon.classes(view.text) <= first.classes
    ]
    second = encoder() if _in_doubt(scores, first) or disguised else None
    reads = ((seen[0], first), *disguised)
    endangered = [view.text for view, read in reads if not _ENDANGERED.isdisjoint(read.classes)]
    if second is None and not disguised and not endangered and len(first.words) <= _WHOLE:
        return _Told(scores, model, model.version, odds)

    def judge(read: reading.Read, text: str) -> dict[str, float]:
        odds = model.odds(read)
        return _together(second, model.names, model.logits(odds), text) if second else model.calibrated(odds)

    if second:
        scores = _together(second, model.names, model.logits(odds), seen[0].text)
    for view, read in disguised:
        _worse(scores, judge(read, view.text))
    if not second:
        _by_blocks(model, first, scores)
    if endangered:
        _by_sentences(endangered, lexicon, judge, scores)
    if "selfharm_elsewhere" in first.classes:  # a text too short to tell its language by; no model knows its words
        scores["self_harm"] = max(scores["self_harm"], _PLAIN_WORDS["selfharm_elsewhere"]["self_harm"])
    return _Told(scores, second, f"{model.version}+{second.version}") if second else _Told(scores, model, model.version)


def _together(second: Encoder, names: tuple[str, ...], linear: list[float], text: str) -> dict[str, float]:
    """Both models' say. Abuse counts by the worst window of a long text, everything else by their mean."""
    windows = second.logits(text)
    scores = {}
    for name, (a, b, c), z, column in zip(
        names, second.about["mixed"], linear, zip(*windows, strict=True), strict=True
    ):
        told = max(column) if name in ABUSE else sum(column) / len(column)
        scores[name] = sigmoid(a * told + b * z + c)
    return scores


_Judge = Callable[[reading.Read, str], Mapping[str, float]]


def _by_sentences(texts: list[str], lexicon: reading.Lexicon, judge: _Judge, scores: dict[str, float]) -> None:
    """Who does not want to live is not lost behind what else they say: such sentences are read by themselves too, those
    that name it before those that may mean it."""
    said: dict[str, bool] = {}
    for sentences in map(_SENTENCE.findall, texts):
        for each in map(str.strip, sentences if len(sentences) > 1 else ()):
            classes = _ENDANGERED & lexicon.classes(each)
            if classes:
                said[each] = "despair" in classes and len(classes) == 1
    for each in sorted(said, key=said.__getitem__)[:_SENTENCES]:
        scores["self_harm"] = max(scores["self_harm"], judge(lexicon.read(each), each)["self_harm"])


def _in_doubt(scores: Mapping[str, float], read: reading.Read) -> bool:
    """Is the encoder worth its milliseconds? Where words stand that can mean harm or not, or a model is unsure."""
    if not _DELICATE.isdisjoint(read.classes):
        return True
    for (low, high), names in _ASKED:
        for name in names:
            if low < scores[name] < high:
                return True
    return False


_DELICATE = frozenset(("group", "slur", "kill", "selfharm", "selfharm_elsewhere", "despair", "dehuman", "kys"))
_ASKED = (
    ((0.2, 0.97), ABUSE[:-1]),
    ((0.1, 0.97), ("spam", "scam")),  # what the linear model is least sure of where it comes in forms it has not met
    ((0.3, 0.7), ("complaint", "neg")),  # of legal risk and urgency both models know about as much
)
"""Between which scores of the linear model the encoder is asked, and of which."""


def _worse(scores: dict[str, float], others: Mapping[str, float]) -> None:
    """What another view of the text shows of what people disguise counts where it is more."""
    for name in (*ABUSE, "spam", "scam"):
        scores[name] = max(scores[name], others[name])


def _by_blocks(model: Heads, first: reading.Read, scores: dict[str, float]) -> None:
    """One sentence of abuse is not lost in a long text: half of what the worst block shows."""
    if len(first.words) <= _WHOLE:
        return
    for at in range(0, min(len(first.words), 20 * _BLOCK), _BLOCK):
        others = model.scores(model.lexicon.read_words(first.words[at : at + _BLOCK]))
        for name in ABUSE:
            scores[name] = max(scores[name], (others[name] + scores[name]) / 2)


def _by_words(model: Heads, seen: tuple[View, ...], language: str | None) -> dict[str, float]:
    scores = dict.fromkeys(model.names, 0.0)
    ordinary = _ORDINARY.get(language, frozenset()) if language else _EVERYDAY
    for view in seen:
        told = model.lexicon.as_written(view.text, ordinary)
        for name in told - {"pos"} if "not" in told else told:  # "not glad" is no praise
            for head, value in _PLAIN_WORDS.get(name, {}).items():
                scores[head] = max(scores[head], value)
    if "?" in seen[0].text or "？" in seen[0].text:
        scores["question"] = 0.8
    scores["neg"], scores["pos"] = scores["complaint"], scores["praise"]
    scores["abuse"] = max(scores["hate"], scores["harassment"])
    return scores


class _Labelled:
    """What is labelled once, whichever is asked for first."""

    __slots__ = ("_found", "_told")

    def __init__(self, told: _Told) -> None:
        self._told = told
        self._found: tuple[dict[str, str | None], dict[str, float]] | None = None

    def labels(self) -> dict[str, str | None]:
        return self._both()[0]

    def likely(self) -> dict[str, float]:
        return self._both()[1]

    def _both(self) -> tuple[dict[str, str | None], dict[str, float]]:
        if self._found is None:
            self._found = _labels(self._told)
        return self._found


def _labels(told: _Told) -> tuple[dict[str, str | None], dict[str, float]]:
    """Type of the message, the likeliest by a softmax, and persona of its writer where one is likelier than not; how
    likely each persona is (persona.py weighs the author's history against it)."""
    if told.version == WORDS_ONLY:
        kinds = [name for name in ("abuse", "spam", "complaint", "question", "praise") if told.scores[name] >= _SAID]
        return {"type": kinds[0] if kinds else "other", "persona": None}, {}
    odds = told.odds or [  # within -6 and 6, which 0.9975 is
        log(p / (1 - p)) if _LEAST < p < _MOST else 6.0 if p > _SAID else -6.0 for p in told.scores.values()
    ]
    logits = [x if -6 < x < 6 else 6.0 if x > 0 else -6.0 for x in odds]
    types, personas = told.by.labels["type"], told.by.labels["persona"]
    shares = personas.shares(logits)
    share = max(shares)
    said = personas.classes[shares.index(share)] if share >= _SAID else None
    return {"type": types.likeliest(logits) or None, "persona": said or None}, dict(
        zip(personas.classes, _rounded(shares), strict=True)
    )


_LEAST = 1 / (1 + exp(6.0))
_MOST = 1 - _LEAST
_SAID = 0.5


def _spans(view: View, read: reading.Read, model: Heads, flags: tuple[str, ...]) -> tuple[Span, ...]:
    """Words that speak for what is flagged, where they stand in the text as it was written."""
    found: list[Span] = []
    names, wanted = model.lexicon.names, set(flags)
    told = {
        place: head for place, _, classes, _ in read.marks
        for number in classes for head in _TOLD_BY.get(names[number], ()) if head in wanted
    }  # fmt: skip
    if not told:
        return ()
    last = max(told)
    for place, match in enumerate(reading.TOKEN.finditer(view.text)):
        if place in told:
            found.append(Span(*view.origin(*match.span()), told[place], match.group()))
        if place == last or len(found) == _SHOWN:
            break
    return tuple(found)
