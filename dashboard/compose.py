"""The composer: one master, a variant for each account, checked against each platform while it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import (
    actions_posts,
    data,
    data_campaigns,
    data_library,
    data_posts,
    images,
    parts,
    present,
    present_posts,
    theme,
)
from dashboard.components.calendar import post_cards, words
from dashboard.data_posts import Whole
from dashboard.failures import guarded
from dashboard.text import one_line, safe_text
from herald.errors import BadPayload, HeraldError, TooLarge
from herald.flows import checks, posts, shown
from herald.flows.commands import Draft, Variant
from herald.govern import authority
from herald.library.assets import credited
from herald.library.licences import LICENCES
from herald.model import Account, Asset, AssetKind, Media, Person, Post, Record, Target, words_of
from herald.model.govern import main_zone
from herald.publish import writing
from herald.publish.checks import Problem, check
from herald.publish.lengths import length
from herald.publish.schedule import comes_twice, due_at

_EVERY: Final = 300  # seconds between the times that are offered; others can be typed


def render(person: Person, asked: str, *, close: Callable[[], None], opened: Callable[[str], None]) -> None:
    """The composer's page.

    Args:
        asked: "new", or the id of the post to rewrite.
        close: callback that leads back to the calendar.
        opened: leads to the page of a post.
    """
    st.button("Calendar", icon=":material/arrow_back:", key="compose-back", on_click=close, type="tertiary")
    if not authority.may(person, "Draft"):
        parts.nothing("Your role reads the calendar; writing posts is for others.")
        return
    lacking = parts.missing_acknowledgements(person, "Draft")
    if lacking:
        parts.acknowledge_first(lacking)
        return
    whole = None if asked == "new" else data_posts.whole(asked[:80])
    if asked != "new" and (whole is None or whole.post.brand not in person.brands):
        parts.nothing("There is no such post among those you may see. Choose one from the calendar.")
        return
    brand = whole.post.brand if whole else _brand(person)
    if not brand:
        return
    accounts = data_posts.publishing(brand)
    if not accounts:
        parts.empty("There is no account to publish to.", "Connect one first: herald connect.")
        return
    held = _Held(whole, brand, accounts)
    held.begin()
    if whole:
        st.title("Edit post", anchor=False)
    else:
        st.title("New post", anchor=False)
    _compose(person, held, opened)


def _brand(person: Person) -> str | None:
    return parts.brand_of(person, "brand")


@dataclass(frozen=True, slots=True)
class _Held:
    """What is being written: its widgets' keys, and where they start from."""

    whole: Whole | None
    brand: str
    accounts: Sequence[Account]

    @property
    def id(self) -> str:
        if self.whole:
            return self.whole.post.id
        found: str = st.session_state.setdefault("compose.new", actions_posts.new_id())
        return found

    @property
    def expected(self) -> int:
        """The version of the post the writer saw when they began."""
        return int(st.session_state.get(self.key("expected"), 0))

    def key(self, part: str) -> str:
        return f"compose-{self.id}-{part}"

    def get(self, part: str, default: Any = None) -> Any:
        return st.session_state.get(self.key(part), default)

    def begin(self) -> None:
        """Fill the widgets, once for each time the composer is opened."""
        if self.key("title") in st.session_state:
            return
        for part, value in self._start().items():
            st.session_state[self.key(part)] = value
        st.session_state[self.key("turn")] = actions_posts.new_id()[:8]  # no box keeps what an earlier turn left

    def _start(self) -> dict[str, Any]:
        if self.whole is None:
            zone = main_zone(self.accounts)
            return {
                "title": "", "text": "", "link": "", "alt": "", "paid": False, "offers": [],
                "expected": 0, "accounts": [],
                "picked": "",
                **_from_customer(self.brand, st.query_params.get("content", "")),
                "day": _asked_day(data.now().astimezone(ZoneInfo(zone)).date()), "time": time(9, 0),
            }  # fmt: skip
        post = self.whole.post
        mine = [target for target in self.whole.targets if present_posts.movable(target)]
        first = _wall(mine[0].local_time) if mine else datetime.combine(data.now().date(), time(9, 0))
        held: dict[str, Any] = {
            "title": post.title, "text": post.text, "link": post.link, "paid": post.paid, "expected": post.version,
            "alt": post.media[0].alt if post.media else "", "accounts": [target.account for target in mine],
            "needs": tuple(each for each in post.needs if not _sells(each)),
            "offers": [each for each in post.needs if _sells(each)],
            "picked": post.media[0].asset if post.media else "",
            "day": first.date(), "time": first.time(),
        }  # fmt: skip
        for target in mine:
            wall = _wall(target.local_time)
            held |= {
                f"own-{target.account}": target.text, f"differs-{target.account}": wall != first,
                f"day-{target.account}": wall.date(), f"time-{target.account}": wall.time(),
            }  # fmt: skip
        return held

    def write(self, part: str, label: str, *, rows: int, placeholder: str) -> str:
        """A text box for a part; what stands in it."""
        box = self.key(f"{part}-box-{self.get('turn')}")
        text = words(label, str(self.get(part, "")), key=box, rows=rows, most=70_000, placeholder=placeholder)
        st.session_state[self.key(part)] = text
        return text

    def end(self) -> None:
        """Forget what was written: it is saved, or was given up."""
        prefix = self.key("")
        for key in [key for key in st.session_state if str(key).startswith(prefix)]:
            del st.session_state[key]
        st.session_state.pop("compose.new", None)


