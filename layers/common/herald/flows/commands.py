"""The one gate for every write by a person: a frozen dataclass goes in, state and audit are written together."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from herald.model import Action, Media
from herald.model.record import record


@record
class Command:
    """Base of all; each has a row in govern.authority.MATRIX, and its plan in the room that ROOMS names."""


# ---------------------------------------------------------------- messages and cases


@record
class Reply(Command):
    """Answer a message publicly. `id` is made by the client, so that sending twice answers once.

    With `outcome` the case is resolved as soon as the reply stands on the platform.
    """

    id: str
    message_id: str
    text: str
    expected: int  # version of the case the person saw; 0 if the message has none
    outcome: str = ""
    clause: str = ""  # "POLICY-ID number", e.g. "COMPLAINTS 4.2"


@record
class Hide(Command):
    message_id: str
    reason: str
    clause: str
    expected: int  # version of the message the person saw


@record
class Unhide(Command):
    message_id: str
    reason: str
    expected: int


@record
class Claim(Command):
    case_id: str
    expected: int


@record
class Resolve(Command):
    """Close a case. An outcome that costs money names it; over the person's limit it waits for a higher one."""

    case_id: str
    outcome: str
    clause: str
    expected: int
    amount: int = 0  # minor units, e.g. cents
    currency: str = ""  # ISO 4217, with an amount


@record
class Overrule(Command):
    """Replace a decision by one's own: allow (unhides what was hidden) or hide."""

    message_id: str
    action: Action
    reason: str
    clause: str
    expected: int


@record
class Delete(Command):
    """Delete a customer's message on the platform. It cannot be shown again: hide where hiding is enough."""

    message_id: str
    reason: str
    clause: str
    expected: int  # version of the message the person saw


@record
class RestrictAuthor(Command):
    """Limit or block who wrote a message, on its account, for some days: moderate.ladder proposes, a person chooses."""

    message_id: str
    measure: str  # model.restrictions.Measure
    days: int  # moderate.ladder.DAYS
    reason: str
    clause: str
    expected: int  # version of the author's restriction the person saw; 0 if there was none


@record
class LiftRestriction(Command):
    """End a limit or a block before its time."""

    account: str  # "platform:id"
    author_id: str
    reason: str
    expected: int


@record
class LockThread(Command):
    """Close the thread that a message stands in to new comments, or open it again. Rules only ask for it."""

    message_id: str
    closed: bool
    reason: str
    clause: str
    expected: int  # version of the thread's lock the person saw; 0 if there was none


@record
class Escalate(Command):
    """Hand a decision to who answers for more: it goes to the top of the queue, free for them, and they are told."""

    message_id: str
    to: str  # model.Role: community_manager, compliance or owner
    reason: str
    expected: int  # version of the message the person saw


@record
class GatherEvidence(Command):
    """Take out who went at somebody in the thread of a message, with names and words: who took what is on record."""

    message_id: str


@record
class TakeStudy(Command):
    """Take out the decisions on a message as a case study, with its words masked: who took which is on record."""

    message_id: str


@record
class SetMode(Command):
    """Say how an account is moderated. Refused, with the reason, where its platform cannot."""

    account: str
    mode: str  # model.restrictions.Mode
    reason: str
    expected: int  # number in force, or 0


@record
class DecideAppeal(Command):
    """Uphold the decision a customer appeals against, or overturn it: then the message is shown again.

    Never by who decided. The customer reads `reason`.
    """

    case_id: str
    overturn: bool
    reason: str
    clause: str
    expected: int  # version of the case the person saw


@record
class MakeLink(Command):
    """Make a signed link (govern.links) for `hours`. `id` is made by the client and becomes the link's nonce.

    To approve and to acknowledge, for oneself only: whoever holds such a link acts as the person in it.
    """

    id: str
    purpose: str  # approve, acknowledge, appeal, share
    subject: str  # post; policy; message; "<brand>~<first day>~<last day>" of a report
    hours: int


@record
class AcknowledgePolicy(Command):
    policy_id: str
    version: int


# ---------------------------------------------------------------- posts


@record
class Variant:
    """One account a post goes to: own words (empty: the master's) and a wall-clock time in a zone."""

    account: str  # "platform:id"
    local_time: str  # "2026-11-24T09:30"
    zone: str  # IANA
    text: str = ""


