"""The demo's library and what its customers shared: pictures drawn here, made-up people, given through the gate."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

from herald.flows import commands as c
from herald.flows import library
from herald.flows.context import Herald
from herald.library.rights import content_id
from herald.model import Asset, AssetKind, Media, New, UserContent
from herald.ports import Store
from local.demo import organisation as shop
from local.demo import voices

HASHTAG = "#MyBanksia"
SHOWN_AGO = timedelta(days=5)
"""How long ago the picture of a lamp went out on the microblogs."""
Step = Callable[[Herald], Any]
"""What a person gives when its time has come; made then, from what is there."""

_SAND, _CLAY, _LEAF, _NIGHT, _OAK, _SEA, _WHITE = (
    "#EADFCB", "#C5744F", "#6E8B5E", "#2F4147", "#A9794A", "#5E8CA0", "#F8F4EC",
)  # fmt: skip
_Draw = Callable[[ImageDraw.ImageDraw], None]


# ---------------------------------------------------------------- pictures


def _picture(wall: str, floor: str, *parts: tuple[str, tuple[int, ...], str]) -> bytes:
    """A flat still life: (shape, box, colour) on a wall and a floor; JPEG of 1200 x 900."""
    image = Image.new("RGB", (1200, 900), wall)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 640, 1200, 900), fill=floor)
    for shape, box, colour in parts:
        if shape == "round":
            draw.rounded_rectangle(box, 28, fill=colour)
        elif shape == "oval":
            draw.ellipse(box, fill=colour)
        elif shape == "poly":
            draw.polygon(box, fill=colour)
        else:
            draw.rectangle(box, fill=colour)
    held = io.BytesIO()
    image.save(held, "JPEG", quality=84)
    return held.getvalue()


def _legs(left: int, right: int, top: int, foot: int, colour: str) -> tuple[tuple[str, tuple[int, ...], str], ...]:
    return (("box", (left, top, left + 22, foot), colour), ("box", (right - 22, top, right, foot), colour))


def pictures() -> dict[str, bytes]:
    """Name -> JPEG."""
    vase = (("oval", (560, 300, 700, 480), _CLAY), ("box", (606, 250, 654, 330), _CLAY),
            ("poly", (630, 260, 540, 90, 590, 80), _LEAF), ("poly", (630, 260, 700, 60, 745, 90), _LEAF),
            ("poly", (630, 260, 630, 40, 668, 60), _LEAF))  # fmt: skip
    return {
        "table": _picture(_SAND, _WHITE, ("round", (180, 470, 1020, 520), _OAK), *_legs(230, 970, 510, 800, _OAK),
                          *vase),
        "chair": _picture(_SEA, _SAND, ("round", (430, 170, 480, 560), _OAK), ("round", (690, 170, 740, 560), _OAK),
                          ("round", (430, 220, 740, 300), _OAK), ("round", (400, 520, 780, 590), _CLAY),
                          *_legs(420, 760, 580, 830, _OAK)),
        "lamp": _picture(_NIGHT, "#263439", ("oval", (330, 130, 870, 690), "#3E5359"),
                         ("poly", (470, 380, 730, 380, 660, 190, 540, 190), "#F2C879"),
                         ("box", (590, 380, 610, 700), _OAK), ("round", (500, 690, 700, 724), _OAK)),
        "sofa": _picture(_WHITE, _SAND, ("round", (200, 330, 1000, 640), _LEAF), ("round", (150, 430, 270, 700), _LEAF),
                         ("round", (930, 430, 1050, 700), _LEAF), ("round", (240, 520, 960, 700), "#7D9A6C"),
                         ("round", (330, 400, 490, 540), _CLAY), *_legs(230, 970, 690, 760, _OAK)),
        "bowls": _picture(_SAND, _OAK, *(("oval", (x, 560 - h, x + 230, 720), colour) for x, h, colour in
                                         ((220, 40, _SEA), (480, 90, _WHITE), (740, 20, _CLAY)))),
        "morning": _picture("#F6D9B5", _OAK, ("oval", (760, 90, 980, 310), "#FFF1CF"),
                            ("round", (330, 430, 400, 800), _NIGHT), ("round", (330, 600, 640, 650), _NIGHT),
                            ("round", (570, 640, 620, 850), _NIGHT), ("oval", (690, 590, 800, 690), _WHITE)),
    }  # fmt: skip


def _pdf(lines: list[str]) -> bytes:
    """A one-page PDF of some lines."""
    text = "BT /F1 18 Tf 60 760 Td 26 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    parts = [
        "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
    ]  # fmt: skip
    body, places = "%PDF-1.4\n", list[int]()
    for number, part in enumerate(parts, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 5\n0000000000 65535 f \n{table}trailer << /Size 5 /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return (body + end).encode("ascii")


def _silence() -> bytes:
    """A tenth of a second of nothing, as WAV."""
    data = b"\x80" * 800
    head = b"WAVEfmt " + (16).to_bytes(4, "little") + b"\x01\x00\x01\x00" + (8000).to_bytes(4, "little")
    head += (8000).to_bytes(4, "little") + b"\x01\x00\x08\x00" + b"data" + len(data).to_bytes(4, "little")
    return b"RIFF" + (len(head) + len(data)).to_bytes(4, "little") + head + data


# ---------------------------------------------------------------- the library


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing of the demo's library."""

    id: str
    title: str
    licence: str
    file: str = ""  # name of a picture, or of a file below
    credit: str = ""
    alt: str = ""
    source: str = ""
    proof: str = ""
    address: str = ""
    days: int | None = None  # days from now to its last day
    files: tuple[str, ...] = ()


