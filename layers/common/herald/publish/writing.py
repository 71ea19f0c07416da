"""What a draft or a reply says that it should not, before anybody sees it: each finding names rule, law and the fix.

Pure and without a model: word lists and patterns that a person can read. They find what is worth a look; what stops a
post is the brand's own setting (model.CheckPolicy). Laws are named as they stand in Australia.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from herald.model import CheckPolicy, Media, Post, Target, words_of
from herald.model.record import record
from herald.publish import spelling

MOST_OF_A_RULE: Final = 5
"""Findings of one rule in one text; the rest is found when these are mended."""


@record
class Rule:
    """One rule: how people call it, the law or standard behind it, whether it stops a post unless a brand says not."""

    title: str
    basis: str
    stops: bool = False


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "spelling": Rule("Spelling", "house style: Australian English"),
        "style": Rule("Easy to read", "house style: plain English"),
        "alt_text": Rule("Image description", "WCAG 2.2, 1.1.1; Disability Discrimination Act 1992 (Cth) s 24", True),
        "disclosure": Rule(
            "Advertising is named", "AANA Code of Ethics 2.7; Australian Consumer Law s 18 (misleading conduct)", True
        ),
        "price": Rule("Prices and savings", "Australian Consumer Law s 29(1)(i) (false representations about price)"),
        "claim": Rule("Claims", "Australian Consumer Law s 18 and s 29 (claims must be true and provable)"),
        "health_claim": Rule("Health claims", "Therapeutic Goods Act 1989 (Cth) s 42DLB", True),
        "comparison": Rule("Comparison with others", "Australian Consumer Law s 18 (a comparison must be true)"),
        "banned": Rule("Banned words", "the brand's list of banned words", True),
        "personal_data": Rule("Personal data", "Privacy Act 1988 (Cth), Australian Privacy Principle 6", True),
    }
)
"""Every rule there is, by name."""

ADVICE: Final = frozenset({"spelling", "style"})
"""What never stops a post. The functions have no dictionary, either."""
REPLIES_STOP: Final = frozenset({"personal_data"})
"""What stops a reply, if the brand stops posts by it too; a customer waits, so all else only advises."""
_NOT_IN_REPLIES: Final = frozenset({"disclosure", "alt_text"})


@record
class Finding:
    """One thing to mend.

    Attributes:
        field: text or alt.
        found: the words it is about, as they stand there; empty where something is missing.
        basis: the clause it enforces, where the brand named one, and the law or standard.
        words: what to do.
        stops: whether it stops a post here.
    """

    rule: str
    field: str
    found: str
    basis: str
    words: str
    stops: bool

    @property
    def sentence(self) -> str:
        """What is wrong, what to do, and by which rule, in one line."""
        quoted = f"“{self.found}”: " if self.found else ""
        return f"{quoted}{self.words} ({RULES[self.rule].title}; {self.basis})"


def default_policy(brand: str) -> CheckPolicy:
    """What holds where a brand has set nothing."""
    return CheckPolicy(brand, 0, frozenset(name for name, rule in RULES.items() if rule.stops))


def check_post(post: Post, target: Target, policy: CheckPolicy, *, only: Iterable[str] | None = None) -> list[Finding]:
    """All that is found in one variant: its words and the descriptions of its images.

    Args:
        only: the rules to ask; None: all that are not off.
    """
    return _check(words_of(post, target), post.media, policy, paid=post.paid, asked=_asked(policy, only))


def check_reply(text: str, policy: CheckPolicy, *, only: Iterable[str] | None = None) -> list[Finding]:
    """All that is found in a reply; only REPLIES_STOP stops one."""
    found = _check(text, (), policy, paid=False, asked=_asked(policy, only) - _NOT_IN_REPLIES)
    return [_advice(each) if each.rule not in REPLIES_STOP else each for each in found]


def mark_of(post: Post, target: Target) -> str:
    """The very content a waiver is for: words, link, image descriptions, whether it is paid. 32 hex digits."""
    content = [words_of(post, target), post.link, *(media.alt for media in post.media), str(post.paid)]
    return sha256("\x00".join(content).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _asked(policy: CheckPolicy, only: Iterable[str] | None) -> frozenset[str]:
    return (frozenset(RULES) if only is None else frozenset(only) & RULES.keys()) - policy.off


def _advice(found: Finding) -> Finding:
    return Finding(found.rule, found.field, found.found, found.basis, found.words, stops=False)


def _check(
    text: str, media: Iterable[Media], policy: CheckPolicy, *, paid: bool, asked: frozenset[str]
) -> list[Finding]:
    text = unicodedata.normalize("NFC", text)
    pictures = list(media)
    alts = [unicodedata.normalize("NFC", each.alt) for each in pictures]
    found: list[Finding] = []
    for rule in RULES:
        if rule not in asked:
            continue
        looked = {"alt_text": lambda: _alt(alts), "disclosure": lambda: _disclosure(text, paid=paid)}.get(rule)
        hits = [("alt" if rule == "alt_text" else "text", *hit) for hit in looked()] if looked else []
        if rule in _LOOK:
            hits += [("text", *hit) for hit in _LOOK[rule](text, policy)]
            if rule in ("spelling", "banned", "personal_data", "health_claim"):
                hits += [("alt", *hit) for alt in alts for hit in _LOOK[rule](alt, policy)]
        clause = policy.clauses.get(rule, "")
        basis = f"{clause}; {RULES[rule].basis}" if clause else RULES[rule].basis
        seen = dict.fromkeys(hits)
        found += [
            Finding(rule, field, what[:80], basis, words, rule in policy.blocking)
            for field, what, words in list(seen)[:MOST_OF_A_RULE]
        ]
    return found


_Hit = tuple[str, str]  # the words found, what to do

# ---------------------------------------------------------------- spelling and style

_ASIDE: Final = re.compile(  # bounded, and begun where something begins: a text of one long word takes no longer
    r"https?://\S+|www\.\S+|(?<!\S)\S{1,200}@\S{1,200}|[#@][\w.]+"
    r"|(?<!\S)\S{1,200}\.(?:com|au|org|net|example)\b\S{0,200}"
)


def _plain(text: str) -> str:
    """Without links, addresses, hashtags and names of accounts: they are spelled as they are."""
    return _ASIDE.sub(" . ", text)


def _spelling(text: str, policy: CheckPolicy) -> Iterator[_Hit]:
    for wrong, right, american in spelling.look(_plain(text), policy.brand_words):
        if american:
            yield wrong, f"American spelling; write “{right}”."
        else:
            yield wrong, f"Check the spelling; “{right}” perhaps. A name of yours belongs in the brand's words."


_TWICE: Final = re.compile(r"\b([A-Za-z']{2,})\s+\1\b", re.IGNORECASE)
_MEANT_TWICE: Final = frozenset({"that", "had", "bye", "ha", "very", "so", "long", "knock", "hear", "chop", "no"})
_AN: Final = re.compile(r"\b(a)\s+([aeio][a-z]+)|\b(an)\s+([bcdfgjklmnpqrstvwxyz][a-z]+)", re.IGNORECASE)
_SOUNDS_OTHER: Final = re.compile(r"(?:eu|one|once|uni|use|ewe|honest|hour|heir|honou?r)", re.IGNORECASE)
_CONFUSED: Final = (
    (re.compile(r"\b(?:could|should|would|must|might) of\b", re.I), "Write “have” in place of “of”."),
    (re.compile(r"\byour (?:welcome|invited|going to|the best|in luck)\b", re.I), "Write “you're”."),
    (re.compile(r"\bits (?:a|the|been|going|time|here|back|not) ", re.I), "Write “it's”."),
    (re.compile(r"\bthere (?:new|own|first|favourite) ", re.I), "Write “their” if it is theirs."),
    (re.compile(r"\balot\b", re.I), "Write “a lot”."),
)
_LONGEST_SENTENCE: Final = 35


def _style(text: str, policy: CheckPolicy) -> Iterator[_Hit]:
    plain = _plain(text)
    for match in _TWICE.finditer(plain):
        if match[1].lower() not in _MEANT_TWICE and match[1] not in policy.brand_words:
            yield match[0], "The word stands twice; take one out."
    for match in _AN.finditer(plain):
        article, word = match[1] or match[3], match[2] or match[4]
        if not _SOUNDS_OTHER.match(word) and word.islower():
            right = "an" if article.lower() == "a" else "a"
            yield match[0], f"Write “{right} {word}”."
    for pattern, words in _CONFUSED:
        for match in pattern.finditer(plain):
            yield match[0].strip(), words
    for match in re.finditer(r"[!?]{3,}", plain):
        yield match[0], "One mark is enough."
    shouted = re.search(r"(?:\b[A-Z]{3,}\b[ ,]+){3,}\b[A-Z]{3,}\b", plain)
    if shouted:
        yield shouted[0], "Capitals read as shouting, and screen readers may spell them out; write it in small letters."
    for sentence in re.split(r"[.!?\n]+", plain):
        count = len(sentence.split())
        if count > _LONGEST_SENTENCE:
            yield " ".join(sentence.split()[:6]) + " …", f"This sentence has {count} words; make two of it."


# ---------------------------------------------------------------- images and advertising

_NO_DESCRIPTION: Final = re.compile(
    r"(?:image|picture|photo|pic|img|graphic|banner|untitled|screenshot|alt|alt text|tbc|todo|n/?a|none|[\W\d_]*)"
    r"|\S+\.(?:jpe?g|png|gif|webp|heic)|(?:img|dsc|pxl|screenshot)[ _-]?\d[\w-]*",
    re.IGNORECASE,
)


def _alt(alts: Iterable[str]) -> Iterator[_Hit]:
    for alt in alts:
        if not alt.strip():
            yield "", "Describe the image for people who cannot see it."
        elif _NO_DESCRIPTION.fullmatch(alt.strip()):
            yield alt.strip(), "This names a file or nothing; say what the image shows."


_NAMED: Final = re.compile(
    r"#(?:ad|advert|advertisement|sponsored|paidpartnership|gifted)\b"
    r"|\b(?:paid partnership|paid promotion|advertisement|sponsored (?:by|post)|gifted(?: by)?|paid for by)\b|^\W*ad\b",
    re.IGNORECASE,
)


def _disclosure(text: str, *, paid: bool) -> Iterator[_Hit]:
    """Needed where the post is marked as paid; #spon, #collab and thanks do not say it plainly enough."""
    if paid and not _NAMED.search(text):
        yield "", "The post is marked as paid. Begin it with #ad, “Gifted” or “Paid partnership”, so that all see it."