def _from_customer(brand: str, content_id: str) -> dict[str, Any]:
    """What a post about a customer's content starts from: their words, and the right it rests on."""
    content = data_library.content(brand, content_id[:40]) if content_id else None
    message = data.message(content.message_id) if content else None
    if content is None or message is None:
        return {"needs": ()}
    shown = next((one.id for one in data_library.assets(brand) if one.right == content.id), "")
    said = safe_text(message.text, 1_000).strip()
    return {"needs": (f"right:{content.id}",), "text": f"“{said}”" if said else "", "picked": shown}


def _sells(need: str) -> bool:
    return need.partition(":")[0] in ("offer", "event", "product")


def _wall(local_time: str) -> datetime:
    return datetime.strptime(local_time[:16], "%Y-%m-%dT%H:%M")  # noqa: DTZ007  wall clock: the zone is beside it


def _asked_day(today: date) -> date:
    """The day the calendar was asked to plan on, or tomorrow."""
    try:
        asked = date.fromisoformat(st.query_params.get("day", ""))
    except ValueError:
        return today + timedelta(days=1)
    return max(asked, today)


# ---------------------------------------------------------------- writing


@st.fragment
@guarded
def _compose(person: Person, held: _Held, opened: Callable[[str], None]) -> None:
    """Widgets on the left, what each platform makes of it on the right."""
    notes = st.container()
    with notes:
        parts.flash()
        _overtaken(held)
    left, right = st.columns([0.54, 0.46], gap="medium")
    with left:
        with st.container(border=True):
            _words(held)
            picture = _image(person, held)
        with st.container(border=True):
            variants, wrong = _places(held)
    post = _post(person, held, picture)
    with right:
        found = _previews(held, post, variants, wrong, picture)
    with left:
        _finish(held, post, variants, picture, found, opened)


def _overtaken(held: _Held) -> None:
    there = data.herald().store.post(held.id) if held.whole else None
    if there is None or there.version == held.expected:
        return
    text = "Someone changed this post since you opened it. Saving is refused until you start from what is there now."
    post_cards([{"t": "note", "tone": "orange", "text": text}], key="compose-overtaken")
    if st.button("Start from what is there now", key="compose-again"):
        held.end()
        st.rerun()


