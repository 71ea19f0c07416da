"""A message is understood: scores, labels, language and personal data, whatever it is dressed up as."""

from __future__ import annotations

from math import exp
from time import thread_time
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from herald.moderate import understand as understanding
from herald.moderate.decide import SCORES
from herald.moderate.heads import Softmax, heads
from herald.moderate.personal import find, luhn
from herald.moderate.reading import LINK, Lexicon, Read, _shape
from herald.moderate.tongue import language
from herald.moderate.understand import WORDS_ONLY, _labels, _rounded, understand


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("I hate women", "hate"), ("w o m e n are scum", "hate"), ("You are a f4ggot", "hate"),
        ("DM me on telegram to recover your account", "scam"), ("I will sue you", "legal"),
        ("i want to kill myself", "self_harm"), ("what time do you open?", "question"),
        ("My flight was cancelled and nobody helps", "complaint"), ("Thanks so much, great service!", "praise"),
        ("subscribe to my channel http://zorp.example", "spam"), ("you are such an idiot", "harassment"),
        ("fr33 g1ft c@rds, cl1ck the l1nk in my b1o", "spam"),
    ],
)  # fmt: skip
def test_what_is_meant_is_flagged(text: str, flag: str) -> None:
    assert flag in (understand(text).flags or ())


@pytest.mark.parametrize("no", ["don't", "dont", "do not"])
@pytest.mark.parametrize("wish", ["want to be here any more", "wanna live", "want to wake up tomorrow"])
def test_who_does_not_want_to_live_is_seen_however_it_is_spelt_whatever_stands_before(no: str, wish: str) -> None:
    assert "self_harm" in (understand(f"Bought a kettle for my dad, he died in spring. I {no} {wish}").flags or ())


@pytest.mark.parametrize(
    "text",
    [
        "Ich will nicht mehr leben, das Paket ist mir egal", "je veux mourir", "voglio morire", "Não quero mais viver",
        "ik wil niet meer leven", "nie chcę żyć", "jag vill inte leva längre",
        "artık yaşamak istemiyorum", "хочу умереть", "Quiero morirme, nadie me ayuda con mi cuenta",
    ],
)  # fmt: skip
def test_who_does_not_want_to_live_is_seen_in_languages_that_no_model_knows(text: str) -> None:
    told = understand(text)
    assert "self_harm" in (told.flags or ())
    assert "self_harm" in {span.field for span in told.spans or ()}, "the words are shown"


@pytest.mark.parametrize("text", ["Je suis mort de rire", "me muero de ganas", "Ich will den Vertrag beenden"])
def test_idioms_of_dying_and_ends_of_contracts_are_no_self_harm_there(text: str) -> None:
    assert "self_harm" not in (understand(text).flags or ())


def test_a_disguised_sentence_of_who_does_not_want_to_live_is_read_by_itself_too() -> None:
    told = understand("My parcel still hasn't come, order 4471, ten days now. i w4nt to k1ll mys3lf tonight")
    assert "self_harm" in (told.flags or ())


def test_without_the_encoder_too_who_does_not_want_to_live_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(understanding, "encoder", lambda: None)
    told = understand("Bought a kettle for my dad, he died in spring. I don't want to be here any more")
    assert "+" not in told.model_version, "the linear model spoke alone"
    assert "self_harm" in told.flags


def test_of_a_flood_of_such_sentences_no_more_than_three_are_judged_by_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    together = understanding._together
    monkeypatch.setattr(understanding, "_together", lambda *given: asked.append(given[3]) or together(*given))
    understand("".join(f"i can't go on, day {number}. i want to die, day {number}. " for number in range(300)))
    assert len(asked) == 1 + 3, "the whole, then three"
    assert all("want to die" in sentence for sentence in asked[1:]), "what is named comes before what may be meant"
    asked.clear()
    understand("i want to die. " * 600)
    assert len(asked) == 1 + 1, "who says the same again is heard once"
    asked.clear()
    understand("i want to die!")
    assert len(asked) == 1, "one sentence is the whole"


