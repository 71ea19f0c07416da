"""Research as people do it: notes with sources, needs with weights, scores with reasons, a signed choice; profiles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from herald.errors import Refused
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.planning import REASON_LIMIT, Done, Plan, Planner, authorise, hashed, same_version, words
from herald.model import Asset, New, Person, Revised
from herald.model.research import Choice, Needs, PlatformNote, PlatformScore, Profile
from herald.publish.tracked import with_utm
from herald.research import choice, sheet

MOST_NEEDS = 12
CHOSEN = 2
LEAST = 4  # platforms that a choice must compare


def notes_of(brand: str, herald: Herald) -> list[PlatformNote]:
    return list(herald.store.shelf(PlatformNote, brand, limit=500))


def needs_of(brand: str, herald: Herald) -> Needs | None:
    found = herald.store.shelf(Needs, brand, newest=True, limit=1)
    return found[0] if found else None


def scores_of(brand: str, herald: Herald) -> list[PlatformScore]:
    return list(herald.store.shelf(PlatformScore, brand, limit=500))


def choices_of(brand: str, herald: Herald) -> list[Choice]:
    """Newest first."""
    return list(herald.store.shelf(Choice, brand, newest=True, limit=20))


def profile_of(account: str, herald: Herald) -> Profile | None:
    found = herald.store.shelf(Profile, account, newest=True, limit=1)
    return found[0] if found else None


# ---------------------------------------------------------------- the sheet and the choice


def _note(command: c.SavePlatformNote, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    if command.platform not in sheet.names() or command.field not in sheet.fields() or command.field == "limits":
        raise Refused("input", "Choose a platform and a field of the sheet; limits are read from the adapters.")
    try:
        as_of = date.fromisoformat(command.as_of)
        with_utm(command.source, source="x", campaign="x")
    except ValueError:
        raise Refused("input", "Give the address where it was read, https://, and the day it was read.") from None
    if as_of > now.date():
        raise Refused("input", "It cannot have been read on a day to come.")
    before = herald.store.find(PlatformNote, command.brand, command.platform, command.field)
    same_version(before.version if before else 0, command.expected)
    text = words(command.text, "Say what was found.", REASON_LIMIT)
    note = PlatformNote(
        command.brand, command.platform, command.field, text, command.source.strip(), as_of, person.id, now
    )
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
    """Signed by who chooses; it keeps the totals as they are now, so that weighing anew later changes nothing of it."""
    authorise(command, person, command.brand, herald, now)
    held = needs_of(command.brand, herald)
    if held is None:
        raise Refused("input", "Save the brand's needs first.")
    compared = choice.totals(held.weights, scores_of(command.brand, herald))
    if len(compared) < LEAST:
        raise Refused("state", f"Score at least {LEAST} platforms first; {len(compared)} are.")
    there = {total.platform for total in compared}
    chosen = tuple(dict.fromkeys(command.chosen))
    if len(chosen) != CHOSEN or set(chosen) - there:
        raise Refused("input", f"Choose {CHOSEN} of the platforms that were compared.")
    reasons = dict(command.reasons)
    lacking = [platform for platform in sorted(there) if not reasons.get(platform, "").strip()]
    if lacking:
        raise Refused(
            "input", f"Say why {sheet.names()[lacking[0]]} was {'' if lacking[0] in chosen else 'not '}chosen."
        )
    newest = choices_of(command.brand, herald)
    number = newest[0].number if newest else 0
    same_version(number, command.expected)
    made = Choice(
        command.brand,
        number + 1,
        chosen,
        {name: words(reasons[name], "", REASON_LIMIT) for name in sorted(there)},
        held.number,
        {total.platform: round(total.points * 100) for total in compared},
        person.id,
        now,
    )
    names = " and ".join(sheet.names()[each] for each in chosen)
    return Plan(
        (New(made),), Done(f"Chosen: {names}.", command.brand), {"chosen": ",".join(chosen), "needs": held.number}
    )


# ---------------------------------------------------------------- profiles


def _profile(command: c.SaveProfile, person: Person, herald: Herald, now: datetime) -> Plan:
    account = next((each for each in herald.store.accounts() if each.id == command.account), None)
    if account is None:
        raise Refused("input", "There is no such account.")
    authorise(command, person, account.brand, herald, now)
    held = profile_of(account.id, herald)
    number = held.number if held else 0
    same_version(number, command.expected)
    link = command.link.strip()
    if link:
        try:
            with_utm(link, source="x", campaign="x")
        except ValueError:
            raise Refused("input", "The link begins with https://.") from None
    for asset in (command.avatar, command.banner):
        if asset and herald.store.find(Asset, account.brand, asset) is None:
            raise Refused("input", "Choose images of the library.")
    bio = words(command.bio, "", 2_000) if command.bio.strip() else ""
    profile = Profile(
        account.id,
        number + 1,
        account.brand,
        words(command.name, "Give the name it goes by.", 120),
        bio,
        link,
        command.avatar,
        command.banner,
        person.id,
        now,
    )
    return Plan((New(profile),), Done(f"Saved as version {profile.number}.", account.id), {"number": profile.number})


def off_brand(brand: str, herald: Herald) -> dict[str, list[str]]:
    """Account -> what is off-brand of it: no look saved, another name, link or image than most of the brand's have."""
    accounts = [each for each in herald.store.accounts() if each.brand == brand]
    looks = {each.id: profile_of(each.id, herald) for each in accounts}
    saved = [look for look in looks.values() if look]
    found: dict[str, list[str]] = {}
    for account in accounts:
        look = looks[account.id]
        if look is None:
            found[account.id] = ["Nobody said yet how it is to look."]
            continue
        told = []
        if not look.bio:
            told.append("It has no description.")
        if not look.link:
            told.append("It has no link to the shop.")
        for part, words_ in (("avatar", "Its picture"), ("banner", "Its banner"), ("name", "Its name")):
            usual = _usual([getattr(each, part) for each in saved])
            if usual and getattr(look, part) != usual:
                told.append(f"{words_} is another than the brand's other accounts have.")
        if told:
            found[account.id] = told
    return found


def _usual(values: list[str]) -> str:
    """What more than half of them are; empty where nothing is."""
    for value in set(values):
        if value and values.count(value) * 2 > len(values):
            return value
    return ""


PLANS: Mapping[type[c.Command], Planner] = MappingProxyType(
    {
        c.SavePlatformNote: _note,
        c.SaveNeeds: _needs,
        c.ScorePlatform: _score,
        c.ChoosePlatforms: _choose,
        c.SaveProfile: _profile,
    }
)
"""The plans of the commands on research."""