PIECES = (
    Piece("demo-care-guide", "Care guide for oiled oak", "own", "guide.pdf", source="Workshop, spring edition"),
    Piece("demo-chair-words", "How we describe the Wattle chair", "own", "words.txt", source="Range meeting"),
    Piece("demo-jingle", "Sound under the spring film", "supplier", "sound.wav", credit="Low Tide Studio",
          source="Invoice of Low Tide Studio, twelve months", days=9),
    Piece("demo-oak-table", "Oak table with a vase", "own", "table",
          alt="A long oak table with a clay vase of green leaves", files=("demo-care-guide",)),
    Piece("demo-wattle-chair", "Wattle chair, blue wall", "own", "chair",
          alt="A wooden chair with a clay-coloured seat before a blue wall", files=("demo-chair-words",)),
    Piece("demo-evening-lamp", "Lamp at night", "cc-by", "lamp", credit="Wren Ito",
          alt="A standing lamp glowing in a dark room", source="An open picture collection",
          address="https://pictures.example/wren-ito/lamp"),
    Piece("demo-sofa", "Green sofa, supplier's picture", "supplier", "sofa", credit="Tallow & Reed",
          alt="A green sofa with one clay-coloured cushion", source="Tallow & Reed, press folder", days=-3),
    Piece("demo-bowls", "Three bowls on a shelf", "unknown", "bowls", source="Found in the old shared folder"),
    Piece("demo-market", "Makers' market, programme", "own", address="https://banksia-and-oak.example/market",
          source="Our own site"),
)  # fmt: skip


def _bytes(name: str) -> bytes:
    if name == "guide.pdf":
        return _pdf(["Caring for oiled oak", "Wipe it dry. Oil it twice a year.", "Keep hot pans on a board."])
    if name == "words.txt":
        return b"The Wattle chair: solid oak, a seat you can take off, made for long breakfasts.\n"
    return _silence() if name == "sound.wav" else pictures()[name]


