"""Behind a signed link: looking writes nothing, pressing does one thing once, and every check of the gate is met."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from herald.errors import Refused, Retryable
from herald.flows import commands as c
from herald.flows import link_pages
from herald.flows.moderate import moderate
from herald.flows.sealed import brand_seen
from herald.govern import audit, links
from herald.govern.links import Link, Purpose
from herald.model import Action, CaseState, Clause, Media, Policy, Role, TargetState, Work
from herald.store import keys
from local.demo.library import shelved
from local.memory import MemoryDb
from tests.support import privileges
from tests.support.linked import BASE, FORM, MESSAGE, Linked, linked, words_of_page
from tests.support.world import ACCOUNT, ANA, BRAND, CREDENTIALS, MIA, NEW, NOON, TED, a_comment, deleted, edited

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Linked:
    return linked(monkeypatch)


def state(here: Linked, post: str = "post-0001") -> TargetState:
    target = here.world.store.target(post, ACCOUNT.id)
    assert target is not None
    return target.state


def told(here: Linked) -> list[str]:
    """What the people's chain says was done."""
    entries = here.world.store.audit_of("people")
    assert audit.verify(entries) == []
    return [entry.what for entry in entries]


# ---------------------------------------------------------------- approving


def test_a_post_is_approved_by_link_as_the_person_in_it_and_once(here: Linked) -> None:
    token = here.link("approve", here.submitted())
    shown = words_of_page(here.ask(token))
    for part in ("To approve: Chairs", "Written by Ana Ash", "New chairs are in.", "Tall Timber · Facebook",
                 "Wed 18 Nov 2026, 13:00 (Sydney)", "For Mia Marsh alone"):  # fmt: skip
        assert part in shown
    assert [a["statusCode"] for a in (here.press(token, "approve"), here.press(token, "approve"))] == [303, 303]
    assert state(here) is TargetState.APPROVED
    (given,) = here.world.store.approvals("post-0001")
    assert given.by == MIA.id
    assert told(here).count("Approve") == 1
    first = words_of_page(here.ask(token))
    here.clock.pass_(hours=1)
    assert "You approved this, Wed 18 Nov 2026, 12:00 (Sydney)" in first
    assert words_of_page(here.ask(token)) == first


def test_who_approved_cannot_send_back_with_the_same_link(here: Linked) -> None:
    token = here.link("approve", here.submitted())
    here.press(token, "approve")
    assert here.press(token, "reject", reason="On second thoughts")["statusCode"] == 303
    assert state(here) is TargetState.APPROVED
    assert "You approved this" in words_of_page(here.ask(token))


class Between:
    """A door to the tables through which somebody slips just before the next transaction."""

    def __init__(self, db: Any) -> None:
        self.db, self.slips = db, None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)

    def transact(self, writes: Any) -> None:
        slips, self.slips = self.slips, None
        if slips:
            slips()
        self.db.transact(writes)


@pytest.mark.parametrize("other", ["approve", "reject"])
def test_of_two_presses_at_once_one_is_done_and_both_hear_of_it(monkeypatch: pytest.MonkeyPatch, other: str) -> None:
    here = linked(monkeypatch, db=Between(MemoryDb()))
    token = here.link("approve", here.submitted())
    answers: list[int] = []
    here.world.db.slips = lambda: answers.append(here.press(token, other, reason="Wait")["statusCode"])  # type: ignore[attr-defined]
    answers.append(here.press(token, "approve")["statusCode"])
    assert answers == [303, 303]
    assert [what for what in told(here) if what in ("Approve", "Reject")] == [other.capitalize()]
    assert ("You approved this" in words_of_page(here.ask(token))) is (other == "approve")


def test_of_two_appeals_at_once_one_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    here = linked(monkeypatch, db=Between(MemoryDb()))
    token = here.link("appeal", here.hidden(), MIA.id)
    here.world.db.slips = lambda: here.press(token, "appeal", text="First.")  # type: ignore[attr-defined]
    assert here.press(token, "appeal", text="Second.")["statusCode"] == 303
    (case,) = here.world.store.open_cases(BRAND, Work.APPEAL).items
    assert (case.note, told(here).count("Appeal")) == ("First.", 1)  # type: ignore[union-attr]


