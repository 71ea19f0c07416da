"""Authors who keep at it: proposed by a ladder, decided by a person, never without an end, and undone by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.care import cases
from herald.errors import Refused
from herald.flows import link_pages, notices
from herald.flows.commands import (
    Claim,
    DecideAppeal,
    Delete,
    Escalate,
    LiftRestriction,
    Overrule,
    RestrictAuthor,
    SetMode,
)
from herald.flows.deliver import deliver, release
from herald.flows.gate import perform
from herald.flows.moderate import moderate
from herald.flows.restrictions import expire, mode_of, of_author, proposed, standing
from herald.flows.sealed import appealable
from herald.model import (
    Acknowledgement,
    Act,
    Action,
    CaseState,
    Decision,
    Kind,
    Message,
    New,
    Person,
    Role,
    Severity,
    Work,
    case_id,
)
from herald.model.notices import about
from herald.model.restrictions import Measure, Mode, Restriction
from herald.moderate.ladder import DAYS, OFTEN, Rung, proposal
from herald.moderate.rules import compile_rules
from herald.ports import Capabilities
from tests.support.world import ACCOUNT, BRAND, MIA, MUTE, NOON, PAGE, TED, World, a_comment, a_world, deleted, edited

OLA = Person("ola", "Ola Oak", frozenset({Role.OWNER}), frozenset({BRAND}))
WALL = Capabilities(frozenset(Act), 8000, 60)


@dataclass
class Thread:
    """One author's comments on our page, judged as they come."""

    world: World
    n: int = 0

    def says(self, text: str, **changed: Any) -> Message:
        self.n += 1
        self.world.store.apply(a_comment(text, id=str(self.n), at=self.world.clock(), **changed), BRAND, NOON)
        return self.judged(f"facebook_page:{PAGE}_{self.n}")

    def judged(self, message_id: str) -> Message:
        moderate([message_id], self.world.herald, self.world.clock())
        self.run()
        return self.again(message_id)

    def again(self, message_id: str) -> Message:
        found = self.world.store.message(message_id)
        assert found
        return found

    def run(self) -> None:
        for delivery in release(self.world.herald, self.world.clock()):
            deliver(delivery.id, self.world.herald, self.world.clock())

    def do(self, command: Any, by: str = MIA.id) -> Any:
        self.world.clock.pass_(seconds=1)
        done = perform(command, by=by, herald=self.world.herald, now=self.world.clock())
        self.run()
        return done

    def restrict(self, message: Message, measure: str = "limit", days: int = 7, expected: int = 0) -> Any:
        return self.do(RestrictAuthor(message.id, measure, days, "again and again", "MOD 3.1", expected))

    def kept(self, message: Message) -> Restriction:
        found = of_author(message, self.world.herald)
        assert found
        return found


@pytest.fixture
def thread() -> Thread:
    world = a_world()
    world.store.save(OLA)
    return Thread(world)


def decision(message: Message) -> Decision:
    assert message.decision
    return message.decision


def test_what_a_limited_author_writes_waits_hidden_for_a_person_who_may_show_it(thread: Thread) -> None:
    thread.restrict(thread.says("you utter muppet"))
    message = thread.says("lovely lamps")
    assert (decision(message).action, message.hidden) == (Action.QUEUE, True)
    assert re.search(r"limited until 2026-11-25 \d\d:\d\d UTC: a person", decision(message).rationale)
    assert str(decision(message).policy) == thread.kept(message).clause  # not one about thanking for praise
    thread.do(Overrule(message.id, Action.ALLOW, "nothing wrong with it", "MOD 2.1", message.version))
    message = thread.again(message.id)
    assert (decision(message).action, message.hidden) == (Action.ALLOW, False)
    moderate([message.id], thread.world.herald, thread.world.clock())
    assert decision(thread.again(message.id)).decided_by == MIA.id  # no rule undoes a person


def test_others_and_what_is_not_public_are_judged_as_ever(thread: Thread) -> None:
    thread.restrict(thread.says("you utter muppet"))
    assert decision(thread.says("lovely", author_id="u2")).action is Action.ALLOW
    assert decision(thread.says("where is my order", kind=Kind.DM)).action is Action.ALLOW
    complaint = thread.says("my lamp is broken")
    assert complaint.case_id  # whoever is limited still gets an answer