# ---------------------------------------------------------------- prices and claims

_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"  # noqa: E501
_DATED: Final = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\b|\b{_MONTH} \d{{1,2}}\b|\b\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?\b"
    r"|\b20\d\d-\d\d-\d\d\b|\b(?:until|till|ends?|ending|today only|tomorrow only|this weekend|from)\b"
    r"(?: (?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day| midnight| sold out| stocks? lasts?| the end of)?",
    re.IGNORECASE,
)
_PRICE: Final = re.compile(
    r"\bwas \$ ?[\d,.]+|\bsave \$ ?\d[\d,.]*|\b(?:up to )?\d{1,2} ?(?:%|per cent|percent) (?:off|discount|cheaper)"
    r"|\bhalf[- ]price\b|\brrp\b|\b(?:price|prices) (?:slashed|cut|reduced)\b|\b(?:clearance|closing down) sale\b",
    re.IGNORECASE,
)
_PART_PRICE: Final = re.compile(
    r"(?:\bfrom (?:only |just )?|\bfor (?:only|just) )\$ ?[\d,.]+ ?(?:\+|plus|excl?\.?|ex|excluding)"
    r" ?(?:gst|tax|fees?)",
    re.IGNORECASE,
)


def _price(text: str, _: CheckPolicy) -> Iterator[_Hit]:
    dated = bool(_DATED.search(text))
    for match in _PRICE.finditer(text):
        if not dated:
            yield match[0], "Say from when until when it holds, and keep proof of the price before."
    for match in _PART_PRICE.finditer(text):
        yield match[0], "Show one total price with GST and all fees (Australian Consumer Law s 48)."