@pytest.mark.parametrize(
    "text",
    [
        "I love immigrants", "I don't hate muslims", 'He said "I hate muslims". That is racist.', "I hate mondays",
        "the coffee was terrible and the waiter ignored us", "where is my parcel?", "you're killing it!", "",
        "is this a scam?", "My sister is a lawyer", "women's sizes run small", "to die for", "\u200b", "🙏",
    ],
)  # fmt: skip
def test_what_only_looks_like_abuse_is_not_flagged_as_it(text: str) -> None:
    assert not {"hate", "toxic", "threat", "scam", "self_harm"} & set(understand(text).flags or ())


@pytest.mark.parametrize(
    ("text", "code", "kind"),
    [
        ("Hoe laat gaan jullie morgen open? Dank je wel", "nl", "question"),  # how
        ("Désolé pour le retard, je vous remercie pour votre aide", "fr", "other"),  # late
        ("¿Tienen esta silla en color negro? Gracias", "es", "question"),  # black
        ("Die Decke ist schön dick und warm", "de", "other"),  # thick
        ("Der Versand war kostenloser als ich dachte", "de", "other"),  # free of charge
        ("Das ist ein furchtbarer Laden, meine Bestellung kam nie an", "de", "other"),  # my order
        ("Könnt ihr das bitte analysieren und mir eine Antwort geben?", "de", "question"),
        ("Cum pot să comand această lampă? Mulțumesc", "ro", "question"),  # how
        ("När är rean slut? Det är slut i lager", "sv", "question"),  # over
        ("Ich bin nicht happy mit dem Sofa, das ihr mir geliefert habt", "de", "other"),
    ],
)
def test_an_everyday_word_of_another_language_is_not_the_english_one(text: str, code: str, kind: str) -> None:
    found = understand(text)
    assert (found.language, found.model_version) == (code, WORDS_ONLY)
    assert set(found.flags or ()) <= {"question"}
    assert found.labels["type"] == kind


def test_a_language_that_no_model_knows_is_judged_by_words_and_says_so() -> None:
    found = understand("Du bist ein Arschloch und wir wollen dich nicht")
    assert (found.language, found.model_version) == ("de", WORDS_ONLY)
    assert "profanity" in (found.flags or ())
    assert understand("Wo ist meine Bestellung und warum antwortet ihr nicht?").flags == ("question",)


@pytest.mark.parametrize(
    "text",
    [
        "Colis en retard de 5 jours", "livraison en retard", "retard de livraison",
        "El sofá negro llegó roto y nadie contesta", "sofa negro roto", "perro negro", "Slut på rea", "Dick und Doof",
        "Paket kaputt angekommen", "Danke", "magkano", "Versand dauert ewig", "hoeveel kost het",
    ],
)  # fmt: skip
def test_a_short_text_of_no_english_words_is_judged_by_words_and_no_everyday_word_is_a_slur(text: str) -> None:
    said = understand(text)
    assert (said.model_version, said.language) == (WORDS_ONLY, None)
    assert not set(said.flags or ()) & {"hate", "toxic", "harassment", "profanity", "sexual"}


@pytest.mark.parametrize(
    "text",
    [
        "ur a retard", "retards", "fking retrad", "stupid fag", "lil fag", "stoopid retard", "naw negro", "fag",
        "dumb slut", "fckin nigerz nickin trolleys agen", "gr8 srvc", "plz rply", "horible servise today",
        "omg soooo gud", "Goober!", "wins law suit #ca", "he's a greaser", "yea ho", "dis fone is rubish",
        "ï d ï ö t s", "Beyoncé sucks", "1d10ts",
    ],
)  # fmt: skip
def test_short_english_misspelt_or_slang_stays_with_the_models(text: str) -> None:
    assert (understand(text).model_version or "") != WORDS_ONLY


def test_labels_and_spans_are_worked_out_for_whoever_asks() -> None:
    with patch("herald.moderate.understand._labels", wraps=_labels) as labels:
        found = understand("you are such an idiot, my parcel never came")
        assert not labels.called
        assert [span.found for span in found.spans if span.field == "harassment"] == ["idiot"]
        likeliest = max(found.likely, key=lambda name: found.likely[name])
        assert found.labels["persona"] == (likeliest if found.likely[likeliest] >= 0.5 else None)
        assert labels.call_count == 1