def _words(held: _Held) -> None:
    st.text_input("Title", key=held.key("title"), max_chars=120, placeholder="How the calendar calls it; not published")
    held.write("text", "Text", rows=7, placeholder="What every account says, unless it has words of its own")
    st.text_input("Link", key=held.key("link"), max_chars=2_000, placeholder="https://")
    offers = data_campaigns.open_offers(held.brand)
    kept = [need for need in held.get("offers", []) if need not in offers]
    st.multiselect("Offers, events, products", [*offers, *kept], key=held.key("offers"), placeholder="It names none",
                   format_func=lambda need: one_line(offers.get(need, "Not open any more"), 120))  # fmt: skip
    st.checkbox("Paid or gifted", key=held.key("paid"), help="Money or goods change hands: its words must say so.")


@dataclass(frozen=True, slots=True)
class _Picture:
    """The image of the post: what is known of it, its bytes if it is new, a small copy to look at.

    Attributes:
        licence: of a new one, which goes into the library as it is saved; empty while nobody said.
    """

    media: Media
    new: bytes | None
    small: str
    licence: str = ""


_NONE: Final = "No image"
_UPLOAD: Final = "A new image …"
_KEPT: Final = "As it is"


def _image(person: Person, held: _Held) -> _Picture | None:
    """No image, one of the library, or a new one, which the library then has."""
    of_post = held.whole.post.media[0] if held.whole and held.whole.post.media else None
    known = {one.id: one for one in data_library.assets(held.brand) if one.kind is AssetKind.IMAGE}
    ways = ["", *([_KEPT] if of_post and not of_post.asset else []), *known]
    if of_post and of_post.asset and of_post.asset not in known:
        ways.append(of_post.asset)  # it was retired since: shown, and refused in words
    if authority.may(person, "SaveAsset"):
        ways.append(_UPLOAD)
    names = {"": _NONE, _UPLOAD: _UPLOAD, _KEPT: _KEPT, **{key: one_line(one.title, 80) for key, one in known.items()}}
    start = held.get("picked", "") or (_KEPT if of_post else "")
    picked = st.selectbox(
        "Image", ways, index=ways.index(start) if start in ways else 0, key=held.key("image"),
        format_func=lambda each: names.get(each, "Out of use since"),
    )  # fmt: skip
    picture: _Picture | None = None
    if picked == _UPLOAD:
        picture = _new_image(held)
    elif picked == _KEPT and of_post:
        picture = _Picture(of_post, None, _small_kept(of_post.key))
    elif picked:
        picture = _from_library(held, picked, known.get(picked))
    if picture is None:
        return None
    alt = st.text_area("Image description", key=held.key("alt"), height=80, max_chars=2_000,
                       placeholder="What it shows, for people who cannot see it")  # fmt: skip
    return replace(picture, media=replace(picture.media, alt=alt or ""))


def _from_library(held: _Held, asset_id: str, asset: Asset | None) -> _Picture | None:
    """The library's own image; its description is where the post's starts from."""
    asset = asset or data_library.asset(held.brand, asset_id)
    if asset is None:
        return None
    if st.session_state.get(held.key("described")) != asset.id:
        of_post = held.whole.post.media[0] if held.whole and held.whole.post.media else None
        same = of_post is not None and of_post.asset == asset.id
        st.session_state[held.key("alt")] = of_post.alt if of_post and same else asset.alt
        st.session_state[held.key("described")] = asset.id
    media = Media(asset.key, asset.sha256, asset.mime, asset.size, "", asset.width, asset.height, asset.id)
    return _Picture(media, None, _small_kept(asset.key))


def _new_image(held: _Held) -> _Picture | None:
    uploaded = st.file_uploader("Image file", type=list(images.TYPES), key=held.key("file"), max_upload_size=5)
    licence = st.selectbox(
        "Licence", [each for each in LICENCES if each != "unknown"], index=None, key=held.key("licence"),
        format_func=lambda each: LICENCES[each].name, placeholder="Whose is it, and what may we do",
    )  # fmt: skip
    if licence and (LICENCES[licence].credits or LICENCES[licence].proof):
        st.caption("Add it on the Library page: this licence asks for a credit or for who permitted it.")
    if uploaded is None:
        return None
    found = _uploaded(uploaded.getvalue())
    return replace(found, licence=licence or "") if found else None


