"""Rules -> what tables and sheets show, and the form's words as YAML. Pure: time and names are arguments."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from dashboard import present_notices, theme
from dashboard.present import Block, Name, Row, clock, seen_words
from dashboard.text import SHORT, one_line, safe_text
from herald.flows.rules import Acted, Example, Fault, Preview, total, usual_words
from herald.model import Rules
from herald.model.notices import Notice
from herald.model.rules import RuleAlarm
from herald.moderate.language import Rule
from herald.moderate.rules import Look, RuleSet
from herald.moderate.told import PLATFORMS, never
from herald.moderate.versions import Part, State

COLUMNS = (
    {"id": "name", "label": "Rule", "width": 0, "wraps": True},
    {"id": "does", "label": "Does", "width": 90},
    {"id": "clause", "label": "Clause", "width": 140, "from": 560},
    {"id": "fired", "label": "Fired, 7 days", "n": True, "width": 110},
    {"id": "allowed", "label": "Allowed by a person", "n": True, "width": 150, "from": 640},
    {"id": "state", "label": "State", "width": 136},
)
STATES: Mapping[State, tuple[str, str]] = {
    State.LIVE: ("Live", "green"),
    State.NEW: ("Shadow", "blue"),
    State.CHANGED: ("Live, changed", "orange"),
    State.PAUSED: ("Paused", "gray"),
    State.REMOVED: ("Live, going", "orange"),
}
STATE_WORDS: Mapping[State, str] = {
    State.LIVE: "It acts as written here.",
    State.NEW: "New: it is asked and counted, and nothing is done by it until it is made live.",
    State.CHANGED: "As it was before, it acts. As written here it is asked in shadow until it is made live.",
    State.PAUSED: "Its text says mode: shadow. It is asked and counted, and nothing is done by it.",
    State.REMOVED: "It is not in the text any more, and acts until that is made live.",
}
_NEWS: Mapping[State, str] = {State.NEW: "new", State.CHANGED: "changed", State.REMOVED: "removed"}
FAULTS = (
    {"id": "line", "label": "Line", "n": True, "width": 60},
    {"id": "rule", "label": "Rule", "width": 150, "from": 480},
    {"id": "what", "label": "What is wrong", "width": 0, "wraps": True},
)
EXAMPLES = (
    {"id": "text", "label": "Message", "width": 0, "wraps": True},
    {"id": "way", "label": "Change", "width": 160},
    {"id": "before", "label": "Rule now", "width": 150, "from": 620},
    {"id": "after", "label": "Rule then", "width": 150, "from": 620},
)
CHECKS = (
    {"id": "check", "label": "Check", "width": 170, "wraps": True},
    {"id": "wanted", "label": "Wanted", "width": 0, "wraps": True},
    {"id": "seen", "label": "Seen", "width": 0, "wraps": True},
    {"id": "held", "label": "", "width": 100},
)
HISTORY = (
    {"id": "what", "label": "Version", "width": 0, "wraps": True},
    {"id": "by", "label": "By", "width": 140, "from": 420},
    {"id": "at", "label": "At (UTC)", "width": 130},
)
ACTIONS = {"hide": ["Hide", "red"], "queue": ["Queue", "orange"], "allow": ["Allow", "green"]}
WHERE = {
    "body": "Text of the message",
    "author.name": "Name of the author",
    "title": "Title",
    "domain": "Domain of a link",
}
HOW = {"includes-word": "as whole words", "includes": "anywhere, also inside words", "regex": "as regular expressions"}
DOES = {"queue": "Queue for a person", "hide": "Hide", "allow": "Allow", "": "Label only"}


def does(rule: Rule) -> list[str]:
    """Pill of what it does."""
    return ACTIONS.get(str(rule.action), ["Label", "gray"]) if rule.action else ["Label", "gray"]


def row(
    part: Part, days: Sequence[Mapping[str, int] | None], done: Mapping[str, Acted],
    platforms: Collection[str] = PLATFORMS,
) -> dict[str, Any]:  # fmt: skip
    """One rule in the list. What is not known is a dash; what can hold on none of the platforms there are says so."""
    rule, acts = part.rule, part.state not in (State.NEW, State.PAUSED)
    fired = total(days, rule.name, shadow=not acts)
    found = done.get(rule.name)
    sub = ", ".join(rule.labels) if not rule.action else one_line(rule.rationale.replace("{{match}}", "…"), 90)
    lacks = never(rule, platforms)
    cells: Row = {
        "name": {"strong": one_line(rule.name, 100), "sub": one_line(_never(lacks), 120) if lacks else sub},
        "does": {"pill": does(rule)},
        "clause": one_line(rule.policy, 30) if rule.policy else "–",
        "fired": "–" if fired is None else f"{fired:,}",
        "allowed": f"{found.allowed:,} of {found.messages:,}" if found else "–",
        "state": {"pill": ["Cannot hold", "orange"] if lacks else list(STATES[part.state])},
    }
    return {"id": rule.name, "cells": cells}


def _never(lacks: str) -> str:
    return f"Nothing here tells {lacks}, so it can never hold until something does."


def rule_blocks(
    part: Part, days: Sequence[Mapping[str, int] | None], done: Mapping[str, Acted],
    platforms: Collection[str] = PLATFORMS,
) -> list[Block]:  # fmt: skip
    """One rule with what is known of it."""
    rule, found = part.rule, done.get(part.rule.name)
    rows: list[dict[str, Any]] = [{"k": "State", "pill": list(STATES[part.state]), "v": STATE_WORDS[part.state]}]
    if lacks := never(rule, platforms):
        rows.append({"k": "But", "pill": ["Cannot hold", "orange"], "v": one_line(_never(lacks), 160)})
    rows.append({"k": "Does", "pill": does(rule), "v": f"priority {rule.priority}"})
    if rule.labels:
        rows.append({"k": "Labels", "v": one_line(", ".join(rule.labels), SHORT)})
    rows.append({"k": "Clause", "v": one_line(rule.policy, 40)} if rule.policy else {"k": "Clause", "v": "none"})
    live, shadow = (total(days, rule.name, shadow=which) for which in (False, True))
    rows.append({"k": "Fired, 7 days", "v": "nothing was counted yet" if live is None else f"{live:,}"})
    if shadow:
        rows.append({"k": "In shadow", "v": f"{shadow:,} in 7 days"})
    if found:
        words = f"{found.allowed:,} of {found.messages:,} that it hid or queued"
        rows.append({"k": "Allowed by a person", "v": words})
    return [{"t": "title", "text": one_line(rule.name, 100)}, {"t": "facts", "rows": rows}]


def alarm_blocks(
    alarms: Iterable[tuple[RuleAlarm, Sequence[Notice]]], *, name: Name, now: datetime
) -> list[Block]:  # fmt: skip
    """What was told of rules lately, and who heard of it."""
    rows = []
    for alarm, told in alarms:
        words = f"“{one_line(alarm.rule, 100)}” fired far {alarm.way} than it used to on {alarm.day:%d %b}: "
        words += f"{alarm.fired:,} times, {usual_words(alarm)} on a usual day."
        heard = f" {present_notices.words(told[0], name)}" if told else ""
        tone = "orange" if alarm.way == "more" else ""
        link = {"href": f"/rules?rule={quote(alarm.rule, safe='')}", "text": "See the rule"}
        rows.append({"when": f"{clock(alarm.at, 'UTC', now)} UTC", "tone": tone, "text": words + heard, "link": link})
    return [{"t": "title", "text": "Unlike before"}, {"t": "events", "rows": rows}] if rows else []


def waiting_blocks(waiting: Sequence[Part]) -> list[Block]:
    """What is to be made live."""
    words = "One rule waits" if len(waiting) == 1 else f"{len(waiting)} rules wait"
    named = ", ".join(f"{one_line(part.rule.name, 60)} ({_NEWS[part.state]})" for part in waiting[:8])
    more = f" and {len(waiting) - 8} more" if len(waiting) > 8 else ""
    meanwhile = f"{'It is' if len(waiting) == 1 else 'They are'} asked and counted; what acted before goes on."
    rows = [{"k": "Waiting", "v": f"{named}{more}"}, {"k": "Meanwhile", "v": meanwhile}]
    return [{"t": "title", "text": f"{words} in shadow"}, {"t": "facts", "rows": rows}]


def fault_rows(faults: Iterable[Fault], text: str) -> list[dict[str, Any]]:
    """What is wrong by line, with what the line reads."""
    lines = text.splitlines()
    return [
        {
            "id": "",
            "cells": {
                "line": f"{fault.line}",
                "rule": one_line(fault.rule, 60) or "–",
                "what": {
                    "strong": one_line(fault.sentence, 300),
                    "sub": one_line(lines[fault.line - 1], 120) if 0 < fault.line <= len(lines) else "",
                },
            },
        }
        for fault in faults
    ]


def preview_words(found: Preview) -> str:
    """What would change, in one sentence, and what of it cannot be told."""
    if not found.read:
        return f"Nothing was received in the last {found.days} days: what would change is not known."
    cut = ", the newest there are" if found.cut else ""
    base = f"{found.read:,} messages of the last {found.days} days{cut}"
    ways = ", ".join(f"{count:,} {way}" for way, count in found.counts.items())
    told = f"Of {base}: {ways}." if ways else f"Nothing would have been decided differently on {base}."
    most = max(map(len, found.examples.values()), default=0)
    cut_short = any(0 < len(shown) < found.counts.get(way, 0) for way, shown in found.examples.items())
    newest = f"Shown are the newest {most}{' of each' if len(found.counts) > 1 else ''}."
    return " ".join([told, *_unknown_words(found), *([newest] if cut_short else ())])


def _unknown_words(found: Preview) -> list[str]:
    """A rule whose rate nobody counted yet would seem to change nothing."""
    return [
        f"On {count:,} of them it is not known whether “{one_line(rule, 60)}” would hold: "
        + (
            "its rate was not counted, for rates are counted from when a rule asks for them."
            if signal.startswith("rate.") else f"{one_line(signal, 40)} is not known of them."
        )
        for (rule, signal), count in list(found.unknown.items())[:3]
    ]  # fmt: skip


def example_rows(found: Preview) -> list[dict[str, Any]]:
    """The newest examples of each way."""
    return [
        {
            "id": each.message.id,
            "cells": {
                "text": {
                    "strong": one_line(each.message.text, 160),
                    "sub": one_line(_whose(each), 80),
                },
                "way": way[:1].upper() + way[1:],
                "before": one_line(each.rule_before or "none", 60),
                "after": one_line(each.rule_after or "none", 60),
            },
        }
        for way in found.counts
        for each in found.examples.get(way, ())
    ]  # fmt: skip


def _whose(each: Example) -> str:
    return f"{theme.platform_name(each.message.platform)}, {each.message.author_name or 'somebody'}"


def tried_blocks(decision: Mapping[str, Any], shadow: Sequence[str], holding: Sequence[str] = ()) -> list[Block]:
    """What a set makes of a text, and which rules hold beside the one that decides."""
    if "error" in decision:
        return [{"t": "note", "tone": "red", "text": one_line(decision["error"], 300)}]
    policy = decision["policy"] or {}
    rows: list[dict[str, Any]] = [{"k": "Decision", "pill": ACTIONS[str(decision["action"])], "v": ""}]
    rows.append({"k": "Rule", "v": one_line(decision["rule"] or "none holds", 100)})
    if policy:
        version = f", version {policy['version']}" if policy.get("version") else ""
        rows.append({"k": "Clause", "v": one_line(f"{policy['id']} {policy['clause']}{version}", 60)})
    if decision["rationale"]:
        rows.append({"k": "Because", "v": one_line(decision["rationale"], 300)})
    if decision["labels"]:
        rows.append({"k": "Labels", "v": one_line(", ".join(decision["labels"]), SHORT)})
    for draft in decision["drafts"]:
        where = "in shadow" if draft["shadow"] else "for a person to change and send"
        rows.append({"k": "Draft", "v": safe_text(f"{draft['text']} · {where}", 700)})
    others = [each for each in holding if each != decision["rule"] and not each.endswith(" (in shadow)")]
    if others:
        rows.append({"k": "Also hold", "v": one_line(", ".join(others[:10]), 300)})
    if shadow:
        rows.append({"k": "In shadow", "v": one_line(", ".join(shadow[:10]), 300)})
    return [{"t": "facts", "rows": rows}]


_TONGUES = {
    "ar": "Arabic", "bn": "Bengali", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian",
    "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "ta": "Tamil",
    "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


def understood_blocks(understood: Mapping[str, Any]) -> list[Block]:
    """Language, kind, person and the scores above their threshold: what rules may ask for."""
    if "scores" not in understood:
        return []
    told = understood["language"]
    known = understood["models"] != "lexicon"
    language = "not sure" if told is None else _TONGUES.get(told, one_line(told, 20))
    rows: list[dict[str, Any]] = [{"k": "Language", "v": language if known else f"{language}: no model knows it"}]
    labels, scores = understood["labels"], understood["scores"]
    if known:
        above = sorted(understood["flags"] or (), key=lambda name: -scores[name])
        said = ", ".join(f"{name.replace('_', ' ')} {scores[name]:.2f}" for name in above)
        rows.append({"k": "Above threshold", "v": said or "none of the scores"})
        rows.append({"k": "Sentiment", "v": f"{round(scores['sentiment'], 2) or 0.0:+.2f}, of -1 to +1"})
        rows.append({"k": "Kind", "v": one_line(labels.get("type") or "other", 40)})
        rows.append({"k": "Person", "v": one_line(labels.get("persona") or "nobody clearly", 40)})
    found = sorted({str(one["kind"]).replace("_", " ") for one in understood["pii"]})
    if found:
        rows.append({"k": "Personal data", "v": one_line(", ".join(found), SHORT)})
    return [{"t": "label", "text": "What was understood"}, {"t": "facts", "rows": rows}]


def check_rows(looks: Iterable[Look]) -> list[dict[str, Any]]:
    """Check by check: why a rule holds or does not."""
    held = {True: ["Holds", "green"], False: ["Does not", "gray"], None: ["Unknown", "orange"]}
    return [
        {
            "id": "",
            "cells": {
                "check": one_line(look.check, 80),
                "wanted": safe_text(look.wanted, 200),
                "seen": one_line(seen_words(look.observed, look.check), 160),
                "held": {"pill": held[look.held]},
            },
        }
        for look in looks
    ]


def back_words(now: RuleSet, then: RuleSet) -> str:
    """Which rules would stop to act, and which would act again, were this earlier set in force."""
    acts, acted = ({rule.name for rule in of.rules if not rule.shadow} for of in (now, then))
    said = [
        f"{words}: {one_line(', '.join(sorted(names)), 300)}."
        for words, names in (("Would no longer act", acts - acted), ("Would act again", acted - acts))
        if names
    ]
    return " ".join(said) or "The same rules would act."


def history_row(version: Rules, newest: int, *, name: Name, now: datetime) -> dict[str, Any]:
    """One version: how it came, by whom."""
    how = {"set up": "Set up", "saved": "Saved", "made live": "Made live", "rolled back": "Rolled back",
           "shipped": "Before any was saved"}  # fmt: skip
    words = how.get(version.what, version.what)
    if version.back_to:
        words += f" to version {version.back_to}"
    if version.names:
        words += f": {one_line(', '.join(version.names[:3]), 160)}"
        words += " and more" if len(version.names) > 3 else ""
    words += f" · rules {version.hash}" if version.hash else ""
    title = f"Version {version.number}" if version.number else "The set that Herald ships"
    title += ", in force" if version.number == newest else ""
    return {
        "id": "" if version.number == newest else str(version.number),
        "cells": {
            "what": {"strong": title, "sub": words},
            "by": one_line(name(version.by), 60) if version.by else "–",
            "at": clock(version.at, "UTC", now) if version.at else "–",
        },
    }


# ---------------------------------------------------------------- the form


def lacking(name: str, words: Iterable[str], action: str, clause: str, rationale: str) -> str:
    """What the form lacks, in words; empty when it is a rule. What acts on people says by what clause, and why."""
    if not name.strip() or not any(word.strip() for word in words):
        return "A rule needs a name and something to look for."
    if action and not (clause and rationale.strip()):
        return "What acts on a message rests on a clause and says why: choose the clause and write the words."
    return ""


def as_yaml(
    name: str, where: str, how: str, words: Iterable[str], action: str, clause: str, rationale: str, label: str
) -> str:
    """What the form says, as a rule of the language (docs/rules.md); texts are quoted, so none of them is YAML."""
    terms = ", ".join(_quoted(word.strip()) for word in words if word.strip())
    lines = ["---", f"name: {_quoted(name.strip())}", f"{where} ({how}): [{terms}]"]
    lines += [f"action: {action}"] if action else []
    lines += [f"label: {_quoted(label.strip())}"] if label.strip() else []
    lines += [f"policy: {clause}"] if clause else []
    lines += [f"rationale: {_quoted(rationale.strip())}"] if rationale.strip() else []
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