@record
class Draft(Command):
    """Write a post, or rewrite it: `id` is made by the client, expected is 0 for a new one.

    Rewriting sends every variant that is not out yet back to draft; variants left out are cancelled.
    """

    id: str
    brand: str
    title: str
    text: str
    variants: tuple[Variant, ...]
    expected: int
    link: str = ""
    media: tuple[Media, ...] = ()
    needs: tuple[str, ...] = ()  # what must be so when it goes out: "offer:<id>", "product:<id>" ... (flows/needs.py)
    paid: bool = False  # money or goods change hands for it: its words must say so


@record
class Submit(Command):
    """Ask for review of every variant in draft. Refused, naming field and rule, where a platform would refuse it."""

    post_id: str
    expected: int


@record
class Approve(Command):
    """Answer for the variants in review, exactly as they are at version `expected`. Never by author or submitter."""

    post_id: str
    expected: int


@record
class Reject(Command):
    post_id: str
    reason: str
    expected: int


@record
class MovePost(Command):
    """Another time for one variant, or for all that are not out yet (account empty: same wall-clock time for all).

    What was approved goes back to review.
    """

    post_id: str
    local_time: str
    expected: int
    account: str = ""
    zone: str = ""  # empty: as it is


@record
class Hold(Command):
    """Nothing leaves these accounts (none named: all of the brand) until it is released. `id` is made by the client."""

    id: str
    brand: str
    reason: str
    accounts: tuple[str, ...] = ()


@record
class Release(Command):
    """End a hold. What is past its time by then waits for a person."""

    hold_id: str
    brand: str


@record
class Cancel(Command):
    """Do not publish one variant, or all that are not out yet."""

    post_id: str
    reason: str
    expected: int
    account: str = ""


@record
class TakeDown(Command):
    """Delete a published variant on its platform."""

    post_id: str
    account: str
    reason: str
    expected: int


@record
class Confirm(Command):
    """A person looked: an unclear variant does stand on the platform (url says where), or does not."""

    post_id: str
    account: str
    stands: bool
    expected: int
    url: str = ""


# ---------------------------------------------------------------- reports


@record
class MailReport(Command):
    """Mail the report of a period, with its files, to people of the brand.

    `id` is made by the client, so that sending twice mails once; the same id again after it certainly failed tries
    anew. `to`: ids of people, whose addresses are those on record.
    """

    id: str
    brand: str
    first_day: str  # "2026-10-01"
    last_day: str
    to: tuple[str, ...]


# ---------------------------------------------------------------- govern: policies, law, escalation, breaches


@record
class SavePolicy(Command):
    """A new version of a policy, as Markdown (govern/policies.py); errors name their line."""

    text: str
    expected: int  # newest version the person saw, in force or not; 0 for a policy that is new


@record
class PathStep:
    """One step of an escalation path, as a page gives it."""

    role: str  # model.Role
    minutes: int
    delegate: str = ""
    delegate_until: str = ""  # "2026-12-24"
    after_hours: str = ""  # model.Role


@record
class SaveEscalation(Command):
    """A new version of the path that breaches of one kind climb."""

    brand: str
    kind: str  # model.BreachKind
    steps: tuple[PathStep, ...]
    hours: str
    zone: str
    expected: int  # number of the version the person saw; 0 for the shipped one


@record
class RecordBreach(Command):
    """Somebody acted against a clause. `id` is made by the client, so that sending twice records once."""

    id: str
    brand: str
    kind: str  # model.BreachKind
    about: str  # staff: id of the person; customer: who, may be empty with a message
    clause: str
    words: str
    ref: str = ""  # "message:<id>" or "post:<id>"


@record
class AcknowledgeBreach(Command):
    """Take it on: it stops climbing. By somebody on its path, never by whom it is about."""

    brand: str
    breach_id: str
    expected: int


@record
class CloseBreach(Command):
    """End an acknowledged breach with what came of it."""

    brand: str
    breach_id: str
    outcome: str
    expected: int


# ---------------------------------------------------------------- moderate: rules


@record
class SaveRules(Command):
    """A new version of the rules, as YAML (docs/rules.md); errors name their line.

    What is new or changed in it is asked in shadow until PromoteRules; what was live goes on as it was.
    """

    text: str
    expected: int  # newest version the person saw; 0: the shipped set


@record
class PromoteRules(Command):
    """Make rules that wait in shadow live as the newest version has them; none named: all that wait."""

    names: tuple[str, ...]
    expected: int


@record
class RollbackRules(Command):
    """The rules of an earlier version again, as a new version: its text, and what of it was live."""

    number: int
    expected: int


# ---------------------------------------------------------------- research: platforms, selection, trends, profiles