_FREE_OF: Final = r"(?:sugar|gluten|dairy|lead|bpa|plastic|cruelty|fat|nut|fragrance|smoke|chemical|waste|care|hands|toll|stress|tax|interest|acid|lactose|rent|debt|hassle)"  # noqa: E501
_CLAIMS: Final = (
    (re.compile(r"(?<!feel )(?<!set )(?<!break )\bfree\b(?![- ]?(?:range|from|to|of|time|form|standing|spirit))", re.I),
     "Say what it costs to get it: conditions, minimum spend and end belong beside “free”."),
    (re.compile(r"\bguarante(?:e[ds]?|eing)\b|\bno questions asked\b", re.I),
     "Say what is promised, by whom and for how long, and that consumer guarantees come on top; or leave it out."),
    (re.compile(r"\bcheapest\b|\b(?:lowest|best) prices?\b|\bunbeatable\b|\bcan'?t be beaten\b", re.I),
     "Only with proof for every competitor and day it is shown; else leave it out."),
    (re.compile(r"\b(?:australia|sydney|melbourne|brisbane|perth|the world)['’]?s? (?:'s )?(?:best|number one|no\.? ?1|favourite|most [a-z]+)\b|\bnumber one\b|#1\b|\baward[- ]winning\b", re.I),  # noqa: E501
     "Name the source and its date, or leave it out."),
    (re.compile(r"\b100 ?(?:%|per cent) (?!off|cotton|linen|wool|recycled|merino|australian)[a-z]+|\brisk[- ]free\b|\bnever (?:breaks|fades|fails|stains)\b|\blasts? forever\b|\bindestructible\b", re.I),  # noqa: E501
     "Absolute claims must hold for everybody; say what was tested."),
    (re.compile(r"\b(?:eco|environmentally|planet)[- ]friendly\b|\bcarbon[- ]neutral\b|\bclimate[- ]positive\b|\bbiodegradable\b|\bchemical[- ]free\b|\bzero[- ]waste\b", re.I),  # noqa: E501
     "Say exactly what is better, by how much, and who certified it (ACCC, Making environmental claims)."),
    (re.compile(r"\b(?:scientifically|clinically|laboratory|lab)[- ](?:proven|tested)\b|\bexperts? (?:agree|say)\b",
                re.I),
     "Name the study, or leave it out."),
    (re.compile(r"\bonly \d+ left\b|\blast chance\b|\bselling out\b", re.I),
     "True at the minute it goes out, or leave it out."),
)  # fmt: skip
_HEALTH: Final = re.compile(
    r"\b(?:cures?|cured|curing|heals?|treats?|prevents?|relieves?|fights|reverses|eliminates|kills)\b(?: \w+){0,4}?"
    r" (?:anxiety|depression|insomnia|pain|arthritis|eczema|acne|cancer|covid|flu|colds?|asthma|diabetes|migraines?"
    r"|headaches?|stress|allerg(?:y|ies)|infections?|inflammation|disease|illness|viruses|germs|snoring|adhd)\b"
    r"|\b(?:cures|miracle cure|detox(?:es|ifies|ifying)?|boosts? (?:your )?immun\w+"
    r"|anti[- ]?inflammatory|lose \d+ ?kg)\b",
    re.IGNORECASE,
)