def test_of_a_flood_of_names_links_and_numbers_each_kind_is_learnt_once() -> None:
    model = heads()
    lexicon = Lexicon(weigh=lambda token, row: learnt.append(token) or 1)  # type: ignore[func-returns-value] - its None is the point
    learnt: list[str] = []
    for n in range(50):
        lexicon.read(f"@reader{n} https://made-up.example/{n} {10_000 + n}")
    assert learnt == ["@someone", "http://", "#5"]
    two, same = model.lexicon.read("@a_one @b_two"), model.lexicon.read("@a_one @a_one")
    assert len(set(two.known)) == 2  # two names weigh twice, one name said twice once
    assert len(set(same.known)) == 1


@pytest.mark.parametrize(
    "text",
    ["made-up.example", "made.up.example/a", "www.made-up.example", "https://made.example", "made.me/up", "a1b.com."],
)
def test_a_link_is_a_link_however_it_is_written(text: str) -> None:
    assert "http://" in {_shape(token) for token in Lexicon().read(text).words}


@pytest.mark.parametrize(
    "text", ["bad.it was", "go to the shop.then", "me@made-up.example", "9.99", "e.g. this", "a.b.c", "well-known"]
)
def test_what_only_holds_a_full_stop_is_no_link(text: str) -> None:
    assert "http://" not in {_shape(token) for token in Lexicon().read(text).words}


@pytest.mark.parametrize("text", ["a." * 5_000, "a-" * 5_000, "a" * 10_000, ("a" * 60 + ".") * 160, "www." * 2_500])
def test_a_flood_that_might_be_links_is_read_in_a_moment(text: str) -> None:
    begun = thread_time()
    Lexicon().read(text)
    LINK.sub("", text)
    assert thread_time() - begun < 0.5


def test_what_was_learnt_of_words_does_not_grow_for_ever() -> None:
    lexicon = Lexicon()
    for n in range(120):
        lexicon.read(f"{n:x}" + "q" * 9_990)
        assert sum(map(len, lexicon._met)) < 600_000
    assert model_bits(lexicon.read("a word that is met again")) == model_bits(
        Lexicon().read("a word that is met again")
    )


def model_bits(read: Read) -> object:
    return read.words, read.cues, read.classes, [word.row for word in read.known]


@pytest.mark.parametrize("shared", [0.0, 0.00004, 0.00006, 0.5, 0.99996, 1.0, 0.12345678, 1 / 3])
def test_shares_are_rounded_as_python_rounds(shared: float) -> None:
    assert _rounded([shared]) == [round(shared, 4)]


def test_a_softmax_by_distances_is_the_softmax_of_weighed_sums() -> None:
    weights, bias, x = [[0.5, -1.0, 2.0], [0.0, 3.0, -0.25]], [0.1, -0.2], [6.0, -6.0, 0.75]
    points = [b + sum(w * v for w, v in zip(row, x, strict=True)) for row, b in zip(weights, bias, strict=True)]
    whole = sum(map(exp, points))
    told = Softmax(("one", "other"), weights, bias)
    assert told.shares(x) == pytest.approx([exp(point) / whole for point in points], abs=1e-12)
    assert told.likeliest(x) == "one"


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_it_and_the_same_text_gives_the_same(text: str) -> None:
    found = understand(text)
    assert found == understand(text)
    assert all(value is not None and -1 <= value <= 1 for value in found.scores.values())
    assert set(found.scores) == set(SCORES)
    assert all(0 <= span.start < span.end <= len(text) for span in (*found.spans, *(found.pii or ())))


def test_weights_are_small_and_name_their_version() -> None:
    model = heads()
    assert len(model.version) == 6
    assert set(model.names) >= (set(SCORES) - {"sentiment"}) | {"neg", "pos"}
    assert {"review", "user_content", "troll", "advocate"} <= set(model.names)  # what type and persona are told by