@record
class SavePlatformNote(Command):
    """Note a cell of the platform sheet, with where and on which day it was read."""

    brand: str
    platform: str
    field: str
    text: str
    source: str
    as_of: str  # "2026-11-27"
    expected: int
    title: str = ""  # of the page it was read on; empty: its address stands for it


@record
class SaveNeeds(Command):
    """What the brand needs of a platform, as a new version."""

    brand: str
    weights: tuple[tuple[str, int], ...]  # need, 0 to 10
    expected: int  # number in force, or 0


@record
class ScorePlatform(Command):
    """How well a platform serves a need, 0 to 3, and why."""

    brand: str
    platform: str
    need: str
    score: int
    reason: str
    expected: int


@record
class ChoosePlatforms(Command):
    """Sign a choice of two, with a reason for each platform that was compared."""

    brand: str
    chosen: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    expected: int  # number of the newest choice, or 0
    comparison: str  # digest of the comparison the person saw (flows.research.comparison)


@record
class CountersignChoice(Command):
    """Put the second signature under the newest choice: never by who chose."""

    brand: str
    number: int
    comparison: str  # digest of the comparison it was signed on
    expected: int


@record
class SaveProfile(Command):
    """How an account is to look, as a new version."""

    account: str
    name: str
    bio: str
    link: str
    avatar: str  # id of an asset, or empty
    banner: str
    expected: int
    colours: tuple[str, ...] = ()  # "#c5744f"


@record
class RecordLook(Command):
    """How an account looks there today: typed by who looked, images as files that were kept (flows.library.kept)."""

    account: str
    name: str
    bio: str
    link: str
    avatar: str  # key of the image that is there; "none"; or empty: not looked at
    banner: str
    expected: int  # number of the newest look, or 0
    colours: tuple[str, ...] = ()


@record
class SaveMonitor(Command):
    """Save a stream of keywords with its alert; `active` false ends it."""

    id: str
    brand: str
    title: str
    words: tuple[str, ...]
    without: tuple[str, ...]
    platforms: tuple[str, ...]  # none: all
    alert: int  # messages in an hour that raise an alert; 0: none
    expected: int
    active: bool = True


@record
class SaveFeed(Command):
    """Read this RSS or Atom feed for the brand. The same address is the same feed: saved again, it is renamed, or read
    again where it was retired."""

    brand: str
    address: str
    title: str
    expected: int = 0  # version the person saw; 0 for an address that was never saved


@record
class RetireFeed(Command):
    """Read it no more."""

    brand: str
    feed_id: str
    expected: int


@record
class KeepItem(Command):
    """Put an entry of a feed into the library as a link, with its origin; licence unknown. Twice is once."""

    brand: str
    item_id: str


# ---------------------------------------------------------------- library: assets, sources, user content


@record
class SaveAsset(Command):
    """Add a thing to the library (`id` is made by the client, expected is 0), or change what is known of it.

    What it is, Herald finds out from its bytes; they never change (another file is another asset).
    """

    id: str
    brand: str
    title: str
    licence: str  # id in library.licences
    expected: int
    key: str = ""  # where its bytes are kept (ports.MediaStore); empty for a link
    address: str = ""  # the link, or where it came from
    alt: str = ""
    credit: str = ""
    source: str = ""
    proof: str = ""
    last_day: str = ""  # "2026-12-31": the last day it may be shown, where the brand's day ends first; empty: no end
    files: tuple[str, ...] = ()
    right: str = ""  # the customer's content it shows


@record
class RetireAsset(Command):
    """Take it out of use: no post with it goes out any more. With `take_down`, published ones are taken down too."""

    asset_id: str
    brand: str
    reason: str
    expected: int
    take_down: bool = False


@record
class CaptureContent(Command):
    """Remember what a customer said or showed, to ask whether we may show it again. Twice is once."""

    message_id: str


@record
class AskRight(Command):
    """Ask the customer under their own message. `id` is made by the client, so that sending twice asks once."""

    id: str
    content_id: str
    brand: str
    text: str
    expected: int


@record
class RecordGrant(Command):
    """What the customer answered: a person confirms it. Evidence is their message, or words on how it was granted."""

    content_id: str
    brand: str
    granted: bool
    expected: int
    evidence: str = ""  # id of the customer's message
    note: str = ""
    platforms: tuple[str, ...] = ()
    last_day: str = ""  # as SaveAsset's
    credit: str = ""


@record
class WithdrawRight(Command):
    """The right is over: what is planned is held, what stands is taken down. Given again, for what still stands."""

    content_id: str
    brand: str
    reason: str
    expected: int