def test_a_limit_ends_by_itself_and_once(thread: Thread) -> None:
    first = thread.says("you utter muppet")
    thread.restrict(first, days=1)
    thread.world.clock.pass_(hours=23)
    assert expire(thread.world.herald, thread.world.clock()) == []
    thread.world.clock.pass_(hours=1)
    assert len(expire(thread.world.herald, thread.world.clock())) == 1
    assert expire(thread.world.herald, thread.world.clock()) == []
    assert thread.kept(first).ended_by == "expiry"
    assert standing(BRAND, thread.world.herald) == []
    assert decision(thread.says("lovely lamps")).action is Action.ALLOW


def test_a_limit_that_is_over_holds_nothing_back_though_the_schedule_is_late(thread: Thread) -> None:
    thread.restrict(thread.says("you utter muppet"), days=1)
    thread.world.clock.pass_(days=1)
    assert decision(thread.says("lovely lamps")).action is Action.ALLOW


def test_a_block_is_the_platforms_and_is_undone_when_it_ends(thread: Thread) -> None:
    message = thread.says("you utter muppet")
    assert thread.restrict(message, "block", 30).sentence == "Blocked until 2026-12-18 01:00 UTC."
    assert thread.world.wall.blocked == {"u1"}
    thread.world.clock.pass_(days=30)
    expire(thread.world.herald, thread.world.clock())
    thread.run()
    assert thread.world.wall.blocked == set()
    line = [e for e in thread.world.store.audit_of("moderation", limit=1000) if e.what == "restriction.expired"]
    assert len(line) == 1
    assert "u1" not in str(line[0].facts)


def test_a_block_lifted_before_it_left_never_happens_and_an_answer_lost_is_looked_up(thread: Thread) -> None:
    message = thread.says("you utter muppet")
    world = thread.world
    perform(RestrictAuthor(message.id, "block", 7, "again", "MOD 3.1", 0), by=MIA.id, herald=world.herald, now=NOON)
    block = world.woken[-1]
    lift = LiftRestriction(ACCOUNT.id, "u1", "a mistake", thread.kept(message).version)
    perform(lift, by=OLA.id, herald=world.herald, now=world.clock())
    assert deliver(block, world.herald, world.clock()).result == "superseded"
    assert ("block", "u1") not in world.wall.acts
    thread.run()
    world.wall.script = ["drop"]
    thread.restrict(message, "block", 7, thread.kept(message).version)
    world.clock.pass_(minutes=5)
    thread.run()
    assert world.wall.blocked == {"u1"}
    assert [act for act in world.wall.acts if act[0] == "block"] == [("block", "u1")]


def test_where_a_platform_cannot_block_a_person_is_told_to_do_it_by_hand(thread: Thread) -> None:
    thread.world.wall.capabilities = replace(WALL, acts=frozenset(Act) - {Act.BLOCK, Act.UNBLOCK})
    message = thread.says("you utter muppet")
    done = thread.restrict(message, "block")
    assert "by hand" in done.sentence
    (task,) = thread.world.store.open_cases(BRAND, Work.TASK).items
    assert "Block the author" in task.note  # type: ignore[union-attr]
    thread.world.clock.pass_(days=7)
    expire(thread.world.herald, thread.world.clock())
    tasks = thread.world.store.open_cases(BRAND, Work.TASK).items
    assert [task.note.split(" by hand")[0] for task in tasks][-1] == "Let the author of this message speak again"  # type: ignore[union-attr]


