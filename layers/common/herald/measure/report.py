"""The report of a period: HTML, CSV and JSON from facts alone. The same facts give the same bytes.

One HTML file with nothing from elsewhere; tables of numbers, each chart also as a table; what every number means; what
is missing and why. CSV as RFC 4180 in UTF-8 with a byte order mark, and with no cell that a spreadsheet would run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from herald.measure import charts
from herald.measure import effect as effects
from herald.measure import figures as f
from herald.measure.advice import Finding, NoFinding, advise
from herald.measure.markup import Safe, join, link, tag
from herald.measure.scorecard import ALL, Facts, Gap, Line, gaps, name_of, scorecard, words_of
from herald.model import Metric
from herald.model.recommendations import Recommendation, RecommendationState
from herald.plain import Cell, clean, sheet

KEY_NUMBERS = ("reach", "views", "engagements", "engagement_rate", "followers", "posts", "response_time", "in_time")
"""What stands in a mail."""

TOP = 10
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """Attributes:
    title: also the subject of the mail.
    files: name -> bytes; report.html, report.json, all.csv, one CSV a platform, and the facts as days.csv, posts.csv
        and answers.csv.
    text, html: a short mail; the files go with it.
    """

    title: str
    files: Mapping[str, bytes]
    text: str
    html: str


def report(facts: Facts) -> Report:
    """Everything that is sent or shown of a period. Pure: no clock, no order of reading, no place."""
    found = _Found(
        {scope: scorecard(facts, scope) for scope in (ALL, *facts.platforms)}, advise(facts), gaps(facts)
    )  # fmt: skip
    files = {"report.html": _page(facts, found).encode(), "report.json": _json(facts, found)}
    files |= {f"{scope}.csv": _scores_csv(lines.values()) for scope, lines in found.cards.items()}
    files |= {"days.csv": _days_csv(facts), "posts.csv": _posts_csv(facts), "answers.csv": _answers_csv(facts)}
    return Report(title_of(facts), files, _mail_text(facts, found), _mail_html(facts, found))


@dataclass(frozen=True, slots=True)
class _Found:
    """What was computed once and is told several times."""

    cards: Mapping[str, Mapping[str, Line]]
    advice: Sequence[Finding | NoFinding]
    gaps: Sequence[Gap]


# ---------------------------------------------------------------- words


def title_of(facts: Facts) -> str:
    return f"Report of {clean(facts.brand)}, {period_name(facts.first_day, facts.last_day)}"


def period_name(first_day: str, last_day: str) -> str:
    """`October 2026`, else the two days."""
    first, last = date.fromisoformat(first_day), date.fromisoformat(last_day)
    if first.day == 1 and (last + timedelta(days=1)).day == 1 and (first.year, first.month) == (last.year, last.month):
        return f"{_MONTHS[first.month - 1]} {first.year}"
    if first == last:
        return _day_words(first)
    return f"{_day_words(first)} to {_day_words(last)}"


def _day_words(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def shown(id: str, value: float | None) -> str:
    """A number as people read it: 4.19 %, 1 h 24 min, 1,234; `missing` for None.

    Args:
        id: of its definition, which knows the unit.
    """
    if value is None:
        return "missing"
    unit = f.BY_ID[id].unit
    if unit == "ratio":
        return f"{100 * value:.2f} %"
    if unit.startswith("seconds"):
        return _span(value)
    return f"{value:,.0f}".replace("-", "\u2212")


def shown_change(id: str, change: f.Change) -> str:
    """A difference as people read it: +0.31 points, +12.6 % (+1,234), none; `not comparable` for None."""
    if change.absolute is None:
        return "not comparable"
    if change.absolute == 0:
        return "none"
    sign = "+" if change.absolute > 0 else "\u2212"
    size = abs(change.absolute)
    unit = f.BY_ID[id].unit
    if unit == "ratio":
        return f"{sign}{100 * size:.2f} points"
    words = _span(size) if unit.startswith("seconds") else f"{size:,.0f}"
    if change.relative is None:
        return f"{sign}{words}"
    return f"{sign}{100 * abs(change.relative):.1f} % ({sign}{words})"


def _span(seconds: float) -> str:
    """Rounded to the minute; below one minute, to the second."""
    if seconds < 60:
        return f"{round(seconds)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _bounds(facts: Facts, zone: str) -> tuple[datetime, datetime]:
    """First instant of the period and first after it, in a zone."""
    after = (date.fromisoformat(facts.last_day) + timedelta(days=1)).isoformat()
    return f.midnight(facts.first_day, zone), f.midnight(after, zone)


def _scope_words(facts: Facts) -> str:
    first, last = f.previous(facts.first_day, facts.until_day)
    return (
        f"{facts.first_day} to {facts.last_day}, whole days in each account's own zone. "
        + ("" if facts.over else f"Not over yet: figures up to {facts.until_day}. ")
        + f"Compared with {first} to {last}. Figures of posts as read up to {_instant(facts.as_of)}."
    )


# ---------------------------------------------------------------- the page

_STYLE = """
:root{color-scheme:light dark;--ink:#18212b;--mute:#566270;--line:#d8dee4;--page:#fff;--accent:#0b5f5a}
@media(prefers-color-scheme:dark){:root{--ink:#e7ecf0;--mute:#a3afba;--line:#39434d;--page:#12181d;--accent:#6fc7bf}}
body{margin:0 auto;max-width:1080px;padding:24px 16px 64px;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
h1{font-size:1.7rem;line-height:1.25;margin:.2em 0}h2{font-size:1.25rem;margin:2em 0 .4em}
a{color:var(--accent)}p{max-width:75ch}.mute,figcaption,caption{color:var(--mute)}
.wide{overflow-x:auto}.wide table{min-width:44rem}
table{border-collapse:collapse;width:100%;margin:.4em 0 1em;font-size:.93rem}
caption{text-align:left;padding:.2em 0}
th,td{text-align:left;vertical-align:top;padding:6px 10px;border-bottom:1px solid var(--line)}
th{font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
figure{margin:1em 0}svg{max-width:100%;height:auto}summary{cursor:pointer;color:var(--accent)}
.finding{border-left:3px solid var(--accent);padding:.2em 0 .2em 14px;margin:1em 0}.finding p{margin:.2em 0}
@media print{body{max-width:none}details>*{display:block}}
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def _page(facts: Facts, found: _Found) -> str:
    head = tag(
        "head",
        Safe('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Safe(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Safe('<meta name="referrer" content="no-referrer">'),
        tag("title", title_of(facts)),
        tag("style", Safe(_STYLE)),
    )
    main = tag(
        "main",
        tag("h1", title_of(facts)),
        tag("p", _scope_words(facts), class_="mute"),
        _advice_part(found),
        _recommended_part(facts),
        tag("h2", "All platforms"),
        _score_table("All platforms", found.cards[ALL].values()),
        _reach_figure(facts),
        _rate_figure(facts, found),
        *(_platform_part(facts, found, platform) for platform in facts.platforms),
        _posts_part(facts),
        _times_part(facts),
        _gaps_part(found),
        _definitions_part(),
        _period_part(facts),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', main), lang='en')}\n"


def _table(caption: str, columns: Sequence[tuple[str, bool]], rows: Iterable[Sequence[object]]) -> Safe:
    """A table whose first column names the row. columns: heading, whether it holds numbers."""
    heads = [tag("th", name, scope="col", class_="n" if number else None) for name, number in columns]
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            *(
                tag("td", cell, class_="n" if number else None)
                for cell, (_, number) in zip(row[1:], columns[1:], strict=True)
            ),
        )
        for row in rows
    ]
    whole = tag("table", tag("caption", caption), tag("thead", tag("tr", *heads)), tag("tbody", *body))
    return tag("div", whole, class_="wide", tabindex="0", role="region", aria_label=caption)


def _score_table(name: str, lines: Iterable[Line]) -> Safe:
    columns = (
        ("Number", False), ("This period", True), ("Period before", True), ("Change", True), ("Rests on", True),
        ("Note", False),
    )  # fmt: skip
    rows = [
        (
            f.BY_ID[line.id].label, shown(line.id, line.value), shown(line.id, line.before),
            shown_change(line.id, line.change)
            + (", immaterial" if line.change.immaterial and line.change.absolute else ""),
            _rests_on(line), line.note,
        )
        for line in lines
    ]  # fmt: skip
    return _table(f"{name}: numbers of the period", columns, rows)


def _rests_on(line: Line) -> str:
    return f"{line.n:,} {line.counted}" if line.n == line.of else f"{line.n:,} of {line.of:,} {line.counted}"


def _reach_figure(facts: Facts) -> Safe:
    series = {platform: _daily(facts, platform, Metric.REACH) for platform in facts.platforms}
    known = {platform: row for platform, row in series.items() if any(value is not None for value in row)}
    if not known:
        return tag("p", "No daily reach was told, so there is no chart of it.", class_="mute")
    sums = {platform: f.reach_of(facts.of(platform), facts.days) for platform in known}
    most = max(sorted(sums), key=lambda platform: sums[platform])
    alt = f"Daily reach by platform. {name_of(most)} reached most: {sums[most]:,} over the period."
    columns = [("Day", False), *((name_of(platform), True) for platform in known)]
    rows = [
        (day, *("missing" if row[place] is None else f"{row[place]:,}" for row in known.values()))
        for place, day in enumerate(facts.days)
    ]
    names = {platform: name_of(platform) for platform in known}
    chart = charts.lines(known, names, facts.days, alt)
    return charts.figure(chart, f"{alt} A gap is a day that was not told.", _table("Daily reach", columns, rows))


def _daily(facts: Facts, platform: str, metric: Metric) -> list[int | None]:
    """One sum a day over the accounts of a platform; None unless every account that tells it at all told the day."""
    telling = [one for one in facts.of(platform) if any(metric in day for day in one.days.values())]
    rows: list[int | None] = []
    for day in facts.days:
        told = [one.days[day][metric] for one in telling if metric in one.days.get(day, {})]
        rows.append(sum(told) if told and len(told) == len(telling) else None)
    return rows


def _rate_figure(facts: Facts, found: _Found) -> Safe:
    lines = [(platform, found.cards[platform]["engagement_rate"]) for platform in facts.platforms]
    rated = [(platform, line) for platform, line in lines if line.value is not None]
    if not rated:
        return tag("p", "No engagement rate can be computed, so there is no chart of it.", class_="mute")
    ordered = sorted(lines, key=lambda pair: (-(pair[1].value if pair[1].value is not None else -1.0), pair[0]))
    best, line = ordered[0]
    alt = f"Engagement rate by reach by platform. Highest: {name_of(best)} with {shown(line.id, line.value)}."
    rows = [(platform, name_of(platform), one.value, one.before) for platform, one in ordered]
    columns = (("Platform", False), ("This period", True), ("Period before", True), ("Posts", True), ("Note", False))
    cells = [
        (name_of(platform), shown(one.id, one.value), shown(one.id, one.before), _rests_on(one), one.note)
        for platform, one in ordered
    ]
    caption = f"{alt} Tick: the period before. Platforms that tell other parts of engagement are not quite comparable."
    return charts.figure(charts.bars(rows, alt), caption, _table("Engagement rate by reach", columns, cells))


def _platform_part(facts: Facts, found: _Found, platform: str) -> Safe:
    names = ", ".join(one.account.name or one.account.id for one in facts.of(platform))
    return join(
        tag("h2", name_of(platform)),
        tag("p", f"Accounts: {names}.", class_="mute"),
        _score_table(name_of(platform), found.cards[platform].values()),
    )


def _posts_part(facts: Facts) -> Safe:
    posts = f.top_posts((post for one in facts.accounts for post in one.posts), TOP)
    if not posts:
        return join(tag("h2", "Top posts"), tag("p", "No post has both reach and engagements."))
    zones = {one.account.id: one.account.timezone for one in facts.accounts}
    columns = (
        ("Post", False), ("Platform", False), ("Published", False), ("Reach", True), ("Engagements", True),
        ("Engagement rate", True),
    )  # fmt: skip
    rows = []
    for post in posts:
        rate = f.engagement_rate([post])
        local = post.published_at.astimezone(ZoneInfo(zones[post.account]))
        title = link(post.url, post.title or post.external_id)
        rows.append(
            (
                join(title, " (taken down)" if post.removed else ""), name_of(post.account.partition(":")[0]),
                f"{local:%Y-%m-%d %H:%M} {zones[post.account]}", f"{rate.below:,}", f"{rate.above:,}",
                shown("engagement_rate", rate.value),
            )
        )  # fmt: skip
    return join(tag("h2", "Top posts"), _table("Posts by engagement rate, best first", columns, rows))


def _times_part(facts: Facts) -> Safe:
    cells = f.best_times((post for one in facts.accounts for post in one.posts), facts.zone)
    enough = [cell for cell in cells if not cell.few and cell.rate.value is not None]
    few = len(cells) - len(enough)
    note = f"Hours of the week in {facts.zone} with at least {f.FEW_POSTS} posts that have reach and engagements."
    note += f" Hours with fewer, too few to tell: {few}." if few else ""
    if not enough:
        return join(tag("h2", "Best times"), tag("p", f"{note} There is none."))
    ordered = sorted(enough, key=lambda cell: (-(cell.rate.value or 0.0), cell.weekday, cell.hour))
    rows = [
        (f"{_WEEKDAYS[cell.weekday]} {cell.hour:02d}:00", shown("best_time", cell.rate.value), str(cell.rate.n))
        for cell in ordered
    ]
    columns = (("Hour", False), ("Engagement rate", True), ("Posts", True))
    return join(tag("h2", "Best times"), tag("p", note), _table("Engagement rate by hour of the week", columns, rows))


def _advice_part(found: _Found) -> Safe:
    findings = [one for one in found.advice if isinstance(one, Finding)]
    reasons = [one for one in found.advice if isinstance(one, NoFinding)]
    parts = [tag("h2", "What to do")]
    if not findings:
        parts.append(tag("p", "Nothing can be recommended from this period, for these reasons:"))
    for one in findings:
        check = f.BY_ID[one.check].label
        parts.append(
            tag(
                "div",
                tag("p", tag("strong", one.seen)),
                tag("p", one.do),
                tag("p", f"Evidence (n = {one.n:,}): {one.evidence}.", class_="mute"),
                tag("p", f"For: {_role(one)}. Whether it helped will show in: {check}.", class_="mute"),
                class_="finding",
            )
        )  # fmt: skip
    if findings and reasons:
        parts.append(tag("p", "Looked for, and not found:"))
    parts.append(tag("ul", *(tag("li", one.why) for one in reasons)) if reasons else Safe(""))
    return join(*parts)


def state_words(one: Recommendation) -> str:
    """How far a recommendation has come: `to do by 2026-12-15`, `done on 2026-11-20, not measured`, `measured`."""
    if one.state is RecommendationState.OPEN:
        return f"to do by {one.due.isoformat()}"
    if one.state is RecommendationState.ACTED and one.acted_on:
        return f"done on {one.acted_on.isoformat()}, not measured yet"
    return "measured"


def effect_words(one: Recommendation) -> str:
    """`3.10 % before, 4.19 % after: as expected`, with the days and what each rests on; empty: not measured."""
    came = one.effect
    if came is None or one.acted_on is None:
        return ""
    before, after = (
        f"{shown(one.measure, effects.number(value))} in the {came.days} days {word} (n = {n:,})"
        for value, word, n in ((came.before, "before", came.n_before), (came.after, "after", came.n_after))
    )
    why = f". {came.why}" if came.why else ""
    return f"{before}, {after} {one.acted_on.isoformat()}: {effects.verdict(one, came)}{why}"


def _recommended_part(facts: Facts) -> Safe:
    """Recommendations with their state and effect; people by id, as in every file that leaves."""
    if not facts.recommendations:
        return join(tag("h2", "Recommendations"), tag("p", "Nothing was recommended on this period yet."))
    columns = (
        ("Recommendation", False), ("Found", False), ("Rests on", False), ("Who", False), ("Expected", False),
        ("State", False), ("Effect", False),
    )  # fmt: skip
    rows = [
        (
            one.do, f"{one.seen} ({period_name(*f.period(effects.month_of(one)))})",
            f"{one.evidence} (n = {one.n:,})", one.owner,
            f"{f.BY_ID[one.measure].label} goes {one.towards}", state_words(one), effect_words(one) or "not measured",
        )
        for one in facts.recommendations
    ]  # fmt: skip
    return join(tag("h2", "Recommendations"), _table("Recommendations, their state and effect", columns, rows))


def _recommendation_json(one: Recommendation) -> dict[str, object]:
    came = one.effect
    return {
        "id": one.id, "month": effects.month_of(one), "finding": one.seen, "evidence": one.evidence, "n": one.n,
        "recommendation": one.do, "owner": one.owner, "due": one.due.isoformat(), "measure": one.measure,
        "towards": str(one.towards), "state": str(one.state),
        "acted_on": one.acted_on.isoformat() if one.acted_on else None,
        "effect": {
            "days": came.days, "before": effects.number(came.before), "n_before": came.n_before,
            "after": effects.number(came.after), "n_after": came.n_after, "verdict": effects.verdict(one, came),
            "note": came.why,
        } if came else None,
    }  # fmt: skip


def lacks_mail(facts: Facts, lacks: str) -> Report:
    """The short mail that tells owners why a month's report does not come yet; without files."""
    title = f"{title_of(facts)}: one thing is missing"
    again = "Herald looks again every day, and mails the report once it has one."
    body = tag(
        "div", tag("h1", title, style="font-size:20px;margin:0 0 8px"), tag("p", lacks),
        tag("p", again, style="color:#566270"),
        style="font:14px/1.5 Arial,sans-serif;color:#18212b;max-width:600px;margin:0 auto",
    )  # fmt: skip
    head = tag("head", Safe('<meta charset="utf-8">'), tag("title", title))
    page = f"<!doctype html>\n{tag('html', head, tag('body', body), lang='en')}\n"
    return Report(title, {}, f"{title}\n\n{lacks}\n\n{again}\n", page)


def _role(one: Finding) -> str:
    return str(one.owner).replace("_", " ")


def _gaps_part(found: _Found) -> Safe:
    columns = (("Platform", False), ("Missing", False), ("Why", False), ("What to do", False))
    rows = [(name_of(gap.scope), gap.what, gap.why, gap.remedy or "nothing") for gap in found.gaps]
    intro = "What is missing is left out. It is not counted as 0."
    return join(tag("h2", "What is missing"), tag("p", intro), _table("Missing facts", columns, rows))


def _definitions_part() -> Safe:
    columns = (
        ("Number", False), ("Unit", False), ("Meaning", False), ("Formula", False), ("Source", False),
        ("May be added up over", False),
    )  # fmt: skip
    rows = [(one.label, one.unit, one.meaning, one.formula, one.source, one.adds) for one in f.DEFINITIONS]
    return join(tag("h2", "What the numbers mean"), _table("Definitions", columns, rows))


def _period_part(facts: Facts) -> Safe:
    columns = (("Account", False), ("Platform", False), ("Zone", False), ("From", False), ("Up to", False))
    rows = []
    for one in facts.accounts:
        start, end = _bounds(facts, one.account.timezone)
        rows.append(
            (
                one.account.name or one.account.id, name_of(one.account.platform), one.account.timezone,
                f"{start:%Y-%m-%d %H:%M} ({_instant(start)})", f"{end:%Y-%m-%d %H:%M} ({_instant(end)})",
            )
        )  # fmt: skip
    return join(tag("h2", "Exact period"), _table("From the first instant to before the second", columns, rows))


# ---------------------------------------------------------------- files

def _scores_csv(lines: Iterable[Line]) -> bytes:
    head = (
        "scope", "id", "label", "value", "unit", "n", "of", "counted", "before", "change", "change_relative",
        "immaterial", "note",
    )  # fmt: skip
    rows = [
        (
            line.scope, line.id, f.BY_ID[line.id].label, line.value, f.BY_ID[line.id].unit, line.n, line.of,
            line.counted, line.before, line.change.absolute, line.change.relative,
            "yes" if line.change.immaterial else "no", line.note,
        )
        for line in lines
    ]  # fmt: skip
    return sheet([head, *rows])


def _both(facts: Facts) -> list[tuple[str, f.AccountFacts, list[str]]]:
    """Every account of this period, then of the one before, with the days of its period."""
    return [
        *(("this", one, facts.days) for one in facts.accounts),
        *(("before", one, facts.days_before) for one in facts.before),
    ]


def _days_csv(facts: Facts) -> bytes:
    told = (Metric.REACH, Metric.VIEWS, Metric.FOLLOWERS)
    head = ("period", "platform", "account", "zone", "day", *told, "judged", "hidden", "queued", "overruled")
    rows: list[Sequence[Cell]] = [head]
    for period, one, days in _both(facts):
        for day in days:
            figures, counted = one.days.get(day, {}), f.moderation(one.counts, [day])
            account, listened = one.account, "" < one.counted_from <= day
            rows.append(
                (
                    period, account.platform, account.id, account.timezone, day, *(figures.get(m) for m in told),
                    *(value if listened else None for value in counted.values()),
                )
            )  # fmt: skip
    return sheet(rows)


def _posts_csv(facts: Facts) -> bytes:
    told = (Metric.REACH, Metric.VIEWS, *f.ENGAGEMENT_PARTS)
    head = (
        "period", "platform", "account", "post", "external_id", "title", "url", "published_at", "zone", *told,
        "engagements", "removed",
    )  # fmt: skip
    rows: list[Sequence[Cell]] = [head]
    for period, one, _ in _both(facts):
        for post in one.posts:
            rows.append(
                (
                    period, one.account.platform, one.account.id, post.post_id, post.external_id, post.title, post.url,
                    post.published_at.astimezone(UTC).isoformat(), one.account.timezone,
                    *(post.figures.get(metric) for metric in told), f.engagement(post.figures),
                    "yes" if post.removed else "no",
                )
            )  # fmt: skip
    return sheet(rows)


def _answers_csv(facts: Facts) -> bytes:
    rows: list[Sequence[Cell]] = [
        ("period", "platform", "account", "type", "answered_at", "waited", "open_waited", "in_time")
    ]
    for period, one, _ in _both(facts):
        for answer in one.responses:
            rows.append(
                (
                    period, one.account.platform, one.account.id, answer.type,
                    answer.answered_at.astimezone(UTC).isoformat(), answer.waited, answer.open_waited,
                    "yes" if answer.met else "no",
                )
            )  # fmt: skip
    return sheet(rows)


def _json(facts: Facts, found: _Found) -> bytes:
    first, last = f.previous(facts.first_day, facts.until_day)
    posts = [post for one in facts.accounts for post in one.posts]
    document = {
        "title": title_of(facts),
        "brand": facts.brand,
        "period": {
            "first_day": facts.first_day, "last_day": facts.last_day, "until_day": facts.until_day, "over": facts.over,
            "zone": facts.zone, "accounts": [_account_json(facts, one) for one in facts.accounts],
        },
        "compared_with": {"first_day": first, "last_day": last},
        "as_of": facts.as_of.astimezone(UTC).isoformat(),
        "numbers": {scope: {id: _line_json(line) for id, line in card.items()} for scope, card in found.cards.items()},
        "top_posts": [_post_json(post) for post in f.top_posts(posts, TOP)],
        "best_times": [
            {
                "weekday": _WEEKDAYS[cell.weekday], "hour": cell.hour, "zone": facts.zone, "posts": cell.rate.n,
                "engagement_rate": cell.rate.value, "too_few": cell.few,
            }
            for cell in f.best_times(posts, facts.zone)
        ],
        "advice": [
            {
                "id": one.id, "finding": one.seen, "recommendation": one.do, "evidence": one.evidence, "n": one.n,
                "owner": str(one.owner), "check": one.check,
            }
            for one in found.advice if isinstance(one, Finding)
        ],
        "not_advised": [{"id": one.id, "why": one.why} for one in found.advice if isinstance(one, NoFinding)],
        "recommendations": [_recommendation_json(one) for one in facts.recommendations],
        "missing": [
            {"scope": gap.scope, "what": gap.what, "why": gap.why, "remedy": gap.remedy} for gap in found.gaps
        ],
        "definitions": {
            one.id: {
                "label": one.label, "unit": one.unit, "meaning": one.meaning, "formula": one.formula,
                "source": one.source, "adds": one.adds,
            }
            for one in f.DEFINITIONS
        },
    }  # fmt: skip
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    return f"{text}\n".encode("utf-8", "replace")


def _account_json(facts: Facts, one: f.AccountFacts) -> dict[str, str]:
    start, end = _bounds(facts, one.account.timezone)
    return {
        "id": one.account.id, "name": one.account.name, "zone": one.account.timezone, "from": start.isoformat(),
        "before": end.isoformat(),
    }  # fmt: skip


def _line_json(line: Line) -> dict[str, object]:
    return {
        "value": line.value, "n": line.n, "of": line.of, "counted": line.counted, "before": line.before,
        "change": line.change.absolute, "change_relative": line.change.relative, "immaterial": line.change.immaterial,
        "note": line.note,
    }  # fmt: skip


def _post_json(post: f.Published) -> dict[str, object]:
    rate = f.engagement_rate([post])
    return {
        "account": post.account, "post": post.post_id, "external_id": post.external_id, "title": post.title,
        "url": post.url, "published_at": post.published_at.astimezone(UTC).isoformat(), "reach": rate.below,
        "engagements": rate.above, "engagement_rate": rate.value, "parts": words_of(rate.parts),
        "removed": post.removed,
    }  # fmt: skip


# ---------------------------------------------------------------- the mail


def _mail_text(facts: Facts, found: _Found) -> str:
    card = found.cards[ALL]
    rows = [
        f"- {f.BY_ID[id].label}: {shown(id, card[id].value)} ({shown_change(id, card[id].change)})"
        for id in KEY_NUMBERS
    ]  # fmt: skip
    findings = [one for one in found.advice if isinstance(one, Finding)]
    advice = [f"- {one.seen} {one.do} ({one.evidence})" for one in findings]
    recommended = [f"- {clean(one.do)} ({state_words(one)})" for one in facts.recommendations]
    missing = [f"- {name_of(gap.scope)}: {clean(gap.what)}. {gap.why}" for gap in found.gaps]
    return "\n".join(
        [
            title_of(facts), _scope_words(facts), "", "All platforms", *rows, "",
            "What to do", *(advice or ["- Nothing can be recommended from this period; the report says why."]), "",
            "Recommendations", *(recommended or ["- None yet."]), "",
            "What is missing", *missing, "",
            "The whole report is in report.html; the numbers are in the CSV files.", "",
        ]
    )  # fmt: skip


def _mail_html(facts: Facts, found: _Found) -> str:
    """For mail programs: tables, inline style, nothing from elsewhere."""
    card = found.cards[ALL]
    cell = "padding:6px 12px 6px 0;border-bottom:1px solid #d8dee4;text-align:left;vertical-align:top"
    rows = [
        tag(
            "tr",
            tag("th", f.BY_ID[id].label, scope="row", style=f"{cell};font-weight:600"),
            tag("td", shown(id, card[id].value), style=f"{cell};font-size:16px"),
            tag("td", shown_change(id, card[id].change), style=f"{cell};color:#566270"),
        )
        for id in KEY_NUMBERS
    ]
    findings = [one for one in found.advice if isinstance(one, Finding)]
    advice = [tag("p", tag("strong", one.seen), " ", one.do, " ", f"({one.evidence}.)") for one in findings]
    none = tag("p", "Nothing can be recommended from this period; the report says why.")
    recommended = [tag("li", f"{one.do} ({state_words(one)})") for one in facts.recommendations]
    missing = [tag("li", f"{name_of(gap.scope)}: {gap.what}. {gap.why}") for gap in found.gaps]
    body = tag(
        "div",
        tag("h1", title_of(facts), style="font-size:20px;margin:0 0 8px"),
        tag("p", _scope_words(facts), style="color:#566270"),
        tag("table", tag("tbody", *rows), style="border-collapse:collapse;width:100%"),
        tag("h2", "What to do", style="font-size:16px"),
        *(advice or [none]),
        tag("h2", "Recommendations", style="font-size:16px"),
        tag("ul", *recommended) if recommended else tag("p", "None yet."),
        tag("h2", "What is missing", style="font-size:16px"),
        tag("ul", *missing),
        tag("p", "The whole report is in report.html; the numbers are in the CSV files.", style="color:#566270"),
        style="font:14px/1.5 Arial,sans-serif;color:#18212b;max-width:600px;margin:0 auto",
    )
    head = tag("head", Safe('<meta charset="utf-8">'), tag("title", title_of(facts)))
    return f"<!doctype html>\n{tag('html', head, tag('body', body), lang='en')}\n"