def _saved(piece: Piece, until: datetime) -> Step:
    def made(herald: Herald) -> c.SaveAsset:
        key = library.kept(_bytes(piece.file), herald) if piece.file else ""
        last = "" if piece.days is None else (until + timedelta(days=piece.days)).date().isoformat()
        return c.SaveAsset(
            piece.id, shop.BRAND, piece.title, piece.licence, 0, key, piece.address, piece.alt, piece.credit,
            piece.source, piece.proof, last, piece.files,
        )  # fmt: skip

    return made


# ---------------------------------------------------------------- what customers shared


@dataclass(frozen=True, slots=True)
class Shared:
    """What one customer shared, how long before now, and what they answered to our question."""

    number: int
    author: str
    text: str
    ago: timedelta
    answer: str = ""
    granted: bool | None = None
    note: str = ""


SHARED = (
    Shared(1, "Ines Valtari", f"First breakfast at the new table. The light! {HASHTAG}", timedelta(days=6, hours=3),
           "Yes of course, #YesBanksiaOak", granted=True),
    Shared(2, "Corin Adeyemi", f"My reading corner is finished, lamp and all {HASHTAG}", timedelta(days=4, hours=5),
           "Sure, go ahead!"),
    Shared(3, "Maribel Stanhope", f"Grandma's bowls on your shelf, old and new {HASHTAG}", timedelta(days=2, hours=7)),
    Shared(4, "Tove Lindqvist", f"Sunday on the green sofa {HASHTAG}", timedelta(days=8, hours=2),
           "I would rather not, sorry", granted=False, note="They would rather not."),
    Shared(5, "Ruben Castellanos", f"The kids built a fort out of the boxes {HASHTAG}", timedelta(hours=9)),
)  # fmt: skip
QUESTION = (
    "Hi {name}, we love this! May we show it on our own pages, with thanks to you? If so, just answer #YesBanksiaOak. "
    "You can take it back at any time by telling us."
)


def _under(at: datetime, wall: list[voices.Posted]) -> str:
    """Our newest post of the main page that stood then."""
    there = [post for post in wall if post.account_id == shop.MAIN and post.at < at]
    return max(there, key=lambda post: post.at).id


def _said(one: Shared, text: str, at: datetime, under: str, number: int) -> voices.Said:
    return voices.Said(
        at=at, id=f"{under}_{number}", platform="facebook_page", account_id=shop.MAIN,
        author_id=f"55500{one.number:04d}", author_name=one.author, kind="comment", text=text, post_id=under,
        about="praise",
    )  # fmt: skip


def said(until: datetime, wall: list[voices.Posted]) -> Iterator[voices.Said]:
    """What they shared and answered, as the platform will tell it."""
    for one in SHARED:
        at = until - one.ago
        under = _under(at, wall)
        yield _said(one, one.text, at, under, 990_000 + one.number)
        if one.answer:
            yield _said(one, one.answer, at + timedelta(hours=20), under, 991_000 + one.number)


