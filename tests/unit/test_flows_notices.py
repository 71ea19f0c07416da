"""Somebody is told: once, by whose role it is, within bounds, in our own words; the page says who and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard import present_notices
from herald.errors import OutcomeUnknown, Rejected, Retryable
from herald.flows import breaches, care, incidents, monitors, notices
from herald.flows import commands as c
from herald.flows.moderate import moderate
from herald.govern import audit
from herald.mail import compose
from herald.model import Handling, New, Person, Role
from herald.model.care import stages_list
from herald.model.monitors import Alert, Monitor
from herald.model.notices import MailHour, Notice, NoticeState, about, notices_list
from tests.support.world import ACCOUNT, ANA, BRAND, MIA, NOON, TED, World, a_comment, a_world
from tests.unit.test_flows_incidents import HERE, counted, ordinary
from tests.unit.test_flows_posts import run
from tests.unit.test_mail import a_mailbox, smtp

ID = "incident-0001"
CRY = "The muppet Jo Bloggs sold me a broken lamp"


def someone(name: str, *roles: Role, **more: Any) -> Person:
    return Person(name, name.title(), frozenset(roles), frozenset({BRAND}), email=f"{name}@tall-timber.example", **more)


MEG = someone("meg", Role.COMMUNITY_MANAGER)
SUE = someone("sue", Role.CUSTOMER_SERVICE_MANAGER)
OLA = someone("ola", Role.OWNER)
GUS = someone("gus", Role.COMMUNITY_MANAGER, active=False)


@dataclass
class Post:
    """A mailer that keeps what left, and fails as it is told to."""

    fails: list[Exception] = field(default_factory=list)
    sent: list[tuple[tuple[str, ...], str, str]] = field(default_factory=list)

    def __call__(self, to: Sequence[str], subject: str, text: str, html: str, files: Mapping[str, bytes]) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append((tuple(to), subject, text))


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def world(post: Post) -> World:
    made = a_world()
    for person in (MEG, SUE, OLA, GUS):
        made.store.save(person)
    return replace(made, herald=replace(made.herald, mail=post, pages="https://herald.example"))


def tick(world: World) -> list[str]:
    return [one.result for one in notices.tell(world.herald, world.clock())]


def of(world: World, name: str) -> list[Notice]:
    return notices.of(BRAND, name, world.herald)


def raise_one(world: World, by: str = MEG.id) -> str:
    run(world, c.RaiseIncident(ID, BRAND, CRY), by)
    return about("incident", ID)


# ---------------------------------------------------------------- whom, of what


def test_an_incident_tells_those_who_judge_it_and_then_those_of_its_level(world: World, post: Post) -> None:
    name = raise_one(world)
    assert tick(world) == ["sent"]
    run(world, c.AssessIncident(ID, BRAND, "grave", "local", 1), MEG.id)
    tick(world)
    run(world, c.AssessIncident(ID, BRAND, "minor", "local", 2), MEG.id)  # less grave: nobody is told again
    assert tick(world) == []
    assert [to for to, _, _ in post.sent] == [(SUE.email,), (OLA.email, SUE.email)]  # never who did it, nor who left
    assert [subject for _, subject, _ in post.sent] == [
        f"Incident raised: not judged yet ({BRAND})", f"Incident judged: level 2, crisis ({BRAND})"
    ]  # fmt: skip
    told = of(world, name)
    assert [(one.state, one.to, one.ended_at) for one in told] == [
        (NoticeState.SENT, ("sue",), world.clock()), (NoticeState.SENT, ("ola", "sue"), world.clock())
    ]  # fmt: skip
    assert audit.verify(world.store.audit_of("moderation", limit=500)) == []


def test_a_mail_holds_our_words_and_the_page_and_nothing_that_anybody_wrote(world: World, post: Post) -> None:
    raise_one(world)
    world.store.apply(a_comment(CRY), BRAND, NOON)
    run(world, c.RecordBreach("breach-0001", BRAND, "customer", "Jo Bloggs", "MOD 3.1", CRY), MIA.id)
    for _ in range(3):
        tick(world)
    assert len(post.sent) == 2
    for _, subject, text in post.sent:
        for word in ("muppet", "Jo", "Bloggs", "lamp"):
            assert word not in subject + text
    breach, incident = sorted(text for _, _, text in post.sent)
    assert f"https://herald.example/incidents?brand={BRAND}&incident={ID}\n" in incident
    assert f"https://herald.example/breaches?brand={BRAND}&breach=breach-0001\n" in breach


@pytest.mark.parametrize("brand", ["Caf\u00ad\u00e9", "Two\u200dhouses", "\u202eesuoh", "x" * 300])
def test_people_of_a_brand_with_an_odd_name_are_told_too(world: World, post: Post, brand: str) -> None:
    world.store.save(replace(ACCOUNT, account_id="700", brand=brand))
    world.store.save(replace(MEG, brands=frozenset({brand})))
    world.store.commit([notices.notice(brand, "x", 1, "Look", NOON, "rules", {}, roles=(Role.COMMUNITY_MANAGER,))])
    tick(world)
    ((_, subject, text),) = post.sent
    assert compose("a@example.com", ["b@example.com"], subject, text, "", {}, NOON)


def test_what_the_detector_finds_and_what_doubles_is_told(world: World, post: Post) -> None:
    ordinary(world)
    for _ in range(2):
        counted(world, HERE, 30, 30)
        incidents.detect(world.herald, NOON)
        incidents.detect(world.herald, NOON)
        tick(world)
    assert [(to, subject.partition(":")[0]) for to, subject, _ in post.sent] == [
        ((MEG.email, SUE.email), "Incident found"), ((MEG.email, SUE.email), "Incident grown to twice what it was")
    ]  # fmt: skip


def test_each_step_of_a_breach_tells_who_is_asked_there(world: World, post: Post) -> None:
    steps = (c.PathStep("community_manager", 5), c.PathStep("owner", 9))
    run(world, c.SaveEscalation(BRAND, "customer", steps, "24/7", "UTC", 0), OLA.id)
    run(world, c.RecordBreach("breach-0001", BRAND, "customer", "Jo", "MOD 3.1", CRY), SUE.id)
    tick(world)
    world.clock.pass_(minutes=5)
    for _ in range(2):
        breaches.climb(world.herald, world.clock())
        tick(world)
    assert [to for to, _, _ in post.sent] == [(MEG.email,), (OLA.email,)]
    assert [one.n for one in of(world, about("breach", "breach-0001"))] == [1, 2]


@pytest.mark.parametrize(("owner", "told"), [(OLA, OLA), (GUS, MEG)])
def test_a_monitors_alert_tells_its_owner_or_the_desk_where_they_left(
    world: World, post: Post, owner: Person, told: Person
) -> None:
    world.store.commit([New(Monitor(BRAND, "monitor-1", "Lamps", ("lamp",), (), (), 1, True, owner.id, NOON))])
    world.store.apply(a_comment("a lamp", at=NOON - timedelta(minutes=5)), BRAND, NOON)
    for _ in range(2):
        monitors.watch(world.herald, NOON)
        tick(world)
    assert [to for to, _, _ in post.sent] == [(told.email,)]
    (alert,) = world.store.shelf(Alert, BRAND)
    assert [one.to for one in of(world, monitors.told_of(alert))] == [(told.id,)]


def test_a_complaint_is_told_of_before_its_time_and_once_more_when_it_is_over(world: World, post: Post) -> None:
    event = a_comment("a broken lamp")
    world.store.apply(event, BRAND, NOON)
    moderate([event.message_id], world.herald, NOON)
    (handling,) = world.store.listed(Handling, "work", stages_list(BRAND), first="0")
    due = handling.stages[0].due_at
    early = due - timedelta(minutes=30)
    for minutes in (-5, 0, 5, 10, 30, 31, 32):
        world.clock.now = early + timedelta(minutes=minutes)
        care.climb(world.herald, world.clock())
        care.warn(world.herald, world.clock())
        tick(world)
    subjects = [subject.partition(":")[0] for _, subject, _ in post.sent]
    assert subjects == [f"Complaint due by {due:%H}", "Complaint overdue"]
    assert [one.n for one in of(world, about("case", handling.case_id))] == [1, 2]


THREAT = """---
name: Possible threat
body (includes): ["watch your back"]
action: queue
severity: high
policy: MOD 3.1
rationale: "May be a threat."
escalate: {to: TO, within: 15 minutes}
"""


@pytest.mark.parametrize(("to", "told"), [("community manager on duty", MEG), ("Sue", SUE)])
def test_what_is_due_in_minutes_is_told_at_once_to_whom_its_rule_names_and_once_a_quarter(
    world: World, post: Post, to: str, told: Person
) -> None:
    world.store.save_rules(THREAT.replace("TO", to))
    for number, minutes in (("1", 0), ("2", 1), ("3", 16)):
        world.clock.now = NOON + timedelta(minutes=minutes)
        event = a_comment("watch your back", id=number, at=world.clock())
        world.store.apply(event, BRAND, world.clock())
        moderate([event.message_id], world.herald, world.clock())
        for _ in range(2):
            care.press(world.herald, world.clock())
            tick(world)
    subjects = [subject.partition(" (")[0] for _, subject, _ in post.sent]
    by = [NOON + timedelta(minutes=15), NOON + timedelta(minutes=31)]
    assert subjects == [f"Decide by {each:%H:%M} UTC: may be dangerous" for each in by]
    assert {to for to, _, _ in post.sent} == {(told.email,)}
    assert not [text for _, _, text in post.sent if "watch your back" in text], "nothing that anybody wrote is mailed"


def test_what_came_last_is_told_though_many_grave_things_wait_before_it(world: World, post: Post) -> None:
    world.store.save_rules(THREAT.replace("TO", "meg"))
    for number in range(120):
        event = a_comment("watch your back", id=f"old{number}")
        world.store.apply(event, BRAND, NOON)
        moderate([event.message_id], world.herald, NOON)
    later = NOON + timedelta(hours=2)
    event = a_comment("watch your back", id="new", at=later)
    world.store.apply(event, BRAND, later)
    moderate([event.message_id], world.herald, later)
    assert care.press(world.herald, later) == 1


def test_what_is_not_due_in_minutes_or_long_known_is_not_told_so(world: World, post: Post) -> None:
    world.store.save_rules(THREAT.replace("TO", "meg"))
    event = a_comment("watch your back")
    world.store.apply(event, BRAND, NOON)
    moderate([event.message_id], world.herald, NOON)
    assert care.press(world.herald, NOON + timedelta(hours=1)) == 0
    world.store.save_rules(THREAT.replace("severity: high", "severity: medium").replace("TO", "meg"))
    another = a_comment("watch your back", id="2")
    world.store.apply(another, BRAND, NOON)
    moderate([another.message_id], world.herald, NOON)
    assert care.press(world.herald, NOON) == 1  # of the first alone


# ---------------------------------------------------------------- exactly once


def test_two_ticks_at_once_send_one_mail(world: World, post: Post) -> None:
    name = raise_one(world)
    commit = world.store.commit

    def late(changes: Any) -> None:
        world.store.commit = commit  # type: ignore[method-assign]
        assert tick(world) == ["sent"]
        commit(changes)

    world.store.commit = late  # type: ignore[method-assign]
    assert tick(world) == ["overtaken"]
    assert len(post.sent) == 1
    assert [one.state for one in of(world, name)] == [NoticeState.SENT]


def test_whoever_dies_in_between_leaves_it_unclear_and_it_is_not_sent_again(world: World, post: Post) -> None:
    name = raise_one(world)
    post.fails.append(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        tick(world)
    assert [one.state for one in of(world, name)] == [NoticeState.SENDING]
    assert tick(world) == []
    world.clock.pass_(minutes=5)
    assert tick(world) == ["unclear"]
    world.clock.pass_(minutes=60)
    assert (tick(world), post.sent) == ([], [])
    assert [one.to for one in of(world, name)] == [("sue",)]


def test_an_unknown_outcome_is_not_repeated(world: World, post: Post) -> None:
    name = raise_one(world)
    post.fails.append(OutcomeUnknown("the line dropped"))
    assert tick(world) == ["unclear"]
    world.clock.pass_(minutes=60)
    assert (tick(world), post.sent) == ([], [])
    assert [(one.state, one.reason) for one in of(world, name)] == [(NoticeState.UNCLEAR, "the line dropped")]


def test_what_certainly_failed_is_tried_again_later_and_not_for_ever(world: World, post: Post) -> None:
    name = raise_one(world)
    post.fails += [Retryable("busy", after=1)] * notices.TRIES
    results = []
    for _ in range(120):
        results += tick(world)
        world.clock.pass_(minutes=1)
    assert results == ["due"] * (notices.TRIES - 1) + ["failed"]
    assert [(one.state, one.to) for one in of(world, name)] == [(NoticeState.FAILED, ())]
    assert post.sent == []


def test_a_refusal_is_kept_without_the_address_and_the_first_failure_is_the_last_of_a_tick(
    world: World, post: Post
) -> None:
    name = raise_one(world)
    run(world, c.RaiseIncident("incident-0002", BRAND, "Another"), MEG.id)
    post.fails.append(Rejected(f"{SUE.email}: 550 no", "550"))
    assert tick(world) == ["failed"]
    assert [one.reason for one in of(world, name)] == ["sue: 550 no"]
    assert tick(world) == ["sent"]


# ---------------------------------------------------------------- an address that is refused


@dataclass
class Picky(Post):
    """A mailer that takes a mail for all or for nobody, and refuses single addresses, for good or for now."""

    refuses: dict[str, type[Rejected | Retryable]] = field(default_factory=dict)
    asked: int = 0

    def __call__(self, to: Sequence[str], subject: str, text: str, html: str, files: Mapping[str, bytes]) -> None:
        self.asked += 1
        for kind in (Rejected, Retryable):
            if named := tuple(one for one in to if self.refuses.get(one) is kind):
                refused = kind(f"{named[0]}: no such person here")
                refused.addresses = named
                raise refused
        super().__call__(to, subject, text, html, files)


@pytest.fixture
def picky(world: World) -> tuple[World, Picky]:
    mail = Picky()
    world.store.commit([notices.notice(
        BRAND, "alert~1", 1, "Monitor alert", world.clock(), "monitors", {}, people=(MEG.id, OLA.id, SUE.id)
    )])  # fmt: skip
    return replace(world, herald=replace(world.herald, mail=mail)), mail


def minutes(world: World, number: int) -> list[str]:
    """The schedule of so many minutes, twice a minute."""
    results = []
    for _ in range(number):
        results += tick(world) + tick(world)
        world.clock.pass_(minutes=1)
    return results


def test_one_address_that_is_refused_keeps_the_mail_from_nobody_else(picky: tuple[World, Picky]) -> None:
    world, mail = picky
    mail.refuses[SUE.email] = Rejected
    assert minutes(world, 60) == ["sent"]
    assert [to for to, _, _ in mail.sent] == [(MEG.email, OLA.email)]
    (told,) = of(world, "alert~1")
    assert (told.state, told.to, told.refused) == (
        NoticeState.SENT, ("meg", "ola"), {"sue": "sue: no such person here"}
    )  # fmt: skip
    line = [one for one in world.store.audit_of("moderation") if one.what == "notice.sent"]
    assert [(one.facts["count"], one.facts["refused"]) for one in line] == [(2, 1)]
    words = present_notices.words(told, {"meg": "Meg", "ola": "Ola", "sue": "Sue"}.__getitem__)
    assert words.startswith("Told: Meg, Ola. Not reached: Sue (no such person here). Tell them yourself")
    assert words.lower().count("sue") == 1
    assert "@" not in words


def test_an_address_that_is_refused_for_now_is_tried_again_alone_and_the_others_have_it_at_once(
    picky: tuple[World, Picky],
) -> None:
    world, mail = picky
    mail.refuses[SUE.email] = Retryable
    assert tick(world) == ["due"]
    assert [to for to, _, _ in mail.sent] == [(MEG.email, OLA.email)]
    del mail.refuses[SUE.email]
    assert minutes(world, 60) == ["sent"]
    assert [to for to, _, _ in mail.sent] == [(MEG.email, OLA.email), (SUE.email,)]
    (told,) = of(world, "alert~1")
    assert (told.to, told.refused, told.reason) == (("meg", "ola", "sue"), {}, "")


def test_an_address_that_stays_refused_for_now_is_given_up_and_named(picky: tuple[World, Picky]) -> None:
    world, mail = picky
    mail.refuses |= {SUE.email: Retryable, OLA.email: Rejected}
    assert minutes(world, 120) == ["due"] * (notices.TRIES - 1) + ["sent"]
    assert [to for to, _, _ in mail.sent] == [(MEG.email,)]
    (told,) = of(world, "alert~1")
    assert (told.to, set(told.refused)) == (("meg",), {"ola", "sue"})
    assert mail.asked == 3 + notices.TRIES - 1  # who was refused for good is not asked for again


def test_where_every_address_is_refused_nobody_was_told_and_the_page_says_so(picky: tuple[World, Picky]) -> None:
    world, mail = picky
    mail.refuses |= dict.fromkeys((MEG.email, OLA.email, SUE.email), Rejected)
    assert minutes(world, 60) == ["failed"]
    (told,) = of(world, "alert~1")
    assert (told.state, told.to, set(told.refused)) == (NoticeState.FAILED, (), {"meg", "ola", "sue"})
    assert present_notices.words(told, str).startswith("Nobody was told: meg: no such person here.")


def test_a_line_that_drops_while_the_others_are_mailed_leaves_them_unclear_and_the_refused_one_named(
    picky: tuple[World, Picky], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, mail = picky
    mail.refuses[SUE.email] = Rejected

    def dropped(*_: object) -> None:
        raise OutcomeUnknown("the line dropped")

    monkeypatch.setattr(Post, "__call__", dropped)
    assert minutes(world, 60) == ["unclear"]
    (told,) = of(world, "alert~1")
    assert (told.to, told.had, set(told.refused)) == (("meg", "ola"), (), {"sue"})


def test_over_a_real_socket_a_refused_address_keeps_the_mail_from_nobody_else(world: World, tmp_path: Path) -> None:
    world.store.commit([notices.notice(
        BRAND, "alert~1", 1, "Monitor alert", world.clock(), "monitors", {}, people=(MEG.id, OLA.id, SUE.id)
    )])  # fmt: skip
    with a_mailbox(tmp_path, refuse={SUE.email: "550 no such person"}) as (mailbox, at):
        served = replace(world, herald=replace(world.herald, mail=smtp(at)))
        assert minutes(served, 3) == ["sent"]
        (mail,) = [mailbox.mail(name) for name in mailbox.names()]
    assert mail is not None
    assert mail["To"] == f"{MEG.email}, {OLA.email}"
    (told,) = of(world, "alert~1")
    assert told.refused == {"sue": "sue: 550 no such person"}


# ---------------------------------------------------------------- bounds


def test_an_hour_has_so_many_mails_and_only_what_is_urgent_may_go_over_it(world: World, post: Post) -> None:
    hour = world.clock().replace(minute=0, second=0, microsecond=0)
    world.store.commit([New(MailHour(BRAND, hour, notices.MOST_AN_HOUR))])
    alert = notices.notice(
        BRAND, "alert~1", 1, "Monitor alert", world.clock(), "monitors", {}, people=(MEG.id,)
    )  # fmt: skip
    world.store.commit([alert])
    raise_one(world)
    assert sorted(tick(world)) == ["on_page", "sent"]
    assert [(one.state, one.reason) for one in of(world, "alert~1")] == [
        (NoticeState.ON_PAGE, "Too many mails went out in this hour.")
    ]
    kept = world.store.find(MailHour, BRAND, hour)
    assert kept is not None
    assert kept.mails == notices.MOST_AN_HOUR + 1


def test_without_mail_or_anybody_to_reach_the_page_alone_tells(world: World) -> None:
    name = raise_one(world)
    bare = replace(world, herald=replace(world.herald, mail=None))
    assert tick(bare) == ["on_page"]
    assert [one.reason for one in of(world, name)] == ["No mail is set up."]
    for person in (MEG, SUE, MIA, TED, ANA):
        world.store.save(replace(person, email="no address"))
    run(world, c.RaiseIncident("incident-0002", BRAND, "Another"), MEG.id)
    assert tick(world) == ["on_page"]


def test_what_is_a_day_old_is_not_mailed_as_news(world: World, post: Post) -> None:
    name = raise_one(world)
    world.clock.pass_(minutes=24 * 60 + 1)
    assert (tick(world), post.sent) == (["on_page"], [])
    assert [one.reason for one in of(world, name)] == ["It was a day old before it could be mailed."]


def test_a_quiet_tick_costs_one_query_a_brand_and_writes_nothing(world: World, post: Post) -> None:
    asked: list[tuple[Any, ...]] = []
    query = world.db.query

    def counting(*args: Any, **more: Any) -> Any:
        asked.append(args)
        return query(*args, **more)

    world.db.query = counting  # type: ignore[method-assign]
    assert tick(world) == []
    assert [one for one in asked if one[0] != "Settings"] == [("Messages", notices_list(BRAND))]
    assert world.store.audit_of("moderation") == []