def _claim(text: str, _: CheckPolicy) -> Iterator[_Hit]:
    for pattern, words in _CLAIMS:
        for match in pattern.finditer(text):
            if match[0].lower() == "free" and re.search(rf"{_FREE_OF}[- ]$", text[: match.start()], re.IGNORECASE):
                continue
            yield match[0], words


def _health(text: str, _: CheckPolicy) -> Iterator[_Hit]:
    for match in _HEALTH.finditer(text):
        yield match[0], "A shop may not say that goods act on an illness unless registered for it; take it out."


_BETTER: Final = re.compile(
    r"\b(?:better|cheaper|stronger|softer|faster|safer|cleaner) than (?!(?:ever|before|nothing|last|yesterday|it|you|"
    r"we|i|one|never|the old)\b)[\w' ]{2,30}|\bunlike (?:other|our|the) (?:brands?|shops?|stores?|competitors?|rest)\b"
    r"|\b(?:other|rival) (?:brands?|stores?|shops?) (?:can'?t|cannot|won'?t|don'?t|charge)\b"
    r"|\bbeats? the competition\b",
    re.IGNORECASE,
)


def _comparison(text: str, policy: CheckPolicy) -> Iterator[_Hit]:
    for match in _BETTER.finditer(text):
        yield match[0].strip(), "Compare like with like, say when and by what, and keep the proof; or leave it out."
    for named in _listed(text, policy.competitors):
        yield named, "This names a competitor. Have the comparison checked, or leave the name out."


