"""What lists and sheets show of messages, cases and decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard import present, present_moderation
from herald.measure.accounting import Accounting, Share
from herald.model import Account, Act, Action, Case, CaseState, ClauseRef, Delivery, DeliveryState, Severity, Work
from tests.e2e.dashboard_world import MOD, World

NOON = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)  # a Wednesday, noon in Sydney
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world():
    return World(now=NOON)


def a_case(due_in: float = 60, **changes: object) -> Case:
    case = Case(
        "answer~m", "m", "1001", "facebook_page", "kelp-and-clay", Work.ANSWER, "complaint", Severity.LOW,
        CaseState.OPEN, NOON - 60 * MINUTE, NOON + due_in * MINUTE, version=1,
    )  # fmt: skip
    return replace(case, **changes)


def name(person_id: str) -> str:
    return {"priya": "Priya Nair"}.get(person_id, person_id)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "5 s"), (61, "1 min"), (3599, "59 min"), (3600, "1 h"), (7500, "2 h 05"), (86400, "1 d"), (37000, "10 h")],
)
def test_a_length_of_time_takes_two_units_at_most(seconds, words):
    assert present.span_words(timedelta(seconds=seconds)) == words


def test_time_to_a_deadline_is_said_as_people_say_it():
    assert present.left(NOON + 6 * MINUTE, NOON) == "in 6 min"
    assert present.left(NOON - 14 * MINUTE, NOON) == "14 min ago"


def test_the_clock_is_the_accounts_and_names_the_day_when_it_is_another():
    assert present.clock(NOON, "Australia/Sydney", NOON) == "12:00"
    assert present.clock(NOON - timedelta(hours=13), "Australia/Sydney", NOON) == "17 Nov 23:00"
    assert present.clock(datetime(2025, 1, 2, tzinfo=UTC), "UTC", NOON) == "2 Jan 2025 00:00"


@pytest.mark.parametrize(("due_in", "stands"), [(-1, "overdue"), (0, "overdue"), (30, "soon"), (31, "on_track")])
def test_a_case_stands_by_the_time_left(due_in, stands):
    assert present.standing(a_case(due_in), NOON) == stands


def test_an_answered_case_stands_by_when_its_answer_stood():
    assert present.standing(a_case(-30, answered_at=NOON - 40 * MINUTE), NOON) == "met"
    assert present.standing(a_case(-30, answered_at=NOON - 20 * MINUTE), NOON) == "late"


def test_time_used_counts_business_hours_only():
    """Said on Tuesday at 16:30, due on Wednesday at 10:30: at 12:00 it is over, at 9:30 half of it is used."""
    account = Account("facebook_page", "1", "Shop", "b", "Australia/Sydney", "Mon-Fri 09:00-17:00")
    said = datetime(2026, 11, 17, 5, 30, tzinfo=UTC)
    due = datetime(2026, 11, 17, 23, 30, tzinfo=UTC)
    case = a_case(due_at=due)
    assert present.used(case, said, account, datetime(2026, 11, 17, 22, 30, tzinfo=UTC)) == 50
    assert present.used(case, said, account, datetime(2026, 11, 17, 15, 0, tzinfo=UTC)) == 25  # no night
    assert present.used(case, said, account, NOON) == 100


def test_unreadable_hours_are_no_number():
    account = Account("facebook_page", "1", "Shop", "b", "Nowhere/Land", "whenever")
    assert present.used(a_case(), NOON, account, NOON) is None
    assert present.used(a_case(), NOON, None, NOON) is None


def test_a_row_says_who_waits_for_what_and_whose_it_is(world):
    case = world.complaint("Mara Quill", "My pot is cracked", due_in=6)
    message = world.store.message(case.message_id)
    cells = present.inbox_row(case, message, world.accounts[0], me="priya", name=name, now=NOON)["cells"]
    assert cells["sla"] == {"pill": ("Due soon", "orange")}
    assert cells["due"] == {"due": "in 6 min", "tone": "orange"}
    assert cells["from"] == "Mara Quill"
    assert cells["owner"] == {"muted": "Unassigned"}
    mine = present.inbox_row(replace(case, owner="priya"), message, None, me="priya", name=name, now=NOON)["cells"]
    assert mine["owner"] == {"strong": "You"}
    assert mine["used"] == {"muted": "n/a"}


@pytest.mark.parametrize(
    ("hidden", "action", "shown"),
    [(True, Action.HIDE, "Hidden"), (None, Action.HIDE, "Not hidden yet"), (None, Action.ALLOW, "Visible"),
     (True, Action.ALLOW, "Hidden, not by us")],
)  # fmt: skip
def test_visibility_is_what_the_platform_said_last_not_what_we_wanted(world, hidden, action, shown):
    message = world.judge(world.say("A", "words"), action, hidden=hidden)
    assert present.visibility(message)[0] == shown


def test_what_a_platform_lets_nobody_hide_says_so_and_what_a_person_did_instead(world):
    message = world.judge(world.say("A", "words"), Action.HIDE, hidden=None)
    task = a_case(work=Work.TASK, platform="mastodon")
    assert present.visibility(message, task) == ["To hide by hand", "orange"]
    assert present.why_visible(message, None, task, None, name=name, now=NOON) == []  # the task says it
    done = replace(task, state=CaseState.RESOLVED, resolved_at=NOON, resolved_by="priya", outcome="Reported there.")
    assert present.visibility(message, done) == ["Done by hand", "gray"]
    [note] = present.why_visible(message, None, done, None, name=name, now=NOON)
    assert "Mastodon lets no program hide this" in note["text"]
    assert note["text"].endswith("Reported there.")
    assert present.visibility(replace(message, hidden=True), done)[0] == "Hidden"
    [lost] = present.why_visible(message, None, None, None, name=name, now=NOON)
    assert "Nothing is on its way" in lost["text"]


def test_what_is_deleted_shows_no_words_and_no_evidence(world):
    message = replace(world.insult("A", "you utter spoon", "spoon"), deleted=True, text="")
    assert present.words(message) == "(deleted by its author)"
    assert present.said(message)["gone"]
    assert present.visibility(message)[0] == "Deleted"


def test_evidence_of_other_words_is_not_drawn_into_edited_ones(world):
    judged = world.insult("A", "you utter spoon", "spoon")
    edited = replace(judged, text="sorry, a lovely spoon", edited=True)
    assert all("mark" not in piece for piece in present.said(edited)["pieces"])
    assert any("mark" in piece for piece in present.said(judged)["pieces"])


def test_a_clause_is_shown_as_it_read_in_the_cited_version():
    block = present.clause_block(ClauseRef("MOD", "3.1", 2), MOD)[0]
    assert block["title"] == "MOD 3.1 · Insults and abuse"
    assert "attack a person" in block["text"]
    assert block["note"] == "Version 2 of Moderation guideline"
    assert "not on record" in present.clause_block(ClauseRef("GONE", "9", 1), None)[0]["text"]


def test_the_thread_says_how_the_reply_stands():
    delivery = Delivery(
        "d", Act.REPLY, "facebook_page", "1001", "b", "m", "m", "Hello", DeliveryState.DONE, "priya", NOON, NOON,
        url="https://www.facebook.com/1", done_at=NOON,
    )  # fmt: skip
    done = present.reply_block(delivery, None, name=name, now=NOON)
    assert done["link"] == {"href": "https://www.facebook.com/1", "text": "See it on Facebook"}
    assert "link" not in present.reply_block(replace(delivery, url="javascript:1"), None, name=name, now=NOON)
    failed = replace(delivery, state=DeliveryState.FAILED, reason="Comment is closed")
    assert present.reply_block(failed, None, name=name, now=NOON)["why"] == "Comment is closed"
    assert "link" not in present.reply_block(failed, None, name=name, now=NOON)


def test_somebody_elses_case_is_locked_in_words():
    assert present.case_lock(a_case(owner="priya"), "tomas", name=name) == "Priya Nair is answering this."
    assert present.case_lock(a_case(owner="priya"), "priya", name=name) == ""
    assert present.case_lock(a_case(), "tomas", name=name) == ""
    resolved = a_case(state=CaseState.RESOLVED, resolved_by="priya", outcome="Refunded")
    assert present.case_lock(resolved, "priya", name=name) == "Resolved by Priya Nair: Refunded"


def test_history_is_in_order_and_holds_the_overruling(world):
    message = world.insult("A", "you utter spoon", "spoon")
    past = world.store.history(message.id)
    events = present.history_blocks(message, past, None, None, world.accounts[0], name=name, now=NOON)[1]["rows"]
    assert [event["text"] for event in events] == ["Written", "Ordered hidden by the rules · insult: to a person"]


def test_what_was_observed_is_told_check_by_check_in_words_and_stays_when_a_person_decided_otherwise(world):
    message = world.insult("A", "you utter spoon", "spoon")
    checks = ({"check": "body (regex)", "wanted": "one of: spoon", "observed": ["spoon"]},
              {"check": "none_of", "wanted": "none of 3", "observed": 0})  # fmt: skip
    trace = ({"note": "only the first 9 of 12 characters were read"},
             {"rule": "Insult", "outcome": "decided", "action": "hide", "priority": 80, "checks": checks})  # fmt: skip
    made = replace(message.decision, trace=trace, scores={"toxic": 580, "sentiment": -910}, model_version="m1")
    person = replace(made, action=Action.ALLOW, decided_by="priya", rule=None, trace=(), scores={})
    shown = present.history_blocks(message, [(made, ""), (person, "")], None, None, None, name=name, now=NOON)[-1]
    assert [line["text"] for line in shown["lines"][:3]] == [
        "Scores of model m1: sentiment -0.91, toxic 0.58",
        "Note: only the first 9 of 12 characters were read",
        "Rule “Insult”: decided · hide · priority 80",
    ]
    assert shown["lines"][2]["rows"] == [
        {"k": "body (regex)", "v": "“spoon”", "wanted": "one of: spoon"},
        {"k": "none_of", "v": "none of them holds", "wanted": "none of 3"},
    ]
    record, back = (line["text"] for line in shown["lines"][3:])
    assert (person.key in record, person.content_hash in record, "by a person" in record) == (True, True, True)
    assert back.startswith("To change it:")
    (alone,) = present.history_blocks(message, [(person, "")], None, None, None, name=name, now=NOON)[2:]
    assert alone["title"] == "The record"


def test_a_name_that_is_withheld_is_said_to_be(world):
    message = replace(world.say("A", "words"), author_name=None, author_id=None)
    assert present.author(message) == "Name withheld"
    assert present.initials("Name withheld") == "NW"
    assert present.initials("") == "?"


def test_pictures_are_covered_and_only_proper_addresses_can_be_opened(world):
    message = world.insult("A", "look at this", "look")
    told = {"photo": "https://cdn.example/a.jpg", "photos": ["https://cdn.example/a.jpg", "javascript:x", "", 7]}
    (block,) = present.media_blocks(replace(message, more=told))
    assert [one["href"] for one in block["links"]] == ["https://cdn.example/a.jpg"]
    assert "covered" in block["text"]
    assert block["pictures"] == []
    small = {"https://cdn.example/a.jpg": "data:image/jpeg;base64,AA"}
    (asked,) = present.media_blocks(replace(message, more=told), small)
    assert (asked["pictures"], asked["links"]) == (list(small.values()), block["links"])
    assert "Blurred and grey" in asked["text"]
    (lost,) = present.media_blocks(replace(message, more=told), {"https://cdn.example/a.jpg": ""})
    assert lost["text"] == "A picture cannot be shown here."
    assert present.media_blocks(replace(message, more=told, deleted=True)) == []
    assert present.media_blocks(message) == []


def test_the_queue_says_what_is_at_stake_and_for_how_long_the_public_has_seen_it(world):
    message = world.insult("A", "you utter spoon", "spoon", hidden=False)
    case = a_case(work=Work.REVIEW, severity=Severity.HIGH)
    later = message.created_at + timedelta(hours=3)
    assert present.stakes(case, message, later) == ["High · 3 h", "red"]
    assert present.stakes(case, replace(message, hidden=True), later) == ["High · not public", "red"]


# ---------------------------------------------------------------- how well decisions stand


def test_each_number_of_decisions_tells_what_it_rests_on_and_what_is_not_there_is_no_number():
    found = Accounting((), Share(2, 3), Share(0, 3), 119.6, 2, 171_000.0, None, Share(0, 0), more=False)
    told = {label: (value, rests) for label, value, rests, _ in present_moderation.cards(found)}
    assert told == {
        "Harm gone within 60 seconds": ("66.6 %", "2 of 3 messages"),
        "Median exposure": ("2 min", "of 3 messages"),
        "Found by rules": ("0 %", "0 of 3 messages"),
        "Time to decision, median": ("48 h", "of 2 decisions"),
        "Time to decision, 90th percentile": ("n/a", "of 2 decisions"),
        "Appeals overturned": ("n/a", "0 of 0 appeals"),
    }


def test_how_many_messages_an_author_is_known_from_says_that_old_ones_count_in_part():
    """Four of ninety days ago weigh as two of today: as a bare count it would be wrong."""
    assert present_moderation.usually({"unhappy": 2_000}) == "unhappy · from 2 messages, older ones counted in part"
    assert present_moderation.usually({"unhappy": 500, "angry": 500}) == ""
