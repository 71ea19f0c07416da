"""A calendar out of Herald and into it: what a file would change is told first, then written by the gate in slices.

Reading a file twice changes nothing: a row's id is its uid's, and what is there already is left alone. A file adds and
changes; it never cancels: variants and days it does not name stay as they are.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from herald.errors import Refused
from herald.flows import commands as c
from herald.flows import posts
from herald.flows.calendar import MOST_WRITES, day_written, days_between
from herald.flows.context import Herald
from herald.flows.gate import perform
from herald.flows.planning import may_own
from herald.flows.shown import shown
from herald.model import Account, DayKind, DayMark, Media, Person, Post, Role, Target, TargetState
from herald.model.record import record
from herald.publish.calendar_csv import Entry, FileRows, RowProblem
from herald.publish.schedule import due_at

_GONE = frozenset({TargetState.CANCELLED, TargetState.REMOVED})
_YES = frozenset({"yes", "y", "true", "1", "x", "ja"})
_NO = frozenset({"", "no", "n", "false", "0"})
NEW, CHANGED, SAME = "new", "changed", "same"


# ---------------------------------------------------------------- out


def entries(brand: str, first: date, last: date, herald: Herald) -> list[Entry]:
    """Rows of all that a brand plans on these days: posts by their own wall clock, days that touch them.

    What was cancelled or taken down is left out.
    """
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=2)
    due = [
        target
        for target in herald.store.calendar(brand, begin, end)
        if target.state not in _GONE and first.isoformat() <= target.local_time[:10] <= last.isoformat()
    ]
    known = herald.store.posts({target.post_id for target in due})
    rows = [entry_of(known[target.post_id], target) for target in due if target.post_id in known]
    marks = sorted(days_between(brand, first, last, herald), key=lambda mark: (mark.first_day, mark.id))
    return [*rows, *map(entry_of_day, marks)]


def entry_of(post: Post, target: Target) -> Entry:
    """One variant as a row."""
    images = [{name: value for name, value in asdict(each).items() if value} for each in post.media]
    return Entry(
        "post", post.id, post.title, _lines(post.text), post.link, target.account, target.local_time, target.zone,
        _lines(target.text), json.dumps(images, ensure_ascii=False) if images else "", " ".join(post.needs),
        "yes" if post.paid else "", state=str(target.state),
    )  # fmt: skip


def entry_of_day(mark: DayMark) -> Entry:
    """One mark as a row."""
    return Entry(
        str(mark.kind), mark.id, mark.title, local_time=mark.local_time, zone=mark.zone,
        first_day=mark.first_day.isoformat(), last_day=mark.last_day.isoformat(), owner=mark.owner,
        lead_days=str(mark.lead_days or ""), note=_lines(mark.note), done="yes" if mark.done else "",
    )  # fmt: skip


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


# ---------------------------------------------------------------- in: what would happen


@record
class Row:
    """What one row comes to: new, changed or same. `problems` of the file name the others."""

    number: int
    what: str
    title: str
    where: str
    when: str


@record
class Looked:
    """What a file would do. Nothing is written yet.

    Attributes:
        drafts, days: the commands it takes, with the numbers of their rows.
    """

    brand: str
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]
    drafts: tuple[tuple[c.Draft, tuple[int, ...]], ...] = ()
    days: tuple[tuple[c.SaveDay, tuple[int, ...]], ...] = ()

    def count(self, what: str) -> int:
        return sum(row.what == what for row in self.rows)


@record
class _File:
    """A file being read: what is wrong with it so far, and what it is held against."""

    brand: str
    accounts: Mapping[str, Account]
    people: frozenset[str]
    problems: list[RowProblem] = field(default_factory=list)

    def wrong(self, number: int, name: str, words: str) -> None:
        self.problems.append(RowProblem(number, name, words))


def look(file: FileRows, brand: str, herald: Herald, now: datetime) -> Looked:
    """Hold a file against what is there, row by row; every row with a problem is named, its post is left out whole."""
    accounts = {account.id: account for account in herald.store.accounts() if account.brand == brand}
    people = frozenset(person.id for person in herald.store.people() if may_own(person, brand))
    read = _File(brand, accounts, people, list(file.problems))
    by_post: dict[str, list[tuple[int, Entry]]] = {}
    marks: dict[str, tuple[int, Entry]] = {}
    for number, entry in file.rows:
        kind = entry.kind.strip().lower().replace(" ", "_") or ("post" if entry.account else "event")
        if kind == "post":
            by_post.setdefault(_id(brand, entry, entry.local_time[:10]), []).append((number, entry))
        elif kind not in list(DayKind):
            read.wrong(number, "kind", f"{kind[:40]!r} is no kind; write post, {', '.join(DayKind)}.")
        elif (mark_id := _id(brand, entry, entry.first_day)) in marks:
            read.wrong(number, "uid", f"Row {marks[mark_id][0]} is the same day. Take one out, or give it another uid.")
        else:
            marks[mark_id] = (number, replace(entry, kind=kind))
    wanted = {post_id: _draft(post_id, rows, read) for post_id, rows in by_post.items()}
    drafts = [(draft, rows) for draft, rows in wanted.values() if draft is not None]
    there = herald.store.posts(draft.id for draft, _ in drafts)
    told, given = _posts(drafts, there, read, herald, now)
    more, days = _days(marks, read, herald, now)
    problems = sorted(dict.fromkeys(read.problems), key=lambda each: (each.row, each.field))
    return Looked(brand, tuple(sorted((*told, *more), key=lambda row: row.number)), tuple(problems), given, days)


def _id(brand: str, entry: Entry, day: str) -> str:
    """Herald's own id as it is; any other uid, and a row without one (title and day), by its hash."""
    uid = entry.uid.strip()
    if 8 <= len(uid) <= 64 and uid.isascii() and uid.replace("-", "").isalnum():
        return uid
    said = f"uid\x00{uid}" if uid else f"row\x00{' '.join(entry.title.split()).lower()}\x00{day}"
    return f"file-{sha256(f'{brand}{chr(0)}{said}'.encode()).hexdigest()[:32]}"


