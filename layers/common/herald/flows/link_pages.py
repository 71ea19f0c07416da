"""The small pages behind signed links: one HTML file each, no script, nothing from elsewhere. Pure.

Whatever comes from outside is escaped where it is put in (measure.markup). The one style sheet is allowed by its hash.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from herald.care import cases as care
from herald.measure.markup import Safe, join, link, tag
from herald.model import (
    Account,
    Acknowledgement,
    Action,
    Case,
    Clause,
    Media,
    Message,
    Person,
    Policy,
    Post,
    Target,
    TargetState,
    Used,
    words_of,
)
from herald.model.govern import platform_name
from herald.plain import clean

_STYLE = """
:root{color-scheme:light dark;--bg:#f4f7f6;--card:#fff;--text:#1b2430;--mute:#566270;--line:#dfe5e3;--accent:#0f6b66;
--on:#fff;--bar:#10272b;--red:#b42318;--green:#1b7f5c;--orange:#b45309}
@media(prefers-color-scheme:dark){:root{--bg:#0f1517;--card:#182124;--text:#e6ecee;--mute:#a3b0b6;--line:#2a363a;
--accent:#4cc4b6;--on:#08201e;--bar:#0a1012;--red:#f0806f;--green:#58c597;--orange:#e9a04f}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);
font:16px/1.5 Inter,system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;overflow-wrap:anywhere}
header{background:var(--bar)}
header>div,main,footer{max-width:640px;margin:0 auto;padding:14px 18px}
header svg{display:block}
main{padding-top:22px}
h1{font-size:1.4rem;line-height:1.25;font-weight:650;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:.8rem;font-weight:600;margin:18px 0 6px;color:var(--mute)}
.card>h2:first-child{margin-top:0}
p{margin:0 0 10px}
.mute{color:var(--mute);font-size:.9rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px;margin:14px 0}
.card>:last-child{margin-bottom:0}
.said{font-size:1.05rem}
.note{border-left:4px solid var(--orange);background:var(--card);border-radius:6px;padding:10px 14px;margin:14px 0}
.note.bad{border-color:var(--red)}.note.good{border-color:var(--green)}
.note>:last-child{margin-bottom:0}
img{display:block;width:auto;height:auto;max-width:100%;max-height:420px;border-radius:8px;border:1px solid var(--line)}
figure{margin:12px 0 0}
figcaption{color:var(--mute);font-size:.9rem;margin-top:6px}
form+p{margin-top:12px}
ul{list-style:none;margin:0;padding:0}
li{padding:8px 0;border-top:1px solid var(--line)}
li:first-child{border-top:0;padding-top:0}
li:last-child{padding-bottom:0}
a{color:var(--accent)}
label{display:block;font-weight:600;margin-bottom:6px}
textarea{width:100%;min-height:7em;font:inherit;color:inherit;background:var(--bg);border:1px solid var(--mute);
border-radius:8px;padding:10px}
button{font:inherit;font-weight:600;min-height:48px;width:100%;border-radius:8px;padding:0 20px;margin-top:10px;
cursor:pointer;border:1px solid var(--accent);background:var(--accent);color:var(--on)}
button.plain{background:transparent;color:var(--text);border-color:var(--mute)}
summary{cursor:pointer;font-weight:600;min-height:44px;display:flex;align-items:center;color:var(--accent)}
summary::before{content:"+";font-weight:400;font-size:1.4em;width:1em}
details[open]>summary::before{content:"\\2212"}
details{margin-top:10px}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
@media(min-width:560px){button{width:auto}}
"""


def policy_for(style: bytes, *more: str) -> str:
    """A content security policy that allows this one style sheet and whatever `more` names."""
    digest = base64.b64encode(sha256(style).digest()).decode()
    rest = more or ("form-action 'none'",)
    return "; ".join(
        ("default-src 'none'", f"style-src 'sha256-{digest}'", "base-uri 'none'", "frame-ancestors 'none'", *rest)
    )


POLICY = policy_for(_STYLE.encode(), "img-src 'self' data:", "form-action 'self'")
_LOGO = Safe(
    '<svg width="28" height="28" viewBox="0 0 28 28" role="img" aria-label="Herald">'
    '<rect width="28" height="28" rx="8" fill="#7bd3c8"/>'
    '<path d="M8 6.5v15.5" stroke="#10272b" stroke-width="2.4" stroke-linecap="round"/>'
    '<path d="M10.6 7.4h11.2l-3 4.1 3 4.1H10.6z" fill="#10272b"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Note:
    """What came of the last press: one sentence, and whether it is good or bad news."""

    text: str
    tone: str = ""  # good, bad, or neither


def page(title: str, *parts: object, foot: str = "") -> bytes:
    """A whole page as bytes."""
    head = tag(
        "head",
        Safe('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Safe('<meta name="robots" content="noindex, nofollow"><meta name="color-scheme" content="light dark">'),
        Safe('<link rel="icon" href="data:,">'),  # else a browser asks for one, and the API has none
        tag("title", f"{title} · Herald"),
        tag("style", Safe(_STYLE)),
    )
    last = tag("footer", tag("p", foot, class_="mute")) if foot else Safe("")
    body = tag("body", tag("header", tag("div", _LOGO)), tag("main", tag("h1", title), *parts), last)
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n".encode("utf-8", "replace")


def lines(text: str) -> Safe:
    """A text with its line breaks, without what cannot be seen."""
    broken = [clean(line) for line in text.splitlines()]
    return Safe("<br>".join(join(line) for line in broken))


def when(at: datetime, zone: str) -> str:
    """`Wed 18 Nov 2026, 12:00 (Sydney)`."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M} ({zone.rpartition('/')[2].replace('_', ' ')})"


def note(told: Note | None) -> Safe:
    if told is None:
        return Safe("")
    role = "alert" if told.tone == "bad" else "status"
    return tag("div", tag("p", told.text), class_=f"note {told.tone}".strip(), role=role)


def _form(*children: object) -> Safe:
    return tag("form", *children, method="post", accept_charset="utf-8")


def _button(action: str, words: str, *, plain: bool = False) -> Safe:
    return tag("button", words, type="submit", name_="action", value=action, class_="plain" if plain else None)


def _text(name: str, label: str, most: int, hint: str = "") -> Safe:
    about = tag("p", hint, class_="mute", id=f"{name}-hint") if hint else Safe("")
    box = tag(
        "textarea", name_=name, id=name, maxlength=most, required="required", rows=4,
        aria_describedby=f"{name}-hint" if hint else None,
    )  # fmt: skip
    return join(tag("label", label, for_=name), about, box)


# ---------------------------------------------------------------- what does not work


def refused() -> bytes:
    """The one answer to every link that is not good: forged, cut off, over, of somebody who left."""
    return page(
        "This link does not work",
        tag("p", "It is incomplete, has ended, or was made for somebody who may no longer use it."),
        tag("p", "Open the whole link as it was sent to you. If that does not help, ask whoever sent it for a new "
            "one, or sign in to Herald."),
    )  # fmt: skip


def broken(title: str, sentence: str) -> bytes:
    """A request that no button of ours makes, or a system that is not set up."""
    return page(title, tag("p", sentence))


# ---------------------------------------------------------------- a post to approve


@dataclass(frozen=True, slots=True)
class PostView:
    """What an approver sees."""

    post: Post
    targets: Sequence[Target]  # those it is about
    accounts: Mapping[str, Account]
    author: str
    person: Person
    until: datetime


def approve(view: PostView, told: Note | None, *, buttons: bool) -> bytes:
    """The post exactly as it waits, and what to do about it."""
    zone = view.targets[0].zone if view.targets else "UTC"
    foot = f"For {view.person.name} alone. The link works until {when(view.until, zone)}. Opening it changes nothing."
    return page(
        f"To approve: {view.post.title or '(no title)'}", tag("p", f"Written by {view.author}", class_="mute"),
        note(told), *_content(view), _decide() if buttons else Safe(""), foot=foot,
    )  # fmt: skip


def _decide() -> Safe:
    reason = _text("reason", "What must change", 500, "The author reads it.")
    return join(
        _form(_button("approve", "Approve")),
        tag("p", "You answer for these words, images, accounts and times. Any change voids it.", class_="mute"),
        tag("details", tag("summary", "Send back"), _form(reason, _button("reject", "Send back", plain=True))),
    )


def stale(view: PostView, changed: Sequence[str], history: Iterable[str]) -> bytes:
    """The post is not any more what the link was made for."""
    what = "Changed since this link was made: " + ", ".join(changed) if changed else "It has moved on"
    told = [f"{what}.", "Nothing was done. Ask for a new link, or sign in to Herald to decide."]
    past = [tag("li", line) for line in history]
    return page(
        f"Changed: {view.post.title or '(no title)'}",
        tag("div", *(tag("p", line) for line in told), class_="note", role="alert"),
        tag("div", tag("h2", "What happened last"), tag("ul", *past), class_="card") if past else Safe(""),
        *_content(view),
    )


def decided(view: PostView, used: Used, states: Mapping[TargetState, str]) -> bytes:
    """What the link was used for; the same however often it is opened."""
    zone = view.targets[0].zone if view.targets else "UTC"
    title, deed = ("Approved", "approved this") if used.what == "approved" else ("Sent back", "sent this back")
    standing = [
        tag("li", tag("div", _account(view, t.account)), tag("div", f"{states[t.state]} · {when(t.due_at, t.zone)}",
            class_="mute")) for t in view.targets
    ]  # fmt: skip
    return page(
        f"{title}: {view.post.title or '(no title)'}",
        note(Note(f"You {deed}, {when(used.at, zone)}. It is done; pressing again changes nothing.", "good")),
        tag("div", tag("h2", "Where it stands now"), tag("ul", *standing), class_="card"),
    )


def _content(view: PostView) -> list[Safe]:
    by_words: dict[str, list[Target]] = {}
    for target in view.targets:
        by_words.setdefault(words_of(view.post, target), []).append(target)
    cards = [_variant(view, words, targets) for words, targets in by_words.items()]
    if len(cards) > 1:
        cards.insert(0, tag("p", f"{len(cards)} different texts: read each.", class_="mute"))
    return cards


def _variant(view: PostView, words: str, targets: Sequence[Target]) -> Safe:
    unseen = sum(len(line) - len(clean(line)) for line in words.splitlines())
    where = [
        tag("li", tag("div", _account(view, target.account)),
            tag("div", when(target.due_at, target.zone), class_="mute"))
        for target in targets
    ]  # fmt: skip
    return tag(
        "section",
        tag("h2", "Words"),
        tag("p", lines(words) if words else "(no words)", class_="said"),
        note(Note(f"Not shown: {unseen} control characters that cannot be seen.")) if unseen else Safe(""),
        tag("p", link(view.post.link, view.post.link)) if view.post.link else Safe(""),
        *(_image(number, media) for number, media in enumerate(view.post.media)),
        tag("h2", "Where and when"),
        tag("ul", *where),
        class_="card",
    )


def _image(number: int, media: Media) -> Safe:
    alt = clean(media.alt)
    size = f' width="{media.width}" height="{media.height}"' if media.width and media.height else ""
    shown = Safe(f'<img src="?image={number}" alt="{join(alt)}"{size}>')
    return tag("figure", shown, tag("figcaption", f"Described as: {alt}" if alt else "No description"))


def _account(view: PostView, account: str) -> str:
    platform = platform_name(account.partition(":")[0])
    known = view.accounts.get(account)
    return f"{known.name} · {platform}" if known else account


# ---------------------------------------------------------------- a policy to acknowledge


def policy(
    shown: Policy, person: Person, given: Acknowledgement | None, told: Note | None, until: datetime, *, buttons: bool
) -> bytes:
    """A version of a policy, clause by clause."""
    clauses = [tag("section", tag("h2", f"{clause.number} {clause.title}"), tag("p", lines(clause.text)), class_="card")
               for clause in shown.clauses]  # fmt: skip
    if given:
        told = Note(f"You acknowledged version {given.version} on {when(given.at, 'UTC')}.", "good")
    version = f"{shown.id} version {shown.version}, in force from {shown.effective_from}"
    return page(
        shown.title, tag("p", version, class_="mute"),
        note(told), *clauses,
        _form(_button("acknowledge", "I have read it and will act by it")) if buttons and not given else Safe(""),
        foot=f"For {person.name} alone. The link works until {when(until, 'UTC')}. Opening it changes nothing.",
    )  # fmt: skip


# ---------------------------------------------------------------- an appeal


def appeal(
    message: Message, account: Account, clause: Clause | None, told: Note | None, until: datetime, most: int
) -> bytes:
    """What was hidden, under which clause, and a box to say why that was wrong."""
    decision = message.decision
    at = when(decision.decided_at, account.timezone) if decision else ""
    hint = f"A person who did not make the decision reads it. At most {most:,} characters."
    rule = tag("div", tag("h2", f"The rule it rests on: {clause.number} {clause.title}"), tag("p", lines(clause.text)),
               class_="card") if clause else Safe("")  # fmt: skip
    gone = decision is not None and decision.action is Action.DELETE
    wrote = tag("div", tag("h2", "What you wrote"), tag("p", lines(message.text[:1000]), class_="said"),
                class_="card") if message.text else Safe("")  # fmt: skip
    return page(
        f"Your message was {'deleted' if gone else 'hidden'}",
        tag("p", f"{account.name} {'deleted' if gone else 'hid'} it on {at}.", class_="mute"), note(told), wrote, rule,
        _form(_text("text", "Why was this wrong?", most, hint), _button("appeal", "Send the appeal")),
        foot=f"You can appeal once, until {when(until, account.timezone)}. Opening this page changes nothing.",
    )  # fmt: skip


def appealed(case: Case, account: Account, clause: Clause | None, *, gone: bool = False) -> bytes:
    """What came of the appeal so far. `gone`: the message was deleted, so that it cannot be shown again."""
    if case.resolved_at is None:
        told = Note(
            f"We received your appeal on {when(case.opened_at, account.timezone)}. A person who did not make the "
            "decision looks at it. This page will say what came of it.", "good",
        )  # fmt: skip
        return page("Your appeal", note(told), _own(case))
    result, _, reason = case.outcome.partition(": ")
    happy = result == care.OVERTURNED
    title = "Your appeal was successful" if happy else "Your appeal was declined"
    shown = "We were wrong to delete your message. It cannot be shown again; you may write it again."
    stays = "It was right to delete your message." if gone else "Your message stays hidden."
    words = (shown if gone else "Your message is shown again.") if happy else stays
    told = Note(words, "good" if happy else "")
    if result not in (care.OVERTURNED, care.UPHELD):  # the author deleted the message
        return page("Your appeal", note(Note("It was closed: the message is no longer there.")))
    rule = f"{clause.number} {clause.title}" if clause else ""
    return page(
        title, note(told), _own(case),
        tag("div", tag("h2", f"Our answer, {when(case.resolved_at, account.timezone)}"), tag("p", lines(reason)),
            tag("p", f"Rule: {rule}", class_="mute") if rule else Safe(""), class_="card"),
    )  # fmt: skip


def _own(case: Case) -> Safe:
    return tag("div", tag("h2", "What you said"), tag("p", lines(case.note)), class_="card") if case.note else Safe("")


def nothing_to_appeal() -> bytes:
    return page(
        "Nothing to appeal",
        tag("p", "The decision this link was made for does not stand any more: the message was decided again, shown, "
            "or deleted. Look at it where you wrote it."),
    )  # fmt: skip