def _uploaded(content: bytes) -> _Picture | None:
    try:
        return _Picture(images.inspect(content), content, _small(content))
    except (BadPayload, TooLarge) as error:
        post_cards([{"t": "note", "tone": "red", "text": one_line(str(error), 300)}], key="compose-image-refused")
        return None


@st.cache_resource(ttl=600.0, max_entries=32, show_spinner=False)
def _small(content: bytes) -> str:
    return images.thumbnail(content)


def _small_kept(key: str) -> str:
    try:
        return _small(data_posts.image(key))
    except HeraldError:
        return ""


# ---------------------------------------------------------------- where and when


def _places(held: _Held) -> tuple[list[Variant], dict[str, str]]:
    """The variants as chosen, and account -> what is wrong with its time."""
    known = {account.id: account for account in held.accounts}
    frozen = _frozen(held)
    held_accounts = [each for each in held.get("accounts", []) if each in known and each not in frozen]
    st.session_state[held.key("accounts")] = held_accounts
    chosen = st.multiselect(
        "Accounts", [each for each in known if each not in frozen], key=held.key("accounts"),
        placeholder="Where it goes out", format_func=lambda each: present_posts.account_words(each, known),
    )  # fmt: skip
    chosen = [*chosen, *frozen]
    with st.container(horizontal=True, gap="small"):
        st.date_input("Day", key=held.key("day"), format="YYYY-MM-DD")
        st.time_input("Time", key=held.key("time"), step=_EVERY)
    zones = sorted({known[each].timezone for each in chosen if each in known})
    if len(zones) > 1:
        st.caption("The same time on each account's own wall: " + ", ".join(map(present.city, zones)) + ".")
    variants, wrong = [], {}
    for account in chosen:
        if account in frozen:
            target = frozen[account]
            variants.append(Variant(account, target.local_time, target.zone, target.text))
            _out_already(target, known)
            continue
        variant, problem = _place(held, known[account])
        variants.append(variant)
        if problem:
            wrong[account] = problem
    return variants, wrong


def _frozen(held: _Held) -> dict[str, Target]:
    """Variants that are out or on their way: shown, never changed."""
    if held.whole is None:
        return {}
    return {target.account: target for target in held.whole.targets if not target.state.editable}


def _out_already(target: Target, known: Mapping[str, Account]) -> None:
    words = present_posts.STATES[target.state][0].lower()
    text = f"{present_posts.account_words(target.account, known)}: {words}; it stays as it is."
    post_cards([{"t": "note", "text": text}], key=f"compose-frozen-{target.account}")


def _place(held: _Held, account: Account) -> tuple[Variant, str]:
    """One account: its time, resolved, and its own words if it has any."""
    zone = _zone(held, account)
    differs = bool(held.get(f"differs-{account.id}"))
    day = held.get(f"day-{account.id}" if differs else "day") or held.get("day")
    at = held.get(f"time-{account.id}" if differs else "time") or held.get("time")
    local_time = f"{day:%Y-%m-%d}T{at:%H:%M}" if day and at else ""
    when, problem, warn = _resolved(local_time, zone)
    block = {
        "t": "account", "platform": theme.platform_name(account.platform), "colour":
        theme.platform_colour(account.platform), "letter": present_posts.letter(account.platform),
        "account": one_line(account.name, 60), "when": when,
    }  # fmt: skip
    blocks: list[dict[str, Any]] = [block]
    if problem or warn:
        blocks.append({"t": "note", "tone": "red" if problem else "orange", "text": problem or warn})
    post_cards(blocks, key=f"compose-place-{account.id}")
    with st.expander("Own words or time", key=held.key(f"more-{account.id}")):
        own = held.write(f"own-{account.id}", "Own words", rows=4, placeholder="Empty: the text above")
        if st.checkbox("Another time than the others", key=held.key(f"differs-{account.id}")):
            st.session_state.setdefault(held.key(f"day-{account.id}"), held.get("day"))
            st.session_state.setdefault(held.key(f"time-{account.id}"), held.get("time"))
            with st.container(horizontal=True, gap="small"):
                st.date_input("Its day", key=held.key(f"day-{account.id}"), format="YYYY-MM-DD")
                st.time_input("Its time", key=held.key(f"time-{account.id}"), step=_EVERY)
    return Variant(account.id, local_time, zone, own.strip()), problem