# ---------------------------------------------------------------- publish: calendar days, campaigns, offers, products


@record
class SaveCampaign(Command):
    """Save a campaign. `id` is made by the client, expected is 0 for a new one."""

    id: str
    brand: str
    title: str
    objective: str
    slug: str  # what its links carry as utm_campaign
    aim: str  # model.campaigns.Aim
    goal: int
    first: str  # "2026-11-27"
    last: str
    owner: str
    expected: int


@record
class SaveOffer(Command):
    """Save an offer or an event of a campaign; with `stopped`, end it before its time."""

    id: str
    brand: str
    campaign: str
    kind: str  # model.campaigns.OfferKind
    title: str
    terms: str
    address: str
    opens: str  # "2026-11-27T09:00", in `zone`
    closes: str
    zone: str
    capacity: int
    taken: int
    products: tuple[str, ...]
    expected: int
    stopped: str = ""
    code: str = ""  # the shop's discount code for it


@record
class SaveProduct(Command):
    """Save a product, its price and stock. `stock` None: nobody knows, or the shop tells of it."""

    id: str
    brand: str
    title: str
    address: str
    price: int
    currency: str
    stock: int | None
    buffer: int
    expected: int
    shop: str = ""  # the account that reports its stock, "shopify:..."
    item: str = ""  # the shop's number of the inventory item


@record
class MakeShortLink(Command):
    """An address of ours that leads to one of the shop's with the campaign's UTM parameters, and is counted."""

    brand: str
    campaign: str
    platform: str
    address: str


@record
class SaveDay(Command):
    """Put an event, a promotion, a milestone, a holiday or a key date on the calendar, or change it.

    `id` is made by the client, expected is 0 for a new one. With `local_time` and `zone` it is a moment.
    """

    id: str
    brand: str
    kind: str  # model.DayKind
    title: str
    first_day: str  # "2026-11-27"
    last_day: str  # the same day, or a later one
    expected: int
    local_time: str = ""  # "09:30"
    zone: str = ""
    owner: str = ""  # id of a person
    lead_days: int = 0
    note: str = ""
    done: bool = False


@record
class RemoveDay(Command):
    brand: str
    id: str
    expected: int


@record
class ImportCalendar(Command):
    """Some posts and days of a file, all or none: each as its own Draft or SaveDay would write it, one audit line."""

    brand: str
    posts: tuple[Draft, ...]
    days: tuple[SaveDay, ...] = ()


@record
class SaveChecks(Command):
    """A new version of what drafts and replies of a brand are checked for. `expected`: the number in force, or 0."""

    brand: str
    expected: int
    blocking: tuple[str, ...]
    off: tuple[str, ...] = ()
    brand_words: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    own_contacts: tuple[str, ...] = ()
    clauses: tuple[tuple[str, str], ...] = ()  # (rule, "POLICY-ID number")


@record
class WaiveCheck(Command):
    """Let what one blocking rule found stand on the words as they are. Never by the post's author or submitter."""

    post_id: str
    rule: str
    reason: str
    expected: int  # version of the post the person saw


# ---------------------------------------------------------------- care: playbooks, complaints


@record
class SetCaseType(Command):
    """Say what kind of post and of person it is; `persona` empty: not to be said."""

    case_id: str
    kind: str  # model.PostKind
    persona: str  # model.Persona
    expected: int  # version of the handling the person saw; 0 if there was none


@record
class TakeCaseStep(Command):
    """Tick a step of the playbook (or take one's own tick back), or a stage of the complaint procedure."""

    case_id: str
    step: str
    expected: int  # version of the handling
    done: bool = True


@record
class ApproveOutcome(Command):
    """Decide a remedy over somebody's limit: by a person whose own limit covers it, never by who proposed it."""

    case_id: str
    n: int  # which remedy
    approve: bool
    expected: int  # version of the remedy
    reason: str = ""  # needed to refuse


@record
class SavePlaybook(Command):
    """A new version of a brand's playbook (YAML, care/playbooks.py); errors name their line."""

    brand: str
    text: str
    expected: int  # number of the version the person saw; 0 for the shipped one


@record
class SaveAnswers(Command):
    """A new version of a brand's saved answers (YAML, care/answers.py); errors name their line."""

    brand: str
    text: str
    expected: int


@record
class SaveLimits(Command):
    """What each role may give away by itself to one customer in a month, in minor units.

    Limits that raise that of whoever saves them wait until somebody else agrees (AgreeLimits)."""

    brand: str
    currency: str
    amounts: tuple[tuple[str, int], ...]  # role, minor units
    expected: int  # number of the limits in force, or 0


