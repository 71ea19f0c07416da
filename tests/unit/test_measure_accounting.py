"""The accounting of decisions: every number equals what anybody computes by hand from the exported facts."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from herald.flows.commands import AcknowledgePolicy, DecideAppeal, Delete, Hide, Overrule, SetMode
from herald.flows.deliver import deliver, release
from herald.flows.gate import perform
from herald.flows.moderate import moderate
from herald.flows.verdicts import accounted, exported, facts
from herald.measure import accounting
from herald.model import Act, Action, Person, Role
from herald.model.verdicts import Exposure, Verdict
from tests.support.world import ACCOUNT, BRAND, MIA, NOON, PAGE, World, a_comment, a_world, edited

OLA = Person("ola", "Ola Oak", frozenset({Role.COMMUNITY_MANAGER, Role.OWNER}), frozenset({BRAND}))
DAYS = ("2026-11-01", "2026-11-30")
DOC = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


class Month:
    """Messages said, judged, delivered and decided, at times of the test's choosing."""

    def __init__(self) -> None:
        self.world: World = a_world()
        self.world.store.save(OLA)
        perform(AcknowledgePolicy("MOD", 1), by=OLA.id, herald=self.world.herald, now=NOON)
        self.n = 0

    def say(self, text: str, *, late: int = 0) -> str:
        """A comment that reaches us `late` seconds after it was written."""
        self.n += 1
        self.world.clock.pass_(minutes=10)
        now = self.world.clock()
        at = now - timedelta(seconds=late)
        self.world.store.apply(a_comment(text, id=str(self.n), at=at, author_id=f"u{self.n}"), BRAND, now)
        return self.judge(f"facebook_page:{PAGE}_{self.n}")

    def judge(self, message: str) -> str:
        moderate([message], self.world.herald, self.world.clock())
        self.run()
        return message

    def run(self) -> None:
        for one in release(self.world.herald, self.world.clock()):
            deliver(one.id, self.world.herald, self.world.clock())

    def do(self, command: Any, by: str = MIA.id, *, after: int = 60) -> None:
        self.world.clock.pass_(seconds=after)
        perform(command, by=by, herald=self.world.herald, now=self.world.clock())
        self.run()

    def overrule(self, message: str, action: Action, *, after: int = 60) -> None:
        self.do(Overrule(message, action, "so", "MOD 2.1", self.version(message)), after=after)

    def version(self, message: str) -> int:
        found = self.world.store.message(message)
        assert found
        return found.version


@pytest.fixture(scope="module")
def month() -> Month:
    made = Month()
    for late in (0, 20, 60, 61, 4_000):
        made.say("you utter muppet", late=late)
    made.overrule(made.say("clown shoes, size nine"), Action.ALLOW)
    for after, action in ((120, Action.ALLOW), (600, Action.HIDE), (1_800, Action.HIDE), (30_000, Action.ALLOW)):
        made.overrule(made.say("a dodgy chair"), action, after=after)
    made.say("another dodgy chair")  # nobody decided it
    made.say("lovely")
    grave = made.say("kind words with a nasty picture")
    made.do(Hide(grave, "the picture", "MOD 3.1", made.version(grave)), after=90)
    worse = made.say("kind words with a worse picture")
    made.do(Delete(worse, "the picture", "MOD 3.1", made.version(worse)), after=30)
    for overturn in (True, False):
        appeal(made, made.say("you utter muppet"), overturn=overturn)
    return made


def appeal(made: Month, message: str, *, overturn: bool) -> None:
    from herald.care.cases import appeal as opened
    from herald.model import New

    found = made.world.store.message(message)
    assert found
    assert found.decision
    targets = made.world.store.targets()
    case = opened(found, found.decision, ACCOUNT, targets, text="Why?", now=made.world.clock())
    made.world.store.commit([New(case)])
    made.do(DecideAppeal(case.id, overturn, "so", "MOD 2.1", 1), after=300)


@pytest.fixture(scope="module")
def numbers(month: Month) -> accounting.Accounting:
    return accounted(BRAND, *DAYS, month.world.herald)


@pytest.fixture(scope="module")
def exports(month: Month) -> tuple[pd.DataFrame, pd.DataFrame]:
    verdicts, exposures, _ = facts(BRAND, *DAYS, month.world.herald)
    return (
        pd.read_csv(io.BytesIO(exported(verdicts, Verdict)), keep_default_na=True),
        pd.read_csv(io.BytesIO(exported(exposures, Exposure))),
    )


def test_the_numbers_are_those_that_anybody_counts_by_hand(numbers: accounting.Accounting) -> None:
    insult = next(one for one in numbers.rules if one.rule == "Insult")
    assert (insult.hidden, insult.right.n, insult.right.of) == (8, 6, 8)  # one overruled, one overturned
    unsure = next(one for one in numbers.rules if one.rule == "Unsure")
    assert (unsure.sent, unsure.confirmed.n, unsure.confirmed.of) == (5, 2, 4)  # one that nobody decided
    assert (numbers.appeals.n, numbers.appeals.of) == (1, 2)
    assert numbers.decided == 4
    assert (numbers.decision_median, numbers.decision_p90) == (1_200.0, 21_540.0)
    assert (numbers.caught.n, numbers.caught.of) == (7, 12)
    assert (numbers.by_rules.n, numbers.by_rules.of) == (10, 12)