def test_a_post_is_sent_back_with_a_reason_and_without_one_it_is_not(here: Linked) -> None:
    token = here.link("approve", here.submitted())
    empty = here.press(token, "reject", reason="  ")
    assert (empty["statusCode"], "Say what must change." in words_of_page(empty)) == (422, True)
    assert here.press(token, "reject", reason="The price is wrong.")["statusCode"] == 303
    target = here.world.store.target("post-0001", ACCOUNT.id)
    assert target is not None
    assert (target.state, target.reason) == (TargetState.DRAFT, "The price is wrong.")
    assert "You sent this back, Wed 18 Nov 2026, 12:00 (Sydney)" in words_of_page(here.ask(token))


def test_a_link_is_for_the_post_exactly_as_it_was_and_says_what_changed(here: Linked) -> None:
    post = here.submitted()
    token = here.link("approve", post)
    variants = (c.Variant(ACCOUNT.id, "2026-11-18T14:00", ACCOUNT.timezone),)
    here.give(c.Draft(post, BRAND, "Chairs", "Old chairs are out.", variants, here.version(post)), ANA.id)
    here.clock.pass_(milliseconds=5)
    here.give(c.Submit(post, here.version(post)), ANA.id)
    shown = words_of_page(here.ask(token))
    assert "Changed since this link was made: words, times." in shown
    assert "Submitted by Ana Ash" in shown
    assert "<form" not in here.ask(token)["body"]
    assert here.press(token, "approve")["statusCode"] == 409
    assert (state(here), here.world.store.approvals(post)) == (TargetState.IN_REVIEW, [])


def test_a_post_that_another_approved_meanwhile_says_so(here: Linked) -> None:
    post = here.submitted()
    token = here.link("approve", post)
    here.give(c.Approve(post, here.version(post)), TED.id)
    answer = here.press(token, "approve")
    assert answer["statusCode"] == 409
    assert "It has moved on." in words_of_page(answer)
    assert "Approved by Ted Thorn" in words_of_page(answer)


@pytest.mark.parametrize("gone", [{"active": False}, {"roles": frozenset()}, {"brands": frozenset({"another"})}])
def test_who_may_no_longer_approve_finds_a_dead_link(here: Linked, gone: dict[str, Any]) -> None:
    token = here.link("approve", here.submitted())
    mia = here.world.store.person(MIA.id)
    assert mia is not None
    here.world.store.save(replace(mia, **gone))
    for answer in (here.ask(token), here.press(token, "approve"), here.ask(token, rawQueryString="image=0")):
        assert (answer["statusCode"], answer["body"].encode()) == (403, link_pages.refused())
    assert state(here) is TargetState.IN_REVIEW


def test_a_policy_that_gates_approving_is_asked_for_here_too(here: Linked) -> None:
    token = here.link("approve", here.submitted())
    gate = Policy("PUB", "Publishing", 1, date(2026, 1, 1), (Clause("PUB-1", "1", "All", "Be kind."),), ("Approve",))
    here.world.store.save(gate)
    page = here.ask(token)
    assert "Approve needs your acknowledgement of Publishing (PUB version 1)" in words_of_page(page)
    assert "<form" not in page["body"]
    assert here.press(token, "approve")["statusCode"] == 403
    assert state(here) is TargetState.IN_REVIEW


def test_a_post_whose_time_passed_is_not_approved_any_more(here: Linked) -> None:
    token = here.link("approve", here.submitted())
    here.clock.pass_(hours=2)
    answer = here.press(token, "approve")
    assert (answer["statusCode"], "has passed" in words_of_page(answer)) == (422, True)


