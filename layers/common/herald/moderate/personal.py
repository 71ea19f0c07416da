"""Personal data in a text, with spans for masking: what has a form and, where one exists, a checksum.

card, iban, email, phone, ip, ssn and other national ids, address. Names are not found: that needs a model that this
does not have, and a list of first names would be wrong more often than right.

Checksums: Luhn (ISO/IEC 7812-1 annex B), IBAN mod 97 (ISO 13616), TFN mod 11 (weights 1 4 3 7 5 8 6 9 10), NHS number
mod 11, Codice Fiscale and DNI letters by form. By form alone, because their issuers publish no checksum: National
Insurance numbers (HMRC, National Insurance Manual NIM39110: letters and prefixes that are not used; where one is named
as such, any two letters count, as of the administrative prefixes there), and the PAN of a person in India (Income Tax
Department: three letters, P for a person, the initial of the surname, 0001 to 9999, a letter).
All patterns are our own, bounded, and have no nested repeats.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from unicodedata import decimal

from herald.model import Span

LONGEST = 20_000
"""Code points that are looked at."""
_MOST = 200  # spans of one text

KINDS = ("card", "iban", "email", "phone", "ip", "ssn", "national_id", "address")


def find(text: str) -> tuple[Span, ...]:
    """Spans of personal data, in order, never overlapping; `field` is the kind, `found` the piece itself."""
    read = text[:LONGEST]
    if not read.isascii():
        read = _SIGN.sub(_plain_sign, read)
    digits = sum(map(read.count, "0123456789"))
    folded = read.casefold()
    taken: list[tuple[int, int, str]] = []
    spelt = " at " in folded or "(at)" in folded or "[at]" in folded
    if _AT.search(read) or (spelt and _AT_SPELT.search(read)):
        _take(taken, "email", _emails(read))
    if digits >= _FEWEST_DIGITS or "::" in read:
        for least, kind, words, finder in _FINDERS:
            if (digits >= least or (kind == "ip" and "::" in read)) and (
                not words or any(map(folded.__contains__, words))
            ):
                _take(taken, kind, finder(read))
    if digits and _has_street(folded):
        _take(taken, "address", _up_to_others(read, taken))
    if not taken:  # as of most
        return ()
    return tuple([Span(start, end, kind, text[start:end]) for start, end, kind in sorted(taken)[:_MOST]])


_SIGNS = {chr(0x2010 + n): "-" for n in range(6)} | {
    "\u2212": "-", "\uff0d": "-", "\xa0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "\uff0b": "+",
    "\uff20": "@", "\uff0e": ".",
}  # fmt: skip
_SIGN = re.compile(rf"[{''.join(_SIGNS)}]|[^\D0-9]")
_Spans = Iterator[tuple[int, int]]


def _plain_sign(found: re.Match[str]) -> str:
    """Signs that stand for an ASCII one, and full-width, Arabic and other decimal digits, as ASCII, one for one."""
    char = found.group()
    return _SIGNS.get(char) or str(decimal(char))


def _up_to_others(text: str, taken: list[tuple[int, int, str]]) -> _Spans:
    """Addresses; one whose town and code would reach into a number that was told apart ends before that."""
    for start, end in _addresses(text):
        until = min((begin for begin, _, _ in taken if start < begin < end), default=end)
        yield start, start + len(text[start:until].rstrip(" ,"))


def _take(taken: list[tuple[int, int, str]], kind: str, found: _Spans) -> None:
    for start, end in found:
        if all(end <= other or start >= until for other, until, _ in taken):
            taken.append((start, end, kind))
        if len(taken) > _MOST:
            return


# ---------------------------------------------------------------- e-mail, addresses of machines

_EMAIL = re.compile(  # letters of any script: RFC 6531
    r"(?<![\w.+%'-])[^\W_][\w.%+'-]{0,63}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,6}[^\W\d_]{2,24}(?![\w-])"
)
_EMAIL_SPELT = re.compile(
    r"(?<![\w.])[A-Za-z0-9][A-Za-z0-9._+-]{1,63} ?(?:\(at\)|\[at\]| at ) ?[A-Za-z0-9-]{2,40}"
    r" ?(?:\(dot\)|\[dot\]| dot |\.) ?(?:com|net|org|edu|gov|info|io|co\.uk|co|de|fr|es|it|nl|eu|me|biz|au|ca|in|ng|uk|us|ch|at|example)(?!\w)", re.I
)  # fmt: skip


_AT = re.compile(r"@(?<=[\w.%+'-]@)[^\W_]")
_AT_SPELT = re.compile(r"(?:\(at\)|\[at\]| at ) ?[a-z0-9-]{2,40} ?(?:\(dot\)|\[dot\]| dot |\.)", re.I)


def _emails(text: str) -> _Spans:
    for match in _EMAIL.finditer(text):
        yield match.span()
    for match in _EMAIL_SPELT.finditer(text):
        if " at " not in match.group().lower() or " dot " in match.group().lower():
            yield match.span()  # "meet me at shop.com" is no address


_IP4 = re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w]|\.[0-9])")
_IP6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:[0-9]{1,3}\.){3}[0-9]{1,3})?(?![\w:])")
_VERSION = re.compile(
    r"(?:version|ver|firmware|build|release|v|update[ds]?|updated? to|upgraded? to|section|clause|chapter|paragraph|§)[ .:]*$",
    re.I,
)


def _ips(text: str) -> _Spans:
    for pattern, sign, signs in ((_IP4, ".", 3), (_IP6, ":", 2)):
        for match in pattern.finditer(text) if text.count(sign) >= signs else ():
            found = match.group()
            if _VERSION.search(text[max(0, match.start() - 16) : match.start()]) or len(found) < 3:
                continue
            try:
                ip_address(found)
            except ValueError:
                continue
            yield match.span()


# ---------------------------------------------------------------- numbers with a checksum

_CARD = re.compile(r"(?<![\w+-])(?<![0-9][.,])[2-6](?:[ .-]?[0-9]){11,18}(?![\w]|[.,-][0-9])")


def luhn(digits: str) -> bool:
    """Does the last digit check the others? (ISO/IEC 7812-1)"""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0 and len(set(digits)) > 1


def _cards(text: str) -> _Spans:
    for match in _CARD.finditer(text):
        digits = re.sub(r"[ .-]", "", match.group())
        if len(digits) in _CARD_LENGTHS.get(digits[0], ()) and luhn(digits):
            yield match.span()


_CARD_LENGTHS = {"2": (16,), "3": (14, 15, 16), "4": (13, 16, 19), "5": (12, 13, 16), "6": (12, 13, 16, 17, 18, 19)}

_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24,
    "XK": 20,
}  # fmt: skip
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[ -]?[0-9]{2}(?:[ -]?[A-Za-z0-9]){10,32}", re.I)


def _ibans(text: str) -> _Spans:
    at = 0
    while match := _IBAN.search(text, at):
        at = match.start() + 2  # what follows one without a space may begin the next
        wanted = _IBAN_LENGTHS.get(match.group()[:2].upper())
        if wanted is None:
            continue
        kept = [index for index, char in enumerate(match.group()) if char not in " -"]
        if len(kept) < wanted:
            continue
        end = kept[wanted - 1] + 1
        after = match.start() + end
        if after < len(text) and text[after].isalnum():
            continue
        compact = "".join(match.group()[index] for index in kept[:wanted]).upper()
        if int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1:
            yield match.start(), after
            at = after


# ---------------------------------------------------------------- national ids

_SSN = re.compile(r"(?<![\w-])(?!000|666|9)[0-9]{3}([- ])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![\w]|-[0-9])")
_SSN_BARE = re.compile(
    r"(?:ssn|social security(?: (?:number|no|num|#))?)[^0-9]{0,20}((?!000|666|9)[0-9]{3}[-. ]?(?!00)[0-9]{2}[-. ]?(?!0000)[0-9]{4})(?![0-9])",
    re.I,
)


def _ssns(text: str) -> _Spans:
    for match in _SSN.finditer(text):
        yield match.span()
    for match in _SSN_BARE.finditer(text):
        yield match.span(1)


_NINO = re.compile(
    r"(?<!\w)(?!BG|GB|KN|NK|NT|TN|ZZ)(?![DFIQUV])[A-CEGHJ-PR-TW-Z](?![DFIOQUV])[A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D](?!\w)"
)
_NINO_NAMED = re.compile(
    r"(?<!\w)(?:ni (?:number|no\.?|num|nr\.?|#)|nino|national insurance)(?!\w)[^0-9]{0,20}(?<!\w)"
    r"([A-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D])(?!\w)", re.I
)  # fmt: skip
_PAN = re.compile(r"(?<!\w)[A-Z]{3}P[A-Z](?!0000)[0-9]{4}[A-Z](?!\w)")
_DNI = re.compile(r"(?<!\w)(?:[0-9]{8}|[XYZ]-?[0-9]{7})-?([A-Z])(?!\w)")
_FISCALE = re.compile(r"(?<!\w)[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z](?!\w)")
_NIR = re.compile(r"(?<!\w)[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]) ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?([0-9]{2})(?!\w)")
_CPF = re.compile(r"(?<!\w)[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?!\w)")
_NAMED_ID = re.compile(
    r"(?:passport|driver'?s? licen[cs]e|driving licen[cs]e|licen[cs]e|national id|id card|identity card|tfn|tax file|medicare"
    r"|nhs|national insurance|personalausweis|tax id|itin|aadhaar|pan card)(?: card)?(?: ?(?:number|no\.?|num|nr\.?|#|id))?"
    r"(?: is| was|:| -)? {0,2}((?=[A-Z0-9 -]{0,8}[0-9]{3})[A-Z0-9]{2,4}[A-Z0-9 -]{3,13}[A-Z0-9])(?!\w)", re.I
)  # fmt: skip
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def _formed(pattern: re.Pattern[str], group: int = 0) -> Callable[[str], _Spans]:
    """Whatever has the form."""
    return lambda text: (match.span(group) for match in pattern.finditer(text))


def _dnis(text: str) -> _Spans:
    for match in _DNI.finditer(text):
        digits = re.sub(r"[^0-9XYZ]", "", match.group()[:-1]).translate(str.maketrans("XYZ", "012"))
        if _DNI_LETTERS[int(digits) % 23] == match[1]:
            yield match.span()


def _nirs(text: str) -> _Spans:
    for match in _NIR.finditer(text):
        digits = match.group().replace(" ", "").replace("2A", "19").replace("2B", "18")
        if len(digits) == 15 and 97 - int(digits[:13]) % 97 == int(digits[13:]):
            yield match.span()


# ---------------------------------------------------------------- telephone

# One way only to read a run of digits, and no run longer than a number may have: with several, a comment of 500 digits
# took seconds.
_PHONE = re.compile(
    r"(?<![\w.,#$€£/=-])(?:\+|00)?(?:\([+]?[0-9]{1,5}\)[ .-]{0,2})?[0-9]{1,15}"
    r"(?:[ ./-]{1,2}(?:\(?[0-9]{1,5}\)(?:[0-9]{3,11})?|\(?[0-9]{1,15})|[ ]?\([0-9]{1,5}\)[ .-]?[0-9]{1,15}){0,6}"
    r"(?: ?(?:x|ext\.?|extension) ?[0-9]{1,6})?(?![\w%]|[.,:/-][0-9])",
    re.I,
)
_PLUS = re.compile(r"(?<![\w+])\+[0-9]{7,15}(?!\w)")
_PHONE_WORDS = re.compile(
    r"(?:phone|mobile|cell|tel|telephone|fax|call|ring|text|txt|sms|whats ?app|dial|number|contact|reach|hotline|telefon|handy|numero|rufnummer|wa|hmu)\b", re.I
)  # fmt: skip
_NOT_PHONE_WORDS = re.compile(
    r"(?:order|booking|reference|ref|invoice|tracking|ticket|case|account|acct|confirmation|serial|model|isbn|sku|part|item|"
    r"reservation|policy|membership|member|flight|parcel|claim|zip|postcode|po box|pin|code|imei|version|bill|loan|account number|id|"
    r"card|licen[cs]e|passport|order number|sort code)(?: ?(?:number|no\.?|nr\.?|num|#|id|is|was))*[ .:#]*$", re.I
)  # fmt: skip
_DATE = re.compile(
    r"(?:(?:19|20)[0-9]{2}[-/. ](?:0?[1-9]|1[0-2])[-/. ](?:0?[1-9]|[12][0-9]|3[01])|(?:0?[1-9]|[12][0-9]|3[01])[-/. ](?:0?[1-9]|[12][0-9]|3[01])[-/. ](?:(?:19|20)?[0-9]{2}))"
    r"(?:[ T][0-9: ]*)?$"
)
_AMOUNTS = re.compile(r"^(?:[0-9]{1,3}(?:[ .][0-9]{3}){1,3}|(?:19|20)[0-9]{2}[ -]+(?:19|20)[0-9]{2})$")
_WINDOW = 32


def _phones(text: str) -> _Spans:
    for match in _PHONE.finditer(text):
        start, end = match.span()
        found = match.group()
        digits = sum(map(str.isdigit, re.split(r"x|e", found, maxsplit=1, flags=re.I)[0]))
        if digits < 7 or digits > 15 or _DATE.fullmatch(found):
            continue
        before = text[max(0, start - _WINDOW) : start]
        named = _PHONE_WORDS.search(before) is not None
        if _NOT_PHONE_WORDS.search(before):
            continue
        plus = found.startswith(("+", "00", "("))
        groups = len(re.findall(r"[0-9]+", found))
        if not named and not plus:
            if groups == 1:
                if not (digits in (10, 11) and found[0] in "016789"):
                    continue
            elif _AMOUNTS.match(found) or found.count("/") > 2 or digits < 8 or (groups == 2 and digits > 12):
                continue
        yield start, end
    for match in _PLUS.finditer(text):
        yield match.span()


# ---------------------------------------------------------------- a place where someone lives

_STREETS = (
    r"street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|close|crescent|cres|place|pl|square|sq|terrace|"
    r"way|highway|hwy|parkway|pkwy|circle|cir|trail|trl|alley|grove|gardens|mews|row|hill|walk|parade|pde|esplanade|loop|route|plaza"
)
_ADDRESS = (
    re.compile(
        rf"(?<![\w#$€£-])(?:(?:flat|unit|apt|apartment|suite) ?[0-9]{{1,5}}[a-z]?[, /]{{1,2}})?[0-9]{{1,5}}[a-z]?(?:[/-][0-9]{{1,5}})?,? "
        rf"(?:[A-Z][\w'.-]{{1,20}} ){{1,4}}(?:{_STREETS})\b\.?(?: (?:N|S|E|W|NE|NW|SE|SW)\b)?(?:,? (?:apt|suite|unit|ste|#)\.? ?[0-9]{{1,5}}[a-z]?)?"
        r"(?:,? [A-Z][\w'.-]{1,20}(?: [A-Z][\w'.-]{1,20})?,? (?:[A-Z]{2,3} )?(?:[0-9]{4,5}(?:-[0-9]{4})?|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2})(?!\w))?",
        re.I,
    ),
    re.compile(
        r"(?<!\w)(?:[A-ZÄÖÜ][\wäöüß.-]{1,24}(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|laan|straat|gade|gatan|vej|gata|veien|katu)"
        r"|(?:Am|An der|Zum|Im) [A-ZÄÖÜ][\wäöüß-]{2,24}) ?[0-9]{1,4} ?[a-z]?(?!\w)(?:,? (?:D-)?[0-9]{4,5} [A-ZÄÖÜ][\wäöüß-]{2,24})?"
    ),
    re.compile(
        r"(?<!\w)[0-9]{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard|bd|place|chemin|allée|allee|impasse|quai|route|cours) (?:(?:de|du|des|la|le|l'|d')[ ]?){0,3}[A-ZÀ-Ý][\w'-]{1,24}(?: [A-ZÀ-Ý][\w'-]{1,24})?(?:,? [0-9]{5} [A-ZÀ-Ý][\w-]{2,24})?",
        re.I,
    ),
    re.compile(
        r"(?<!\w)(?:calle|c/|avenida|avda\.?|plaza|paseo|via|viale|piazza|corso|vicolo|rua|travessa) (?:(?:de|del|della|di|la|las|los|el|da|do)[ ]){0,3}[A-ZÀ-Ý][\w'-]{1,24}(?: [A-ZÀ-Ý][\w'-]{1,24}){0,2},? (?:n[.º°]? ?)?[0-9]{1,4}(?!\w)(?:,? [0-9]{5} [A-ZÀ-Ý][\w-]{2,24})?",
        re.I,
    ),
    re.compile(r"(?<!\w)P\.? ?O\.? ?Box [0-9]{1,7}(?!\w)", re.I),
)  # fmt: skip
_STREET_WORDS = frozenset(
    f"{_STREETS}|rue|bd|chemin|quai|cours|impasse|calle|avenida|avda|paseo|via|viale|piazza|corso|vicolo|rua|travessa|box".split(
        "|"
    )
)
_STREET_PARTS = ("strasse", "str.", "weg", "platz", "allee", "gasse", "ring", "damm", "ufer", "laan", "straat", "gade", "gatan",
                 "vej", "gata", "katu", "c/")  # fmt: skip
_WORD = re.compile(r"\w+")


def _has_street(folded: str) -> bool:
    """Does a word for a street stand in the text? Without one there is no address."""
    words = folded.encode().translate(_WORDS_ONLY).decode().split() if folded.isascii() else _WORD.findall(folded)
    return not _STREET_WORDS.isdisjoint(words) or any(map(folded.__contains__, _STREET_PARTS))


_WORDS_ONLY = bytes(point if chr(point).isalnum() or chr(point) == "_" else 32 for point in range(128)).ljust(256)


_UNLIKELY = re.compile(
    r"^[0-9]+ (?:(?:hours?|hrs?|days?|weeks?|months?|years?|minutes?|mins?|times|people|more|of|in|on|the|and|to|for|or|percent|dollars|miles|km|am|pm) )",
    re.I,
)


def _addresses(text: str) -> _Spans:
    for pattern in _ADDRESS:
        for match in pattern.finditer(text):
            if not _UNLIKELY.match(match.group()) and (pattern is not _ADDRESS[0] or _named(match.group())):
                yield match.span()


def _named(found: str) -> bool:
    """A street has a name with a capital, or everything is written small or large."""
    words = re.findall(r"[A-Za-z]+", found)
    return any(word[0].isupper() for word in words[:-1])


_ID_WORDS = (
    "passport", "licen", "national i", "id card", "identity card", "tfn", "tax file", "tax id", "medicare", "nhs",
    "personalausweis", "itin", "aadhaar", "pan card",
)  # fmt: skip
_FEWEST_DIGITS = 3
_FINDERS: tuple[tuple[int, str, tuple[str, ...], Callable[[str], _Spans]], ...] = (
    # the digits that each kind has at least, and words of which one stands in the text
    (8, "iban", (), _ibans),
    (12, "card", (), _cards),
    (4, "ip", (), _ips),
    (9, "ssn", (), _ssns),
    (6, "national_id", (), _formed(_NINO)),
    (6, "national_id", ("ni n", "nino", "ni #", "national insurance"), _formed(_NINO_NAMED, 1)),
    (4, "national_id", (), _formed(_PAN)),
    (7, "national_id", (), _formed(_FISCALE)),
    (11, "national_id", ("-",), _formed(_CPF)),
    (7, "national_id", (), _dnis),
    (14, "national_id", (), _nirs),
    (3, "national_id", _ID_WORDS, _formed(_NAMED_ID, 1)),
    (7, "phone", (), _phones),
)