def test_and_those_that_pandas_computes_from_the_export(
    numbers: accounting.Accounting, exports: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    verdicts, exposures = exports
    people = verdicts[verdicts.by == "person"]
    allowed = set(people[people.action == "allow"].replaces)
    for rule, made in verdicts[verdicts.by == "rules"].groupby("rule"):
        told = next(one for one in numbers.rules if one.rule == rule)
        hid, sent = made[made.action == "hide"], made[made.action == "queue"]
        assert told.right.value == (pytest.approx(1 - hid.key.isin(allowed).mean()) if len(hid) else None)
        answers = people[people.replaces.isin(sent.key)]
        of = answers.replaces.nunique()
        confirmed = answers[answers.action.isin(["hide", "delete"])].replaces.nunique()
        assert told.confirmed.value == (pytest.approx(confirmed / of) if of else None)
    waits = people[people.appeal.isna()].waited.dropna()
    assert numbers.decision_median == pytest.approx(waits.quantile(0.5))
    assert numbers.decision_p90 == pytest.approx(waits.quantile(0.9))
    assert numbers.caught.value == pytest.approx((exposures.seconds <= 60).mean())
    assert numbers.exposure_median == pytest.approx(exposures.seconds.median())
    decided = people[people.appeal.notna()]
    assert numbers.appeals.value == pytest.approx((decided.appeal == "overturned").mean())


def test_the_facts_hold_no_word_name_or_id(exports: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    for frame in exports:
        text = frame.to_csv()
        for told in ("muppet", "dodgy", "Lee Lark", MIA.id, MIA.name, f"{PAGE}_1", "picture"):
            assert told not in text.replace(ACCOUNT.id, ""), told


def test_what_is_not_there_is_missing_and_never_0() -> None:
    empty = accounting.accounting([], [])
    assert (empty.caught.value, empty.exposure_median, empty.decision_median, empty.appeals.value) == (None,) * 4
    assert empty.rules == ()


def test_a_redelivered_judgement_or_deletion_is_one_fact(month: Month) -> None:
    before = facts(BRAND, *DAYS, month.world.herald)
    for n in range(1, month.n + 1):
        month.judge(f"facebook_page:{PAGE}_{n}")
    month.run()
    assert facts(BRAND, *DAYS, month.world.herald) == before


def test_what_was_held_back_and_then_hidden_was_seen_until_it_was_held_back() -> None:
    made = Month()
    made.do(SetMode(ACCOUNT.id, "hold", "a sensitive week", 0), OLA.id)
    message = made.say("a dodgy chair", late=5)
    assert facts(BRAND, *DAYS, made.world.herald)[1] == []  # held back is no harm yet
    made.overrule(message, Action.HIDE, after=7_200)
    ((exposure,),) = [facts(BRAND, *DAYS, made.world.herald)[1]]
    assert (exposure.seconds, exposure.by) == (5, "person")
    assert [act for act, _ in made.world.wall.acts] == [str(Act.HIDE)]


def test_what_was_hidden_and_then_deleted_was_seen_until_it_was_hidden() -> None:
    made = Month()
    by_rule = made.say("you utter muppet", late=5)
    made.do(Delete(by_rule, "for good", "MOD 3.1", made.version(by_rule)), after=7_200)
    made.do(SetMode(ACCOUNT.id, "hold", "a sensitive week", 0), OLA.id)
    held = made.say("a dodgy chair", late=7)
    made.do(Delete(held, "for good", "MOD 3.1", made.version(held)), after=7_200)
    exposures = facts(BRAND, *DAYS, made.world.herald)[1]
    assert [(one.seconds, one.by, one.action) for one in exposures] == [
        (5, "rules", Action.HIDE), (7, "person", Action.DELETE),
    ]  # fmt: skip
    assert [act for act, _ in made.world.wall.acts] == ["hide", "delete"] * 2


def test_a_decision_on_other_words_overrules_nothing() -> None:
    made = Month()
    message = made.say("you utter muppet")
    later = made.world.clock.pass_(minutes=1)
    made.world.store.apply(edited(a_comment("", id="1"), "a dodgy chair", at=later), BRAND, later)
    made.judge(message)
    made.overrule(message, Action.ALLOW)
    insult = next(one for one in accounted(BRAND, *DAYS, made.world.herald).rules if one.rule == "Insult")
    assert insult.right == accounting.Share(1, 1)


def rule_of(made: Month, name: str, days: tuple[str, str] = DAYS) -> accounting.RuleStands:
    return next(one for one in accounted(BRAND, *days, made.world.herald).rules if one.rule == name)


def test_what_is_shown_again_or_confirmed_after_the_period_counts_for_the_rule_and_in_no_other_number() -> None:
    made = Month()
    made.world.clock.pass_(days=12, hours=22)  # 30 November, 23:00 UTC
    insult, unsure = made.say("you utter muppet"), made.say("a dodgy chair")
    made.overrule(insult, Action.ALLOW, after=7_200)
    made.overrule(unsure, Action.HIDE)
    assert rule_of(made, "Insult").right == accounting.Share(0, 1)
    assert rule_of(made, "Unsure").confirmed == accounting.Share(1, 1)
    november = accounted(BRAND, *DAYS, made.world.herald)
    december = accounted(BRAND, "2026-12-01", "2026-12-31", made.world.herald)
    assert (november.decided, december.decided) == (0, 1)
    assert december.rules == ()


def test_a_message_that_a_rule_sent_before_the_period_and_a_person_hid_in_it_was_found_by_a_rule() -> None:
    made = Month()
    made.world.clock.pass_(days=12, hours=22)
    made.overrule(made.say("a dodgy chair"), Action.HIDE, after=7_200)
    assert accounted(BRAND, "2026-12-01", "2026-12-31", made.world.herald).by_rules == accounting.Share(1, 1)


def test_what_a_person_hid_first_was_not_found_by_the_rule_that_matched_its_later_words() -> None:
    made = Month()
    message = made.say("kind words with a nasty picture")
    made.do(Hide(message, "the picture", "MOD 3.1", made.version(message)))
    later = made.world.clock.pass_(minutes=1)
    made.world.store.apply(edited(a_comment("", id="1"), "a dodgy chair", at=later), BRAND, later)
    made.judge(message)
    assert rule_of(made, "Unsure").sent == 1
    assert accounted(BRAND, *DAYS, made.world.herald).by_rules == accounting.Share(0, 1)


def test_a_rule_that_only_labels_points_at_nothing() -> None:
    made = Month()
    message = made.say("is it broken?")
    made.do(Hide(message, "the picture", "MOD 3.1", made.version(message)))
    assert accounted(BRAND, *DAYS, made.world.herald).by_rules == accounting.Share(0, 1)


def test_a_rule_was_wrong_too_where_one_person_agreed_with_it_and_another_showed_the_message_again() -> None:
    made = Month()
    message = made.say("you utter muppet")
    made.overrule(message, Action.HIDE)
    assert rule_of(made, "Insult").right == accounting.Share(1, 1)
    made.do(Overrule(message, Action.ALLOW, "so", "MOD 2.1", made.version(message)), OLA.id)
    assert rule_of(made, "Insult").right == accounting.Share(0, 1)


@pytest.mark.parametrize("one", accounting.DEFINITIONS, ids=lambda one: one.id)
def test_the_page_of_metrics_words_each_number_as_the_code_does(one: Any) -> None:
    told = " ".join(DOC.split())
    assert f"| `{one.id}` | {one.label} | {one.unit} | {one.meaning} | {one.formula} |" in told


def test_a_rules_name_is_no_formula_in_a_spreadsheet(month: Month) -> None:
    verdicts, _, _ = facts(BRAND, *DAYS, month.world.herald)
    for sign in ("=", "+", "-", "@", "＝", "＋", "－", "＠", "  =", "\u202e=", "\x1b=", "\u200b=", "\t="):
        odd = replace(verdicts[0], rule=f"{sign}HYPERLINK(1)")
        (row,) = csv.DictReader(io.StringIO(exported([odd], Verdict).decode("utf-8-sig"), newline=""))
        assert row["rule"].startswith("'")
        assert row["rule"].endswith(f"{sign[-1]}HYPERLINK(1)")
        assert "\u202e" not in row["rule"]


def test_a_number_below_nought_is_a_number_in_the_file(month: Month) -> None:
    verdicts, _, _ = facts(BRAND, *DAYS, month.world.herald)
    (row,) = csv.DictReader(io.StringIO(exported([replace(verdicts[0], waited=-5)], Verdict).decode("utf-8-sig")))
    assert row["waited"] == "-5"


def test_one_text_told_by_many_at_one_moment_is_as_many_facts_in_one_write_and_each_is_answered_by_itself() -> None:
    made = Month()
    now = made.world.clock()
    told = []
    for n in range(5):
        made.world.store.apply(a_comment("you utter muppet", id=f"9{n}", at=now, author_id="u1"), BRAND, now)
        told.append(f"facebook_page:{PAGE}_9{n}")
    transactions = list[int]()
    transact = made.world.db.transact

    def counting(writes: Any) -> None:
        transactions.append(len(writes))
        transact(writes)

    made.world.db.transact = counting  # type: ignore[method-assign]
    moderate(told, made.world.herald, now)
    assert len(transactions) == 1
    made.overrule(told[2], Action.ALLOW)
    insult = next(one for one in accounted(BRAND, *DAYS, made.world.herald).rules if one.rule == "Insult")
    assert insult.right == accounting.Share(4, 5)