def _draft(
    post_id: str, rows: Sequence[tuple[int, Entry]], file: _File
) -> tuple[c.Draft | None, tuple[int, ...]]:  # fmt: skip
    """One post from its rows; None where any of them has a problem."""
    before = len(file.problems)
    number, first = rows[0]
    variants: dict[str, c.Variant] = {}
    for at, entry in rows:
        for name in ("title", "text", "link", "images", "needs", "paid"):
            if getattr(entry, name) != getattr(first, name):
                words = f"Differs from row {number}, which is the same post. Make them alike, or give it another uid."
                file.wrong(at, name, words)
        _variant(at, entry, variants, file)
    if not first.title.strip():
        file.wrong(number, "title", "Give the post a title: the calendar shows it.")
    draft = c.Draft(
        post_id, file.brand, first.title, first.text, tuple(variants.values()), 0, first.link,
        _images(number, first.images, file), tuple(first.needs.split()), _yes(number, "paid", first.paid, file),
    )  # fmt: skip
    numbers = tuple(at for at, _ in rows)
    return (draft if len(file.problems) == before else None), numbers


def _variant(number: int, entry: Entry, variants: dict[str, c.Variant], file: _File) -> None:
    account = file.accounts.get(entry.account)
    if account is None:
        ours = ", ".join(sorted(file.accounts)[:4])
        words = f"{entry.account[:60]!r} is not an account of this brand." if entry.account else "Name the account."
        file.wrong(number, "account", f"{words} Write one like {ours}.")
        return
    if entry.account in variants:
        file.wrong(number, "account", "This account stands in the post already. Give the row another uid.")
    variant = c.Variant(entry.account, entry.local_time.replace(" ", "T")[:16], entry.zone or account.timezone,
                        entry.own_text)  # fmt: skip
    try:
        due_at(variant.local_time, variant.zone)
    except ValueError as error:
        file.wrong(number, "zone" if "zone" in str(error) else "local_time", f"{error}.")
    variants[entry.account] = variant


def _images(number: int, text: str, file: _File) -> tuple[Media, ...]:
    """Images by the keys they are kept under in Herald; a file carries none itself."""
    try:
        found = json.loads(text) if text.strip() else []
        return tuple(_image(each) for each in found)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        file.wrong(number, "images", "These are no images of Herald. Leave it empty; add them in the composer.")
        return ()


def _image(found: Any) -> Media:
    texts = [str(found.get(name, "")) for name in ("key", "sha256", "mime", "alt", "asset")]
    key, digest, mime, alt, asset = texts
    size, width, height = (int(found.get(name, 0)) for name in ("size", "width", "height"))
    kept = re.fullmatch(r"media/[0-9A-Za-z-]{1,80}", key) and re.fullmatch(r"[0-9a-f]{64}", digest)
    if not kept or not re.fullmatch(r"image/[a-z0-9.+-]{1,40}", mime) or min(size, width, height) < 0:
        raise ValueError
    return Media(key, digest, mime, size, alt, width, height, asset)