@record
class AgreeLimits(Command):
    """Put limits in force that raise their author's own; never by the author."""

    brand: str
    number: int
    expected: int  # version of the row that was read


# ---------------------------------------------------------------- listen: monitors, incidents


@record
class RaiseIncident(Command):
    """Say that something may damage the brand. `id` is made by the client."""

    id: str
    brand: str
    cause: str
    samples: tuple[str, ...] = ()  # ids of messages that show it


@record
class AssessIncident(Command):
    """Say how grave it is and how far it reaches; may be said again."""

    id: str
    brand: str
    gravity: str  # model.incidents.Gravity
    scope: str  # model.incidents.Scope
    expected: int


@record
class TakeIncidentStep(Command):
    """Tick a step of its checklist."""

    id: str
    brand: str
    step: str
    expected: int


@record
class CloseIncident(Command):
    """End it with its review; from level 2 on by someone other than who judged it."""

    id: str
    brand: str
    cause: str
    done: str
    lessons: str
    follow_up: str
    expected: int


# ---------------------------------------------------------------- measure: recommendations


@record
class RecordRecommendation(Command):
    """Say what should change, what that rests on, who does it, and by which number it will be judged.

    With `finding`, what was found and its numbers are read from the figures of `month`, never from here.
    """

    id: str
    brand: str
    seen: str
    do: str
    evidence: str
    n: int
    measure: str  # id of a definition in docs/metrics.md
    owner: str
    due: str  # "2026-12-15"
    month: str = ""  # whose report it belongs to, "2026-10"; empty: the newest month that is over
    finding: str = ""  # id of a measure.advice.Finding
    towards: str = ""  # model.recommendations.Towards; empty: as the number usually ought to move


@record
class ActOnRecommendation(Command):
    """Say that it was done, what exactly, and on which day."""

    id: str
    brand: str
    acted: str
    day: str
    expected: int


@record
class MeasureEffect(Command):
    """Compare its number over so many days before and after it was done; only that closes it."""

    id: str
    brand: str
    days: int
    expected: int


ROOMS: Mapping[type[Command], str] = MappingProxyType(
    {
        **dict.fromkeys((Draft, Hold, Release, Submit, Approve, Reject, MovePost, Cancel, TakeDown, Confirm,), "posts"),
        **dict.fromkeys((SavePolicy,), "policies"),
        **dict.fromkeys((SaveRules, PromoteRules, RollbackRules), "rules"),
        **dict.fromkeys((SaveEscalation, RecordBreach, AcknowledgeBreach, CloseBreach,), "breaches"),
        **dict.fromkeys((SetCaseType, TakeCaseStep, ApproveOutcome, SavePlaybook, SaveAnswers), "care"),
        **dict.fromkeys((SaveLimits, AgreeLimits), "care"),
        **dict.fromkeys((SaveAsset, RetireAsset,), "library"),
        **dict.fromkeys((CaptureContent, AskRight, RecordGrant, WithdrawRight,), "user_content"),
        **dict.fromkeys((RaiseIncident, AssessIncident, TakeIncidentStep, CloseIncident,), "incidents"),
        **dict.fromkeys((SaveCampaign, SaveOffer, SaveProduct, MakeShortLink), "campaigns"),
        **dict.fromkeys((SaveDay, RemoveDay, ImportCalendar,), "calendar"),
        **dict.fromkeys((SaveChecks, WaiveCheck,), "checks"),
        **dict.fromkeys((SavePlatformNote, SaveNeeds, ScorePlatform), "research"),
        **dict.fromkeys((ChoosePlatforms, CountersignChoice, SaveProfile, RecordLook), "research"),
        **dict.fromkeys((SaveMonitor,), "monitors"),
        **dict.fromkeys((SaveFeed, RetireFeed, KeepItem), "feeds"),
        **dict.fromkeys((RecordRecommendation, ActOnRecommendation, MeasureEffect), "recommendations"),
        **dict.fromkeys((RestrictAuthor, LiftRestriction, LockThread, SetMode, Escalate), "restrictions"),
        **dict.fromkeys((GatherEvidence,), "harassment"),
        **dict.fromkeys((TakeStudy,), "study"),
        **dict.fromkeys((MakeLink,), "invite"),
        **dict.fromkeys((MailReport,), "mailing"),
    }
)
"""The room of flows/ that plans a command; what is not here, flows/gate.py plans itself."""