def _zone(held: _Held, account: Account) -> str:
    """The zone a variant was planned in stays its own; a new one takes the account's."""
    there = {target.account: target.zone for target in held.whole.targets} if held.whole else {}
    return there.get(account.id, account.timezone)


def _resolved(local_time: str, zone: str) -> tuple[str, str, str]:
    """The instant in words, what is wrong with it, and what should be known about it."""
    if not local_time:
        return "no time yet", "Choose a day and a time.", ""
    try:
        instant = due_at(local_time, zone)
    except ValueError as error:
        wall = local_time.replace("T", " ")
        return f"{wall} in {present.city(zone)}", f"{str(error)[:1].upper()}{str(error)[1:]}. Choose another time.", ""
    when = present_posts.when_words(Target("", "a:b", "", local_time, zone, instant))
    if instant <= data.now():
        return when, "", "This time has passed: it can be saved, and must be moved before it is approved."
    twice = comes_twice(local_time, zone)
    return when, "", "The clocks are put back over this time, so it comes twice: the first is meant." if twice else ""


# ---------------------------------------------------------------- what the platforms make of it


def _post(person: Person, held: _Held, picture: _Picture | None) -> Post:
    whole = held.whole
    return Post(
        id=held.id, brand=held.brand, author=whole.post.author if whole else person.id,
        title=(held.get("title") or "").strip(), text=(held.get("text") or "").strip(),
        created_at=whole.post.created_at if whole else data.now(), link=(held.get("link") or "").strip(),
        media=(picture.media,) if picture else (), version=held.expected,
        needs=(*(held.get("needs") or ()), *(held.get("offers") or ())),
        paid=bool(held.get("paid")),
    )  # fmt: skip


def _rests_on(held: _Held, post: Post) -> list[Record]:
    """What the post shows of the library and of customers, as it is now."""
    assets = data_library.some_assets(held.brand, tuple(one.asset for one in post.media if one.asset))
    rights = {need.partition(":")[2] for need in post.needs if need.startswith("right:")}
    rights |= {one.right for one in assets if one.right}
    found = [data_library.content(held.brand, one) for one in sorted(rights)]
    return [*assets, *(one for one in found if one is not None)]