def _yes(number: int, name: str, text: str, file: _File) -> bool:
    said = text.strip().lower()
    if said not in _YES | _NO:
        file.wrong(number, name, f"{text[:20]!r} is neither yes nor no.")
    return said in _YES


def _posts(
    drafts: Sequence[tuple[c.Draft, tuple[int, ...]]], there: Mapping[str, Post], file: _File, herald: Herald,
    now: datetime,
) -> tuple[list[Row], tuple[tuple[c.Draft, tuple[int, ...]], ...]]:  # fmt: skip
    """What each post comes to. A post that is there and all alike costs no read of its own."""
    planned = _planned([draft for draft, _ in drafts if draft.id in there], file, herald)
    ours, nobody = set(file.accounts), Person("", "", frozenset(), frozenset())
    told: list[Row] = []
    given: list[tuple[c.Draft, tuple[int, ...]]] = []
    for draft, numbers in drafts:
        before, what, command, targets = there.get(draft.id), NEW, draft, list[Target]()
        if before:
            what = SAME if _alike(draft, before, planned.get(draft.id, {})) else CHANGED
            targets = herald.store.targets_of(draft.id) if what == CHANGED else []
            command = _over(draft, before, targets)
        if what != SAME:
            try:
                posts.written(command, before, targets, ours, shown(command, herald, before), nobody, now)
                _still_open(command, targets)
            except Refused as refused:
                file.wrong(numbers[0], _field_of(refused), str(refused))
                continue
            given.append((command, numbers))
        for number, variant in zip(numbers, draft.variants, strict=True):
            when = f"{variant.local_time.replace('T', ' ')} {variant.zone}"
            told.append(Row(number, what, draft.title, variant.account, when))
    return told, tuple(given)


def _planned(drafts: Sequence[c.Draft], file: _File, herald: Herald) -> dict[str, dict[str, Target]]:
    """Variants due at the times these name, by post and account."""
    times = [due_at(variant.local_time, variant.zone) for draft in drafts for variant in draft.variants]
    found: dict[str, dict[str, Target]] = {}
    if times:
        for target in herald.store.calendar(file.brand, min(times), max(times)):
            found.setdefault(target.post_id, {})[target.account] = target
    return found


def _alike(draft: c.Draft, post: Post, targets: Mapping[str, Target]) -> bool:
    said = (draft.brand, draft.title.strip(), draft.text.strip(), draft.link.strip(), draft.media, draft.paid)
    if said != (post.brand, post.title, _lines(post.text), post.link, post.media, post.paid):
        return False
    if tuple(sorted(set(draft.needs))) != post.needs:
        return False
    return all(
        (one := targets.get(variant.account)) is not None
        and (one.local_time, one.zone, _lines(one.text)) == (variant.local_time, variant.zone, variant.text.strip())
        for variant in draft.variants
    )


def _over(draft: c.Draft, before: Post, targets: Iterable[Target]) -> c.Draft:
    """The draft over the post that is there: variants the file does not name stay."""
    named = {variant.account for variant in draft.variants}
    kept = [c.Variant(t.account, t.local_time, t.zone, t.text) for t in targets
            if t.account not in named and t.state not in _GONE]  # fmt: skip
    return replace(draft, variants=(*draft.variants, *kept), expected=before.version)


def _still_open(draft: c.Draft, targets: Iterable[Target]) -> None:
    """A file that is older than what went out must not change it. Raises Refused (state)."""
    for target in targets:
        wanted = next((v for v in draft.variants if v.account == target.account), None)
        if wanted and not target.state.editable and target.state not in _GONE:
            same = (wanted.local_time, wanted.zone, wanted.text) == (target.local_time, target.zone, target.text)
            if not same or target.state is TargetState.RELEASING:
                raise Refused("state", f"The variant for {target.account} is {target.state}. Take the row out.")


