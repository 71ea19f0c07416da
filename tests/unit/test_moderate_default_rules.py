"""The shipped rules and the demo shop's: they load, their own tests hold, and complaints are never hidden."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from herald.flows.policies import SAMPLES
from herald.govern import policies
from herald.model import Action, Kind, Severity
from herald.moderate.language import KEYS, MODIFIERS, PLACEHOLDERS
from herald.moderate.rules import RuleSet, Subject, compile_rules, default_rules

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
DEMO = ROOT / "local" / "demo"
TEXTS = {"default": default_rules(), "demo": (DEMO / "rules.yaml").read_text(encoding="utf-8")}


@pytest.fixture(scope="module", params=sorted(TEXTS))
def rules(request: pytest.FixtureRequest) -> RuleSet:
    return compile_rules(TEXTS[request.param])


def action(rules: RuleSet, text: str) -> str:
    match = rules.judge(Subject(text)).deciding
    return str(match.rule.action) if match else str(Action.ALLOW)


def labels(rules: RuleSet, text: str) -> set[str]:
    return {label for match in rules.judge(Subject(text)).labelling for label in match.rule.labels}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_shipped_rule_loads_and_its_own_tests_hold(name: str) -> None:
    report = compile_rules(TEXTS[name]).report(name)
    assert len(report) > 15
    assert [line for line in report if line["status"] != "loaded" or line["notes"]] == []


@pytest.mark.parametrize(
    "text",
    [
        "this is rubbish, worst service",
        "Worst shop ever. Never again!!!",
        "Your delivery is a joke and your website sucks",
        "What a load of crap this table is",
        "The bloody lamp broke after two days, I want my damn money back",
        "Do you have the fucking lamp or not?",
        "Is this a scam? My order never came",
        "You guys are killing me with these prices",
        "I would kill for that rug",
        "those cushions are to die for",
        "I could murder a coffee in your café",
        "Shut up and take my money!",
        "I feel like an idiot for buying this",
        "Your driver called me a moron. What will you do about it?",
        "Can you shoot me an email when it is back?",
        "This sale is the bomb",
        "my cat attacked the stool, how do I get scratches out?",
        "Hi, I can't log in, how do I recover my account?",
        "Why do I have to verify my card twice?",
        "When do you give away the workshop places?",
        "The plates came cracked and should all be sent back",
        "Terrible. One star. Avoid.",
        "I sent you a message and want to get back my money",
        "Kindly send me a replacement and contact me",
        "My account is locked, please DM me",
        "Your page locked me out and support keeps telling me to verify your card details",
        "Their phone number is disconnected",
        "Couldn't find your trading hours, please message me",
        "What about the guaranteed returns you promise on www.shop.example",
        "I'm going to break the legs of this table getting it up the stairs",
        "I will come and find you at the market on Sunday!",
        "you're going to die when you see this lamp",
        "My wife is back in the kitchen with her new pan",
        "The chairs can go back to where they came from",
        "what the fuck you guys, again?",
        "your piece of shit lamp died after a week",
        "your idiot driver left it in the rain",
        "Styled it at home, check out my page https://me.example",
        "I tried to claim your free gift and the link is dead",
        "The Chinese zodiac plates with the animals are lovely",
        "Great, another delay. Fantastic service as always",
        "",
        "👍",
        "Do you ship to Scunthorpe or Penistone?",
        "a bastard file, 10 inch, do you sell them?",
        "bastard",
        "the brass cock doorstop, I bought it at Dick Smith",
        "your clowns poster is sold out",
        "you muppets fan?",
        "your Muppets plates are gone",
        "I'm an idiot, sorry, wrong page",
        "don't be an idiot like me, measure first",
        "bloody ripper, you little beauty",
        "no worries mate, bugger",
        "good on ya, ya old bastard",
        "you bastards, why so tempting \U0001f602",
        "@Kate you lucky bitch, you got the last one \U0001f602",
        "fuck off, that's beautiful!",
        "I'm not calling you idiots, but the site is down",
        'someone wrote "you idiot" under my review, please remove it',
        'your cashier told my wife "fuck off"',
        "The blacks should be sent back, wrong shade",
        "Women are animals about these sales",
        "I'm going to break your store record",
        "I'll kill you if you sell out before payday",
        "please die Lampe in blau",
        "Ich bin ein Idiot, sorry",
        "les pros et les cons",
        "order number 0298765432 is stuck",
        "is the Brisbane shop at 12 Queen Street?",
        "I'm at 5 minutes drive",
    ],
)
def test_a_complaint_a_question_or_a_manner_of_speaking_is_not_hidden(rules: RuleSet, text: str) -> None:
    assert action(rules, text) != "hide"


@pytest.mark.parametrize(
    "text",
    [
        "You are an idiot",
        "you absolute moron",
        "YOU STUPID BITCH",
        "fuck you",
        "idiots!!!",
        "u r a m0r0n",
        "y\u200bou іdіоt",
        "ｙｏｕ ｉｄｉｏｔ",
        "you i.d.i.o.t",
        "you i d i o t",
        "you iiiidiooooot",
        "go kill yourself",
        "I'm going to come and smash your windows",
        "I know where you live",
        "Go back to your own country",
        "Message me on WhatsApp to recover your account",
        "Congratulations! You are our winner, claim your prize at http://prize.example",
        "Shop Support: confirm your card at http://pay.example",
        "I made $4,300 in two weeks trading bitcoin with Mrs Lane, message her on WhatsApp",
        "hot girls waiting for you tonight http://x.example",
        "Best followers cheap!!! www.followers.example",
        "what a pathetic idiot you are",
        "pathetic idiots, the lot of you",
        "you are an *idiot*",
        'you are an "idiot"',
        "you...are...an...idiot",
        "you\U0001f44fare\U0001f44fan\U0001f44fidiot",
        "YOU\nARE\nAN\nIDIOT",
        "f*ck you",
        "fck u",
        "\U0001f595\U0001f595",
        "complete and utter wanker",
        "you motherfucker",
        "k.y.s",
        "you should kill yourself",
        "imma kill you",
        "i will rape you",
        "ill bash your head in",
        "you fucking retards",
        "heil hitler",
        "Du Arschloch",
        "Ihr seid alle Vollidioten",
        "bande de connards",
        "va te faire enculer",
    ],
)
def test_plain_abuse_threats_and_frauds_are_hidden(rules: RuleSet, text: str) -> None:
    assert action(rules, text) == "hide"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Three weeks without a refund, you idiots", "an insult inside a complaint"),
        ("I will hurt him when I see him", "perhaps a threat"),
        ("I just want to end it all", "distress"),
        ("The lamp caught fire last night", "product safety"),
        ("My lawyer will be in touch", "legal"),
    ],
)
def test_what_is_unsure_or_grave_waits_for_a_person(rules: RuleSet, text: str, said: str) -> None:
    assert action(rules, text) == "queue", said


@pytest.mark.parametrize(
    "text",
    [
        "You are an idiot. My dog is such an idiot",
        "you told me to wait, you fucking idiot",
        "You are an idiot, said to me my mirror",
        "I will kill you all lol",
        "Priya is an idiot",
    ],
)
def test_words_that_excuse_an_insult_send_it_to_a_person_and_never_let_it_pass(rules: RuleSet, text: str) -> None:
    assert action(rules, text) in ("queue", "hide")


def test_an_insult_in_the_writers_name_is_seen_by_a_person(rules: RuleSet) -> None:
    match = rules.judge(Subject("nice lamp", author_name="Banksia Are M0rons")).deciding
    assert match is not None
    assert match.rule.action is Action.QUEUE
    assert rules.judge(Subject("nice lamp", author_name="Dick Cocks")).deciding is None


def test_what_stands_behind_the_last_character_read_is_left_to_a_person(rules: RuleSet) -> None:
    assert action(rules, "lovely " * 1_500 + "you are an idiot") == "queue"
    assert action(rules, "lovely " * 1_400) == "allow"


def test_distress_safety_and_law_are_told_to_someone_in_time(rules: RuleSet) -> None:
    for text, minutes in (("I want to end my life", 15), ("it burst into flames", 30), ("I will sue you", 240)):
        match = rules.judge(Subject(text)).deciding
        assert match is not None
        assert match.rule.escalate is not None
        assert match.rule.escalate.within_minutes <= minutes


def test_what_a_clause_promises_in_minutes_every_grave_rule_that_rests_on_it_promises_too(rules: RuleSet) -> None:
    """What stands in the policy beside a decision is what the deadline keeps."""
    promised = {}
    for file in SAMPLES.glob("*.md"):
        text = file.read_text(encoding="utf-8")
        of = yaml.safe_load(text.split("---")[1])["id"]
        for clause, words in re.findall(r"^### (\d+\.\d+) [^\n]*\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL):
            if minutes := re.search(r"within (\d+) minutes", words):
                promised[of, clause] = int(minutes[1])
    bound = [rule for rule in rules.rules if rule.severity >= Severity.HIGH and rule.policy
             and (rule.policy.id, rule.policy.clause) in promised]  # fmt: skip
    assert {rule.name for rule in bound} >= {"Threat", "Possible threat", "Told to die", "Product safety"}
    for rule in bound:
        assert rule.escalate, rule.name
        assert rule.escalate.within_minutes <= promised[rule.policy.id, rule.policy.clause], rule.name


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("still waiting for my table, no reply", "complaint"),
        ("Do you have the lamp in blue?", "question"),
        ("请问有货吗？", "question"),
        ("I love my new lamp, gorgeous", "praise"),
    ],
)
def test_labels_say_what_a_message_is(rules: RuleSet, text: str, label: str) -> None:
    assert labels(rules, text) == {label}


def test_the_demo_shops_reviews_are_labelled_whatever_they_say() -> None:
    verdict = compile_rules(TEXTS["demo"]).judge(Subject("hm", kind=Kind.REVIEW))
    assert [match.rule.name for match in verdict.labelling] == ["Review"]


def test_what_endangers_a_child_rests_on_the_clause_for_children(rules: RuleSet) -> None:
    guideline = policies.parse((SAMPLES / "moderation.md").read_text(encoding="utf-8"))
    decided = rules.judge(Subject("how old are you little girl, send me a pic, don't tell your mum")).deciding
    assert decided
    assert decided.rule.policy
    clause = guideline.clause(decided.rule.policy.clause)
    assert clause
    assert (clause.number, clause.title) == ("3.5", "Children")


def test_every_rule_cites_a_clause_and_the_demo_shop_has_each_clause_it_cites() -> None:
    written = {}
    for file in SAMPLES.glob("*.md"):
        text = file.read_text(encoding="utf-8")
        head = yaml.safe_load(text.split("---")[1])
        written[head["id"]] = set(re.findall(r"^### (\d+\.\d+) ", text, re.MULTILINE))
    for name, text in TEXTS.items():
        for rule in compile_rules(text).rules:
            assert rule.policy is not None, rule.name
            if name == "demo":
                assert rule.policy.clause in written[rule.policy.id], rule.name


# ---------------------------------------------------------------- false alarms on real complaints


def _airline() -> Iterator[str]:
    with (DATA / "airline_tweets" / "Tweets.csv").open(encoding="utf-8", errors="replace", newline="") as file:
        yield from (row["text"] for row in csv.DictReader(file))


def _clinc() -> Iterator[str]:
    rows = json.loads((DATA / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    yield from (text for part in rows.values() for text, _ in part)


def _uci() -> Iterator[str]:
    for file in (DATA / "uci_reviews").glob("*_labelled.txt"):
        lines = file.read_text(encoding="utf-8").split("\n")
        yield from (line.rsplit("\t", 1)[0] for line in lines if line.strip())


@pytest.mark.parametrize(
    ("name", "texts", "least"),
    [("airline_tweets", _airline, 14_000), ("clinc150", _clinc, 20_000), ("uci_reviews", _uci, 2_500)],
)
def test_at_most_one_in_two_hundred_real_complaints_questions_and_reviews_is_hidden(
    rules: RuleSet, name: str, texts: object, least: int
) -> None:
    if not (DATA / name).is_dir():
        pytest.skip(f"../shared/data/{name} is not here: false alarms were not counted")
    everything = list(texts())  # type: ignore[operator]
    hidden = sum(action(rules, text) == "hide" for text in everything)
    assert len(everything) > least
    assert hidden <= len(everything) * 0.005


# ---------------------------------------------------------------- the description for moderators


def test_the_documentation_names_every_key_modifier_and_placeholder_and_its_examples_load() -> None:
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    for word in (*KEYS, *MODIFIERS):
        assert f"`{word}`" in text, word
    for word in PLACEHOLDERS:
        assert f"`{{{{{word}}}}}`" in text, word
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(examples) >= 2
    for example in examples:
        report = compile_rules(example).report("docs/rules.md")
        assert report
        assert [line for line in report if line["status"] != "loaded"] == []