def test_the_ladder_climbs_with_what_stands_hidden_and_what_was_tried(thread: Thread) -> None:
    for n in range(OFTEN):
        message = thread.says(f"you utter muppet {n}")
        assert proposed(message, thread.world.herald).rung is (Rung.LIMIT if n == OFTEN - 1 else Rung.HIDE)
    thread.do(Overrule(message.id, Action.ALLOW, "a joke", "MOD 2.1", message.version))
    assert proposed(message, thread.world.herald).rung is Rung.HIDE  # an overturned one counts no more
    thread.restrict(message)
    assert proposed(message, thread.world.herald).rung is Rung.HIDE  # it came before the limit, which stands now
    thread.world.clock.pass_(seconds=1)
    message = thread.says("you utter muppet, still")
    asked = proposed(message, thread.world.herald)
    assert (asked.rung, asked.days) == (Rung.LIMIT, 30)
    thread.restrict(message, "limit", 30, thread.kept(message).version)
    thread.world.clock.pass_(seconds=1)
    assert proposed(thread.says("you utter muppet, for ever"), thread.world.herald).rung is Rung.BLOCK
    kept = thread.kept(message)
    assert (kept.proposed, kept.measure, kept.times) == ("limit 30", Measure.LIMIT, 2)


@given(st.integers(0, 50), st.integers(0, 9), st.sampled_from(list(Severity)))
def test_the_ladder_never_proposes_less_for_more_and_nothing_without_an_end(hidden, measures, severity) -> None:
    rungs = [Rung.HIDE, Rung.LIMIT, Rung.BLOCK]
    one = proposal(hidden=hidden, measures=measures, severity=severity)
    for more in ((hidden + 1, measures), (hidden, measures + 1)):
        other = proposal(hidden=more[0], measures=more[1], severity=severity)
        assert rungs.index(other.rung) >= rungs.index(one.rung)
    assert (one.days in DAYS) is (one.measure is not None)
    if severity < Severity.CRITICAL and not measures:
        assert one.rung is not Rung.BLOCK


def test_the_ladder_says_why_in_words_that_agree_with_what_it_proposes() -> None:
    usual = proposal(hidden=1, measures=0, severity=Severity.HIGH)
    assert (usual.rung, usual.why[:30]) == (Rung.HIDE, "Hiding the message is enough s")
    raised = proposal(hidden=1, measures=0, severity=Severity.CRITICAL)
    assert (raised.rung, raised.days) == (Rung.LIMIT, 7)
    assert "enough" not in raised.why


def test_what_is_urgent_and_not_wrong_speaks_against_nobody(thread: Thread) -> None:
    """Who writes that they want to die is critical because somebody must look at once, and is not limited for it."""
    message = thread.says("I just want to end it all")
    waits = replace(decision(message), action=Action.QUEUE, severity=Severity.CRITICAL)
    message = replace(message, decision=waits)
    asked = proposed(message, thread.world.herald)
    assert (asked.rung, asked.days, asked.measure) == (Rung.NOTHING, 0, None)
    assert proposal(hidden=OFTEN, measures=0, severity=Severity.CRITICAL, wrong=False).rung is Rung.LIMIT  # as ever


REFUSED = [
    ("no end", {"days": 0}, "input"),
    ("for ever", {"days": 10_000}, "input"),
    ("no reason", {"reason": " "}, "input"),
    ("no clause", {"clause": ""}, "input"),
    ("no such measure", {"measure": "shout"}, "input"),
    ("another version", {"expected": 4}, "version"),
    ("no such message", {"message_id": "facebook_page:0"}, "input"),
]


