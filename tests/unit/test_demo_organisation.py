"""The demo organisation holds together, and its month is the same for the same seed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from herald.care.answers import parse as parse_answers
from herald.care.hours import deadline, parse_hours
from herald.govern.policies import cite, clause_ref
from herald.model import SPOKEN, Kind, Role
from local.demo import organisation, voices

START, DAYS = date(2026, 10, 23), 30
MONTH = list(voices.month(7, START, DAYS))
ACCOUNTS = {account.account_id: account for account in organisation.ACCOUNTS}

CLAUSES = {
    "MOD": "1.1 1.2 2.1 2.2 3.1 3.2 3.3 3.4 3.5 4.1 4.2 4.3 5.1 5.2 5.3 6.1 6.2",
    "SOCIAL": "1.1 1.2 1.3 2.1 2.2 2.3 3.1 3.2 3.3 4.1 4.2",
    "COMPLAINTS": "1.1 1.2 2.1 2.2 3.1 4.1",
    "CRISIS": "1.1 1.2 1.3 2.1 2.2 2.3 2.4 3.1 3.2 3.3",
    "CONTENT": "1.1 1.2 1.3 1.4 2.1 2.2 2.3 2.4 3.1 3.2 3.3 4.1 4.2 4.3",
}
GATES = {
    "MOD": {"Hide", "Unhide", "Overrule", "DecideAppeal"},
    "SOCIAL": {"Reply", "Submit", "Approve"},
    "COMPLAINTS": {"Resolve"},
    "CRISIS": {"Release"},
    "CONTENT": {"Draft", "Submit"},
}


def test_the_five_policies_have_their_clauses_and_gates():
    policies = {policy.id: policy for policy in organisation.policies()}
    assert {name: " ".join(c.number for c in policy.clauses) for name, policy in policies.items()} == CLAUSES
    assert {name: set(policy.gates) for name, policy in policies.items()} == GATES


def test_a_clause_is_short_enough_to_apply_while_a_customer_waits():
    for policy in organisation.policies():
        for clause in policy.clauses:
            assert 1 <= len(clause.text.split(". ")) <= 4, clause.id
            assert len(clause.text) <= 420, clause.id


def test_every_saved_answer_has_a_link_and_rests_on_a_clause_that_exists():
    answers = parse_answers(organisation.answers())
    assert len({answer.id for answer in answers}) == len(answers)
    for answer in answers:
        assert answer.link.startswith("https://www.banksia-and-oak.example/")
        assert cite(clause_ref(answer.clause, organisation.policies()), organisation.policies())
        assert set(answer.types) <= {"question", "complaint", "review"}
        assert answer.text.format(name="Ada")


def test_every_role_is_somebody_and_everybody_works_for_the_brand():
    assert {role for person in organisation.PEOPLE for role in person.roles} == set(Role)
    assert all(person.brands == {organisation.BRAND} for person in organisation.PEOPLE)
    assert {person.id for person in organisation.PEOPLE} >= organisation.NOT_YET_ACKNOWLEDGED


@pytest.mark.parametrize("account", organisation.ACCOUNTS, ids=lambda account: account.name)
def test_every_account_has_hours_that_open_and_closes_on_christmas_day(account):
    christmas_eve = datetime(2026, 12, 24, 23, tzinfo=ZoneInfo(account.timezone))
    hours = parse_hours(account.hours)
    due = deadline(christmas_eve, timedelta(minutes=1), hours, account.timezone, account.holidays)
    assert due.date() > date(2026, 12, 26)


def test_the_state_decides_what_is_a_holiday():
    show_day = date(2026, 8, 12)
    assert [state for state, days in organisation.HOLIDAYS.items() if show_day in days] == ["QLD"]


# ---------------------------------------------------------------- the month


def test_the_same_seed_gives_the_same_month_and_another_seed_another():
    assert list(voices.month(7, START, DAYS)) == MONTH
    assert [said.text for said in voices.month(8, START, DAYS)] != [said.text for said in MONTH]


def test_a_month_is_about_nine_hundred_messages_over_all_accounts_in_order():
    assert 750 <= len(MONTH) <= 1100
    assert {said.account_id for said in MONTH} == set(ACCOUNTS)
    assert [said.at for said in MONTH] == sorted(said.at for said in MONTH)
    assert len({said.id for said in MONTH}) == len(MONTH)


def test_no_month_is_empty_or_repeats_itself():
    texts = Counter(said.text for said in MONTH if said.kind != "reaction")
    assert len(texts) > 0.9 * texts.total()
    for seed in range(12):
        assert {said.about for said in voices.month(seed, START, DAYS)} >= {
            "praise", "question", "complaint", "insult", "spam", "scam", "review", "reaction", "foreign", "sarcasm",
        }  # fmt: skip


def test_every_day_is_a_day_of_the_accounts_own_calendar():
    last = START + timedelta(days=DAYS - 1)
    for said in MONTH:
        assert said.at.tzinfo is UTC
        assert START <= said.at.astimezone(ZoneInfo(ACCOUNTS[said.account_id].timezone)).date() <= last


def test_customers_write_in_the_evening_and_not_at_four_in_the_morning():
    hours = Counter(said.at.astimezone(ZoneInfo(ACCOUNTS[said.account_id].timezone)).hour for said in MONTH)
    assert hours[19] + hours[20] + hours[21] > 5 * (hours[2] + hours[3] + hours[4])


def test_a_comment_stands_under_a_post_of_ours_that_was_there_before():
    posts = {post.id: post for post in voices.posts(START, DAYS)}
    for said in MONTH:
        if said.kind in ("comment", "reaction"):
            assert posts[said.post_id].account_id == said.account_id
            assert posts[said.post_id].at <= said.at


def test_kinds_are_ours_and_the_web_shop_has_letters_only():
    assert {Kind(said.kind) for said in MONTH} <= SPOKEN | {Kind.REACTION}
    assert {said.kind for said in MONTH if said.platform == "webhook"} == {"dm"}
    assert all((said.recommends is not None) == (said.kind == "review") for said in MONTH)


def test_some_change_their_mind_and_nobody_answers_what_is_gone():
    edited = [said for said in MONTH if said.edits_to is not None]
    deleted = [said for said in MONTH if said.deletes_after is not None]
    assert len(edited) > 10
    assert len(deleted) > 10
    assert all(said.edits_after and said.edits_to != said.text for said in edited)
    assert all(said.answer is None and said.edits_to is None for said in deleted)


def test_answers_are_given_by_our_people_in_opening_hours_under_clauses_that_exist():
    people = {person.id for person in organisation.PEOPLE}
    answered = [said for said in MONTH if said.answer]
    assert len(answered) > 250
    for said in answered:
        account = ACCOUNTS[said.account_id]
        assert said.answer.by in people - organisation.NOT_YET_ACKNOWLEDGED
        assert said.answer.after > timedelta(0)
        at = said.at + said.answer.after
        hours, zone, closed = parse_hours(account.hours), account.timezone, account.holidays
        assert deadline(at - timedelta(seconds=1), timedelta(0), hours, zone, closed) <= at
        assert bool(said.answer.outcome) == bool(said.answer.clause)
        if said.answer.clause:
            assert clause_ref(said.answer.clause, organisation.policies())


def test_the_trickle_goes_on_for_ever_and_stays_on_the_wall_it_was_given():
    wall = [post for post in voices.posts(START, DAYS) if post.account_id == organisation.PERTH]
    first = list(islice(voices.trickle(3, wall), 200))
    assert first == list(islice(voices.trickle(3, wall), 200))
    assert {said.account_id for said in first} == {organisation.PERTH}
    assert {said.post_id for said in first if said.kind == "comment"} <= {post.id for post in wall}


def test_telephone_numbers_and_addresses_are_from_the_ranges_kept_for_fiction():
    for said in MONTH:
        if "0491" in said.text:
            assert "0491 570 1" in said.text
        for word in said.text.split():
            if "http" in word or "www." in word or "@mail" in word:
                assert ".example" in word