def steps(until: datetime, wall: list[voices.Posted]) -> Iterator[tuple[datetime, Step, str]]:
    """(when, what, by whom): the marketer fills the library, the community manager asks for rights."""
    start = until - timedelta(days=20)
    for number, piece in enumerate(PIECES):
        yield start + timedelta(minutes=7 * number), _saved(piece, until), "jack"
    for one in SHARED:
        at = until - one.ago
        under = _under(at, wall)
        message, answer = (f"facebook_page:{under}_{kind + one.number}" for kind in (990_000, 991_000))
        if not one.answer:
            continue
        yield at + timedelta(hours=3), _ask(one, message), "priya"
        if one.granted is not None:
            yield at + timedelta(hours=23), _record(one, message, answer), "priya"
        if one.granted:
            yield at + timedelta(hours=26), _picture_of(one, message), "jack"
    local = (until + timedelta(days=3)).strftime("%Y-%m-%dT08:30")
    yield until - timedelta(days=2), _drafted("demo-lib-customer", "A customer's morning", "Breakfast looks good here.",
                                              "demo-morning", local), "jack"  # fmt: skip
    yield until - timedelta(days=2, hours=-1), _drafted(
        "demo-lib-lamp", "Lamp light", "Short days, warm rooms.", "demo-evening-lamp", local.replace("08:30", "17:15")
    ), "jack"
    shown = until - SHOWN_AGO
    where = tuple(f"{platform}:{account}" for account, platform in shop.MICROBLOGS.items())
    words, when = "Evenings are for lamps.", shown.astimezone(ZoneInfo("Australia/Sydney")).strftime("%Y-%m-%dT%H:%M")
    evening = _drafted("demo-lib-evening", "Evening", words, "demo-evening-lamp", when, where)
    yield shown - timedelta(days=2), evening, "jack"
    yield shown - timedelta(days=1, hours=20), _step(c.Submit, "demo-lib-evening"), "jack"
    yield shown - timedelta(days=1), _step(c.Approve, "demo-lib-evening"), "priya"
    for post in ("demo-lib-customer", "demo-lib-lamp"):
        yield until - timedelta(days=1, hours=20), _step(c.Submit, post), "jack"
    yield until - timedelta(days=1, hours=2), _step(c.Approve, "demo-lib-customer"), "priya"


def _content(herald: Herald, message: str) -> UserContent:
    found = herald.store.find(UserContent, shop.BRAND, content_id(message))
    if found is None:
        raise LookupError(f"no rule captured {message}")
    return found


def _ask(one: Shared, message: str) -> Step:
    def made(herald: Herald) -> c.AskRight:
        content = _content(herald, message)
        number = hashlib.sha256(f"ask {message}".encode()).hexdigest()[:16]
        text = QUESTION.format(name=one.author.split()[0])
        return c.AskRight(number, content.id, shop.BRAND, text, content.version)

    return made


def _record(one: Shared, message: str, answer: str) -> Step:
    def made(herald: Herald) -> c.RecordGrant:
        content = _content(herald, message)
        scope = ("bluesky", "facebook_page", "mastodon") if one.granted else ()
        credit = one.author if one.granted else ""
        return c.RecordGrant(
            content.id, shop.BRAND, bool(one.granted), content.version, answer, one.note, scope, "", credit
        )

    return made


def _picture_of(one: Shared, message: str) -> Step:
    def made(herald: Herald) -> c.SaveAsset:
        key = library.kept(pictures()["morning"], herald)
        return c.SaveAsset(
            "demo-morning", shop.BRAND, f"Breakfast at {one.author.split()[0]}'s table", "permission", 0, key,
            alt="A dark chair beside a table in warm morning light", source="Sent by the customer",
            right=_content(herald, message).id,
        )  # fmt: skip

    return made


def _drafted(
    post: str, title: str, text: str, asset: str, local: str,
    accounts: tuple[str, ...] = (f"facebook_page:{shop.MAIN}",),
) -> Step:
    variants = tuple(c.Variant(account, local, "Australia/Sydney") for account in accounts)
    media = (Media("", "", "", 0, "", asset=asset),)
    return lambda herald: c.Draft(post, shop.BRAND, title, text, variants, 0, media=media)


def _step(command: type[c.Submit] | type[c.Approve], post_id: str) -> Step:
    def made(herald: Herald) -> Any:
        post = herald.store.post(post_id)
        if post is None:
            raise LookupError(post_id)
        return command(post.id, post.version)

    return made


def shelved(store: Store, brand: str, media: Media, now: datetime) -> Media:
    """The image as one of the library, the brand's own work; posts show nothing that is not there."""
    asset_id = f"shown-{media.sha256[:16]}"
    asset = Asset(
        brand, asset_id, AssetKind.IMAGE, media.alt or "An image", "own", now, "jack", media.key, media.sha256,
        media.mime, media.size, media.width, media.height, media.alt,
    )  # fmt: skip
    store.commit([New(asset, once=True)])
    return replace(media, asset=asset_id)