def _days(
    marks: Mapping[str, tuple[int, Entry]], file: _File, herald: Herald, now: datetime
) -> tuple[list[Row], tuple[tuple[c.SaveDay, tuple[int, ...]], ...]]:
    there = {mark.id: mark for mark in herald.store.find_all(DayMark, [(file.brand, mark_id) for mark_id in marks])}
    nobody = Person("", "", frozenset(), frozenset())
    told: list[Row] = []
    given: list[tuple[c.SaveDay, tuple[int, ...]]] = []
    for mark_id, (number, entry) in marks.items():
        before, problems = there.get(mark_id), len(file.problems)
        lead = entry.lead_days.strip() or "0"
        if not (lead.isascii() and lead.isdigit() and len(lead) <= 4):
            file.wrong(number, "lead_days", f"{lead[:20]!r} is no number of days.")
        done = _yes(number, "done", entry.done, file)
        if len(file.problems) > problems:
            continue
        command = c.SaveDay(
            mark_id, file.brand, entry.kind, entry.title, entry.first_day, entry.last_day or entry.first_day,
            before.version if before else 0, entry.local_time, entry.zone, entry.owner, int(lead), entry.note, done,
        )  # fmt: skip
        same = before is not None and entry_of_day(before) == replace(
            entry, uid=mark_id, last_day=command.last_day, lead_days=lead if lead != "0" else "", text="", link="",
            account="", own_text="", images="", needs="", paid="", done="yes" if done else "", state="",
        )  # fmt: skip
        what = SAME if same else CHANGED if before else NEW
        try:
            if not same:
                day_written(command, before, set(file.people), nobody, now)
                given.append((command, (number,)))
        except Refused as refused:
            file.wrong(number, _field_of(refused), str(refused))
            continue
        when = entry.first_day if command.last_day == entry.first_day else f"{entry.first_day} to {command.last_day}"
        told.append(Row(number, what, entry.title, entry.kind.replace("_", " "), f"{when} {entry.local_time}".strip()))
    return told, tuple(given)


def _field_of(refused: Refused) -> str:
    """The column a refusal is about, as far as its words say."""
    text = str(refused).lower()
    for word, name in (("title", "title"), ("owner", "owner"), ("zone", "zone"), ("lead time", "lead_days"),
                       ("last day", "last_day"), ("is no day", "first_day"), ("is no time", "local_time"),
                       ("does not exist", "local_time"), ("image", "images"), ("rest on", "needs")):  # fmt: skip
        if word in text:
            return name
    return "state" if refused.missing == "state" else "row"


# ---------------------------------------------------------------- in: writing


@record
class Imported:
    """What an import came to: posts and days written, and what was not, row by row."""

    posts: int
    days: int
    problems: tuple[RowProblem, ...]


def give(
    looked: Looked, *, by: str, within: frozenset[Role] | None = None, herald: Herald, now: datetime
) -> Imported:
    """Write what was looked at, as this person, in slices of one transaction each; safe to repeat.

    `within`: the roles their sign-in vouches for, as for perform. Raises Refused where they may not import at all. A
    slice that is refused is tried part by part, so that one row that was overtaken keeps no other out.
    """
    parts: list[tuple[c.Draft | c.SaveDay, tuple[int, ...]]] = [*looked.drafts, *looked.days]
    wrong: list[RowProblem] = list(looked.problems)
    done: Counter[str] = Counter()
    for batch in _slices(parts):
        try:
            perform(
                _command(looked.brand, [part for part, _ in batch]), by=by, within=within, herald=herald, now=now
            )
            done.update(type(part).__name__ for part, _ in batch)
        except Refused as refused:
            if refused.missing in ("role", "account", "acknowledgement"):
                raise
            for part, numbers in batch:
                try:
                    perform(_command(looked.brand, [part]), by=by, within=within, herald=herald, now=now)
                    done[type(part).__name__] += 1
                except Refused as why:
                    wrong.append(RowProblem(numbers[0], _field_of(why), str(why)))
    return Imported(done["Draft"], done["SaveDay"], tuple(sorted(wrong, key=lambda each: (each.row, each.field))))


def _command(brand: str, parts: Sequence[c.Draft | c.SaveDay]) -> c.ImportCalendar:
    return c.ImportCalendar(
        brand, tuple(part for part in parts if isinstance(part, c.Draft)),
        tuple(part for part in parts if isinstance(part, c.SaveDay)),
    )  # fmt: skip


def _slices(
    parts: Iterable[tuple[c.Draft | c.SaveDay, tuple[int, ...]]]
) -> Iterable[list[tuple[c.Draft | c.SaveDay, tuple[int, ...]]]]:
    """As many at a time as one transaction takes: a post is its row, its variants (and those it drops) and a note."""
    batch: list[tuple[c.Draft | c.SaveDay, tuple[int, ...]]] = []
    weight = 0
    for part in parts:
        its = len(part[0].variants) + 2 if isinstance(part[0], c.Draft) else 1
        if batch and weight + its > MOST_WRITES:
            yield batch
            batch, weight = [], 0
        batch.append(part)
        weight += its
    if batch:
        yield batch