def test_the_image_is_shown_as_it_would_be_published_and_no_other(here: Linked) -> None:
    key = here.shelf.put(PNG, "image/png")
    digest = key.removeprefix("media/")
    image = Media(key, digest, "image/png", len(PNG), "A table & two chairs", 10, 10)
    token = here.link("approve", here.submitted(media=(shelved(here.world.store, BRAND, image, NOON),)))
    page = here.ask(token)
    assert '<img src="?image=0" alt="A table &amp; two chairs" width="10" height="10">' in page["body"]
    shown = here.ask(token, rawQueryString="image=0")
    assert (shown["statusCode"], shown["headers"]["content-type"]) == (200, "image/png")
    assert base64.b64decode(shown["body"]) == PNG
    for other in ("image=1", "image=-1", "image=%00", "image=00000000", "image=²"):
        assert here.ask(token, rawQueryString=other)["statusCode"] == 403
    here.shelf.held[key] = PNG + b"!"
    assert here.ask(token, rawQueryString="image=0")["statusCode"] == 403


# ---------------------------------------------------------------- who may make a link


def test_nobody_makes_a_link_to_approve_what_they_wrote_or_may_not_approve(here: Linked) -> None:
    post = here.submitted()
    for by, missing in ((ANA.id, "second_person"), ("nobody", "role")):
        with pytest.raises(Refused) as refused:
            here.link("approve", post, by)
        assert refused.value.missing == missing


@pytest.mark.parametrize(
    ("purpose", "subject", "hours", "missing"),
    [
        ("approve", "no-such-post", 24, "input"), ("approve", "post-0001", 0, "input"),
        ("approve", "post-0001", 15 * 24, "input"), ("delete", "post-0001", 24, "input"),
        ("acknowledge", "NONE", 24, "input"), ("appeal", "facebook_page:0", 24, "input"),
        ("share", "another~2026-10-01~2026-10-31", 24, "account"), ("share", f"{BRAND}~x~y", 24, "input"),
        ("share", f"{BRAND}~2027-10-01~2027-10-31", 24, "input"),
    ],
)  # fmt: skip
def test_a_link_for_nothing_is_not_made(here: Linked, purpose: str, subject: str, hours: int, missing: str) -> None:
    here.submitted()
    before = here.everything()
    with pytest.raises(Refused) as refused:
        here.link(purpose, subject, hours=hours)
    assert refused.value.missing == missing
    assert here.everything() == before


def test_making_a_link_is_on_record_with_its_nonce_and_never_its_token(here: Linked) -> None:
    token = here.link("approve", here.submitted())
    here.press(token, "approve")
    made, used = (entry for entry in here.world.store.audit_of("people") if entry.what in ("MakeLink", "Approve"))
    assert (made.facts["link"], used.facts["link"]) == ("link-0000001", "link-0000001")
    assert token.split(".")[2] not in here.everything()