def _previews(
    held: _Held, post: Post, variants: Sequence[Variant], wrong: Mapping[str, str], picture: _Picture | None
) -> list[Problem]:
    """A card for each account; every problem found, by field and rule."""
    known = {account.id: account for account in held.accounts}
    frozen, found, cards = _frozen(held), [], []
    waived = checks.waived_of(post.id, data.herald()) if held.whole else frozenset()
    worth: dict[str, None] = {}
    credits_ = shown.lines(_rests_on(held, post))
    if lacking := [line for line in credits_ if line not in post.text]:
        cards.append({"t": "note", "text": safe_text("Added below the words: " + " · ".join(lacking), 500)})
    post = replace(post, text=credited(post.text, credits_))
    for variant in variants:
        if variant.account in frozen:
            continue
        own = credited(variant.text, credits_) if variant.text.strip() else ""
        target = _target(post, replace(variant, text=own))
        problems = check(post, target, data_posts.limits(target.platform))
        problems += posts.unmet(post, target, data.herald(), data.now())
        written = writing.check_post(post, target, data_posts.checks_of(post.brand))
        stops, advice = checks.sorted_out(written, post, target, waived)
        problems += stops
        worth |= dict.fromkeys(advice)
        if picture and picture.new is not None and not picture.licence:
            problems.append(Problem(variant.account, "media", "licence", "Say whose the image is: choose its licence."))
        if variant.account in wrong:
            problems.append(Problem(variant.account, "time", "time", wrong[variant.account]))
        found += problems
        cards.append(_card(post, target, known[variant.account], problems, picture))
    if worth:
        told = "\n".join(f"· {each}" for each in worth)
        cards.insert(0, {"t": "note", "text": safe_text(f"Worth a look:\n{told}", 3_000)})
    if not found and not any(card["t"] == "preview" for card in cards):
        cards = [{"t": "note", "text": "Choose an account: here you see the post as it will stand there."}]
    post_cards(cards, key="compose-previews")
    return found


def _target(post: Post, variant: Variant) -> Target:
    try:
        instant = due_at(variant.local_time, variant.zone)
    except ValueError:
        instant = data.now()
    return Target(post.id, variant.account, post.brand, variant.local_time, variant.zone, instant, text=variant.text)


def _card(
    post: Post, target: Target, account: Account, problems: Sequence[Problem], picture: _Picture | None
) -> dict[str, Any]:
    limits = data_posts.limits(target.platform)
    text = words_of(post, target)
    counted = f"{text}\n\n{post.link}" if post.link and post.link not in text else text
    try:
        host = urlsplit(post.link).hostname or "" if post.link else ""
    except ValueError:
        host = ""
    return {
        "t": "preview", "platform": theme.platform_name(target.platform),
        "letter": present_posts.letter(target.platform),
        "colour": theme.platform_colour(target.platform), "account": one_line(account.name, 60),
        "when": f"{target.local_time[11:16]} in {present.city(target.zone)}", "text": safe_text(text, 20_000),
        "link": {"host": one_line(host, 120), "address": one_line(post.link, 300)} if post.link else None,
        "image": {"src": picture.small, "alt": safe_text(picture.media.alt, 1_000)} if picture else None,
        "count": length(counted, limits.unit, limits.url_length) if limits else len(counted),
        "limit": limits.text if limits else 0, "unit": limits.unit if limits else "characters",
        "warn": "", "problems": [
            {"field": present_posts.FIELDS.get(each.field, each.field), "words": safe_text(each.words, 300)}
            for each in problems
        ],
    }  # fmt: skip


# ---------------------------------------------------------------- saving


def _finish(
    held: _Held, post: Post, variants: Sequence[Variant], picture: _Picture | None, found: Sequence[Problem],
    opened: Callable[[str], None],
) -> None:  # fmt: skip
    stops = not variants or any(problem.field == "time" or problem.rule == "licence" for problem in found)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        submit = st.button("Submit for approval", key="compose-submit", type="primary", disabled=stops or bool(found))
        save = st.button("Save draft", key="compose-save", disabled=stops)
        text = _state_words(variants, found)
        st.caption(text, width="content")
    if not (submit or save):
        return
    command = Draft(held.id, held.brand, post.title, post.text, tuple(variants), held.expected, post.link, post.media,
                    post.needs, post.paid)  # fmt: skip
    new = (picture.new, picture.licence) if picture and picture.new is not None else None
    if actions_posts.save(command, new, submit=submit):
        held.end()
        opened(command.id)
    st.rerun()


def _state_words(variants: Sequence[Variant], found: Sequence[Problem]) -> str:
    if not variants:
        return "Choose at least one account."
    if not found:
        return "Fits everywhere."
    return "1 thing to mend first." if len(found) == 1 else f"{len(found)} things to mend before it can be submitted."
