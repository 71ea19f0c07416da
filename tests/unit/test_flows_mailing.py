"""A report is mailed once to people on record; whatever became of the mail is told truthfully and never repeated."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.report import app
from herald import runtime
from herald.errors import OutcomeUnknown, PlatformError, Refused, Rejected, Retryable, Unknown
from herald.flows import mailing
from herald.flows.commands import MailReport
from herald.flows.context import Herald
from herald.flows.gate import perform
from herald.flows.mailing import LEASE, MONTHLY, Monthly, kept_files, monthly, standing
from herald.govern import audit
from herald.measure.report import report
from herald.model import Mailing, MailingState, Metric, Person, Role, Snapshot
from tests.support.world import ACCOUNT, BRAND, Clock, World, a_world, recommended

NOW = datetime(2026, 11, 1, 20, tzinfo=UTC)
OCTOBER = ("2026-10-01", "2026-10-31")
OLA = Person("ola", "Ola Oak", frozenset({Role.OWNER}), frozenset({BRAND}), email="ola@timber.example")
OTTO = Person("otto", "Otto Orr", frozenset({Role.OWNER}), frozenset({BRAND}), email="otto@timber.example")


@dataclass
class Post:
    """A mailer. `script` holds what the next mails do: an error raised before, "lost" (it went, the answer did not) or
    "killed" (it went, and then the process died)."""

    mails: list[tuple[tuple[str, ...], Mapping[str, bytes]]] = field(default_factory=list)
    script: list[BaseException | str] = field(default_factory=list)

    def __call__(self, to: Sequence[str], subject: str, text: str, html: str, files: Mapping[str, bytes]) -> None:
        step = self.script.pop(0) if self.script else ""
        if isinstance(step, BaseException):
            raise step
        self.mails.append((tuple(to), dict(files)))
        if step == "lost":
            raise OutcomeUnknown("the line dropped")
        if step == "killed":
            raise KeyboardInterrupt


@dataclass
class Shelf:
    """A MediaStore in memory."""

    held: dict[str, bytes] = field(default_factory=dict)

    def put(self, data: bytes, mime: str) -> str:
        key = f"media/{sha256(data).hexdigest()}"
        self.held[key] = data
        return key

    def get(self, key: str) -> bytes:
        if key not in self.held:
            raise Unknown(f"There is no {key}.")
        return self.held[key]


@dataclass
class House:
    world: World
    herald: Herald
    post: Post
    shelf: Shelf

    def mail(self, id: str = "mail-0001", to: Sequence[str] = ("ola", "ted"), *, by: str = "ana", **more: str) -> Any:
        asked = {"brand": BRAND, "first_day": OCTOBER[0], "last_day": OCTOBER[1]} | more
        command = MailReport(id, to=tuple(to), **asked)  # type: ignore[arg-type]
        return perform(command, by=by, herald=self.herald, now=self.world.clock())

    def row(self, id: str = "mail-0001") -> Mailing:
        found = self.world.store.mailing(BRAND, *OCTOBER, id)
        assert found is not None
        return found

    def lines(self, chain: str) -> list[tuple[str, Mapping[str, Any]]]:
        return [(line.what, line.facts) for line in self.world.store.audit_of(chain)]


@pytest.fixture
def house() -> House:
    world = a_world(clock=Clock(NOW))
    for person in (OLA, OTTO):
        world.store.save(person)
    ted = world.store.person("ted")
    assert ted is not None
    world.store.save(replace(ted, email="ted@timber.example"))
    world.store.keep([Snapshot(ACCOUNT.id, Metric.REACH, 7, NOW - timedelta(days=9), day="2026-10-20")])
    recommended(world.store)
    post, shelf = Post(), Shelf()
    return House(world, replace(world.herald, mail=post, media=shelf), post, shelf)


# ---------------------------------------------------------------- a person mails it


def test_a_report_goes_to_the_people_named_and_audit_and_row_hold_no_address(house: House):
    done = house.mail()
    assert (done.sentence, done.well) == ("The report was mailed to 2 people.", True)
    ((to, files),) = house.post.mails
    assert to == ("ola@timber.example", "ted@timber.example")
    assert {"report.html", "all.csv"} <= set(files)
    row = house.row()
    assert (row.state, row.to, row.ordered_by, row.attempt) == (MailingState.SENT, ("ola", "ted"), "ana", 1)
    ((what, facts),) = house.lines("people")
    assert (what, facts["count"], facts["period"]) == ("MailReport", 2, "2026-10-01..2026-10-31")
    assert [what for what, _ in house.lines("reports")] == ["mail.sent"]
    written = json.dumps([list(table.items()) for name, table in house.world.db.tables.items() if name != "Settings"],  # type: ignore[attr-defined]
                         default=str)  # fmt: skip
    assert "timber.example" not in written
    assert [audit.verify(house.world.store.audit_of(chain)) for chain in ("people", "reports")] == [[], []]


def test_pressed_twice_it_is_mailed_once_and_another_id_is_another_mail(house: House):
    house.mail()
    again = house.mail()
    assert again.sentence == "This report was mailed already; it was not sent again."
    assert len(house.post.mails) == 1
    assert len(house.lines("people")) == 1
    house.mail("mail-0002", to=("ola",))
    assert [len(to) for to, _ in house.post.mails] == [2, 1]
    assert {one.id for one in house.world.store.mailings(BRAND, *OCTOBER)} == {"mail-0001", "mail-0002"}


def test_the_intent_stands_with_its_audit_before_anything_is_sent(house: House):
    seen: list[tuple[MailingState, int]] = []

    def looking(*_: object) -> None:
        seen.append((house.row().state, len(house.lines("people"))))

    house.herald = replace(house.herald, mail=looking)
    house.mail()
    assert seen == [(MailingState.SENDING, 1)]


def test_pressed_while_it_is_being_sent_it_is_not_sent_again(house: House):
    inner: list[str] = []

    def pressing(*_: object) -> None:
        inner.append(house.mail().sentence)

    house.herald = replace(house.herald, mail=pressing)
    house.mail()
    assert inner == ["This report is being mailed already."]


@pytest.mark.parametrize("error", [Retryable("The mail server does not answer"), Rejected("550 no such box")])
def test_what_certainly_failed_is_told_and_the_same_id_tries_again(house: House, error: PlatformError):
    house.post.script.append(error)
    done = house.mail()
    assert (done.well, done.sentence) == (False, f"Nothing was sent: {error}")
    assert house.row().state is MailingState.FAILED
    assert house.mail().well
    assert (house.row().state, house.row().attempt) == (MailingState.SENT, 2)
    assert len(house.post.mails) == 1
    assert [facts["attempt"] for _, facts in house.lines("people")] == [1, 2]


def test_a_refusal_that_quotes_an_address_is_kept_without_it(house: House):
    house.post.script.append(Rejected("550 <ola@timber.example>: no such box"))
    house.mail()
    assert house.row().reason == "550 <ola>: no such box"


def test_an_unknown_outcome_is_shown_as_such_and_never_repeated(house: House):
    house.post.script.append("lost")
    done = house.mail()
    assert (done.well, "may or may not have been sent" in done.sentence) == (False, True)
    assert house.row().state is MailingState.UNCLEAR
    for _ in range(2):
        with pytest.raises(Refused, match="may or may not have been sent"):
            house.mail()
    assert len(house.post.mails) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_who_dies_while_sending_leaves_a_mail_that_is_unclear_once_its_lease_is_over(house: House, when: str):
    house.post.script.append("killed" if when == "after" else KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        house.mail()
    assert standing(house.row(), NOW) is MailingState.SENDING
    assert house.mail().sentence == "This report is being mailed already."
    house.world.clock.pass_(seconds=LEASE.total_seconds())
    assert standing(house.row(), house.world.clock()) is MailingState.UNCLEAR
    with pytest.raises(Refused, match="may or may not"):
        house.mail()
    assert len(house.post.mails) == (1 if when == "after" else 0)


@pytest.mark.parametrize(("to", "words"), [
    ((), "between 1 and 50"), (tuple(f"p{n}" for n in range(51)), "between 1 and 50"),
    (("stranger@evil.example",), "no address on record"), (("mia",), "Mia Marsh has no address on record"),
])  # fmt: skip
def test_it_goes_only_to_a_bounded_number_of_people_on_record(house: House, to: tuple[str, ...], words: str):
    with pytest.raises(Refused, match=words) as refused:
        house.mail(to=to)
    assert refused.value.missing == "input"
    assert (house.post.mails, house.lines("people")) == ([], [])


def test_an_address_on_record_that_is_none_is_refused_before_anything_is_written(house: House):
    house.world.store.save(replace(OLA, email="ola@timber.example\r\nBcc: x@evil.example"))
    with pytest.raises(Refused, match="address of Ola Oak is none"):
        house.mail()
    assert house.world.store.mailings(BRAND, *OCTOBER) == []


def test_who_left_or_works_for_another_brand_gets_nothing(house: House):
    house.world.store.save(replace(OLA, active=False))
    house.world.store.save(replace(OTTO, brands=frozenset({"other"})))
    for one in ("ola", "otto"):
        with pytest.raises(Refused, match="no address on record"):
            house.mail(to=(one,))


@pytest.mark.parametrize(("more", "missing"), [
    ({"by": "eve"}, "role"), ({"brand": "other"}, "account"), ({"id": "x"}, "input"), ({"id": "../../..#"}, "input"),
    ({"first_day": "2026-13-01"}, "input"), ({"first_day": "2026-11-02"}, "input"),
    ({"first_day": "2001-01-01"}, "input"),
    ({"first_day": "2026-12-01", "last_day": "2026-12-31"}, "input"),
])  # fmt: skip
def test_a_command_that_is_not_in_order_is_refused_and_leaves_nothing(house: House, more: dict[str, str], missing: str):
    house.world.store.save(Person("eve", "Eve Elm", frozenset({Role.ENGINEER}), frozenset({BRAND})))
    with pytest.raises(Refused) as refused:
        house.mail(**more)  # type: ignore[arg-type]
    assert refused.value.missing == missing
    assert (house.post.mails, house.lines("people")) == ([], [])


def test_without_a_mailer_nothing_is_claimed(house: House):
    house.herald = replace(house.herald, mail=None)
    with pytest.raises(Refused, match="No mail is set up") as refused:
        house.mail()
    assert refused.value.missing == "state"


# ---------------------------------------------------------------- the month's report


def test_the_months_report_is_kept_with_the_hash_of_its_bytes_and_mailed_to_the_owners(house: House):
    assert monthly(house.herald, NOW) == [Monthly(BRAND, "mailed to 2")]
    ((to, files),) = house.post.mails
    assert to == ("ola@timber.example", "otto@timber.example")
    (kept,) = house.world.store.kept_reports(BRAND)
    assert (kept.first_day, kept.last_day, kept.title) == (*OCTOBER, "Report of tall-timber, October 2026")
    assert kept_files(kept, house.herald).files == files
    for one in kept.files:
        data = house.shelf.held[one.key]
        assert (one.sha256, one.size) == (sha256(data).hexdigest(), len(data))
    assert kept.digest == mailing.digest_of(kept_files(kept, house.herald)) == house.row(MONTHLY).digest
    assert [what for what, _ in house.lines("reports")] == ["report.kept", "mail.begun", "mail.sent"]


def test_the_schedule_repeated_mails_and_keeps_nothing_twice(house: House):
    monthly(house.herald, NOW)
    kept = house.world.store.kept_reports(BRAND)
    house.world.store.keep([Snapshot(ACCOUNT.id, Metric.REACH, 900, NOW, day="2026-10-20")])  # corrected since
    assert monthly(house.herald, NOW + timedelta(hours=1)) == [Monthly(BRAND, "mailed already")]
    assert house.world.store.kept_reports(BRAND) == kept
    assert len(house.post.mails) == 1


def test_after_a_failed_mail_the_repeat_sends_the_very_bytes_that_were_kept(house: House):
    house.post.script.append(Retryable("later"))
    assert monthly(house.herald, NOW) == [Monthly(BRAND, "mail failed", again=True)]
    house.world.store.keep([Snapshot(ACCOUNT.id, Metric.REACH, 900, NOW, day="2026-10-20")])
    assert monthly(house.herald, NOW + timedelta(minutes=1)) == [Monthly(BRAND, "mailed to 2")]
    (kept,) = house.world.store.kept_reports(BRAND)
    assert house.post.mails[0][1] == kept_files(kept, house.herald).files
    assert house.row(MONTHLY).attempt == 2


@pytest.mark.parametrize("end", ["lost", "killed"])
def test_an_owner_never_gets_a_second_mail_because_the_first_is_unclear(house: House, end: str):
    house.post.script.append(end)
    try:
        found = monthly(house.herald, NOW)
        assert found == [Monthly(BRAND, "mail unclear")]
    except KeyboardInterrupt:
        assert end == "killed"
    for later in (timedelta(minutes=1), LEASE, timedelta(days=1)):
        (again,) = monthly(house.herald, NOW + later)
        assert again.result in ("mail sending; not repeated", "mail unclear; not repeated")
    assert len(house.post.mails) == 1


def test_a_month_that_is_not_over_everywhere_is_not_kept(house: House):
    house.world.store.save(replace(ACCOUNT, timezone="America/Los_Angeles"))
    early = datetime(2026, 11, 1, 3, tzinfo=UTC)
    assert monthly(house.herald, early) == [Monthly(BRAND, "failed: the month is not over in every zone", again=True)]
    assert house.world.store.kept_reports(BRAND) == []


def test_an_owner_with_a_wrong_address_does_not_keep_the_report_from_the_others(house: House):
    house.world.store.save(replace(OLA, email="ola at timber"))
    assert monthly(house.herald, NOW) == [Monthly(BRAND, "mailed to 1")]


def test_kept_bytes_that_were_changed_are_not_passed_off_as_kept(house: House):
    monthly(house.herald, NOW)
    (kept,) = house.world.store.kept_reports(BRAND)
    house.shelf.held[kept.files[0].key] += b" "
    with pytest.raises(Unknown, match="is not what was kept"):
        kept_files(kept, house.herald)


def test_the_report_of_the_month_is_the_one_anybody_gets_of_the_same_facts(house: House):
    monthly(house.herald, NOW)
    (kept,) = house.world.store.kept_reports(BRAND)
    facts = mailing.gather(house.herald, BRAND, *OCTOBER, NOW + timedelta(days=3))
    assert report(facts) == kept_files(kept, house.herald)


def test_the_function_fails_where_a_repeat_may_help_so_that_it_is_repeated(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(runtime, "current", lambda: house.herald)
    context = LambdaContext()
    context._function_name, context._memory_limit_in_mb = "report", 256
    context._invoked_function_arn, context._aws_request_id = "arn:aws:lambda:x:1:function:report", "1"
    house.post.script.append(Retryable("later"))
    with pytest.raises(Retryable):
        app.handler({"schedule": True}, context)
    app.handler({"schedule": True}, context)
    app.handler({"schedule": True}, context)
    assert len(house.post.mails) == 1
