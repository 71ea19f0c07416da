"""Rules as data people work on: versions, shadow, going live, rolling back, what would change, and the alarm."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dashboard import present_rules
from herald.errors import Refused
from herald.flows import rules
from herald.flows.commands import Command, Overrule, PromoteRules, RollbackRules, SaveRules
from herald.flows.gate import perform
from herald.flows.moderate import moderate
from herald.flows.why import why
from herald.govern import policies
from herald.model import Action, Counted, Decision, New, Person, Role, Rules
from herald.model.notices import Notice
from herald.moderate.rules import Subject, counted_as, default_rules
from herald.store.keys import METRICS
from herald.store.tables import TableStore
from tests.support.world import ACCOUNT, ANA, BRAND, MIA, NOON, POLICY, RULES, World, a_comment, a_world, edited

OWNER = Person("ola", "Ola Oak", frozenset({Role.OWNER}), frozenset({BRAND}))
NEW_RULE = """---
name: Rival
body (includes-word): ["rival oak"]
action: hide
policy: MOD 3.1
rationale: "Names a rival: {{match}}."
test:
  - {body: "buy at rival oak", expect: hide}
"""


@pytest.fixture
def world() -> World:
    made = a_world()
    made.store.save(OWNER)
    return made


def give(world: World, command: Command, by: str = OWNER.id) -> str:
    return perform(command, by=by, herald=world.herald, now=world.clock()).sentence


def refusal(world: World, command: Command, by: str = OWNER.id) -> Refused:
    before = world.store.rules()
    with pytest.raises(Refused) as refused:
        give(world, command, by)
    assert world.store.rules() == before, "a refusal leaves state untouched"
    return refused.value


def judged(world: World, text: str, id: str = "1") -> Decision:
    event = a_comment(text, id=id, at=world.clock())
    world.store.apply(event, BRAND, world.clock())
    moderate([event.message_id], world.herald, world.clock())
    message = world.store.message(event.message_id)
    assert message
    assert message.decision
    return message.decision


def in_shadow(world: World, text: str, id: str) -> tuple[Decision, list[str]]:
    """The decision, and what the set it names, found again by its hash, holds in shadow of the same words."""
    decision = judged(world, text, id)
    made_by = rules.by_hash(decision.rules_hash, world.herald)
    assert made_by
    return decision, [match.rule.name for match in rules.compiled(made_by).judge(Subject(text)).shadow]


# ---------------------------------------------------------------- saving and going live


def test_a_new_rule_is_asked_in_shadow_until_it_is_made_live_and_the_old_ones_go_on(world: World) -> None:
    sentence = give(world, SaveRules(RULES + NEW_RULE, 1), by=MIA.id)
    assert sentence == (
        "Version 2 of the rules is saved. Nothing acts differently yet: 1 new, in shadow until made live."
    )
    before, shadow = in_shadow(world, "buy at rival oak", "1")
    assert (before.action, shadow) == (Action.ALLOW, ["Rival"])
    assert judged(world, "you utter muppet", "2").rule == "Insult"
    assert give(world, PromoteRules(("Rival",), 2)) == "“Rival” is live as version 3 has it."
    after, shadow = in_shadow(world, "buy at rival oak", "3")
    assert (after.action, after.rule, shadow) == (Action.HIDE, "Rival", [])
    kept = world.store.rules()
    assert kept
    assert (kept.number, kept.acting, kept.what, kept.names, kept.by) == (3, "", "made live", ("Rival",), "ola")


def test_a_rule_that_is_changed_acts_as_it_was_until_its_change_is_live(world: World) -> None:
    give(world, SaveRules(RULES.replace('"clown shoes"', '"oaf"'), 1))
    assert judged(world, "you clown shoes", "1").rule == "Insult"
    oaf, shadow = in_shadow(world, "what an oaf", "2")
    assert (oaf.rule, shadow) == (None, ["Insult"])
    give(world, PromoteRules((), 2))
    assert judged(world, "you clown shoes", "3").rule is None
    assert judged(world, "what an oaf", "4").rule == "Insult"


def test_a_rule_that_is_taken_out_of_the_text_acts_until_that_is_made_live(world: World) -> None:
    without = RULES.partition("---\nname: Unsure")
    text = without[0] + "---\nname: Complaint" + without[2].partition("---\nname: Complaint")[2]
    assert "1 to be removed" in give(world, SaveRules(text, 1))
    assert judged(world, "this is dodgy", "1").rule == "Unsure"
    give(world, PromoteRules(("Unsure",), 2))
    assert judged(world, "this is dodgy", "2").rule is None


def test_only_what_was_chosen_goes_live_and_the_rest_waits_on(world: World) -> None:
    other = NEW_RULE.replace("Rival", "Other").replace("rival oak", "other oak")
    give(world, SaveRules(RULES.replace('"dodgy"', '"shady"') + NEW_RULE + other, 1))
    give(world, PromoteRules(("Rival",), 2))
    assert judged(world, "rival oak", "1").rule == "Rival"
    assert judged(world, "this is dodgy", "2").rule == "Unsure"
    assert in_shadow(world, "other oak and shady", "3")[1] == ["Unsure", "Other"]


def test_where_a_policy_asks_for_it_who_wrote_a_rule_does_not_make_it_live(world: World) -> None:
    eva = replace(OWNER, id="eva", name="Eva Elm")
    world.store.save(eva)
    other = NEW_RULE.replace("Rival", "Other").replace("rival oak", "other oak")
    give(world, SaveRules(RULES + NEW_RULE, 1))
    text = POLICY.replace("version: 1", "version: 2").replace("Resolve]", "Resolve]\nlimits: [rules 1.1]")
    world.store.save(policies.parse(text))
    refused = refusal(world, PromoteRules((), 2))
    assert refused.missing == "second_person"
    assert str(refused) == "You wrote “Rival”. Another person must make it live (MOD 1.1)."
    give(world, SaveRules(RULES + NEW_RULE + other, 2), by=eva.id)
    assert "“Rival”" in str(refusal(world, PromoteRules((), 3))), "who saves after them wrote the rest"
    assert "“Other”" in str(refusal(world, PromoteRules((), 3), by=eva.id))
    give(world, PromoteRules(("Other",), 3))
    give(world, PromoteRules(("Rival",), 4), by=eva.id)
    assert judged(world, "rival oak or other oak").action is Action.HIDE
    give(world, SaveRules(RULES, 5))
    assert refusal(world, PromoteRules(("Rival",), 6)).missing == "second_person", "nor who takes one out"


def test_another_layout_or_comment_or_test_changes_no_rule(world: World) -> None:
    assert "No rule acts differently" in give(world, SaveRules("# ours\n" + RULES.replace("severity: medium\n", ""), 1))


def test_where_no_rules_were_ever_saved_the_shipped_ones_act_and_are_version_nought() -> None:
    world = a_world(found=False)
    for thing in (ACCOUNT, OWNER):
        world.store.save(thing)
    assert judged(world, "go kill yourself", "1").rule == "Told to die"
    give(world, SaveRules(default_rules() + NEW_RULE.replace("MOD 3.1", "MOD 9"), 0))
    assert judged(world, "go kill yourself", "2").rule == "Told to die"
    assert in_shadow(world, "rival oak", "3")[1] == ["Rival"]


def test_a_text_that_does_not_load_is_refused_by_line_and_so_is_one_whose_own_test_fails(world: World) -> None:
    broken = refusal(world, SaveRules(RULES + "---\nname: X\nbody: [a]\naktion: hide\n", 1))
    at = RULES.count("\n") + 4
    assert broken.missing == "input"
    assert str(broken).startswith(f"Line {at}, X: `aktion` is no key")
    failing = refusal(world, SaveRules(RULES + NEW_RULE.replace("expect: hide", "expect: queue"), 1))
    assert "Rival: the test expects queue, the rule by itself says hide" in str(failing)
    for text, words in (("", "no rule"), ("# only words", "no rule"), ("---\na: [", "Line"), ("a\x00b", "control")):
        assert words in str(refusal(world, SaveRules(text, 1)))


def test_too_many_rules_terms_or_bytes_are_refused(world: World) -> None:
    many = "".join(f"---\nname: r{n}\nbody: [w{n}]\nlabel: x\n" for n in range(501))
    assert "more than 500 rules" in str(refusal(world, SaveRules(many, 1)))
    terms = f"---\nname: many\nlabel: x\nbody: [{', '.join(f'w{n}' for n in range(10_001))}]\n"
    assert "more than 10000 terms" in str(refusal(world, SaveRules(terms, 1)))
    assert "150,000 is the limit" in str(refusal(world, SaveRules(RULES + "#" * 150_000, 1)))


def test_the_community_manager_writes_and_rolls_back_and_who_answers_for_policies_makes_live(world: World) -> None:
    give(world, SaveRules(RULES + NEW_RULE, 1), by=MIA.id)
    assert refusal(world, PromoteRules((), 2), by=MIA.id).missing == "role"
    for command in (SaveRules(RULES, 2), PromoteRules((), 2), RollbackRules(1, 2)):
        assert refusal(world, command, by=ANA.id).missing == "role"
    give(world, PromoteRules((), 2))
    give(world, RollbackRules(1, 3), by=MIA.id)


def test_who_did_not_see_the_newest_version_is_refused_and_the_same_again_changes_nothing(world: World) -> None:
    give(world, SaveRules(RULES + NEW_RULE, 1))
    other = RULES + NEW_RULE.replace("rival", "another")
    for command in (SaveRules(other, 1), PromoteRules((), 1), RollbackRules(1, 1)):
        assert refusal(world, command).missing == "version"
    assert "saved already" in give(world, SaveRules(RULES + NEW_RULE, 1))
    assert [version.number for version in rules.history(world.herald)] == [2, 1]


def test_a_rule_that_cites_a_clause_which_is_not_in_force_does_not_go_live(world: World) -> None:
    give(world, SaveRules(RULES + NEW_RULE.replace("MOD 3.1", "MOD 7.7"), 1))
    assert "MOD 7.7" in str(refusal(world, PromoteRules((), 2)))


def test_rolling_back_restores_text_and_what_was_live_in_one_step_and_every_version_stays(world: World) -> None:
    give(world, SaveRules(RULES + NEW_RULE, 1))
    give(world, PromoteRules((), 2))
    assert judged(world, "rival oak", "1").rule == "Rival"
    assert give(world, RollbackRules(2, 3)) == "The rules are those of version 2 again, as version 4."
    assert in_shadow(world, "rival oak", "2")[1] == ["Rival"]
    give(world, RollbackRules(1, 4))
    assert in_shadow(world, "rival oak", "3")[1] == []
    told = [(version.number, version.what, version.back_to) for version in rules.history(world.herald)]
    assert told == [
        (5, "rolled back", 1), (4, "rolled back", 2), (3, "made live", 0), (2, "saved", 0), (1, "set up", 0),
    ]  # fmt: skip
    assert refusal(world, RollbackRules(5, 5)).missing == "input"
    line = world.store.audit_head("people")
    assert line
    assert (line.what, line.subject, line.facts["back"]) == ("RollbackRules", "rules v5", 1)


def test_the_set_an_old_decision_was_made_by_is_found_by_its_hash_and_decides_the_same(world: World) -> None:
    first = judged(world, "you utter muppet", "1")
    give(world, SaveRules(RULES + NEW_RULE, 1))
    second = judged(world, "buy at rival oak", "2")
    give(world, SaveRules(NEW_RULE, 2))
    give(world, PromoteRules((), 3))
    for decision, number in ((first, 1), (second, 2), (judged(world, "rival oak", "3"), 4)):
        found = rules.by_hash(decision.rules_hash, world.herald)
        assert found
        assert found.number == number
        assert rules.compiled(found).hash == decision.rules_hash
    assert rules.by_hash("0" * 16, world.herald) is None
    assert "version 2" in why(world.herald, "facebook_page:900100_2")


def test_moderate_reads_the_rules_once_in_its_time_and_not_once_a_message(world: World) -> None:
    store = TableStore(world.db, settings_ttl=3600)
    herald = replace(world.herald, store=store)
    asked: list[str] = []
    query = world.db.query

    def noting(table: str, pk: str, **more: object) -> object:
        asked.append(pk)
        return query(table, pk, **more)  # type: ignore[arg-type]

    world.db.query = noting  # type: ignore[method-assign, assignment]
    for n in range(9):
        event = a_comment("a broken lamp", id=str(n))
        store.apply(event, BRAND, NOON)
        moderate([event.message_id], herald, NOON)
    assert asked.count("RULES") == 1



@pytest.mark.parametrize(
    ("policy", "action", "said"),
    [("", "hide", "hides and cites no clause"), ("policy: HOUSE 1.1\n", "hide", "no policy HOUSE is in force"),
     ("policy: HOUSE 1.1\n", "queue", "no policy HOUSE is in force"),
     ("policy: MOD 9.9\n", "hide", "has no such clause. Cite one it has.")],
)  # fmt: skip
def test_what_acts_goes_live_only_on_a_clause_that_people_can_read(world: World, policy, action, said) -> None:
    rule = NEW_RULE.replace("policy: MOD 3.1\n", policy).replace("hide", action)
    give(world, SaveRules(RULES + rule, 1))
    refused = refusal(world, PromoteRules((), 2))
    assert (refused.missing, said in str(refused)) == ("input", True)
    assert "“Rival”" in str(refused)


def test_what_only_asks_a_person_may_go_live_without_a_clause(world: World) -> None:
    give(world, SaveRules(RULES + NEW_RULE.replace("policy: MOD 3.1\n", "").replace("hide", "queue"), 1))
    give(world, PromoteRules((), 2))
    assert judged(world, "buy at rival oak").rule == "Rival"

# ---------------------------------------------------------------- before it is live


def test_what_would_change_is_counted_over_what_was_received_with_examples(world: World) -> None:
    for n, text in enumerate(("rival oak", "rival oak again", "you clown shoes", "dodgy", "hello")):
        judged(world, text, str(n))
    text = RULES.replace(', "clown shoes"', "").replace("action: queue", "action: hide") + NEW_RULE
    give(world, SaveRules(text, 1))
    version = rules.current(world.herald)
    seen = rules.preview(rules.compiled(version), rules.once_live(version), BRAND, 7, world.herald, NOON)
    assert (seen.read, seen.cut) == (5, False)
    assert seen.counts == {"newly hidden": 2, "hidden instead of queued": 1, "no longer hidden": 1}
    (gone,) = seen.examples["no longer hidden"]
    assert (gone.message.text, gone.rule_before, gone.rule_after) == ("you clown shoes", "Insult", None)
    one = rules.preview(rules.compiled(version), rules.once_live(version, ["Rival"]), BRAND, 7, world.herald, NOON)
    assert one.counts == {"newly hidden": 2}
    later = rules.preview(
        rules.compiled(version), rules.once_live(version), BRAND, 7, world.herald, NOON + timedelta(days=9)
    )
    assert later.read == 0


def test_seven_days_are_seven_times_24_hours(world: World) -> None:
    judged(world, "rival oak", "1")
    give(world, SaveRules(RULES + NEW_RULE, 1))
    version = rules.current(world.herald)

    def read(after: timedelta) -> int:
        before, then = rules.compiled(version), rules.once_live(version)
        return rules.preview(before, then, BRAND, 7, world.herald, NOON + after).read

    assert [read(timedelta(days=7)), read(timedelta(days=7, seconds=1))] == [1, 0]


def test_on_what_was_judged_before_a_rate_was_asked_for_what_would_change_is_not_known(world: World) -> None:
    judged(world, "lovely", "1")
    rule = NEW_RULE.replace('body (includes-word): ["rival oak"]', "rate: {by: author, count: '>= 2', within: 1 hour}")
    give(world, SaveRules(RULES + rule.partition("test:")[0], 1))
    version = rules.current(world.herald)

    def seen() -> rules.Preview:
        return rules.preview(rules.compiled(version), rules.once_live(version), BRAND, 7, world.herald, NOON)

    assert (seen().counts, seen().unknown) == ({}, {("Rival", "rate.author.60m"): 1})
    judged(world, "lovely too", "2")  # the rule is asked in shadow, so now it is counted
    assert (seen().counts, seen().unknown) == ({"newly hidden": 1}, {("Rival", "rate.author.60m"): 1})


def test_what_would_change_looks_at_a_bounded_number_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "LOOKED_AT", 3)
    for n in range(5):
        judged(world, "rival oak", str(n))
    give(world, SaveRules(RULES + NEW_RULE, 1))
    version = rules.current(world.herald)
    seen = rules.preview(rules.compiled(version), rules.once_live(version), BRAND, 7, world.herald, NOON)
    assert (seen.read, seen.cut, seen.counts) == (3, True, {"newly hidden": 3})


# ---------------------------------------------------------------- how they do


def test_firings_are_counted_by_day_what_acts_apart_from_what_is_in_shadow(world: World) -> None:
    assert rules.total(rules.firings(BRAND, world.herald, NOON), "Insult", shadow=False) is None
    give(world, SaveRules(RULES.replace('"clown shoes"', '"oaf"'), 1))
    for n, text in enumerate(("you utter muppet", "utter muppet, broken", "an oaf", "hello")):
        judged(world, text, str(n))
    days = rules.firings(BRAND, world.herald, NOON)
    of = {(rule, shadow): rules.total(days, rule, shadow=shadow) for rule, shadow in
          (("Insult", False), ("Insult", True), ("Complaint", False), ("Unsure", False))}  # fmt: skip
    assert of == {("Insult", False): 2, ("Insult", True): 3, ("Complaint", False): 1, ("Unsure", False): 0}
    assert "r:" not in str(world.store.counts(ACCOUNT.id, "2026-11-18", "2026-11-18"))


def test_counting_firings_is_no_write_of_its_own(world: World) -> None:
    written: list[object] = []
    transact = world.db.transact

    def noting(writes: list[object]) -> None:  # type: ignore[type-arg]
        written.extend(one for one in writes if one.key[0] == METRICS)  # type: ignore[attr-defined]
        transact(writes)  # type: ignore[arg-type]

    world.db.transact = noting  # type: ignore[method-assign, assignment]
    ids = []
    for n in range(12):
        event = a_comment("you utter muppet" if n % 2 else "a broken lamp", id=str(n))
        world.store.apply(event, BRAND, NOON)
        ids.append(event.message_id)
    moderate(ids, world.herald, NOON)
    (update,) = [one for one in written if getattr(one, "add", None)]  # beside the facts of each hide
    assert update.add[counted_as("Insult")] == 6  # type: ignore[attr-defined]


def test_of_what_a_rule_did_it_is_told_how_much_a_person_allowed(world: World) -> None:
    for n in range(3):
        judged(world, "you utter muppet", str(n))
    judged(world, "dodgy", "9")
    message = world.store.message("facebook_page:900100_1")
    assert message
    give(world, Overrule(message.id, Action.ALLOW, "A joke among friends.", "MOD 2.1", message.version), by=MIA.id)
    found = rules.acted(BRAND, world.herald, NOON)
    assert found == {"Insult": rules.Acted(3, 1), "Unsure": rules.Acted(1, 0)}


def test_what_a_person_allowed_after_an_edit_was_not_what_the_rule_had_judged(world: World) -> None:
    judged(world, "you utter muppet", "1")
    later = NOON + timedelta(minutes=1)
    world.store.apply(edited(a_comment("", id="1"), "hello", at=later), BRAND, later)
    moderate(["facebook_page:900100_1"], world.herald, later)
    message = world.store.message("facebook_page:900100_1")
    assert message
    assert message.decision
    assert (message.decision.action, message.decision.rule) == (Action.QUEUE, None)
    give(world, Overrule(message.id, Action.ALLOW, "The new words are kind.", "MOD 2.1", message.version), by=MIA.id)
    assert rules.acted(BRAND, world.herald, NOON) == {}


# ---------------------------------------------------------------- the alarm


def fired(world: World, rule: str, counts: list[int]) -> None:
    """So often on each day, today first."""
    for back, count in enumerate(counts):
        day = f"{NOON - timedelta(days=back):%Y-%m-%d}"
        world.store.commit([Counted(ACCOUNT.id, day, {"messages": 50}, {counted_as(rule): count})])


def watch(world: World) -> list[tuple[str, str, str]]:
    now = NOON.replace(minute=rules.MINUTE)
    return [(told.rule, told.way, told.result) for told in rules.watch(world.herald, now)]


def test_a_rule_that_suddenly_fires_far_more_is_told_once_on_the_page_and_by_notice(world: World) -> None:
    fired(world, "Insult", [40, *[3, 5, 4, 2, 6, 4, 3, 5, 4, 3]])
    fired(world, "Unsure", [4, *[3, 5, 4, 2, 6, 4, 3, 5, 4, 3]])
    assert watch(world) == [("Insult", "more", "told")]
    assert watch(world) == []
    (alarm,) = rules.alarms(BRAND, world.herald)
    assert (alarm.rule, alarm.way, alarm.fired, alarm.usual, alarm.day) == ("Insult", "more", 40, 4, NOON.date())
    (told,) = world.store.shelf(Notice, BRAND, rules.told_of(alarm))
    assert told.title == "A rule fires far more than it used to: 40 times today so far, 4 on a usual day"
    assert told.page == f"rules?brand={BRAND}&rule=Insult"


def test_a_rule_that_fell_silent_is_told_when_the_day_is_over(world: World) -> None:
    fired(world, "Insult", [0, 1, *[30, 28, 33, 29, 31, 30, 27, 30]])
    assert watch(world) == [("Insult", "less", "told")]
    (alarm,) = rules.alarms(BRAND, world.herald)
    assert (alarm.way, alarm.fired, alarm.day) == ("less", 1, NOON.date() - timedelta(days=1))


def test_it_is_looked_at_once_an_hour(world: World) -> None:
    fired(world, "Insult", [40, *[3] * 10])
    assert rules.watch(world.herald, NOON.replace(minute=rules.MINUTE + 1)) == []


def test_a_rule_that_acts_again_after_a_pause_is_not_compared_with_the_days_of_the_pause(world: World) -> None:
    pause = RULES.replace("name: Insult\n", "name: Insult\nmode: shadow\n")
    for number, (text, days) in enumerate(((pause, 12), (RULES, 2)), start=2):
        at = NOON - timedelta(days=days)
        world.store.commit([New(Rules(number, text, what="made live", by=OWNER.id, at=at))])
    fired(world, "Insult", [30, 28, 3, *[0] * 9, 2, 31, 30, 29])
    assert watch(world) == [], "three whole days of it are known: the others it was in pause for some hours or all day"
    fired(world, "Unsure", [30, 28, 3, *[0] * 9, 2, 1, 1, 2])
    assert watch(world) == [("Unsure", "more", "told")], "which acted all the time"


def test_a_usual_day_between_two_numbers_is_told_as_it_is(world: World) -> None:
    fired(world, "Insult", [40, *[2, 3] * 5])
    assert watch(world) == [("Insult", "more", "told")]
    (alarm,) = rules.alarms(BRAND, world.herald)
    (told,) = world.store.shelf(Notice, BRAND, rules.told_of(alarm))
    assert told.title.endswith("40 times today so far, 2.5 on a usual day")
    (block,) = present_rules.alarm_blocks([(alarm, [])], name=str, now=NOON)[1:]
    assert "40 times, 2.5 on a usual day." in block["rows"][0]["text"]