@pytest.mark.parametrize(("what", "wrong", "missing"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_measure_without_end_reason_or_clause_is_refused(thread: Thread, what: str, wrong: Any, missing: str) -> None:
    message = thread.says("you utter muppet")
    command = replace(RestrictAuthor(message.id, "limit", 7, "again", "MOD 3.1", 0), **wrong)
    before = thread.world.db.everything()  # type: ignore[attr-defined]
    with pytest.raises(Refused) as refused:
        thread.do(command)
    assert refused.value.missing == missing, what
    assert thread.world.db.everything() == before  # type: ignore[attr-defined]


def test_whose_author_is_withheld_cannot_be_restricted_and_a_service_role_may_not(thread: Thread) -> None:
    message = thread.says("you utter muppet", author_id=None)
    with pytest.raises(Refused, match="does not say who wrote this"):
        thread.restrict(message)
    with pytest.raises(Refused) as refused:
        thread.do(RestrictAuthor(thread.says("you utter muppet").id, "limit", 7, "x", "MOD 3.1", 0), TED.id)
    assert refused.value.missing == "role"


# ---------------------------------------------------------------- deleting


def test_a_deleted_message_is_gone_there_and_its_words_stay_here_as_evidence(thread: Thread) -> None:
    message = thread.says("you utter muppet")
    thread.do(Delete(message.id, "a threat in the picture", "MOD 3.1", message.version))
    assert message.external_id in thread.world.wall.gone
    thread.world.store.apply(deleted(a_comment("", id="1"), at=NOON + timedelta(minutes=1)), BRAND, NOON)
    message = thread.judged(message.id)
    assert (message.deleted, message.text, decision(message).action) == (True, "", Action.DELETE)
    last, words = thread.world.store.history(message.id)[-1]
    assert (last.decided_by, last.rationale, words) == (MIA.id, "a threat in the picture", "you utter muppet")
    day = thread.world.store.counts(ACCOUNT.id, "2026-11-18", "2026-11-18")["2026-11-18"]
    assert (day["action.delete"], day.get("deleted", 0)) == (1, 0)


def test_who_was_deleted_can_appeal_and_is_told_that_it_cannot_be_shown_again(thread: Thread) -> None:
    message = thread.says("you utter muppet")
    thread.do(Delete(message.id, "a threat", "MOD 3.1", message.version))
    message = thread.judged(message.id)
    assert appealable(message)
    case = cases.appeal(message, decision(message), ACCOUNT, thread.world.store.targets(), text="Why?", now=NOON)
    thread.world.store.commit([New(case)])
    thread.judged(message.id)
    with pytest.raises(Refused, match="You made this decision"):
        thread.do(DecideAppeal(case.id, True, "We were wrong", "MOD 2.1", 1))
    thread.world.store.commit([New(Acknowledgement(OLA.id, "MOD", 1, NOON), once=True)])
    done = thread.do(DecideAppeal(case.id, True, "We were wrong", "MOD 2.1", 1), OLA.id)
    assert "cannot be shown again" in done.sentence
    page = link_pages.appealed(
        thread.world.store.case(case.id),
        ACCOUNT,
        None,
        gone=True,  # type: ignore[arg-type]
    ).decode()
    assert "We were wrong to delete your message" in page


def test_where_nobody_can_delete_it_is_refused_in_words(thread: Thread) -> None:
    thread.world.wall.capabilities = replace(WALL, acts=frozenset(Act) - {Act.DELETE})
    message = thread.says("you utter muppet")
    with pytest.raises(Refused, match="lets nobody delete what others wrote"):
        thread.do(Delete(message.id, "out", "MOD 3.1", message.version))


def test_a_lost_answer_to_a_deletion_is_looked_up_and_not_repeated(thread: Thread) -> None:
    message = thread.says("lovely")
    thread.world.wall.script = ["drop"]
    thread.do(Delete(message.id, "out", "MOD 3.1", message.version))
    thread.world.clock.pass_(minutes=5)
    thread.run()
    assert [act for act in thread.world.wall.acts if act[0] == "delete"] == [("delete", message.external_id)]


# ---------------------------------------------------------------- how a channel is moderated


def test_a_channel_that_holds_back_hides_what_waits_until_a_person_decided(thread: Thread) -> None:
    assert decision(thread.says("a dodgy chair")).action is Action.QUEUE
    assert not thread.world.wall.hidden
    thread.do(SetMode(ACCOUNT.id, "hold", "a sensitive week", 0), OLA.id)
    assert mode_of(ACCOUNT.id, thread.world.herald) == (Mode.HOLD, 1)
    message = thread.says("a dodgy table")
    assert (decision(message).action, message.hidden) == (Action.QUEUE, True)
    assert thread.says("lovely").hidden is not True
    thread.do(Overrule(message.id, Action.ALLOW, "an opinion", "MOD 2.1", message.version))
    assert thread.again(message.id).hidden is False


def test_in_a_reactive_channel_no_rule_hides(thread: Thread) -> None:
    thread.do(SetMode(ACCOUNT.id, "reactive", "a forum of our own", 0), OLA.id)
    message = thread.says("you utter muppet")
    assert (decision(message).action, decision(message).rule, message.hidden) == (Action.QUEUE, "Insult", None)


def test_a_mode_that_the_platform_cannot_do_is_refused_with_the_reason(thread: Thread) -> None:
    with pytest.raises(Refused, match=r"^[A-Z][a-z]+ lets nobody hide a message"):
        thread.do(SetMode(MUTE.id, "hold", "why not", 0), OLA.id)
    with pytest.raises(Refused, match=r"^[A-Z][a-z]+ cannot be asked for messages"):
        thread.do(SetMode(MUTE.id, "watch", "why not", 0), OLA.id)
    assert mode_of(MUTE.id, thread.world.herald) == (Mode.AFTER, 0)


def test_what_was_held_back_is_not_shown_again_by_an_edit(thread: Thread) -> None:
    thread.do(SetMode(ACCOUNT.id, "hold", "a sensitive week", 0), OLA.id)
    message = thread.says("a dodgy chair")
    later = thread.world.clock.pass_(minutes=1)
    thread.world.store.apply(edited(a_comment("", id="1"), "a chair", at=later), BRAND, later)
    message = thread.judged(message.id)
    assert (decision(message).action, message.hidden) == (Action.QUEUE, True)
    reviews = thread.world.store.open_cases(BRAND, Work.REVIEW).items
    assert [case.state for case in reviews] == [CaseState.OPEN]  # type: ignore[union-attr]


# ---------------------------------------------------------------- handing it up


def test_what_is_handed_up_stands_first_free_for_them_and_they_are_told_without_a_word(thread: Thread) -> None:
    grave = thread.says("a dodgy chair")
    message = thread.says("a dodgy table")
    world = thread.world
    for each in (grave, message):
        thread.do(Claim(case_id(each.id, Work.REVIEW, each.content_hash), 1))
    thread.do(Escalate(message.id, "compliance", "It may be libel", message.version))
    pairs = [(world.store.case(case_id(m.id, Work.REVIEW, m.content_hash)), m) for m in (grave, message)]
    first, _ = cases.in_turn(pairs, world.clock())[0]  # type: ignore[arg-type]
    assert (first.message_id, first.owner, first.severity) == (message.id, "", Severity.HIGH)
    assert first.note == "Handed to compliance by Mia Marsh: It may be libel"
    (told,) = notices.of(BRAND, about("decision", message.id), world.herald)
    assert (told.roles, told.but, told.urgent) == ((Role.COMPLIANCE,), MIA.id, True)
    assert "dodgy" not in told.title
    assert "libel" not in told.title


def test_a_decision_that_stands_can_be_handed_up_too_and_another_persons_claim_holds(thread: Thread) -> None:
    message = thread.says("you utter muppet")
    thread.do(Escalate(message.id, "owner", "The press asks", message.version), TED.id)
    review = case_id(message.id, Work.REVIEW, message.content_hash)
    thread.do(Claim(review, 1))
    with pytest.raises(Refused, match="Mia Marsh is deciding this"):
        thread.do(Escalate(message.id, "compliance", "again", message.version), TED.id)
    thread.do(Overrule(message.id, Action.ALLOW, "a joke", "MOD 2.1", thread.again(message.id).version))
    case = thread.world.store.case(review)
    assert case
    assert (case.state, case.resolved_by) == (CaseState.RESOLVED, MIA.id)
    thread.do(Escalate(message.id, "owner", "once more", thread.again(message.id).version))
    reopened = thread.world.store.case(review)
    assert reopened
    assert reopened.state is CaseState.OPEN
    with pytest.raises(Refused, match="whom to hand it to"):
        thread.do(Escalate(message.id, "marketer", "x", thread.again(message.id).version))


def test_no_rule_can_delete() -> None:
    made = compile_rules('---\nname: Too much\nbody (includes): ["x"]\naction: delete\n')
    (section,) = made.sections
    assert (made.rules, section.status) == ((), "error")
    assert "allow" in " ".join(section.notes)
