"""Breaches of policy by staff or customers: recorded with their clause, taken on, closed; else they climb."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from herald.errors import Refused, Stale
from herald.flows import breaches
from herald.flows.commands import (
    AcknowledgeBreach,
    CloseBreach,
    Command,
    PathStep,
    RecordBreach,
    SaveEscalation,
)
from herald.flows.gate import perform
from herald.govern import audit
from herald.model import Breach, BreachKind, BreachState, EscalationPath, Person, Role
from herald.model.breaches import breaches_list, breaches_of
from local.memory import MemoryDb
from tests.support.world import ACCOUNT, ANA, BRAND, MIA, MUTE, NOON, TED, TODAY, World, a_comment, a_world

OWNER = Person("ola", "Ola Oak", frozenset({Role.OWNER}), frozenset({BRAND}))
CLEO = Person("cleo", "Cleo Clay", frozenset({Role.COMPLIANCE}), frozenset({BRAND}))
WORDS = "Called a customer names from a private account."
STAFF = RecordBreach("breach-0001", BRAND, "staff", TED.id, "MOD 2.1", WORDS)
CUSTOMER = RecordBreach("breach-0002", BRAND, "customer", "", "MOD 3.1", "Again.", "message:facebook_page:900100_1")


@pytest.fixture
def world() -> World:
    made = a_world()
    for person in (OWNER, CLEO):
        made.store.save(person)
    made.store.apply(a_comment("You utter muppet"), BRAND, NOON)
    return made


def do(world: World, command: Command, by: Person) -> str:
    return perform(command, by=by.id, herald=world.herald, now=world.clock()).sentence


def refused(world: World, command: Command, by: Person) -> Refused:
    with pytest.raises(Refused) as found:
        do(world, command, by)
    return found.value


def kept(world: World, name: str = "breach-0001") -> Breach:
    found = world.store.find(Breach, name, BRAND)
    assert found
    return found


def waiting(world: World) -> list[str]:
    return [one.id for one in world.store.listed(Breach, "work", breaches_list(BRAND))]


# ---------------------------------------------------------------- recording


def test_a_breach_by_staff_is_recorded_with_clause_step_and_who_is_asked(world: World) -> None:
    assert do(world, STAFF, MIA) == "Recorded. Cleo Clay is asked to take it on; after 120 minutes it climbs."
    breach = kept(world)
    assert (breach.kind, breach.about, str(breach.clause), breach.by) == (BreachKind.STAFF, "ted", "MOD 2.1 v1", "mia")
    assert (breach.step, breach.climbs_at) == (0, NOON + timedelta(minutes=120))
    assert waiting(world) == ["breach-0001"]
    assert world.store.listed(Breach, "feed", breaches_of(BRAND, "2026-11")) == [breach]


def test_a_breach_by_a_customer_takes_the_author_from_the_message(world: World) -> None:
    do(world, CUSTOMER, TED)
    assert (kept(world, "breach-0002").about, kept(world, "breach-0002").ref) == ("u1", CUSTOMER.ref)


def test_the_audit_tells_clause_and_step_but_neither_words_nor_names(world: World) -> None:
    do(world, STAFF, MIA)
    line = world.store.audit_head("people")
    assert line
    assert (line.what, line.subject) == ("RecordBreach", "breach-0001")
    assert (line.facts["clause"], line.facts["step"]) == ("MOD 2.1 v1", 0)
    assert "names" not in str(line.facts)
    assert "ted" not in str(line.facts)


def test_sent_twice_it_is_recorded_once(world: World) -> None:
    do(world, STAFF, MIA)
    head = world.store.audit_head("people")
    assert "already" in do(world, STAFF, MIA)
    assert world.store.audit_head("people") == head


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kind": "robot"}, "staff or customer"),
        ({"about": "nobody-here"}, "who of the staff"),
        ({"about": ""}, "whom it is about"),
        ({"clause": "MOD 9.9"}, "no clause 9.9"),
        ({"words": "  "}, "what happened"),
        ({"words": "x" * 1001}, "1001 characters"),
        ({"ref": "message:nowhere"}, "no such message"),
        ({"ref": "post:nowhere"}, "no such message or post"),
        ({"ref": "junk"}, "no such message or post"),
        ({"id": "../x"}, "no proper id"),
        ({"kind": "customer", "about": "n" * 121}, "120 characters"),
        ({"kind": "customer", "about": "a\x00b"}, "control characters"),
    ],
)
def test_what_is_no_proper_record_is_refused_in_words(world: World, changed: dict[str, str], words: str) -> None:
    found = refused(world, replace(STAFF, **changed), MIA)
    assert found.missing == "input"
    assert words in str(found)
    assert waiting(world) == []


def test_nobody_records_for_another_brand(world: World) -> None:
    assert refused(world, replace(STAFF, brand="other"), MIA).missing == "account"


# ---------------------------------------------------------------- taking on and closing


def test_whoever_is_on_the_path_takes_it_on_and_closes_it_with_an_outcome(world: World) -> None:
    do(world, STAFF, MIA)
    do(world, AcknowledgeBreach(BRAND, "breach-0001", 1), CLEO)
    taken = kept(world)
    assert (taken.state, taken.acknowledged_by, taken.climbs_at) == (BreachState.ACKNOWLEDGED, "cleo", None)
    assert waiting(world) == ["breach-0001"]
    do(world, CloseBreach(BRAND, "breach-0001", "Talked to; apologised to the customer.", 2), CLEO)
    closed = kept(world)
    assert (closed.state, closed.closed_by, closed.step) == (BreachState.CLOSED, "cleo", 0)
    assert waiting(world) == []
    assert world.store.listed(Breach, "feed", breaches_of(BRAND, "2026-11")) == [closed]
    lines = world.store.audit_of("people")
    assert [line.what for line in lines] == ["RecordBreach", "AcknowledgeBreach", "CloseBreach"]
    audit.verify(lines)


def test_nobody_deals_with_a_breach_that_is_about_them(world: World) -> None:
    do(world, replace(STAFF, about="cleo"), MIA)
    assert kept(world).step == 1  # compliance is Cleo alone, so the owner is asked at once
    assert refused(world, AcknowledgeBreach(BRAND, "breach-0001", 1), CLEO).missing == "second_person"
    do(world, AcknowledgeBreach(BRAND, "breach-0001", 1), OWNER)
    assert refused(world, CloseBreach(BRAND, "breach-0001", "Fine.", 2), CLEO).missing == "second_person"


def test_who_is_not_on_the_path_is_told_who_is(world: World) -> None:
    do(world, STAFF, MIA)
    found = refused(world, AcknowledgeBreach(BRAND, "breach-0001", 1), MIA)
    assert (found.missing, "compliance, then owner" in str(found)) == ("role", True)


def test_what_changed_meanwhile_and_what_is_not_taken_on_is_refused(world: World) -> None:
    do(world, STAFF, MIA)
    assert refused(world, CloseBreach(BRAND, "breach-0001", "Done.", 1), CLEO).missing == "state"
    assert refused(world, AcknowledgeBreach(BRAND, "breach-0001", 7), CLEO).missing == "version"
    assert refused(world, AcknowledgeBreach(BRAND, "nothing-here", 1), CLEO).missing == "input"
    do(world, AcknowledgeBreach(BRAND, "breach-0001", 1), CLEO)
    assert "already" in do(world, AcknowledgeBreach(BRAND, "breach-0001", 1), CLEO)
    assert refused(world, AcknowledgeBreach(BRAND, "breach-0001", 2), OWNER).missing == "state"
    assert refused(world, CloseBreach(BRAND, "breach-0001", " ", 2), CLEO).missing == "input"


# ---------------------------------------------------------------- climbing


def test_a_step_nobody_acknowledges_climbs_once_with_one_audit_line(world: World) -> None:
    do(world, CUSTOMER, TED)
    assert breaches.climb(world.herald, world.clock.pass_(minutes=29)) == []
    assert [one.result for one in breaches.climb(world.herald, world.clock.pass_(minutes=1))] == ["climbed"]
    assert breaches.climb(world.herald, world.clock()) == []
    breach = kept(world, "breach-0002")
    assert (breach.step, breach.since) == (1, NOON + timedelta(minutes=30))
    assert breach.climbs_at == NOON + timedelta(minutes=150)
    line = world.store.audit_head("moderation")
    assert line
    assert (line.what, line.actor, line.facts["from"], line.facts["to"]) == ("breach.climbed", "herald", 0, 1)


def test_at_the_top_it_stays_on_the_list_and_climbs_no_more(world: World) -> None:
    do(world, CUSTOMER, TED)
    for minutes in (30, 120, 9_000):
        breaches.climb(world.herald, world.clock.pass_(minutes=minutes))
    breach = kept(world, "breach-0002")
    assert (breach.step, breach.climbs_at, len(breach.climbs)) == (2, None, 2)
    assert waiting(world) == ["breach-0002"]
    do(world, AcknowledgeBreach(BRAND, "breach-0002", breach.version), OWNER)


def test_a_late_tick_gives_the_next_step_the_whole_of_its_time(world: World) -> None:
    do(world, CUSTOMER, TED)
    late = world.clock.pass_(minutes=500)
    breaches.climb(world.herald, late)
    assert (kept(world, "breach-0002").step, kept(world, "breach-0002").climbs_at) == (1, late + timedelta(minutes=120))


def test_what_was_acknowledged_or_closed_climbs_no_further(world: World) -> None:
    do(world, STAFF, MIA)
    do(world, AcknowledgeBreach(BRAND, "breach-0001", 1), CLEO)
    assert breaches.climb(world.herald, world.clock.pass_(days=3)) == []


def test_one_acknowledged_in_the_same_moment_is_left_as_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    do(world, STAFF, MIA)
    due = world.clock.pass_(minutes=121)
    before = [kept(world)]
    do(world, AcknowledgeBreach(BRAND, "breach-0001", 1), CLEO)
    monkeypatch.setattr(type(world.store), "listed", lambda *_, **__: before)
    assert [one.result for one in breaches.climb(world.herald, due)] == ["overtaken"]
    assert kept(world).state is BreachState.ACKNOWLEDGED


def test_a_tick_with_nothing_due_asks_once_a_brand_and_reads_nothing_else(world: World) -> None:
    do(world, STAFF, MIA)
    asked: list[str] = []
    assert isinstance(world.db, MemoryDb)
    query, get = world.db.query, world.db.get
    world.db.query = lambda *a, **k: (asked.append(f"query {a[1]}"), query(*a, **k))[1]  # type: ignore[method-assign]
    world.db.get = lambda *a, **k: (asked.append("get"), get(*a, **k))[1]  # type: ignore[method-assign]
    assert breaches.climb(world.herald, world.clock()) == []
    assert asked == ["query ACCOUNT", f"query {breaches_list(BRAND)}"]


def test_one_that_fails_does_not_stop_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    do(world, CUSTOMER, TED)
    do(world, STAFF, MIA)
    real = breaches.path_at

    def path_at(herald, brand, kind, number):  # type: ignore[no-untyped-def]
        if kind is BreachKind.CUSTOMER:
            raise Stale("gone")
        return real(herald, brand, kind, number)

    monkeypatch.setattr(breaches, "path_at", path_at)
    results = {one.breach_id: one.result for one in breaches.climb(world.herald, world.clock.pass_(days=1))}
    assert results == {"breach-0002": "overtaken", "breach-0001": "climbed"}


# ---------------------------------------------------------------- the path as a setting


STEPS = (PathStep("owner", 15), PathStep("compliance", 60, delegate="mia", after_hours="owner"))
PATH = SaveEscalation(BRAND, "staff", STEPS, "Mon-Fri 08:00-18:00", "Australia/Sydney", 0)


def test_a_path_is_saved_as_a_version_and_what_is_under_way_keeps_its_own(world: World) -> None:
    do(world, STAFF, MIA)
    assert "Saved" in do(world, PATH, OWNER)
    do(world, replace(STAFF, id="breach-0003"), MIA)
    assert (kept(world).path, kept(world, "breach-0003").path) == (0, 1)
    breaches.climb(world.herald, world.clock.pass_(minutes=15))
    assert (kept(world).step, kept(world, "breach-0003").step) == (0, 1)
    do(world, AcknowledgeBreach(BRAND, "breach-0003", 2), MIA)  # the delegate of its second step


@pytest.mark.parametrize(("hours", "asked"), [("Mon-Fri 09:00-17:00", "ola"), ("24/7", "mia")])
def test_on_a_holiday_the_role_for_after_hours_is_asked_unless_the_path_knows_no_hours(
    world: World, hours: str, asked: str
) -> None:
    steps = (PathStep("community_manager", 60, after_hours="owner"),)
    do(world, SaveEscalation(BRAND, "customer", steps, hours, ACCOUNT.timezone, 0), OWNER)
    path = breaches.path_of(world.herald, BRAND, BreachKind.CUSTOMER)

    def on() -> tuple[str, ...]:
        return breaches.watch(path, NOON, NOON, [MIA, OWNER], world.herald).on.people

    world.store.save(replace(ACCOUNT, holidays=frozenset({TODAY})))
    assert on() == ("mia",)  # the form is open: somebody of the brand works
    world.store.save(replace(MUTE, holidays=frozenset({TODAY})))
    assert on() == (asked,)


def test_paths_follow_each_other_and_the_same_again_is_no_new_one(world: World) -> None:
    do(world, PATH, OWNER)
    assert "already" in do(world, PATH, OWNER)
    assert refused(world, replace(PATH, hours="24/7"), OWNER).missing == "version"
    do(world, replace(PATH, hours="24/7", expected=1), CLEO)
    assert [one.number for one in world.store.shelf(EscalationPath, BRAND, "staff")] == [1, 2]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"hours": "sometimes"}, "sometimes"),
        ({"zone": "Mars/Base"}, "Mars/Base"),
        ({"steps": ()}, "1 to 6 steps"),
        ({"steps": (PathStep("king", 5),)}, "king"),
        ({"steps": (PathStep("owner", 5, delegate_until="soon"),)}, "soon"),
        ({"steps": (PathStep("engineer", 5),)}, "Nobody has the role engineer"),
        ({"kind": "robot"}, "staff or customer"),
    ],
)
def test_a_path_that_cannot_work_is_refused_in_words(world: World, changed: dict[str, object], words: str) -> None:
    found = refused(world, replace(PATH, **changed), OWNER)  # type: ignore[arg-type]
    assert (found.missing, words in str(found)) == ("input", True)


def test_only_owner_and_compliance_change_a_path(world: World) -> None:
    for person in (MIA, TED, ANA):
        assert refused(world, PATH, person).missing == "role"