# ---------------------------------------------------------------- words and people


def _banned(text: str, policy: CheckPolicy) -> Iterator[_Hit]:
    for word in _listed(text, policy.banned):
        yield word, "This word is on the brand's list; say it another way."


def _listed(text: str, listed: Iterable[str]) -> Iterator[str]:
    """Words or phrases of a list as they stand in the text, whole, whatever their case."""
    for entry in listed:
        pieces = [re.escape(piece) for piece in unicodedata.normalize("NFC", entry).split()]
        found = re.search(r"(?<!\w)" + r"\s+".join(pieces) + r"(?!\w)", text, re.IGNORECASE) if pieces else None
        if found:
            yield found[0]


_EMAIL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{2,63}){1,4}")
_DESKS: Final = frozenset(
    """
    hello hi info help support care service customercare customerservice sales shop store orders order returns
    contact enquiries enquiry inquiries team office admin media press privacy jobs careers events bookings
    marketing news feedback complaints hey noreply
    """.split()  # noqa: SIM905 - a list of words to read
)
_PHONE: Final = re.compile(
    r"(?<![\w/.$])(?:\+|\(0|0)[\d() .-]{7,18}\d(?!\w)"  # national or with +; 13, 1300 and 1800 numbers are businesses'
)
_CARD: Final = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")
_NUMBERS: Final = re.compile(
    r"\b(?:tfn|tax file(?: number)?|medicare(?: number| no\.?)?|passport(?: number| no\.?)?|licen[cs]e (?:number|no\.?)"
    r"|bsb|date of birth|dob)\W{0,3}(?:is )?\d[\d /-]{4,}",
    re.IGNORECASE,
)
_HOME: Final = re.compile(
    r"\b(?:lives?|living|home address|her house|his house|their house)\b[^.\n]{0,40}?"
    r"\b\d{1,4}[A-Za-z]? [A-Z]\w+ (?:St|Street|Rd|Road|Ave|Avenue|Cres|Crescent|Ct|Court|Pl|Place|Dr|Drive|Lane|Ln)\b"
)


def _personal(text: str, policy: CheckPolicy) -> Iterator[_Hit]:
    own = {re.sub(r"[\s()-]", "", contact).lower() for contact in policy.own_contacts}
    ask = "Take it out; a person's {} belongs in a private message. If it is the brand's own, list it in the checks."
    for match in _EMAIL.finditer(text):
        desk, _, domain = match[0].lower().rstrip(".").partition("@")
        if desk not in _DESKS and match[0].lower().rstrip(".") not in own and f"@{domain}" not in own:
            yield match[0], ask.format("address")
    cards = [match for match in _CARD.finditer(text) if _luhn(re.sub(r"\D", "", match[0]))]
    for match in cards:
        yield match[0], "Take it out: this is the number of a payment card (PCI DSS 3.4)."
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        inside = any(card.start() <= match.start() < card.end() for card in cards)
        if 9 <= len(digits) <= 13 and not inside and re.sub(r"[\s()-]", "", match[0]) not in own:
            yield match[0].strip(), ask.format("number")
    for pattern, what in ((_NUMBERS, "number"), (_HOME, "home")):
        for match in pattern.finditer(text):
            yield match[0], ask.format(what)


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: whether the check digit of a card's number is right."""
    doubled = [int(d) * (2 if n % 2 else 1) for n, d in enumerate(reversed(digits))]
    return 13 <= len(digits) <= 19 and sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0 and len(set(digits)) > 1


_LOOK: Final[Mapping[str, Callable[[str, CheckPolicy], Iterator[_Hit]]]] = MappingProxyType(
    {
        "spelling": _spelling,
        "style": _style,
        "price": _price,
        "claim": _claim,
        "health_claim": _health,
        "comparison": _comparison,
        "banned": _banned,
        "personal_data": _personal,
    }
)

