"""Policies saved through the gate: versions follow each other, and the one in force on the day gates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from herald.errors import Refused
from herald.flows import policies
from herald.flows.commands import AcknowledgePolicy, Draft, Hide, Reply, SavePolicy, Variant
from herald.flows.gate import perform
from herald.flows.moderate import moderate
from herald.govern.policies import BadPolicy, parse
from herald.model import Person, Role
from tests.support.world import ANA, BRAND, MIA, NOON, POLICY, World, a_comment, a_world

OWNER = Person("ola", "Ola Oak", frozenset({Role.OWNER}), frozenset({BRAND}))
TODAY = NOON.date()


def the_next(version: int = 2, since: date = TODAY, text: str = "Insults aimed at people are hidden at once.") -> str:
    changed = POLICY.replace("version: 1", f"version: {version}").replace("2026-01-01", since.isoformat())
    return changed.replace("Insults aimed at people are hidden.", text)


@pytest.fixture
def world() -> World:
    made = a_world()
    made.store.save(OWNER)
    return made


def save(world: World, text: str, expected: int = 1, by: str = OWNER.id) -> str:
    return perform(SavePolicy(text, expected), by=by, herald=world.herald, now=world.clock()).sentence


def refusal(world: World, text: str, expected: int = 1, by: str = OWNER.id) -> Refused:
    with pytest.raises(Refused) as refused:
        save(world, text, expected, by)
    return refused.value


# ---------------------------------------------------------------- saving


def test_a_new_version_is_saved_with_its_audit_and_the_old_one_stays(world: World) -> None:
    assert "in force" in save(world, the_next())
    old, new = world.store.policy("MOD", 1), world.store.policy("MOD")
    assert old
    assert new
    assert (old.version, new.version) == (1, 2)
    assert old.clause("3.1") != new.clause("3.1")
    head = world.store.audit_head("people")
    assert head
    assert (head.what, head.subject, head.actor) == ("SavePolicy", "MOD v2", "ola")
    assert "hidden at once" not in str(head.facts)


def test_a_gate_that_falls_away_is_said_and_named_in_the_audit(world: World) -> None:
    text = the_next()
    gates = next(line for line in text.splitlines() if line.startswith("gates:"))
    held = world.store.policy("MOD", 1)
    assert held
    told = refusal(world, text.replace(gates, "gates: []"))
    assert told.missing == "notice"
    assert f"Write {TODAY + timedelta(days=7)} or later" in str(told)
    assert world.store.policy("MOD") == held
    text = the_next(since=TODAY + timedelta(days=7))
    said = save(world, text.replace(gates, "gates: []"))
    named = sorted(held.gates)
    assert f"It gates {', '.join(named)} no longer." in said
    head = world.store.audit_head("people")
    assert head
    assert head.facts["ungates"] == ",".join(named)[:200]


def test_that_rules_go_live_by_another_person_falls_away_after_a_week_like_a_gate(world: World) -> None:
    save(world, the_next().replace("Resolve]", "Resolve]\nlimits: [rules 1.1]"))
    told = refusal(world, the_next(3), expected=2)
    assert told.missing == "notice"
    assert "It gates one's own rules going live no longer." in str(told)


def test_saving_the_same_again_changes_nothing(world: World) -> None:
    save(world, the_next())
    head = world.store.audit_head("people")
    assert "already" in save(world, the_next())
    assert world.store.audit_head("people") == head


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (the_next(1), "higher number: 2"),
        (the_next(999_999), "higher number: 2"),
        (the_next(2, date(9999, 12, 31)), "as late as 9999-12-31"),
        (the_next().replace("gates: [Reply", "gates: [AcknowledgePolicy, Reply"), "line 6: AcknowledgePolicy cannot"),
        (the_next(2, TODAY - timedelta(days=2)), "past days stays as it was"),
        (the_next(2, date(2025, 12, 31)), "cannot take effect on 2025-12-31"),
        (POLICY.replace("### 3.1", "### 2.2"), "Line 15: clause 2.2"),
        (the_next().replace("## 3 What goes\n### 3.1", "## 4 What goes\n### 4.1"), "3.1 (rule Insult)"),
        (the_next().replace("gates: [Reply", "gates: [Reply 9.9"), "line 6"),
        ("no front matter", "ine 1"),
    ],
)
def test_what_is_no_proper_next_version_is_refused_in_words(world: World, text: str, words: str) -> None:
    refused = refusal(world, text)
    assert refused.missing == "input"
    assert words.lower() in str(refused).lower()
    assert world.store.policy_dates() == {"MOD": {1: date(2026, 1, 1)}}


def test_who_did_not_see_the_newest_version_is_told(world: World) -> None:
    save(world, the_next())
    assert refusal(world, the_next(3), expected=1).missing == "version"


@pytest.mark.parametrize("person", [MIA, ANA])
def test_only_owner_and_compliance_save_policies(world: World, person: Person) -> None:
    assert refusal(world, the_next(), by=person.id).missing == "role"


def test_two_who_save_at_once_make_one_version(world: World) -> None:
    """The row of the version and the list of versions are one transaction."""
    herald, store = world.herald, world.store
    first = policies.PLANS[SavePolicy](SavePolicy(the_next(), 1), OWNER, herald, NOON)
    save(world, the_next(text="Said by somebody else."))
    with pytest.raises(Exception, match=r"Policy|InForce"):
        store.commit(list(first.changes))
    assert "somebody else" in (store.policy("MOD") or parse(POLICY)).source


# ---------------------------------------------------------------- the version in force


def test_policy_as_of_answers_the_version_then_in_force(world: World) -> None:
    save(world, the_next(2, TODAY + timedelta(days=5)))
    ask = world.store.policy_as_of
    found = [ask("MOD", TODAY + timedelta(days=n)) for n in (-400, 0, 4, 5, 900)]
    assert [one.version if one else None for one in found] == [None, 1, 1, 2, 2]
    assert ask("NONE", TODAY) is None


def test_a_version_that_is_not_in_force_yet_gates_nothing_and_the_old_one_still_does(world: World) -> None:
    """The gate asks for the version of the day: read early, it opens without a gap."""
    save(world, the_next(2, TODAY + timedelta(days=5)))
    moderate([_said(world)], world.herald, NOON)
    reply = Reply("a-reply-0001", "facebook_page:900100_1", "Sorry!", _version(world))
    later = world.clock.now + timedelta(days=5)
    with pytest.raises(Refused, match="MOD version 2"):
        perform(reply, by=MIA.id, herald=world.herald, now=later)
    perform(AcknowledgePolicy("MOD", 2), by=MIA.id, herald=world.herald, now=NOON)
    assert perform(reply, by=MIA.id, herald=world.herald, now=later).delivery_id


def test_a_decision_of_the_rules_cites_the_version_of_the_day(world: World) -> None:
    save(world, the_next(2, TODAY + timedelta(days=5)))
    event = a_comment("You utter muppet")
    world.store.apply(event, BRAND, NOON)
    moderate([event.message_id], world.herald, NOON)
    message = world.store.message(event.message_id)
    assert message
    assert message.decision
    assert str(message.decision.policy) == "MOD 3.1 v1"


def test_a_person_cannot_cite_a_version_that_is_not_in_force(world: World) -> None:
    save(world, the_next(2, TODAY + timedelta(days=5)))
    moderate([_said(world)], world.herald, NOON)
    message = world.store.message("facebook_page:900100_1")
    assert message
    hide = Hide(message.id, "rude", "MOD 3.1 v2", message.version)
    with pytest.raises(Refused, match="no policy MOD version 2"):
        perform(hide, by=MIA.id, herald=world.herald, now=NOON)


def test_a_refusal_for_lack_of_acknowledgement_names_policy_version_and_clause(world: World) -> None:
    world.store.save(replace(parse(POLICY), id="CONTENT", gates=("Draft",), asked_by={"Draft": "2.1"}))
    variant = Variant("facebook_page:900100", "2026-11-20T09:00", "Australia/Sydney")
    draft = Draft("post-0001", BRAND, "New", "New chairs", (variant,), 0)
    with pytest.raises(Refused, match=r"CONTENT version 1, clause 2\.1 Criticism") as refused:
        perform(draft, by=ANA.id, herald=world.herald, now=NOON)
    assert refused.value.missing == "acknowledgement"


def test_a_pointer_of_older_days_without_dates_still_gates(world: World) -> None:
    key = ("Settings", "POLICIES", "MOD")
    row = world.db.get(key)
    assert row
    from herald.store.db import Put

    world.db.write(Put(key, {"version": row["version"]}))
    assert [policy.version for policy in world.store.policies(TODAY)] == [1]


def test_whoever_remembers_settings_sees_a_version_it_saved_itself_at_once(world: World) -> None:
    from herald.store.tables import TableStore

    store = TableStore(world.db, settings_ttl=3600)
    herald = replace(world.herald, store=store)
    assert [policy.version for policy in store.policies(TODAY)] == [1]
    perform(SavePolicy(the_next(), 1), by=OWNER.id, herald=herald, now=NOON)
    assert [policy.version for policy in store.policies(TODAY)] == [2]


def _said(world: World) -> str:
    event = a_comment("My lamp came broken")
    world.store.apply(event, BRAND, NOON)
    return event.message_id


def _version(world: World) -> int:
    case = world.store.case("answer~facebook_page:900100_1")
    return case.version if case else 0


# ---------------------------------------------------------------- the shipped set


def test_the_shipped_set_loads_in_one_step_and_loading_it_again_changes_nothing() -> None:
    world = a_world(found=False)
    loaded = policies.load(policies.documents(), world.herald, NOON)
    assert {(one.policy, one.result) for one in loaded} == {
        (name, "saved") for name in ("SOCIAL", "MOD", "COMPLAINTS", "CRISIS", "CONTENT")
    }
    head = world.store.audit_head("people")
    assert head
    assert head.seq == 5
    assert {one.result for one in policies.load(policies.documents(), world.herald, NOON)} == {"there already"}
    assert world.store.audit_head("people") == head


def test_loading_leaves_what_is_newer_here_and_says_where_a_version_differs(world: World) -> None:
    save(world, the_next())
    assert [one.result for one in policies.load([("m.md", POLICY)], world.herald, NOON)] == ["there already"]
    older = POLICY.replace("answered.", "answered in a day.")
    assert [one.result for one in policies.load([("m.md", older)], world.herald, NOON)] == ["newer kept"]
    differs = policies.load([("m.md", the_next(text="Other."))], world.herald, NOON)
    assert [(one.result, one.well) for one in differs] == [("differs", False)]


def test_a_set_with_one_bad_document_loads_nothing_and_names_file_and_line() -> None:
    world = a_world(found=False)
    with pytest.raises(BadPolicy, match=r"b\.md"):
        policies.load([("a.md", POLICY), ("b.md", POLICY.replace("version: 1", "version: x"))], world.herald, NOON)
    assert world.store.policy_dates() == {}


# ---------------------------------------------------------------- what enforces a clause


def test_a_clause_shows_the_rules_gates_limits_and_laws_that_enforce_it(world: World) -> None:
    policies.load([d for d in policies.documents() if d[0] == "social.md"], world.herald, NOON)
    mod, social = world.store.policy("MOD"), world.store.policy("SOCIAL")
    assert mod
    assert social
    held = policies.enforcement(mod, world.herald, BRAND)
    assert [one.words for one in held["3.1"] if one.kind == "rule"] == ["Insult (hide)"]
    assert [one.words for one in held["2.1"] if one.kind == "rule"] == [
        "Unsure (queue)", "Complaint (labels)", "Question (labels)", "Shared with us (labels)",
    ]  # fmt: skip
    spoken = policies.enforcement(social, world.herald, BRAND)
    assert "Reply needs this policy acknowledged" in [one.words for one in spoken["1.2"]]
    assert [one.words for one in spoken["2.1"]] == ["Time to a first answer: others 4 h of business time"]
    assert "compliance 2 h" in spoken["4.2"][0].words
    assert any(one.kind == "law" for one in spoken["3.2"])
    assert "2.2" not in spoken