def test_without_keys_or_an_address_no_link_is_made_and_none_works(
    here: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = here.submitted()
    token = here.link("approve", post)
    here.world.herald = replace(here.world.herald, link_base="")
    with pytest.raises(Refused, match="not told its own public address"):
        here.link("approve", post)
    monkeypatch.delitem(CREDENTIALS, "herald/links")
    answer = here.ask(token)
    assert (answer["statusCode"], "herald/links" in answer["body"]) == (503, True)


# ---------------------------------------------------------------- mail to approvers


def test_submitting_mails_each_approver_a_link_of_their_own(here: Linked) -> None:
    here.submitted()
    assert {to[0] for to, *_ in here.post.sent} == {f"{p}@tall-timber.example" for p in ("mia", "ted", "new")}
    for to, subject, text, html in here.post.sent:
        (address,) = re.findall(rf"{BASE}/l/(\S+)", text)
        assert subject == "To approve: Chairs"
        assert f"/l/{address}" in html
        assert links.read(address, CREDENTIALS["herald/links"].secrets, here.clock()).person == to[0].partition("@")[0]
        assert "New chairs" not in text  # a mailbox is no place for what is not out yet
        assert here.ask(address)["statusCode"] == 200


@pytest.mark.parametrize("failure", [Retryable("the server is away"), RuntimeError("something else")])
def test_mail_that_fails_never_stops_a_submission_and_is_tried_once(here: Linked, failure: Exception) -> None:
    here.post.fails = failure
    variants = (c.Variant(ACCOUNT.id, "2026-11-18T13:00", ACCOUNT.timezone),)
    here.give(c.Draft("post-0001", BRAND, "Chairs", "In.", variants, 0), ANA.id)
    done = here.give(c.Submit("post-0001", 1), ANA.id)
    assert (state(here), here.post.tries) == (TargetState.IN_REVIEW, 1)
    assert done.sentence.startswith("Sent for approval. Mail to approvers failed")


# ---------------------------------------------------------------- acknowledging


def test_a_policy_is_acknowledged_by_link_clause_by_clause(here: Linked) -> None:
    token = here.link("acknowledge", "MOD", NEW.id)
    shown = words_of_page(here.ask(token))
    assert "Moderation guideline" in shown
    assert "3.1 Insults Insults aimed at people are hidden." in shown
    assert here.world.store.acknowledgement(NEW.id, "MOD", 1) is None
    assert [here.press(token, "acknowledge")["statusCode"] for _ in range(2)] == [303, 303]
    given = here.world.store.acknowledgement(NEW.id, "MOD", 1)
    assert given is not None
    assert told(here).count("AcknowledgePolicy") == 1
    assert "You acknowledged version 1 on Wed 18 Nov 2026" in words_of_page(here.ask(token))


def test_a_newer_version_is_not_acknowledged_by_a_link_to_the_older_one(here: Linked) -> None:
    token = here.link("acknowledge", "MOD", NEW.id)
    old = here.world.store.policy("MOD", 1)
    assert old is not None
    changed = (*old.clauses[:-1], replace(old.clauses[-1], text="Insults are hidden at once."))
    here.world.store.save(replace(old, version=2, clauses=changed))
    answer = here.press(token, "acknowledge")
    assert answer["statusCode"] == 409
    assert "Version 2 has replaced this one (3.1 changed)." in words_of_page(answer)
    assert here.world.store.acknowledgement(NEW.id, "MOD", 1) is None


def test_a_version_to_come_does_not_stale_a_link_to_the_one_in_force_and_may_be_read_early(here: Linked) -> None:
    token = here.link("acknowledge", "MOD", NEW.id)
    old = here.world.store.policy("MOD", 1)
    assert old is not None
    here.world.store.save(replace(old, version=2, effective_from=(NOON + timedelta(days=9)).date()))
    assert here.press(token, "acknowledge")["statusCode"] == 303
    assert here.world.store.acknowledgement(NEW.id, "MOD", 1) is not None
    assert here.press(here.link("acknowledge", "MOD", NEW.id), "acknowledge")["statusCode"] == 303
    assert here.world.store.acknowledgement(NEW.id, "MOD", 2) is not None


# ---------------------------------------------------------------- appeals


def an_appeal(here: Linked) -> str:
    return here.link("appeal", here.hidden(), MIA.id)


def the_case(here: Linked) -> Any:
    (case,) = here.world.store.open_cases(BRAND, Work.APPEAL).items
    return case


def test_a_customer_appeals_once_and_reads_where_it_stands(here: Linked) -> None:
    token = an_appeal(here)
    shown = words_of_page(here.ask(token))
    for part in ("Your message was hidden", "You utter muppet", "3.1 Insults", "You can appeal once"):
        assert part in shown
    assert "Lee Lark" not in shown
    assert here.press(token, "appeal", text="It is the name\r\nof my dog.")["statusCode"] == 303
    assert here.press(token, "appeal", text="Another one")["statusCode"] == 303
    case = the_case(here)
    assert (case.work, case.state, case.note) == (Work.APPEAL, CaseState.OPEN, "It is the name\r\nof my dog.")
    assert told(here).count("Appeal") == 1
    assert "We received your appeal" in words_of_page(here.ask(token))
    second = here.link("appeal", MESSAGE, TED.id, id="link-0000002")
    assert "We received your appeal" in words_of_page(here.ask(second))


def test_an_appeal_that_is_overturned_shows_the_message_again_by_the_way_of_overrule(here: Linked) -> None:
    token = an_appeal(here)
    here.press(token, "appeal", text="It is my dog's name.")
    case = the_case(here)
    done = here.give(c.DecideAppeal(case.id, True, "It is a name indeed.", "MOD 2.1", case.version), MIA.id)
    message = here.world.store.message(MESSAGE)
    assert message is not None
    assert message.decision is not None
    assert (message.decision.action, message.decision.decided_by) == (Action.ALLOW, MIA.id)
    assert (done.delivery_id.startswith("unhide~"), here.world.woken[-1]) == (True, done.delivery_id)
    assert here.world.store.open_cases(BRAND, Work.APPEAL).items == ()
    shown = words_of_page(here.ask(token))
    assert "Your appeal was successful" in shown
    assert "It is a name indeed." in shown


def test_an_appeal_that_is_upheld_changes_nothing_but_itself(here: Linked) -> None:
    token = an_appeal(here)
    here.press(token, "appeal", text="No.")
    case, before = the_case(here), here.world.store.message(MESSAGE)
    here.give(c.DecideAppeal(case.id, False, "It insults a person.", "MOD 3.1", case.version), MIA.id)
    assert here.world.store.message(MESSAGE) == before
    shown = words_of_page(here.ask(token))
    assert "Your appeal was declined" in shown
    assert "It insults a person." in shown
    with pytest.raises(Refused) as refused:
        here.give(c.DecideAppeal(case.id, True, "Hm.", "MOD 3.1", case.version + 1), MIA.id)
    assert refused.value.missing == "state"


def test_who_decided_does_not_decide_the_appeal_and_nobody_closes_it_by_resolving(here: Linked) -> None:
    here.world.store.apply(a_comment("you silly billy"), BRAND, NOON)
    moderate([MESSAGE], here.world.herald, NOON)
    message = here.world.store.message(MESSAGE)
    assert message is not None
    here.give(c.Hide(MESSAGE, "Insult", "MOD 3.1", message.version), MIA.id)
    token = here.link("appeal", MESSAGE, TED.id)
    here.press(token, "appeal", text="Billy is my goat.")
    case = the_case(here)
    with pytest.raises(Refused) as refused:
        here.give(c.DecideAppeal(case.id, True, "Fine.", "MOD 2.1", case.version), MIA.id)
    assert refused.value.missing == "second_person"
    with pytest.raises(Refused, match="Decide it"):
        here.give(c.Resolve(case.id, "Closed", "MOD 2.1", case.version), MIA.id)
    for by in (TED.id, ANA.id, NEW.id):  # no such role, no such role, nothing acknowledged
        with pytest.raises(Refused):
            here.give(c.DecideAppeal(case.id, True, "Fine.", "MOD 2.1", case.version), by)
    other = replace(NEW, id="oto", name="Oto Oak", roles=frozenset({Role.OWNER}))
    here.world.store.save(other)
    here.give(c.AcknowledgePolicy("MOD", 1), "oto")
    here.give(c.DecideAppeal(case.id, True, "Fine.", "MOD 2.1", case.version), "oto")
    after = here.world.store.message(MESSAGE)
    assert after is not None
    assert after.decision is not None
    assert after.decision.action is Action.ALLOW


def test_an_edit_or_a_deletion_leaves_nothing_to_appeal(here: Linked) -> None:
    token = an_appeal(here)
    here.world.store.apply(edited(a_comment("x"), "You clown shoes", at=NOON + timedelta(minutes=1)), BRAND, NOON)
    moderate([MESSAGE], here.world.herald, NOON + timedelta(minutes=1))
    assert "Nothing to appeal" in words_of_page(here.ask(token))
    assert here.press(token, "appeal", text="But why?")["statusCode"] == 409
    fresh = here.link("appeal", MESSAGE, id="link-0000002")
    here.press(fresh, "appeal", text="They are my shoes.")
    here.world.store.apply(deleted(a_comment("x"), at=NOON + timedelta(minutes=2)), BRAND, NOON)
    moderate([MESSAGE], here.world.herald, NOON + timedelta(minutes=2))
    assert here.world.store.open_cases(BRAND, Work.APPEAL).items == ()
    assert "my shoes" not in here.everything()
    assert "no longer there" in words_of_page(here.ask(fresh))


def test_an_appeal_against_a_decision_that_was_replaced_ends_without_undoing_the_new_one(here: Linked) -> None:
    token = an_appeal(here)
    here.press(token, "appeal", text="It is my dog's name.")
    case = the_case(here)
    message = here.world.store.message(MESSAGE)
    assert message is not None
    here.give(c.Overrule(MESSAGE, Action.HIDE, "Looked again", "MOD 3.1", message.version), MIA.id)
    done = here.give(c.DecideAppeal(case.id, True, "Fine.", "MOD 2.1", case.version), MIA.id)
    after = here.world.store.message(MESSAGE)
    assert after is not None
    assert after.decision is not None
    assert (after.decision.action, "replaced" in done.sentence) == (Action.HIDE, True)


@pytest.mark.parametrize(
    ("text", "status"),
    [("", 422), ("+%0A+", 422), ("x" * 2001, 422), ("a%00b", 422), ("%ed%a0%80", 400), ("%F0%9F%90%95" * 2000, 303)],
    ids=["none", "blanks", "too long", "a control character", "half a character", "2,000 dogs"],
)
def test_an_appeal_without_proper_words_is_asked_for_again(here: Linked, text: str, status: int) -> None:
    token = an_appeal(here)
    answer = here.ask(token, "POST", f"action=appeal&text={text}")
    assert answer["statusCode"] == status
    assert len(here.world.store.open_cases(BRAND, Work.APPEAL).items) == (status == 303)


# ---------------------------------------------------------------- sharing a report


def test_a_report_is_shared_as_it_was_kept_and_ends_with_its_link(here: Linked) -> None:
    token = here.link("share", f"{BRAND}~2026-10-01~2026-10-31", ANA.id, hours=48)
    answer = here.ask(token)
    assert answer["statusCode"] == 200
    assert "Report of tall-timber, October 2026" in words_of_page(answer)
    style = re.search(r"<style>(.*?)</style>", answer["body"], re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer["headers"]["content-security-policy"]
    assert " style=" not in answer["body"]  # nothing the policy would switch off
    here.clock.pass_(hours=48)
    assert here.ask(token)["statusCode"] == 403


def test_a_shared_report_ends_with_the_access_of_who_shared_it(here: Linked) -> None:
    token = here.link("share", f"{BRAND}~2026-10-01~2026-10-31", ANA.id)
    ana = here.world.store.person(ANA.id)
    assert ana is not None
    here.world.store.save(replace(ana, active=False))
    assert here.ask(token)["statusCode"] == 403


@pytest.mark.parametrize(
    "lost", [{"roles": frozenset({Role.CUSTOMER_SERVICE_MANAGER})}, {"brands": frozenset({"another"})}],
    ids=["the role", "the brand"],
)  # fmt: skip
def test_a_shared_report_ends_when_who_shared_it_may_not_share_it_any_more(here: Linked, lost: dict[str, Any]) -> None:
    token = here.link("share", f"{BRAND}~2026-10-01~2026-10-31", ANA.id)
    ana = here.world.store.person(ANA.id)
    assert ana is not None
    assert here.ask(token)["statusCode"] == 200
    here.world.store.save(replace(ana, **lost))
    assert here.ask(token)["statusCode"] == 403


@pytest.mark.parametrize("held", [b"<!doctype html>\n<html><script>alert(1)</script>", PNG, b""])
def test_only_a_report_is_shown_though_it_is_kept_and_signed_for(here: Linked, held: bytes) -> None:
    digest = here.shelf.put(held, "text/html").removeprefix("media/")
    made = Link(Purpose.SHARE, digest, brand_seen(BRAND), ANA.id, NOON + timedelta(hours=1), "nonce-0001")
    token = links.sign(made, CREDENTIALS["herald/links"].secrets)
    assert here.ask(token)["statusCode"] == 403


# ---------------------------------------------------------------- hostile


def tokens(here: Linked) -> dict[str, str]:
    """A good link of each purpose."""
    return {
        "approve": here.link("approve", here.submitted()),
        "acknowledge": here.link("acknowledge", "MOD", NEW.id, id="link-0000002"),
        "appeal": here.link("appeal", here.hidden(), id="link-0000003"),
        "share": here.link("share", f"{BRAND}~2026-10-01~2026-10-31", id="link-0000004"),
    }


def test_looking_changes_nothing_however_often_and_with_whatever_method(here: Linked) -> None:
    made = tokens(here)
    before, written = here.everything(), dict(here.shelf.held)
    for token in made.values():
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
            assert here.ask(token, method)["statusCode"] == 200
            assert here.ask(token, method, "action=approve")["statusCode"] == 200
    assert (here.everything(), here.shelf.held) == (before, written)
    assert here.world.woken == ["hide~" + MESSAGE + "~" + a_hash(here)]


def a_hash(here: Linked) -> str:
    message = here.world.store.message(MESSAGE)
    assert message is not None
    return message.content_hash


def test_a_link_does_only_what_it_is_for(here: Linked) -> None:
    made = tokens(here)
    before = here.everything()
    allowed = {"approve": {"approve", "reject"}, "acknowledge": {"acknowledge"}, "appeal": {"appeal"}, "share": set()}
    for purpose, token in made.items():
        for action in ("approve", "reject", "acknowledge", "appeal", "share", "", "Approve", "delete"):
            if action not in allowed[purpose]:
                assert here.press(token, action, reason="x", text="x")["statusCode"] == 400, (purpose, action)
    assert here.everything() == before


def test_a_thousand_tokens_that_are_not_ours_meet_one_page_and_store_nothing(here: Linked) -> None:
    import random

    good = here.link("approve", here.submitted())
    before, dice = here.everything(), random.Random(7)
    signs = "ABCabc019-_."
    pages = set()
    for n in range(1000):
        token = "".join(dice.choices(signs, k=dice.randint(0, 700)))
        if n % 4 == 0:  # nearly ours
            at = dice.randrange(len(good))
            token = good[:at] + dice.choice([s for s in signs if s != good[at]]) + good[at + 1 :]
        answer = here.ask(token) if n % 2 else here.press(token, "approve")
        assert answer["statusCode"] == 403
        pages.add((answer["body"], tuple(sorted(answer["headers"].items()))))
    assert len(pages) == 1
    assert here.everything() == before


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({"body": "action=approve&reason=" + "x" * 60_000}, 413),
        ({"body": base64.b64encode(b"action=approve&x=" + b"x" * 30_000).decode(), "isBase64Encoded": True}, 413),
        ({"body": '{"action": "approve"}', "headers": {"content-type": "application/json"}}, 415),
        ({"body": "action=approve", "headers": {}}, 415),
        ({"body": "action=approve", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 415),
        ({"body": "action=approve", "headers": {"content-type": "text/plain"}}, 415),
        ({"body": "action=approve&action=reject"}, 400),
        ({"body": "&".join(f"a{n}=1" for n in range(50))}, 400),
        ({"body": "action"}, 400), ({"body": ""}, 400), ({"body": None}, 400),
        ({"body": "action=%ff%fe"}, 400), ({"body": "action=approve\ud800"}, 400), ({"body": "action=\u00e9"}, 400),
        ({"body": "not base64!", "isBase64Encoded": True}, 400),
        ({"body": "action=approve", "headers": {"Content-Type": f"{FORM}; charset=UTF-8"}}, 303),
        ({"body": base64.b64encode(b"action=approve").decode(), "isBase64Encoded": True}, 303),
    ],
)  # fmt: skip
def test_a_body_no_button_of_ours_sends_does_nothing(here: Linked, event: dict[str, Any], status: int) -> None:
    token = here.link("approve", here.submitted())
    before = here.everything()
    asked = {"headers": {"content-type": FORM}} | event
    assert here.ask(token, "POST", **asked)["statusCode"] == status
    assert (here.everything() == before) is (status != 303)


SCRIPT = '<script>alert(1)</script><img src=x onerror=alert(1)> "quoted" & \u202egpj.exe'


def test_words_from_outside_are_words_on_every_page(here: Linked) -> None:
    post = here.submitted(SCRIPT, title=SCRIPT[:100], link="https://x.example/?q=<script>alert(1)</script>")
    answer = here.ask(here.link("approve", post))
    here.world.store.apply(a_comment(f"utter muppet {SCRIPT}", author_name=SCRIPT), BRAND, NOON)
    moderate([MESSAGE], here.world.herald, NOON)
    appeal = here.link("appeal", MESSAGE, id="link-0000002")
    pages = [answer, here.ask(appeal)]
    here.press(appeal, "appeal", text=SCRIPT)
    pages.append(here.ask(appeal))
    for page in pages:
        assert "<script" not in page["body"]
        assert "<img src=x" not in page["body"]
        assert "\u202e" not in page["body"]
    assert "Not shown: 1 control characters" in words_of_page(answer)


def test_every_page_is_kept_by_nobody_found_by_nobody_and_runs_nothing(here: Linked) -> None:
    for token in [*tokens(here).values(), "x"]:
        answer = here.ask(token)
        headers = answer["headers"]
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert "script" not in headers["content-security-policy"]
        style = re.search(r"<style>(.*?)</style>", answer["body"], re.DOTALL)
        assert style is not None
        assert base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode() in headers[
            "content-security-policy"
        ]  # fmt: skip


def test_no_log_line_of_link_carries_a_token_words_or_names(here: Linked, capsys: pytest.CaptureFixture[str]) -> None:
    import io
    import logging

    written = io.StringIO()
    extra = logging.StreamHandler(written)
    extra.setFormatter(here.app.logger.registered_formatter)
    here.app.logger.addHandler(extra)
    made = tokens(here)
    for token in made.values():
        here.ask(token)
        here.press(token, "appeal", text="my very own words")
        here.press(token, "approve")
    here.app.logger.handlers.remove(extra)
    seen = written.getvalue() + "".join(capsys.readouterr())
    assert seen.count('"link"') >= 12
    for secret in (*made.values(), "my very own", "Mia", "Chairs", "muppet", *CREDENTIALS["herald/links"].secrets):
        assert secret not in seen


def test_a_use_lies_with_its_post_and_nowhere_else(here: Linked) -> None:
    here.press(here.link("approve", here.submitted()), "approve")
    everything = here.world.db.everything()  # type: ignore[attr-defined]
    (use,) = (item for item in everything[keys.POSTS] if item["sk"].startswith("L#"))
    assert (use["pk"], use["by"], use["what"]) == ("P#post-0001", MIA.id, "approved")


def test_the_functions_role_writes_only_what_a_link_is_for() -> None:
    allowed = privileges.grants("Link")
    puts = {(one.resource, one.key) for one in allowed if one.action == "dynamodb:PutItem"}
    assert puts == {
        ("arn:Posts", "P#*"), ("arn:Posts", "A#*"), ("arn:Messages", "C#appeal~*"), ("arn:Settings", "ACK#*"),
        ("arn:Audit", "CHAIN#people"),
    }  # fmt: skip
    added = {(one.resource, one.key) for one in allowed if one.action == "dynamodb:UpdateItem"}
    assert added == {("arn:Metrics", "CLICKS#*")}
    for never in ("DeleteItem", "sqs:", "ses:", "s3:Put"):
        assert not any(never in one.action for one in allowed)
    (secret,) = (one.resource for one in allowed if one.action.startswith("secretsmanager:"))
    assert secret.endswith("secret:herald/links-*")
