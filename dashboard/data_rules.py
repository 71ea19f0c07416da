"""What the page of rules reads: the version in force, its history, how its rules do, and what others would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from dashboard import data
from herald.flows import rules as flow
from herald.flows.rules import Acted, Fault, Preview
from herald.model import Rules
from herald.model.notices import Notice
from herald.model.rules import RuleAlarm
from herald.moderate.decide import assess_line, decide_line, subject_line
from herald.moderate.rules import Look, RuleSet, compile_rules
from herald.moderate.versions import Part, parts

FIGURES = 60.0  # seconds: how rules do moves slowly, and reading it takes many rows


@st.cache_resource(ttl=data.LIVE, max_entries=1, show_spinner=False)
def current() -> Rules:
    return flow.current(data.herald())


@st.cache_resource(ttl=data.LIVE, max_entries=1, show_spinner=False)
def history() -> list[Rules]:
    return flow.history(data.herald())


@st.cache_resource(max_entries=8, show_spinner=False)
def listed(text: str, acting: str) -> list[Part]:
    return parts(text, acting)


@st.cache_resource(max_entries=8, show_spinner=False)
def faults(text: str, policies: tuple[tuple[str, int], ...]) -> list[Fault]:
    """What is wrong with it by line, what keeps it from being saved first; `policies` in force as (id, version)."""
    wrong = flow.faults(text)
    return wrong if any(fault.fatal for fault in wrong) else [*wrong, *flow.uncited(text, data.policies())]


def in_force() -> tuple[tuple[str, int], ...]:
    return tuple((policy.id, policy.version) for policy in data.policies())


@st.cache_resource(ttl=FIGURES, max_entries=20, show_spinner=False)
def firings(brand: str) -> list[Mapping[str, int] | None]:
    return flow.firings(brand, data.herald(), data.now())


@st.cache_resource(ttl=FIGURES, max_entries=20, show_spinner=False)
def acted(brand: str) -> Mapping[str, Acted]:
    return flow.acted(brand, data.herald(), data.now())


@st.cache_resource(ttl=data.SETTLED, max_entries=20, show_spinner=False)
def alarms(brand: str) -> list[RuleAlarm]:
    return flow.alarms(brand, data.herald())


def told(alarm: RuleAlarm) -> list[Notice]:
    return data.notices(alarm.brand, flow.told_of(alarm))


@st.cache_resource(ttl=300.0, max_entries=20, show_spinner="Judging what was received by both…")
def preview(brand: str, number: int, names: tuple[str, ...], days: int) -> Preview:
    """What making these rules of a version live would change; none named: all that wait."""
    herald, version = data.herald(), flow.numbered(number, data.herald()) or current()
    before, after = flow.compiled(version), flow.once_live(version, names)
    return flow.preview(before, after, brand, days, herald, data.now())


@dataclass(frozen=True, slots=True)
class Tried:
    """What a set makes of one text: the decision as `herald decide` tells it, every rule with its checks, and what
    was understood of the words as `herald assess` tells it."""

    decision: Mapping[str, Any]
    shadow: tuple[str, ...]
    looks: Mapping[str, tuple[Look, ...]]
    understood: Mapping[str, Any] = field(default_factory=dict)

    @property
    def holding(self) -> tuple[str, ...]:
        """The rules of which every check holds, those that another kept from deciding among them."""
        return tuple(name for name, looks in self.looks.items() if looks and all(look.held for look in looks))


def rule_set(version: Rules, which: str, text: str) -> RuleSet:
    """which: "now", "live" (once all that waits is live), or "text" (of the editor)."""
    if which == "text":
        return compile_rules(text)
    return flow.once_live(version) if which == "live" else flow.compiled(version)


def tried(rules: RuleSet, line: Mapping[str, object]) -> Tried:
    now = datetime.now(UTC)
    given = subject_line(line, now)
    if isinstance(given, dict):
        return Tried({"error": given.get("error", "It cannot be read.")}, (), {})
    subject = given[1]
    shadow = tuple(match.rule.name for match in rules.judge(subject).shadow)
    return Tried(
        decide_line(line, rules, now=now, policy_versions={one.id: one.version for one in data.policies()}),
        shadow,
        {f"{rule.name}{' (in shadow)' if rule.shadow else ''}": rules.look(rule, subject) for rule in rules.rules},
        assess_line({"id": line["id"], "text": line["text"]}),
    )


def forget() -> None:
    """After a write: the next look reads again."""
    current.clear()
    history.clear()


data.FORGOTTEN.append(forget)
