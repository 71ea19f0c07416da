"""Which language a text is in: by its script, and among languages of one script by their commonest words and letters.

For routing and for knowing what the models may be trusted with, not for linguistics. A text with too little to go by
has no language (None). Function words are facts of each language; the lists are our own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

_WORDS = {
    "en": "the and you to is it of in that for was on are with this have not be at but my your what so they we me just can "
    "do no like from all get out when if how about up has would will there been who more their an had were she he him her "
    "i i'm it's don't can't please thanks thank why where did does need order still never love great good very hello hi "
    "am or as by one any our us than then them some these those because which could should really know want time back now",
    "de": "der die das und ist nicht ich sie es ein eine zu den mit auf für fur von dem wir ihr was auch so wie aber wenn noch nur "
    "habe hat haben sind war mein meine kein keine bei aus nach mehr schon man kann mich mir euch immer sehr bitte danke wo "
    "warum wann hallo gut leider seit heute im des einen einer wird werden oder als dass daß uns ja nein doch jetzt",
    "fr": "le la les de des et est je vous il elle nous une un pas que qui dans pour sur avec ce cette mais sont mon ma mes "
    "votre vos au aux plus très tres j'ai c'est merci bonjour pourquoi quand comment où être etre fait ne se son sa ses "
    "tout bien leur on ou par si même meme depuis toujours jamais rien encore sans y ça ca suis avez ont n'est d'une qu'il",
    "es": "el la los las de y que en es no un una por con para se lo mi su me te le está esta este pero como más mas muy sus "
    "cuando donde porque gracias hola qué ha han he tengo hay del al son fue todo todos nada nunca siempre si sí ya yo tu "
    "usted ustedes nos mis sin sobre también tambien bien estoy puedo hace desde pedido servicio buenos",
    "it": "il lo la gli le di e che è un una per con non sono ma mi si ci come più piu anche questo questa della del dei nel "
    "alla al ho hai ha hanno grazie ciao perché perche quando dove molto tutto sempre mai sei era mio mia vostro dal da "
    "ancora se io tu noi voi loro cosa bene buongiorno sul sulla degli delle nella fa poi già gia stato essere",
    "pt": "o a os as de e que em é um uma não nao por com para se mais meu minha seu sua está esta isso mas como muito quando "
    "onde obrigado obrigada porque eu você voce vocês voces ele ela nós do da dos das no na nos nas ao foi são sao tem ter já "
    "ja nunca sempre tudo bem também tambem só fazer olá ola bom sem até ate foram estou pelo pela",
    "nl": "de het een en van ik is dat niet je op te in zijn voor met er aan maar wat om ook als nog bij naar dan wel heb "
    "heeft hebben mijn jullie geen was deze dit kan kunnen waarom wanneer hoe waar bedankt hallo goed al door over uit "
    "worden wordt zo ze hij wij mij haar hun meer zeer graag nu altijd nooit",
    "pl": "nie to jest się sie na w z i że ze do co jak ale o po mam czy tak za dla od już juz mnie tylko był byl bardzo dziękuję dziekuje "
    "proszę kiedy gdzie dlaczego są sa jestem może moze ten ta te przez był była ma mi go jej ich być byc dzień dobry",
    "sv": "och det att i en jag är ar som på pa inte han med för for av till den har ni vi du om så sa men var ett kan nu ska tack "
    "hej varför varfor när nar mycket från fran mig min mitt era aldrig alltid bra hur vad eller också",
    "da": "og det at i en jeg er som på pa ikke han med for af til den har vi du om så sa men var et kan nu skal tak hej hvorfor "
    "hvornår meget fra mig min mit jeres aldrig altid god hvor hvad eller også der være blive",
    "no": "og det at i en jeg er som på pa ikke han med for av til den har vi du om så sa men var et kan nå na skal takk hei hvorfor "
    "når meget mye fra meg min mitt deres aldri alltid bra hvor hva eller også være bli",
    "fi": "ja on ei se että etta en mutta hän han kun niin mitä mita oli minä mina minun kanssa myös myos vain olen ovat miksi kiitos hei "
    "tämä tama jos voi sitten kuin nyt mikä ole hyvä hyva",
    "cs": "je se na že ze to v s i a si jak ale jsem by co pro jsou za tak není neni mi už uz jen nebo jako kdy kde proč proc "
    "děkuji dekuji dobrý den byl bylo má mám ani",
    "ro": "și si nu este în in la cu de o un pe că ca din pentru mai am dar sunt ce care când cand unde mulțumesc multumesc bună "
    "foarte fost fi eu voi va ați ati are",
    "hu": "a az és es nem hogy egy is van meg ez ha de csak már mar volt mi még meg el kell vagy köszönöm koszonom nagyon miért miert hol mikor",
    "tr": "bir ve bu için icin çok cok de da ne ben sen mi ama var yok gibi daha o kadar değil degil olarak teşekkürler tesekkurler "
    "nasıl nasil neden lütfen lutfen merhaba iyi değil şey her siz ile",
    "id": "yang dan di ini itu tidak saya untuk dengan ada dari ke kami anda sudah bisa akan juga apa kalau tapi terima kasih "
    "kapan kenapa berapa bagaimana mana belum sangat banget aku kamu nya tolong",
    "tl": "ang ng sa na mga ako ko mo ka hindi po naman lang ba si kayo ito yung din at salamat kung may wala bakit kailan magkano",
    "vi": "là la và va của cua không khong có co tôi toi cho được duoc này nay một mot với voi những nhung rất rat cảm ơn sao người nguoi",
}  # fmt: skip
_SCRIPTS = (
    ("ja", 0x3040, 0x30FF), ("ko", 0xAC00, 0xD7AF), ("ko", 0x1100, 0x11FF), ("zh", 0x4E00, 0x9FFF), ("th", 0x0E00, 0x0E7F),
    ("he", 0x0590, 0x05FF), ("ar", 0x0600, 0x06FF), ("el", 0x0370, 0x03FF), ("hi", 0x0900, 0x097F), ("bn", 0x0980, 0x09FF),
    ("ta", 0x0B80, 0x0BFF), ("te", 0x0C00, 0x0C7F), ("ka", 0x10A0, 0x10FF), ("hy", 0x0530, 0x058F), ("ru", 0x0400, 0x04FF),
)  # fmt: skip
_LETTERS = {
    "ß": "de", "ñ": "es", "¿": "es", "¡": "es", "ã": "pt", "õ": "pt", "ł": "pl", "ą": "pl", "ę": "pl", "ś": "pl", "ż": "pl",
    "ø": "da", "æ": "da", "ř": "cs", "ě": "cs", "ů": "cs", "ș": "ro", "ț": "ro", "ă": "ro", "ő": "hu", "ű": "hu", "ğ": "tr",
    "ı": "tr", "ş": "tr", "đ": "vi", "ơ": "vi", "ư": "vi", "ê": "fr", "œ": "fr", "ù": "fr", "è": "it", "ò": "it", "ì": "it", "ç": "fr",
    "ö": "de", "ü": "de", "å": "sv",
}  # fmt: skip
CODES = (*_WORDS, *dict.fromkeys(code for code, _, _ in _SCRIPTS), "uk", "sr", "fa")
"""All codes that `language` may tell."""


def _by_word() -> dict[str, tuple[tuple[str, float], ...]]:
    homes: dict[str, list[str]] = {}
    for tongue, words in _WORDS.items():
        for word in dict.fromkeys(word for word in words.split() if len(word) > 1):
            homes.setdefault(word, []).append(tongue)
    return {word: tuple((tongue, 1 / len(tongues)) for tongue in tongues) for word, tongues in homes.items()}


_HOMES = _by_word()
_ENGLISH = frozenset(word for word, homes in _HOMES.items() if homes == (("en", 1.0),))
_OTHERS = _HOMES.keys() - _ENGLISH
_ENGLISH_TOO = (
    "ada ale ama ba ben bra ca care co com come comment con da dan dar dat dem den die din door dove em est ez fa fur ga go "
    "god gut ha hat ho hoe hun im ja jen ka ko la las los ma mai mam man mar may meg meme men met mi mig min mis mo mot na "
    "nah ni nog non nos nu och op over par pas plus po pour pro rat sen si sin son sus ta tak te ten til till to toi um va van "
    "ve vi war wat ya yo yok yung za ze zo"
)  # fmt: skip
_ELSEWHERE = frozenset(word for word, homes in _HOMES.items() if all(tongue != "en" for tongue, _ in homes))
_ELSEWHERE -= frozenset(_ENGLISH_TOO.split())
"""Function words of other languages that nobody writes in English, in slang or by name."""
_SPLIT = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_HANDLES = re.compile(r"https?://\S+|\S+@\S+|[@#]\w+")
_NAMES = re.compile(r"https?://\S+|[@#]\w+")  # the same where no mail address stands: there it is much quicker
_TAGS = re.compile(r"[@#]\w+")
_MAIL = re.compile(r"@(?<=\S@)\S")
_ENOUGH = 1.5  # points below which a text that shares words with English is taken for it
_NOT_LATIN = re.compile(r"[^\x00-\u024f\u1e00-\u1eff\u2000-\u2bff\ufe00-\ufe0f\U0001f000-\U0001faff]")
_READ = 1_000  # characters that are enough
_DISGUISE = 0.4  # share of letters of another script below which a text is Latin with a few strange letters


def language(text: str) -> str | None:
    """ISO 639-1 code of the language a text is most likely in, None when there is too little to go by."""
    read = text[:_READ].lower()
    if not read.isascii() and _NOT_LATIN.search(read):
        found = _script(read)
        if found:
            return found
    words = _words(read)
    english = sum(map(_ENGLISH.__contains__, words))
    if english and read.isascii() and english >= sum(map(_OTHERS.__contains__, words)):
        return "en"  # no other language can have more
    return _by_points([word for word in words if len(word) > 1], read)


def elsewhere(words: Collection[str], met: Callable[[str], bool], ordinary: Collection[str]) -> bool:
    """Are these words, of a text whose language is not told, most likely not English?

    A word that is met in English speaks for it. Against it speak the function words of others, and beside them by half as
    much each longer word that nobody met; where no word is English, two such words are enough. What says harm in English
    and is an everyday word elsewhere speaks for neither, and beside it they must be three. So slang and bad spelling
    stay English as long as one word of them is, and so does a word by itself.

    Args:
        words: folded.
        met: is this a word of English.
        ordinary: what is harm in English and an everyday word elsewhere.
    """
    if not _ENGLISH.isdisjoint(words):
        return False
    each = set(words)
    english = others = harm = 0
    strange = []
    for word in each:
        if word in _ELSEWHERE:
            others += 1
        elif word in ordinary:
            harm += 1
        elif word in _HOMES or word.endswith(_SHORTENED) or met(word):
            english += 1
        elif len(word) > 3 and word.isalpha() and not _VOWELS.isdisjoint(word):
            strange.append(word)
    if not each.isdisjoint(_COLOURS) and any(word.endswith(_AGREES) for word in strange):
        others += 1
    if english:
        return others > 0 and others + len(strange) / 2 > english
    return others > 0 or len(strange) > (2 if harm else 1)


_COLOURS = frozenset(("negro", "negros"))
_AGREES = ("o", "os", "a", "as")  # black dog: what an adjective of that colour stands beside
_SHORTENED = ("'s", "n't", "'re", "'ll", "'ve", "'m", "'d")
_VOWELS = frozenset("aeiouy")


def _by_points(words: list[str], read: str) -> str | None:
    if not words:
        return None
    points: dict[str, float] = {}
    for word in words:
        for tongue, weight in _HOMES.get(word, ()):
            points[tongue] = points.get(tongue, 0.0) + weight
    if not read.isascii():
        for letter, tongue in _LETTERS.items():
            seen = read.count(letter)
            if seen:
                points[tongue] = points.get(tongue, 0.0) + min(seen, 3) * 0.7
    if not points:
        return "en" if read.isascii() and len(words) > 2 else None
    best = max(points, key=lambda tongue: (points[tongue], tongue == "en"))
    if best == "en":
        return best
    english = points.get("en", 0.0)
    if points[best] < 1.3 * english:
        return "en"
    if points[best] < _ENOUGH:  # one foreign-looking word in a short text says little
        return "en" if english else None
    return best


def _words(read: str) -> list[str]:
    """Words, without links, names and mail addresses."""
    if "@" in read or "#" in read or "://" in read:
        read = (_HANDLES if _MAIL.search(read) else _NAMES if "://" in read else _TAGS).sub(" ", read)
    if not read.isascii():
        return _SPLIT.findall(read.replace("’", "'"))
    read = f" {read.encode().translate(_LETTERS_ONLY).decode()} "  # bytes, which are translated much quicker
    if "'" in read:  # it stays inside a word
        read = read.replace("''", "  ").replace("' ", " ").replace(" '", " ")
    return read.split()


_LETTERS_ONLY = bytes(point if chr(point).isalpha() or chr(point) == "'" else 32 for point in range(128)).ljust(256)


def _script(read: str) -> str | None:
    counts: dict[str, int] = {}
    letters = 0
    for char in read:
        if not char.isalpha():
            continue
        letters += 1
        if char > "\u024f":
            point = ord(char)
            for tongue, first, last in _SCRIPTS:
                if first <= point <= last:
                    counts[tongue] = counts.get(tongue, 0) + 1
                    break
    if not counts:
        return None
    best = max(counts, key=lambda tongue: counts[tongue])
    if best == "zh" and counts.get("ja"):
        best = "ja"
    if sum(counts.values()) < _DISGUISE * letters:
        return None
    if best == "ru":
        if any(c in read for c in "іїєґ"):
            return "uk"
        if any(c in read for c in "ђјљњћџ"):
            return "sr"
    if best == "ar" and any(c in read for c in "پچژگ"):
        return "fa"
    return best