@pytest.mark.parametrize(
    ("text", "kind", "piece"),
    [
        ("card 4111 1111 1111 1111 please", "card", "4111 1111 1111 1111"),
        ("DE89 3704 0044 0532 0130 00", "iban", None),
        ("iban GB82WEST12345698765432.", "iban", "GB82WEST12345698765432"),
        ("write to kim.doe+x@mail.example.com", "email", "kim.doe+x@mail.example.com"),
        ("call me on (07) 5331 0577", "phone", "(07) 5331 0577"), ("from 192.0.2.17 today", "ip", "192.0.2.17"),
        ("2001:db8::17 is mine", "ip", "2001:db8::17"), ("SSN 531-21-7351", "ssn", "531-21-7351"),
        ("I live at 12 Example Street", "address", "12 Example Street"),
        ("kim at mail dot com", "email", "kim at mail dot com"),
        ("call +44-(0)7700 900123", "phone", "+44-(0)7700 900123"),
        ("ring (02)98765432 ext 12", "phone", "(02)98765432 ext 12"),
        ("it is AFZPK7190K on my form", "national_id", "AFZPK7190K"),
        ("you printed AB 12 34 56 C on it", "national_id", "AB 12 34 56 C"),
        ("my NI number is qq123456a", "national_id", "qq123456a"),
        ("NINO: OO 12 34 56 B", "national_id", "OO 12 34 56 B"),
        ("National Insurance no. GB 12 34 56 D", "national_id", "GB 12 34 56 D"),
    ],
)  # fmt: skip
def test_personal_data_is_found_where_it_stands(text: str, kind: str, piece: str | None) -> None:
    (span,) = find(text)
    assert (span.field, span.found) == (kind, piece or text)
    assert text[span.start : span.end] == span.found


@pytest.mark.parametrize(
    "text",
    [
        "order 4111111111111112", "flight 1881 at 14:48 on 12/27/1986", "version 1.2.3.4 of the app",
        "$1,250,000 raised",
        "meet me at shop.com", "999.1.1.1", "GB82WEST12345698765433", "order number 4821 7734 21", "2015-2016 season",
        "part AFZCK7190K", "part AFZPK0000K", "part XAFZPK7190K", "model GB 12 34 56 D", "model QQ 12 34 56 A",
        "alumni night, seat AB 12", "the mini number plate",
    ],
)  # fmt: skip
def test_numbers_that_are_nobodys_are_left_alone(text: str) -> None:
    assert find(text) == ()


def test_an_address_before_a_card_keeps_its_street_and_the_card_stays_a_card() -> None:
    found = {span.field: span.found for span in find("I live at 12 Example Street, card 4111 1111 1111 1111")}
    assert found["card"] == "4111 1111 1111 1111"
    assert found["address"].startswith("12 Example Street")


@pytest.mark.parametrize(
    "piece", ["1" * 80 + "a ", "1" * 15 + "a ", "1" * 10_000, "12345 " * 8 + "a ", "1 (12) 3 " * 8 + "a ", "(1)1+"]
)
def test_ten_thousand_digits_that_are_no_number_are_read_in_a_moment(piece: str) -> None:
    before = thread_time()
    find((piece * 10_000)[:10_000])
    assert thread_time() - before < 0.5  # a minute, where a run of digits can be read in more than one way


def test_luhn_checks_the_last_digit() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")
    assert not luhn("0000000000000000")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("where is my order and why do you not answer", "en"),
        ("wo ist meine bestellung und warum kommt sie nicht", "de"),
        ("où est ma commande, je ne comprends pas", "fr"), ("dónde está mi pedido, no entiendo nada", "es"),
        ("dove è il mio ordine, non capisco", "it"),
        ("onde está o meu pedido, não entendo", "pt"), ("где мой заказ", "ru"),
        ("私の注文はどこですか", "ja"), ("我的订单在哪里", "zh"), ("12345", None),
    ],
)  # fmt: skip
def test_the_language_is_told(text: str, code: str | None) -> None:
    assert language(text) == code
