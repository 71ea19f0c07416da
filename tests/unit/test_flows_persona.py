"""What an author wrote before, in Moderate: kept where something is written anyway, weighed, told, and taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from herald.flows.commands import Overrule
from herald.flows.gate import perform
from herald.flows.moderate import moderate
from herald.flows.replay import replay
from herald.flows.why import why
from herald.model import Action, Assessment, ByHistory, Decision, Message
from herald.model.restrictions import AuthorTally
from herald.moderate import understand
from herald.moderate.persona import weight
from herald.store import keys
from herald.store.db import Item
from herald.store.keys import Key
from tests.support.world import ACCOUNT, BRAND, MIA, NOON, RULES, World, a_comment, a_world, deleted, edited

FAN = "Everyone should buy this, I told all my friends to switch to Tall Timber"
PRAISE = "Thank you, the lamp is lovely!"
COMPLAINT = "My lamp arrived broken and nobody answers"
INSULT = "Fuck you"
QUESTION = "When do you open tomorrow?"
LIKELY = {  # what the words alone say of their writer, whatever weights are shipped
    FAN: {"advocate": 0.95, "": 0.05},
    PRAISE: {"complimentary": 0.85, "advocate": 0.02, "": 0.13},
    COMPLAINT: {"unhappy": 0.8, "angry": 0.15, "": 0.05},
    INSULT: {"troll": 0.97, "angry": 0.03},
    QUESTION: {"": 0.97, "complimentary": 0.03},
}
BY_PERSONA = """---
name: Speaks for us
persona: advocate
label: advocate
---
name: Only angry
persona: angry
label: angry
"""


class Says:
    """A world in which people write, one message after the other, and what Moderate read of authors."""

    def __init__(self) -> None:
        self.world: World = a_world()
        self.world.store.save_rules(RULES + BY_PERSONA)
        self.n = 0
        self.asked: list[list[Key]] = []
        get_many = self.world.db.get_many

        def counting(wanted: Iterable[Key], *, settled: bool = True) -> dict[Key, Item]:
            keys_ = list(wanted)
            if any(key[1].startswith("AUTHOR#") for key in keys_):
                assert not settled, "half the price"
                self.asked.append(keys_)
            return get_many(keys_, settled=settled)

        self.world.db.get_many = counting  # type: ignore[method-assign]

    def __call__(self, *texts: str, author: str = "u1") -> Message:
        events = []
        for text in texts:
            self.n += 1
            events.append(a_comment(text, id=str(self.n), author_id=author))
            self.world.store.apply(events[-1], BRAND, NOON)
        moderate([event.message_id for event in events], self.world.herald, self.world.clock())
        return self.again(events[-1].message_id)

    def again(self, message_id: str) -> Message:
        found = self.world.store.message(message_id)
        assert found
        return found

    def known(self, author: str = "u1") -> AuthorTally | None:
        return self.world.store.find(AuthorTally, ACCOUNT.id, author)


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Says:
    def read(text: str) -> Assessment:
        likely = next((LIKELY[known] for known in LIKELY if text.startswith(known)), {"": 1.0})
        persona = max(likely, key=likely.__getitem__) or None
        found = understood(text)
        return replace(found, labels={**found.labels, "persona": persona}, likely=likely)

    understood = understand.understand
    monkeypatch.setattr(understand, "understand", read)
    return Says()


def decision(message: Message) -> Decision:
    assert message.decision
    return message.decision


def test_who_spoke_for_the_brand_and_praises_again_is_an_advocate_to_rules_and_the_record_says_why(says: Says) -> None:
    for text in (FAN, PRAISE, PRAISE):
        assert decision(says(text)).persona is None, "the words alone say as much, or there is too little yet"
    message = says(PRAISE)
    known = {"advocate": 1000, "complimentary": 2000}
    assert decision(message).persona == ByHistory("complimentary", "advocate", known)
    assert decision(message).labels == ("advocate",)
    assert (
        "Persona:   advocate, by the author's history (2 of 3 earlier messages complimentary, 1 advocate); "
        "the words alone say complimentary"
    ) in why(says.world.herald, message.id)
    [again] = replay(message.id, says.world.herald)
    assert again.result == "same", again.differs


def test_who_complains_again_and_again_and_then_swears_is_angry_and_others_who_swear_are_trolls(says: Says) -> None:
    for _ in range(3):
        says(COMPLAINT)
    found = decision(says(INSULT)).persona
    assert found
    assert (found.words, found.said) == ("troll", "angry")
    assert decision(says(INSULT, author="u2")).persona is None


def test_an_ordinary_message_writes_nothing_of_its_author_and_a_neutral_one_reads_nothing(says: Says) -> None:
    says(QUESTION, QUESTION)
    assert says.asked == []
    says(PRAISE, PRAISE, QUESTION)
    assert [len(asked) for asked in says.asked] == [1], "one author, once a batch"
    assert says.known() is None


def test_who_is_known_already_is_counted_on(says: Says) -> None:
    says(COMPLAINT)
    says(PRAISE)
    assert says.known() == AuthorTally(ACCOUNT.id, "u1", unhappy=weight(NOON), complimentary=weight(NOON))


def test_what_its_author_deletes_is_no_history_any_more_and_what_was_made_of_it_goes(says: Says) -> None:
    for text in (FAN, PRAISE, PRAISE):
        says(text)
    before = says.known()
    message = says(f"{PRAISE} #talltimber")
    assert decision(message).persona
    says.world.store.apply(deleted(a_comment("", id=str(says.n)), at=NOON + timedelta(minutes=1)), BRAND, NOON)
    moderate([message.id], says.world.herald, says.world.clock.pass_(minutes=1))
    gone = says.again(message.id)
    assert (gone.tallied, decision(gone).persona) == ("", None)
    assert says.known() == before


def test_a_message_that_was_edited_is_no_history_of_itself(says: Says) -> None:
    message = says(FAN)
    says.world.store.apply(edited(a_comment("", id="1"), PRAISE, at=NOON + timedelta(minutes=1)), BRAND, NOON)
    moderate([message.id], says.world.herald, says.world.clock.pass_(minutes=1))
    assert decision(says.again(message.id)).persona is None
    assert says.known() == AuthorTally(ACCOUNT.id, "u1", complimentary=weight(NOON))


def test_what_a_person_shows_again_was_not_removed_and_what_it_said_stays_said(says: Says) -> None:
    message = says(f"{INSULT}, utter muppet")
    assert message.tallied == "troll removed"
    assert says.known() == AuthorTally(ACCOUNT.id, "u1", hidden=1, troll=weight(NOON), removed=weight(NOON))
    command = Overrule(message.id, Action.ALLOW, "a quotation", "MOD 2.1", message.version)
    perform(command, by=MIA.id, herald=says.world.herald, now=says.world.clock.pass_(minutes=1))
    assert says.again(message.id).tallied == "troll"
    assert says.known() == AuthorTally(ACCOUNT.id, "u1", troll=weight(NOON))


def test_what_is_known_of_an_author_ends_by_itself(says: Says) -> None:
    says(COMPLAINT)
    row = says.world.db.get((keys.MESSAGES, f"AUTHOR#{ACCOUNT.id}", "u1"))
    assert row
    assert row["ttl"] == int((NOON + timedelta(days=400)).timestamp())
