"""Policies, Law and Breaches: what they show of versions, changes and breaches, to whom, and what pressing does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard import data, data_govern, present_govern, who
from dashboard.who import SignIn
from herald.flows.commands import Command, RecordBreach
from herald.flows.gate import perform
from herald.govern import law
from herald.govern.policies import ClauseChange
from herald.model import Breach, Clause
from tests.e2e.dashboard_world import BRAND, HOSTILE, MOD, World

DOCUMENT = """---
id: MOD
title: Moderation guideline
version: 3
effective_from: {day}
gates: [Hide 3.1]
---
### 3.1 Insults and abuse
We hide what attacks a person.
"""


@pytest.fixture
def world():
    made = World()
    made.furnish()
    data.set_herald(made.herald)
    yield made
    data.set_herald(None)
    who.install(None)


# ---------------------------------------------------------------- what is shown, pure


def _change(before: str, after: str) -> list[dict[str, str]]:
    old, new = Clause("X-1.1", "1.1", "T", before), Clause("X-1.1", "1.1", "T", after)
    (block,) = present_govern.change_blocks([ClauseChange("1.1", old, new)])
    return block["pieces"]  # type: ignore[no-any-return]


def test_a_change_is_shown_word_by_word_and_a_word_that_stayed_by_chance_with_its_phrase():
    pieces = _change("Hide what insults people at once.", "Leave what insults people at once.")
    assert [(one["text"].strip(), one.get("was")) for one in pieces if one["text"].strip()] == [
        ("Hide", "gone"), ("Leave", "added"), ("what insults people at once.", None),
    ]  # fmt: skip
    pieces = _change("Do not delete in silence now", "Leave a note in silence where")
    assert [one["was"] for one in pieces if "was" in one] == ["gone", "added"]


_WORDS = st.lists(st.sampled_from(["we", "hide", "it", "now", "and", "not"]), max_size=12).map(" ".join)


@given(_WORDS, _WORDS)
def test_what_stayed_and_what_was_added_together_are_the_new_words(before: str, after: str):
    pieces = _change(before, after)

    def read(*kinds: str | None) -> list[str]:
        return "".join(one["text"] for one in pieces if one.get("was") in kinds).split()

    assert read(None, "added") == after.split()
    assert read(None, "gone") == before.split()


def test_clauses_added_and_removed_are_named_so():
    clause = Clause("X-1.1", "1.1", "T", "Words.")
    blocks = present_govern.change_blocks([ClauseChange("1.1", None, clause), ClauseChange("1.2", clause, None)])
    assert [block["pill"][0] for block in blocks] == ["Added", "Removed"]


def test_a_law_past_its_day_is_flagged_and_one_from_hearsay_says_so():
    entry = replace(law.register()[0], review=date(2026, 11, 1), basis="account")
    assert present_govern.law_row(entry, date(2026, 11, 1))["cells"]["review"]["tone"] == "red"
    assert present_govern.law_row(entry, date(2026, 10, 31))["cells"]["review"]["tone"] == ""
    blocks = present_govern.law_blocks(entry, date(2026, 11, 2))
    assert blocks[0]["tone"] == "orange"
    assert any("compare it with the text" in row["v"] for row in blocks[-1]["rows"])


def test_every_entry_of_the_register_can_be_shown():
    for entry in law.register():
        assert present_govern.law_row(entry, date(2026, 11, 25))["cells"]["check"]["pill"][0]
        assert present_govern.law_blocks(entry, date(2026, 11, 25))[0]["link"]["href"] == entry.source


# ---------------------------------------------------------------- breaches, and who sees them


def do(world: World, command: Command, by: str = "priya") -> None:
    perform(command, by=by, herald=world.herald, now=world.now())


STAFF = RecordBreach("breach-0001", BRAND, "staff", "lena", "MOD 3.1", "Posted it from a private account.")


def seen(world: World, person_id: str) -> list[str]:
    person = world.store.person(person_id)
    assert person
    return [one.id for one in data_govern.open_breaches(BRAND) if data_govern.may_see(one, person)]


def test_a_breach_by_staff_is_seen_by_its_path_and_who_recorded_it_and_never_by_whom_it_is_about(world):
    do(world, STAFF)
    assert {name: bool(seen(world, name)) for name in ("priya", "aroha", "gus", "tomas", "lena")} == {
        "priya": True, "aroha": True, "gus": True, "tomas": False, "lena": False,
    }  # fmt: skip


def test_a_breach_by_a_customer_is_seen_by_everybody_who_works_for_the_brand(world):
    do(world, replace(STAFF, kind="customer", about=HOSTILE[:100]))
    assert all(seen(world, name) for name in ("priya", "aroha", "lena", "tomas"))


def test_hostile_words_of_a_breach_are_only_ever_text(world):
    do(world, replace(STAFF, kind="customer", about="<b>\u202ex", words=HOSTILE[:900]))
    breach = world.store.find(Breach, "breach-0001", BRAND)
    assert breach
    now = datetime.now(UTC)
    row = present_govern.breach_row(breach, name=data.name_of, now=now)
    blocks = present_govern.breach_blocks(breach, data_govern.standing(breach), MOD, name=data.name_of, now=now)
    assert "\u202e" not in str(row) + str(blocks)
    assert {block["t"] for block in blocks} == {"title", "said", "facts", "label", "clause", "events"}


def test_a_breach_says_who_is_asked_now_and_when_it_climbs(world):
    do(world, STAFF)
    breach = world.store.find(Breach, "breach-0001", BRAND)
    assert breach
    facts = present_govern.breach_blocks(
        breach, data_govern.standing(breach), MOD, name=data.name_of, now=breach.at + timedelta(minutes=20)
    )[2]["rows"]
    told = {row["k"]: row["v"] for row in facts}
    assert told["Asked now"] == "Aroha Tane (compliance)"
    assert told["Climbs"].startswith("in 1 h 40")


# ---------------------------------------------------------------- the pages themselves


def page(name: str, person: str, **query: str) -> AppTest:
    """One page alone, as the script would run it."""
    who.install(SignIn(lambda: person, "/choose", "Change person"))
    script = f"from dashboard.app_pages import {name}\n{name}.render()\n"
    at = AppTest.from_string(script, default_timeout=30)
    for key, value in query.items():
        at.query_params[key] = value
    return at.run()


def told(at: AppTest) -> str:
    return "\n".join(str(one.value) for kind in (at.title, at.caption, at.markdown, at.error) for one in kind)


@pytest.mark.parametrize("name", ["policies", "law", "breaches"])
@pytest.mark.parametrize("person", ["priya", "aroha", "lena", "gus", "evil"])
def test_every_role_opens_the_pages_without_a_failure(world, name, person):
    do(world, STAFF)
    at = page(name, person)
    assert not at.exception
    assert "Something went wrong" not in told(at)


@pytest.mark.parametrize("version", ["\u00b2", "9" * 5_000, "-1", "NaN", "1e400", "0"])
def test_a_version_that_is_none_opens_the_one_in_force(world, version):
    at = page("policies", "priya", policy="MOD", version=version)
    assert not at.exception
    assert "Something went wrong" not in told(at)


def test_only_who_may_save_policies_is_offered_to_write_one(world):
    assert [one.label for one in page("policies", "priya").button if "policy" in one.label.lower()] == []
    assert "New policy" in [one.label for one in page("policies", "aroha").button]


def edited(world: World, text: str) -> AppTest:
    at = page("policies", "aroha", policy="MOD")
    at.session_state["view-MOD"] = "edit"
    at.run()
    at.text_area[0].set_value(text).run()
    return at


def save_button(at: AppTest) -> Any:
    return next(one for one in at.button if one.label == "Save this version")


def test_a_wrong_document_cannot_be_saved_and_a_right_one_becomes_the_next_version(world):
    since = world.now().date() + timedelta(days=7)  # it gates less than the version before
    at = edited(world, "no front matter")
    assert save_button(at).disabled
    at.text_area[0].set_value(DOCUMENT.format(day=since)).run()
    assert not save_button(at).disabled
    save_button(at).click().run()
    assert not at.exception
    assert world.store.policy_dates()["MOD"] == {2: date(2026, 7, 1), 3: since}
    assert world.store.policy("MOD").asked_by == {"Hide": "3.1"}


def test_the_editor_begins_with_the_next_number_from_today(world):
    at = page("policies", "aroha", policy="MOD")
    at.session_state["view-MOD"] = "edit"
    at.run()
    begun = at.text_area[0].value
    assert "version: 3" in begun
    assert f"effective_from: {world.now().date()}" in begun


def test_taking_a_breach_on_is_offered_to_its_path_only(world):
    do(world, STAFF)
    offered = {
        name: "Take it on" in [one.label for one in page("breaches", name, breach="breach-0001").button]
        for name in ("priya", "aroha", "lena")
    }
    assert offered == {"priya": False, "aroha": True, "lena": False}
    at = page("breaches", "aroha", breach="breach-0001")
    next(one for one in at.button if one.label == "Take it on").click().run()
    found = world.store.find(Breach, "breach-0001", BRAND)
    assert found
    assert found.acknowledged_by == "aroha"
