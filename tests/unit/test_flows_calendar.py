"""Days beside posts, files of a calendar, and checks that stop a post: through the gate, in one transaction each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from herald.errors import Refused
from herald.flows import calendar, calendar_files, checks
from herald.flows import commands as c
from herald.flows.gate import perform
from herald.govern import audit
from herald.model import DayMark, Person, Role, TargetState, Waiver
from herald.publish import calendar_csv, calendar_ics
from herald.publish.calendar_csv import Entry
from local import bench_calendar
from local.demo import organisation as shop
from tests.support.world import ACCOUNT, ANA, BRAND, MIA, NEW, TED, World, a_world
from tests.unit.test_flows_posts import ZONE, approved, drafted, hours, run, state, version

OLA = Person("ola", "Ola Oak", frozenset({Role.OWNER}), frozenset({BRAND}))


@pytest.fixture
def world() -> World:
    return a_world()


def day(world: World, title: str = "Open day", *, expected: int = 0, by: str = ANA.id, **told: Any) -> DayMark:
    given = {"id": "day-00001", "kind": "event", "first_day": "2026-12-05", "last_day": "2026-12-06"} | told
    run(world, c.SaveDay(brand=BRAND, title=title, expected=expected, **given), by)
    found = world.store.find(DayMark, BRAND, given["id"])
    assert found is not None
    return found


def between(world: World, first: str, last: str) -> list[str]:
    return [
        m.title for m in calendar.days_between(BRAND, date.fromisoformat(first), date.fromisoformat(last), world.herald)
    ]


def test_a_day_stands_on_every_day_it_touches_until_it_is_removed(world: World) -> None:
    mark = day(world)
    assert between(world, "2026-12-06", "2026-12-31") == between(world, "2026-11-01", "2026-12-05") == ["Open day"]
    assert between(world, "2026-12-07", "2026-12-31") == between(world, "2026-11-01", "2026-12-04") == []
    run(world, c.RemoveDay(BRAND, mark.id, mark.version), ANA.id)
    assert between(world, "2026-11-01", "2026-12-31") == []
    assert world.store.find(DayMark, BRAND, mark.id) is not None
    assert audit.verify(world.store.audit_of("people")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "party"},
        {"first_day": "soon"},
        {"last_day": "2026-12-01"},
        {"last_day": "2029-01-01"},
        {"title": " "},
        {"local_time": "09:00"},
        {"zone": "Mars/Base", "local_time": "09:00"},
        {"owner": "nobody"},
        {"lead_days": 400},
        {"id": "x"},
    ],
    ids=str,
)
def test_what_is_no_day_is_refused_and_nothing_is_kept(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        day(world, **({"title": "Open day"} | wrong))
    assert refused.value.missing == "input"
    assert between(world, "2026-01-01", "2029-12-31") == []


SAM = Person("sam", "Sam Stone", frozenset(Role), frozenset({"other-house"}))
LEFT = Person("lou", "Lou Left", frozenset({Role.MARKETER}), frozenset({BRAND}), active=False)


@pytest.mark.parametrize("owner", [SAM.id, LEFT.id, "nobody"])
def test_only_who_works_for_the_brand_is_named_for_a_day_by_hand_or_by_file(world: World, owner: str) -> None:
    for person in (SAM, LEFT):
        world.store.save(person)
    words = f"Herald does not know the owner '{owner}'. Give the id of a person."
    with pytest.raises(Refused, match=words):
        day(world, owner=owner)
    told = c.SaveDay("day-00001", BRAND, "event", "Open day", "2026-12-05", "2026-12-05", 0, owner=owner)
    with pytest.raises(Refused, match=words):
        run(world, c.ImportCalendar(BRAND, (), (told,)), ANA.id)
    row = Entry(kind="event", title="Open day", first_day="2026-12-05", owner=owner)
    assert [(each.field, each.words) for each in look(world, [row]).problems] == [("owner", words)]


def test_a_day_of_somebody_who_left_can_still_be_changed(world: World) -> None:
    world.store.save(replace(LEFT, active=True))
    day(world, owner=LEFT.id)
    world.store.save(LEFT)
    assert day(world, "Open weekend", expected=1, owner=LEFT.id).owner == LEFT.id


def test_a_day_seen_before_another_changed_it_is_refused(world: World) -> None:
    day(world)
    day(world, "Open weekend", expected=1, by=MIA.id)
    with pytest.raises(Refused) as refused:
        day(world, "Open house", expected=1)
    assert refused.value.missing == "version"


# ---------------------------------------------------------------- files


def post_row(number: int, **told: str) -> Entry:
    return Entry(
        "post",
        f"row-{number:05d}",
        told.get("title", f"Row {number}"),
        f"Chair number {number} is in.",
        "",
        told.get("account", ACCOUNT.id),
        told.get("at", "2026-12-01T09:00"),
        ZONE,
    )


def imported(world: World, entries: list[Entry], by: str = ANA.id) -> calendar_files.Imported:
    looked = look(world, entries)
    return calendar_files.give(looked, by=by, herald=world.herald, now=world.clock())


def look(world: World, entries: list[Entry]) -> calendar_files.Looked:
    return calendar_files.look(calendar_csv.read(calendar_csv.write(entries)), BRAND, world.herald, world.clock())


def test_a_thousand_rows_come_in_with_their_errors_named_and_again_change_nothing(world: World) -> None:
    """And with few transactions: a slice of a file is one."""
    entries = [post_row(n) for n in range(950)] + [post_row(n, account="mastodon:none") for n in range(950, 980)]
    entries += [post_row(n, at="2026-12-32T09:00") for n in range(980, 1000)]
    looked = look(world, entries)
    assert (looked.count("new"), len(looked.problems)) == (950, 50)
    assert {problem.row for problem in looked.problems} == set(range(952, 1002))
    commits = []
    commit = world.store.commit
    world.store.commit = lambda changes: (commits.append(1), commit(changes))[1]  # type: ignore[method-assign]
    done = calendar_files.give(looked, by=ANA.id, herald=world.herald, now=world.clock())
    assert (done.posts, len(done.problems)) == (950, 50)
    assert len(commits) <= 950 * 3 // 90 + 1
    again = look(world, entries)
    assert (again.count("same"), again.count("new"), again.drafts) == (950, 0, ())


def test_the_benchs_file_is_written_but_for_its_wrong_rows_in_few_transactions() -> None:
    herald = bench_calendar.a_herald()
    commits = []
    commit = herald.store.commit
    herald.store.commit = lambda changes: (commits.append(1), commit(changes))[1]  # type: ignore[method-assign]
    read = calendar_csv.read(calendar_csv.write(bench_calendar.rows()))
    looked = calendar_files.look(read, shop.BRAND, herald, bench_calendar.NOW)
    done = calendar_files.give(looked, by="jack", herald=herald, now=bench_calendar.NOW)
    assert (done.posts, done.days, len({problem.row for problem in done.problems})) == (713, 237, 50)
    assert len(commits) <= 950 * 3 // 90 + 2


def test_what_is_exported_and_read_again_is_the_same(world: World) -> None:
    drafted(world, 'Two lines\nand a comma, "quoted"')
    day(world, owner=MIA.id, lead_days=10, note="Bring chairs")
    rows = calendar_files.entries(BRAND, date(2026, 11, 1), date(2026, 12, 31), world.herald)
    assert [row.kind for row in rows] == ["post", "event"]
    for read in (
        calendar_csv.read(calendar_csv.write(rows)),
        calendar_ics.read(calendar_ics.write(rows, world.clock()), "UTC"),
    ):
        looked = calendar_files.look(read, BRAND, world.herald, world.clock())
        assert (looked.problems, looked.drafts, looked.days, looked.count("same")) == ((), (), (), 2)


def test_a_row_changes_a_draft_and_never_what_is_out(world: World) -> None:
    post = approved(world)
    hours(world)
    assert state(world, post) is TargetState.PUBLISHED
    (row,) = calendar_files.entries(BRAND, date(2026, 11, 1), date(2026, 12, 31), world.herald)
    moved = Entry(**{name: getattr(row, name) for name in calendar_csv.FIELDS} | {"local_time": "2026-12-24T09:00"})
    assert [problem.field for problem in look(world, [moved]).problems] == ["state"]


def test_who_may_not_plan_may_not_import_and_a_row_that_was_overtaken_is_named(world: World) -> None:
    with pytest.raises(Refused) as refused:
        perform(c.ImportCalendar(BRAND, (), ()), by="nobody", herald=world.herald, now=world.clock())
    assert refused.value.missing == "role"
    looked = look(world, [post_row(1), post_row(2)])
    calendar_files.give(look(world, [post_row(2, title="Other")]), by=TED.id, herald=world.herald, now=world.clock())
    done = calendar_files.give(looked, by=ANA.id, herald=world.herald, now=world.clock())
    assert (done.posts, [problem.row for problem in done.problems]) == (1, [3])


# ---------------------------------------------------------------- checks


def refusal(world: World, post: str, by: str = ANA.id) -> str:
    with pytest.raises(Refused) as refused:
        run(world, c.Submit(post, version(world, post)), by)
    assert refused.value.missing == "input"
    return str(refused.value)


def test_personal_data_stops_a_post_and_a_second_person_may_let_it_stand_on_these_words_only(world: World) -> None:
    post = drafted(world, "Ring Jo on 0412 345 678 for chairs.")
    assert "Privacy Act" in refusal(world, post)
    waive = c.WaiveCheck(post, "personal_data", "Jo is our own stylist.", version(world, post))
    with pytest.raises(Refused) as refused:
        run(world, waive, ANA.id)
    assert refused.value.missing == "role"
    run(world, waive, MIA.id)
    run(world, c.Submit(post, version(world, post)), ANA.id)
    variants = (c.Variant(ACCOUNT.id, "2026-11-18T13:00", ZONE),)
    run(world, c.Draft(post, BRAND, "Chairs", "Ring Jo on 0412 345 679.", variants, version(world, post)), ANA.id)
    assert "Privacy Act" in refusal(world, post)
    assert len(world.store.shelf(Waiver, post)) == 1


def test_the_author_lets_nothing_of_their_own_stand(world: World) -> None:
    variants = (c.Variant(ACCOUNT.id, "2026-11-18T13:00", ZONE),)
    run(world, c.Draft("post-0009", BRAND, "Chairs", "Ring 0412 345 678.", variants, 0), MIA.id)
    with pytest.raises(Refused) as refused:
        run(world, c.WaiveCheck("post-0009", "personal_data", "Ours.", version(world, "post-0009")), MIA.id)
    assert refused.value.missing == "second_person"


def test_what_the_brand_bans_stops_with_its_clause_and_what_it_turned_off_is_not_asked(world: World) -> None:
    world.store.save(OLA)
    save = c.SaveChecks(
        BRAND, 0, ("banned",), ("personal_data",), banned=("bargain",), clauses=(("banned", "MOD 3.1"),)
    )
    run(world, save, OLA.id)
    assert "MOD 3.1" in refusal(world, drafted(world, "What a bargain"))
    fine = drafted(world, "Ring 0412 345 678.", id="post-0002")
    run(world, c.Submit(fine, version(world, fine)), ANA.id)
    with pytest.raises(Refused, match="only advises"):
        run(world, c.SaveChecks(BRAND, 1, ("spelling",)), OLA.id)
    with pytest.raises(Refused, match="no rule"):
        run(world, c.SaveChecks(BRAND, 1, ("karma",)), OLA.id)


def test_a_paid_post_that_does_not_say_so_is_not_submitted(world: World) -> None:
    post = drafted(world, "Our chair at Lee's home.", paid=True)
    assert "#ad" in refusal(world, post)


def test_advice_stops_nobody(world: World) -> None:
    post = drafted(world, "A free chair of good color.")
    run(world, c.Submit(post, version(world, post)), ANA.id)
    assert checks.policy_of(BRAND, world.herald).number == 0


def test_a_new_colleague_who_acknowledged_nothing_may_still_draft_days(world: World) -> None:
    assert day(world, by=NEW.id).by == NEW.id
    assert timedelta(0) == day(world, expected=1, by=NEW.id).last_day - date(2026, 12, 6)
