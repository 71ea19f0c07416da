"""Research as people do it: notes with sources, needs with weights, scores with reasons, a signed choice; profiles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType

from herald.errors import HeraldError, Refused
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.planning import REASON_LIMIT, Done, Plan, Planner, authorise, hashed, same_version, theirs, words
from herald.library.likeness import likeness
from herald.model import Account, Asset, AssetKind, New, Person, Revised
from herald.model.record import record
from herald.model.research import (
    NO_IMAGE,
    Choice,
    Needs,
    PlatformNote,
    PlatformScore,
    Profile,
    Scored,
    SeenLook,
)
from herald.research import choice, looks, sheet
from herald.research.choice import Total
from herald.research.looks import Finding

MOST_NEEDS = 12
CHOSEN = 2
LEAST = 4  # platforms that a choice must compare
MOST_COLOURS = 8
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_IMAGE = re.compile(r"(?:media/|incoming/held-)([0-9a-f]{64})")  # what is looked at need not stay: its hash does


def notes_of(brand: str, herald: Herald) -> list[PlatformNote]:
    return list(herald.store.shelf(PlatformNote, brand, limit=500))


def needs_of(brand: str, herald: Herald) -> Needs | None:
    found = herald.store.shelf(Needs, brand, newest=True, limit=1)
    return found[0] if found else None


def scores_of(brand: str, herald: Herald) -> list[PlatformScore]:
    return list(herald.store.shelf(PlatformScore, brand, limit=500))


def choices_of(brand: str, herald: Herald, limit: int = 20) -> list[Choice]:
    """Newest first."""
    return list(herald.store.shelf(Choice, brand, newest=True, limit=limit))


def profiles_of(account: str, herald: Herald, limit: int = 10) -> list[Profile]:
    """How an account is to look, newest version first."""
    return list(herald.store.shelf(Profile, account, newest=True, limit=limit))


def profile_of(account: str, herald: Herald) -> Profile | None:
    return next(iter(profiles_of(account, herald, 1)), None)


def looks_of(account: str, herald: Herald, limit: int = 10) -> list[SeenLook]:
    """How an account looked on its platform, the latest first."""
    return list(herald.store.shelf(SeenLook, account, newest=True, limit=limit))


@record
class Comparison:
    """What a choice is made on: the needs, the scores of those needs, the sheet, and one digest of it all."""

    needs: Needs
    scores: tuple[Scored, ...]
    totals: tuple[Total, ...]
    sheet: str
    digest: str


def sheet_of(brand: str, herald: Herald, today: date) -> dict[str, dict[str, sheet.Cell]]:
    """The platform sheet as this brand has it: shipped, noted, and read from the adapters."""
    adapters = {name: outlet.capabilities for name, outlet in herald.outlets.items()}
    return sheet.sheet(notes_of(brand, herald), adapters, today)


def comparison(brand: str, herald: Herald, today: date) -> Comparison | None:
    """The comparison as it stands; None before anybody said what the brand needs. Three queries."""
    needs = needs_of(brand, herald)
    if needs is None:
        return None
    given = scores_of(brand, herald)
    scores = tuple(Scored(one.platform, one.need, one.score, one.reason) for one in given if one.need in needs.weights)
    facts = sheet.digest(sheet_of(brand, herald, today))
    found = choice.totals(needs.weights, scores)
    return Comparison(needs, scores, tuple(found), facts, choice.digest(needs.number, needs.weights, scores, facts))


def stands(made: Choice) -> bool:
    """Whether the digest under a choice is that of the comparison kept in it."""
    return made.comparison == choice.digest(made.needs, made.weights, made.scores, made.sheet)


# ---------------------------------------------------------------- the sheet and the choice


def _note(command: c.SavePlatformNote, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    if command.platform not in sheet.names():
        raise Refused("input", "Choose a platform of the sheet.")
    if command.field not in sheet.writable(herald.outlets, command.platform):
        raise Refused("input", "Choose a field of the sheet; what Herald's adapters know is read from them.")
    try:
        as_of = date.fromisoformat(command.as_of)
    except ValueError:
        raise Refused("input", "Give the day it was read, for example 2026-11-20.") from None
    source = command.source.strip()
    if not sheet.address(source):
        raise Refused("input", "Give the whole address where it was read, beginning with https://.")
    if as_of > now.date():
        raise Refused("input", "It cannot have been read on a day to come.")
    before = herald.store.find(PlatformNote, command.brand, command.platform, command.field)
    same_version(before.version if before else 0, command.expected)
    text = words(command.text, "Say what was found.", REASON_LIMIT)
    title = words(command.title, "", 200) if command.title.strip() else ""
    note = PlatformNote(
        command.brand, command.platform, command.field, text, source, as_of, person.id, now, title=title
    )  # fmt: skip
    subject = f"{command.platform} {command.field}"
    return Plan(
        (Revised(note, before.version) if before else New(note),), Done("Noted.", subject),
        {"platform": command.platform, "field": command.field, "text": hashed(text)},
    )


def _needs(command: c.SaveNeeds, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    weights = {" ".join(words(name, "Name each need.", 80).split()): weight for name, weight in command.weights}
    if not 1 <= len(weights) <= MOST_NEEDS or len(weights) != len(command.weights):
        raise Refused("input", f"Name 1 to {MOST_NEEDS} needs, each once.")
    if not all(0 <= weight <= 10 for weight in weights.values()) or not any(weights.values()):
        raise Refused("input", "Weigh each need from 0 to 10, at least one above 0.")
    held = needs_of(command.brand, herald)
    number = held.number if held else 0
    same_version(number, command.expected)
    needs = Needs(command.brand, number + 1, weights, person.id, now)
    return Plan((New(needs),), Done(f"Saved as version {needs.number}.", command.brand), {"needs": len(weights)})


def _score(command: c.ScorePlatform, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    held = needs_of(command.brand, herald)
    if held is None or command.need not in held.weights:
        raise Refused("input", "Save the brand's needs first, and score one of them.")
    if command.platform not in sheet.names() or not 0 <= command.score <= choice.BEST:
        raise Refused("input", f"Choose a platform, and a score from 0 to {choice.BEST}.")
    before = herald.store.find(PlatformScore, command.brand, command.platform, command.need)
    same_version(before.version if before else 0, command.expected)
    reason = words(command.reason, "Say why: whoever chooses reads it.", REASON_LIMIT)
    score = PlatformScore(command.brand, command.platform, command.need, command.score, reason, person.id, now)
    facts: dict[str, str | int | bool | None] = {"platform": command.platform, "score": command.score}
    return Plan((Revised(score, before.version) if before else New(score),), Done("Scored.", command.platform), facts)


def _choose(command: c.ChoosePlatforms, person: Person, herald: Herald, now: datetime) -> Plan:
    """Signed by who chooses, on exactly the comparison they saw; it keeps that, so that weighing or scoring anew later
    changes nothing of it. It counts once somebody else has countersigned."""
    authorise(command, person, command.brand, herald, now)
    seen = comparison(command.brand, herald, now.date())
    if seen is None:
        raise Refused("input", "Save the brand's needs first.")
    if len(seen.totals) < LEAST:
        raise Refused("state", f"Score at least {LEAST} platforms first; {len(seen.totals)} are.")
    there = {total.platform for total in seen.totals}
    chosen = tuple(dict.fromkeys(command.chosen))
    if len(chosen) != CHOSEN or set(chosen) - there:
        raise Refused("input", f"Choose {CHOSEN} of the platforms that were compared.")
    if command.comparison != seen.digest:
        raise Refused("version", "The comparison changed since you opened it. Look at it again before you sign.")
    newest = choices_of(command.brand, herald, 1)
    same_version(newest[0].number if newest else 0, command.expected)
    reasons = _reasons(dict(command.reasons), there, chosen)
    made = Choice(
        command.brand, command.expected + 1, chosen, reasons, seen.needs.number,
        {total.platform: round(total.points * 100) for total in seen.totals}, person.id, now,
        seen.needs.weights, seen.scores, seen.sheet, seen.digest,
    )  # fmt: skip
    names = " and ".join(sheet.names()[each] for each in chosen)
    facts: dict[str, str | int | bool | None] = {
        "chosen": ",".join(chosen), "needs": seen.needs.number, "comparison": seen.digest,
        "compared": len(there), "number": made.number,
    }  # fmt: skip
    told = f"Signed: {names}. Somebody else must countersign before it counts."
    return Plan((New(made),), Done(told, command.brand), facts)


def _reasons(given: Mapping[str, str], there: Iterable[str], chosen: tuple[str, ...]) -> dict[str, str]:
    """Platform -> why, of every one that was compared. Raises Refused where one is missing."""
    names = sheet.names()
    return {
        each: words(
            given.get(each, ""), f"Say why {names[each]} was {'' if each in chosen else 'not '}chosen.", REASON_LIMIT
        )
        for each in sorted(there)
    }


def _countersign(command: c.CountersignChoice, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    made = herald.store.find(Choice, command.brand, command.number)
    if made is None:
        raise Refused("input", "There is no such choice.")
    if made.countersigned_by == person.id:
        return Plan((), Done("You countersigned this already.", command.brand))
    if made.by == person.id:
        raise Refused("second_person", "You signed this choice. Somebody else must countersign it.")
    if made.countersigned_by:
        raise Refused("state", "This choice is countersigned.")
    newest = choices_of(command.brand, herald, 1)
    if newest[0].number != made.number:
        raise Refused("state", "A later choice took its place. Look at that one.")
    if command.comparison != made.comparison or not stands(made):
        raise Refused("input", "This is not the comparison it was signed on. Open the choice again.")
    same_version(made.version, command.expected)
    signed = replace(made, countersigned_by=person.id, countersigned_at=now)
    names = " and ".join(sheet.names().get(each, each) for each in made.chosen)
    facts: dict[str, str | int | bool | None] = {"number": made.number, "comparison": made.comparison, "by": made.by}
    return Plan((Revised(signed, made.version),), Done(f"Countersigned: {names}.", command.brand), facts)


# ---------------------------------------------------------------- profiles


def _profile(command: c.SaveProfile, person: Person, herald: Herald, now: datetime) -> Plan:
    account = _account(command, person, herald, now)
    held = profile_of(account.id, herald)
    number = held.number if held else 0
    same_version(number, command.expected)
    avatar, banner = (_asset(account.brand, each, herald) for each in (command.avatar, command.banner))
    profile = Profile(
        account.id, number + 1, account.brand, words(command.name, "Give the name it goes by.", 120),
        _bio(command.bio), _link(command.link), command.avatar, command.banner, person.id, now,
        _colours(command.colours), *avatar, *banner,
    )  # fmt: skip
    return Plan((New(profile),), Done(f"Saved as version {profile.number}.", account.id), {"number": profile.number})


def _look(command: c.RecordLook, person: Person, herald: Herald, now: datetime) -> Plan:
    account = _account(command, person, herald, now)
    held = looks_of(account.id, herald, 1)
    number = held[0].number if held else 0
    same_version(number, command.expected)
    avatar, banner = (_seen(each, herald) for each in (command.avatar, command.banner))
    look = SeenLook(
        account.id, number + 1, account.brand, words(command.name, "Give the name it goes by there.", 120),
        _bio(command.bio), command.link.strip()[:2_000], _colours(command.colours), *avatar, *banner, person.id, now,
    )  # fmt: skip
    off = looks.audit(profile_of(account.id, herald), look, now)
    told = f"{len(off)} {'thing is' if len(off) == 1 else 'things are'} off-brand." if off else "It is as it is to be."
    return Plan((New(look),), Done(f"Kept. {told}", account.id), {"number": look.number, "off_brand": len(off)})


def _account(command: c.SaveProfile | c.RecordLook, person: Person, herald: Herald, now: datetime) -> Account:
    found = next((each for each in herald.store.accounts() if each.id == command.account), None)
    account = theirs(found, person, "There is no such account.")
    authorise(command, person, account.brand, herald, now)
    return account


def _bio(text: str) -> str:
    return words(text, "", 2_000) if text.strip() else ""


def _link(text: str) -> str:
    if text.strip() and not sheet.address(text.strip()):
        raise Refused("input", "The link begins with https://.")
    return text.strip()


def _colours(given: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(each.strip().lower() for each in given if each.strip()))
    if len(found) > MOST_COLOURS or not all(_COLOUR.fullmatch(each) for each in found):
        raise Refused("input", f"Give at most {MOST_COLOURS} colours, each like #c5744f.")
    return found


def _asset(brand: str, asset_id: str, herald: Herald) -> tuple[str, str]:
    """What the bytes of an image of the library are, and how they look."""
    if not asset_id:
        return "", ""
    asset = herald.store.find(Asset, brand, asset_id)
    if asset is None or asset.kind is not AssetKind.IMAGE or asset.retired_at is not None:
        raise Refused("input", "Choose images of the library that are in use.")
    return asset.sha256, likeness(_bytes(asset.key, herald))


def _seen(key: str, herald: Herald) -> tuple[str, str]:
    """The same of an image that was found on the platform, and kept."""
    if key in ("", NO_IMAGE):
        return key, ""
    named = _IMAGE.fullmatch(key)
    looks_like = likeness(_bytes(key, herald)) if named else ""
    if named is None or not looks_like:
        raise Refused("input", "The image did not arrive, or is none. Choose its file again.")
    return named[1], looks_like


def _bytes(key: str, herald: Herald) -> bytes:
    try:
        return herald.media.get(key) if herald.media else b""
    except HeraldError:
        return b""


def off_brand(brand: str, herald: Herald, now: datetime) -> dict[str, list[Finding]]:
    """Account -> what is off-brand of it; accounts with nothing to find are left out. Two queries an account."""
    accounts = [each for each in herald.store.accounts() if each.brand == brand]
    wanted = {each.id: profile_of(each.id, herald) for each in accounts}
    found: dict[str, list[Finding]] = {}
    for account in accounts:
        mine = wanted[account.id]
        others = [each for name, each in wanted.items() if each and name != account.id]
        seen = looks_of(account.id, herald, 1)
        told = looks.audit(mine, seen[0] if seen else None, now) + looks.unlike_others(mine, others)
        if told:
            found[account.id] = told
    return found


PLANS: Mapping[type[c.Command], Planner] = MappingProxyType(
    {
        c.SavePlatformNote: _note,
        c.SaveNeeds: _needs,
        c.ScorePlatform: _score,
        c.ChoosePlatforms: _choose,
        c.CountersignChoice: _countersign,
        c.SaveProfile: _profile,
        c.RecordLook: _look,
    }
)
"""The plans of the commands on research."""
