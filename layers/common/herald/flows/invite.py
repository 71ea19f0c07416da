"""Making signed links, and mailing them to those who are to approve.

Whoever holds a link to approve or to acknowledge acts as the person in it. So nobody is shown another's: a page makes
one's own, a mail goes to its person's own address, and only the command line (whose user holds the keys anyway)
makes anybody's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType

from herald.errors import HeraldError, NeedsLogin, Refused, Unknown
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.link_pages import when
from herald.flows.planning import Done, Plan, Planner, authorise, proper_id, their_message, theirs
from herald.flows.sealed import MAY_SHARE, appealable, brand_seen, keys, seen_of
from herald.govern import authority, links
from herald.govern.links import LONGEST_HOURS, Link, Purpose
from herald.measure.markup import link, tag
from herald.model import Person, Policy, Post, Role, Target, TargetState
from herald.plain import clean, subject_line

MAILED_HOURS = 7 * 24
MOST_MAILS = 10
MAY_OFFER_APPEAL = frozenset({Role.COMMUNITY_MANAGER, Role.CUSTOMER_SERVICE_MANAGER, Role.OWNER, Role.COMPLIANCE})


def plan(command: c.MakeLink, person: Person, herald: Herald, now: datetime) -> Plan:
    """Nothing changes but the audit, which tells who made which link. Raises Refused."""
    authorise(command, person, None, herald, now)
    nonce = proper_id(command.id, "link")
    try:
        purpose = Purpose(command.purpose)
    except ValueError:
        raise Refused("input", f"There are links to {', '.join(Purpose)}.") from None
    link_ = link_for(purpose, command.subject, person, herald, hours=command.hours, nonce=nonce, now=now)
    until = f"{link_.expires:%Y-%m-%d %H:%M} UTC"
    facts: dict[str, str | int | bool | None] = {"purpose": purpose, "until": until, "link": nonce}
    done = Done(f"The link works until {until}.", link_.subject, link=address(link_, herald))
    return Plan((), done, facts, told=True)


def address(link_: Link, herald: Herald) -> str:
    """Where the link is opened. Raises Refused (state) where none can be made, (input) for an id no link may hold."""
    if not herald.link_base:
        raise Refused(
            "state", "Links cannot be made here yet: Herald was not told its own public address. Ask whoever runs it."
        )
    try:
        return f"{herald.link_base}/l/{links.sign(link_, keys(herald))}"
    except NeedsLogin as lacking:
        raise Refused("state", str(lacking)) from None
    except ValueError as wrong:
        raise Refused("input", f"{wrong}.") from None


def link_for(
    purpose: Purpose, subject: str, person: Person, herald: Herald, *, hours: int, nonce: str, now: datetime
) -> Link:
    """A link of this person for this purpose; what it is about is looked up, and what they may is asked.

    Raises:
        Refused: role, account, acknowledgement, second_person, state, input.
    """
    longest = LONGEST_HOURS[purpose]
    if not 1 <= hours <= longest:
        raise Refused("input", f"A link to {purpose} lasts 1 to {longest} hours.")
    expires = (now + timedelta(hours=hours)).replace(microsecond=0)
    about, seen, whose = {
        Purpose.APPROVE: _to_approve,
        Purpose.ACKNOWLEDGE: _to_acknowledge,
        Purpose.APPEAL: _to_appeal,
        Purpose.SHARE: _to_share,
    }[purpose](subject, person, herald, now)
    return Link(purpose, about, seen, whose, expires, nonce)


def _to_approve(post_id: str, person: Person, herald: Herald, now: datetime) -> tuple[str, str, str]:
    post = theirs(herald.store.post(post_id), person, "There is no such post.")
    authorise(c.Approve(post.id, post.version), person, post.brand, herald, now)
    targets = herald.store.targets_of(post.id)
    waiting = [target for target in targets if target.state is TargetState.IN_REVIEW]
    if not waiting:
        raise Refused("state", "Nothing of this post waits for approval.")
    if any(person.id in (post.author, target.submitted_by) for target in waiting):
        raise Refused("second_person", f"{person.name} wrote or submitted this. Someone else must approve it.")
    return post.id, seen_of(post, targets), person.id


def _to_acknowledge(policy_id: str, person: Person, herald: Herald, now: datetime) -> tuple[str, str, str]:
    policy = _to_read(policy_id, person, herald, now)
    if policy is None:
        raise Refused("input", f"There is no policy {policy_id[:40]!r}.")
    authorise(c.AcknowledgePolicy(policy.id, policy.version), person, None, herald, now)
    return policy.id, str(policy.version), person.id


def _to_read(policy_id: str, person: Person, herald: Herald, now: datetime) -> Policy | None:
    """The version in force, until this person has acknowledged it; then the newest, which may be one to come."""
    current = herald.store.policy_as_of(policy_id, now.date())
    if current and herald.store.acknowledgement(person.id, current.id, current.version) is None:
        return current
    return herald.store.policy(policy_id)


def _to_appeal(message_id: str, person: Person, herald: Herald, now: datetime) -> tuple[str, str, str]:
    _one_of(person, MAY_OFFER_APPEAL, "Offering an appeal")
    message = their_message(message_id, person, herald)
    if not appealable(message) or message.decision is None:
        raise Refused("state", "Only against a decision to hide, while it stands, can anybody appeal.")
    return message.id, message.decision.key, ""


def _one_of(person: Person, roles: frozenset[Role], deed: str) -> None:
    if not person.roles & roles:
        named = " or ".join(role.value.replace("_", " ") for role in Role if role in roles)
        raise Refused("role", f"{deed} needs the role {named}.")


def _to_share(asked: str, person: Person, herald: Herald, now: datetime) -> tuple[str, str, str]:
    """The report is made and kept now: what is shared is these bytes, whatever the figures become."""
    from herald.flows.report import gather  # noqa: PLC0415 - only who shares a report pays for making one
    from herald.measure.effect import lacking  # noqa: PLC0415  no other link has to do with a report
    from herald.measure.report import report  # noqa: PLC0415

    _one_of(person, MAY_SHARE, "Sharing a report")
    brand, _, days = asked.partition("~")
    first, _, last = days.partition("~")
    if brand not in person.brands:
        raise Refused("account", f"{person.name} does not work for the brand {brand[:40]}.")
    if herald.media is None:
        raise Refused("state", "No place to keep reports is set up.")
    try:
        facts = gather(herald, brand, first, last, now)
    except (Unknown, ValueError) as wrong:
        raise Refused("input", f"{wrong}") from None
    if lacks := lacking(facts):
        raise Refused("state", lacks)
    made = report(facts).files["report.html"]
    herald.media.put(made, "text/html")
    return sha256(made).hexdigest(), brand_seen(brand), person.id


# ---------------------------------------------------------------- mail


def approvers(post_id: str, herald: Herald, now: datetime) -> str:
    """Mail each who may approve this post a link of their own; what came of it, in words. Never raises.

    The post waits for approval whether mail works or not. The first mail that fails is the last that is tried, so that
    a mail server that hangs is waited for once.
    """
    if herald.mail is None or not herald.link_base:
        return ""
    told = 0
    try:
        post = herald.store.post(post_id)
        if post is None:
            return ""
        targets = [t for t in herald.store.targets_of(post_id) if t.state is TargetState.IN_REVIEW]
        for person in _approvers(post, targets, herald):
            nonce = sha256(f"{post.id}|{post.version}|{person.id}".encode()).hexdigest()[:16]
            try:
                made = link_for(
                    Purpose.APPROVE, post.id, person, herald, hours=MAILED_HOURS, nonce=nonce, now=now
                )  # fmt: skip
            except Refused:
                continue  # has not acknowledged what gates approving: the dashboard leads them there
            herald.mail([person.email], *_mail(post, targets, made, address(made, herald), herald), {})
            told += 1
    except HeraldError as error:
        return f"{_told(told)}Mail to approvers failed ({type(error).__name__}); tell them yourself."
    except Exception:
        return f"{_told(told)}Mail to approvers failed; tell them yourself."  # a vault or server that is not there
    return _told(told).strip()


def _told(number: int) -> str:
    return f"{number} {'people have' if number != 1 else 'person has'} a link by mail. " if number else ""


def _approvers(post: Post, targets: Sequence[Target], herald: Herald) -> list[Person]:
    own = {post.author, *(target.submitted_by for target in targets)}
    found = [
        person
        for person in herald.store.people()
        if person.email and post.brand in person.brands and person.id not in own and authority.may(person, "Approve")
    ]
    return sorted(found, key=lambda person: person.id)[:MOST_MAILS]


def _mail(post: Post, targets: Sequence[Target], made: Link, where: str, herald: Herald) -> tuple[str, str, str]:
    """Subject, text, HTML."""
    author = herald.store.person(post.author)
    names = {account.id: account.name for account in herald.store.accounts()}
    title, by = clean(post.title) or "(no title)", clean(author.name) if author else post.author
    until = when(made.expires, targets[0].zone)
    where_to = [f"{clean(names.get(t.account, t.account))}, {when(t.due_at, t.zone)}" for t in targets]
    ask = f"{by} asks for your approval of “{title}”."
    rest = f"Opening the link changes nothing. It is yours alone: do not pass it on. It works until {until}."
    text = "\n".join([ask, "", *(f"- {line}" for line in where_to), "", "Read it and decide:", where, "", rest, ""])
    html = tag(
        "div", tag("p", ask), tag("ul", *(tag("li", line) for line in where_to)),
        tag("p", link(where, "Read it and decide")), tag("p", rest, style="color:#566270"),
        style="font:14px/1.5 Arial,sans-serif;color:#18212b;max-width:600px",
    )  # fmt: skip
    return subject_line(f"To approve: {title}"), text, html


PLANS: Mapping[type[c.Command], Planner] = MappingProxyType({c.MakeLink: plan})
