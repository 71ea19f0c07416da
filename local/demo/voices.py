"""What customers of the demo shop say in a month: made up, seeded, the same for the same seed.

Texts are put together from parts, so that few repeat. All people, orders and addresses are invented; telephone numbers
are from the ranges that the Australian regulator keeps free for fiction. Insults and threats are as mild as they can
be and still be what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from herald.care.hours import deadline, parse_hours
from herald.model import Account
from local.demo.organisation import ACCOUNTS, BLUESKY, BRISBANE, MAIN, MASTODON, MICROBLOGS, PERTH, SYDNEY, WEB_SHOP

PER_DAY = 30.0  # messages on an ordinary day over all accounts; a month has about 900


@dataclass(frozen=True, slots=True)
class Answered:
    """What our people did about it: the reply, how long after the message, by whom, and how the case ended.

    `outcome` and `clause` are empty where the case was answered but left open.
    """

    text: str
    after: timedelta
    by: str
    outcome: str = ""
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """One post of ours that people comment on.

    On a microblog the id is ours until it stands there; what follows its last "_" is that of the page's post that says
    the same.
    """

    id: str
    account_id: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """One thing a customer says, and what becomes of it.

    Attributes:
        at: UTC.
        id: the platform's id for it: "post_comment" for a comment, "page_post" for a visitor's post; on a microblog,
            which chooses its ids itself, a name of ours.
        kind: comment, post, review, reaction (Facebook), comment, mention, reaction (microblogs) or dm (the web shop's
            form).
        text: the words; of a reaction its name (like, love, haha, wow, sad, angry).
        post_id: our post it stands under; of a visitor's post or review itself; of a dm the conversation.
        about: what it was written to be (praise, question, complaint, insult ...): for checking rules, never an input.
        recommends: of a review, whether the author recommends the shop.
        edits_to, edits_after: its later words, and when.
        deletes_after: when its author takes it back.
    """

    at: datetime
    id: str
    platform: str
    account_id: str
    author_id: str
    author_name: str
    kind: str
    text: str
    post_id: str
    about: str
    recommends: bool | None = None
    edits_to: str | None = None
    edits_after: timedelta | None = None
    deletes_after: timedelta | None = None
    answer: Answered | None = None


# ---------------------------------------------------------------- the month


def month(seed: int, start: date, days: int) -> Iterator[Said]:
    """What is said on `days` days from `start` (local dates of each account), oldest first.

    The same arguments give the same list. About PER_DAY a day: less early in the week, more at lunch and in the
    evening of each shop's own time zone, and twice as much on one day when a delivery van broke down.
    """
    chance = Random(seed)
    people = _people(chance)
    walls = {account.account_id: _posts_of(account, start, days) for account in ACCOUNTS}
    trouble = days // 2 if days >= 14 else -1
    said: list[Said] = []
    for account in ACCOUNTS:
        share = _SHARE[account.account_id]
        for offset in range(days):
            day = start + timedelta(days=offset)
            expected = PER_DAY * share * _WEEKDAY[day.weekday()]
            for _ in range(_about(chance, expected)):
                said.append(_one(chance, account, day, people, walls[account.account_id], delayed=offset == trouble))
            if offset == trouble:
                for _ in range(_about(chance, expected)):
                    said.append(_one(chance, account, day, people, walls[account.account_id], delayed=True))
    said.sort(key=lambda one: (one.at, one.account_id, one.author_id, one.text))
    seen: set[str] = set()
    for number, one in enumerate(said, start=1):
        numbered = _numbered(one, number)
        if numbered.id not in seen:  # one person reacts to one post once
            seen.add(numbered.id)
            yield numbered


def posts(start: date, days: int) -> list[Posted]:
    """Our own posts that the month's comments stand under, oldest first."""
    found = [post for account in ACCOUNTS for post in _posts_of(account, start, days)]
    return sorted(found, key=lambda post: (post.at, post.id))


def trickle(seed: int, wall: Sequence[Posted]) -> Iterator[Said]:
    """Endless single messages for the live system, under these posts of ours. `at` and `id` are the sender's to set.

    The words are those of `month`; nobody edits, deletes or is answered here: real people see to that.
    """
    chance = Random(seed)
    people = _people(chance)
    pages = [account for account in ACCOUNTS if any(post.account_id == account.account_id for post in wall)]
    day = max(post.at for post in wall).date() + timedelta(days=2)
    while True:
        account = chance.choice(pages)
        under = [post for post in wall if post.account_id == account.account_id]
        one = _one(chance, account, day, people, under, delayed=False)
        yield replace(one, edits_to=None, edits_after=None, deletes_after=None, answer=None)


# ---------------------------------------------------------------- rhythm

_SHARE = {MAIN: 0.36, SYDNEY: 0.22, BRISBANE: 0.15, PERTH: 0.13, WEB_SHOP: 0.14, MASTODON: 0.06, BLUESKY: 0.05}
_WEEKDAY = (0.85, 0.85, 0.95, 1.1, 1.1, 1.15, 1.0)
_HOUR = (2, 1, 1, 1, 1, 2, 5, 9, 11, 12, 13, 14, 17, 14, 11, 11, 12, 14, 17, 22, 24, 19, 11, 5)


def _about(chance: Random, expected: float) -> int:
    """A whole number near `expected`, varying by a third or so."""
    return max(0, int(chance.gauss(expected, expected / 4) + chance.random()))


def _moment(chance: Random, day: date, zone: str) -> datetime:
    hour = chance.choices(range(24), weights=_HOUR)[0]
    wall = datetime.combine(day, time(hour, chance.randrange(60), chance.randrange(60)), tzinfo=ZoneInfo(zone))
    return wall.astimezone(UTC)


# ---------------------------------------------------------------- one message

_MIX = {
    "praise": 25.0, "question": 25.0, "complaint": 13.0, "chatter": 13.0, "reaction": 9.0, "review": 4.5,
    "foreign": 2.6, "sarcasm": 1.8, "spam": 1.6, "scam": 1.2, "insult": 1.2, "safety": 0.6, "personal": 0.6,
    "legal": 0.4, "threat": 0.35, "sexual": 0.35, "hate": 0.35, "distress": 0.15,
}  # fmt: skip
_TO_THE_SHOP = {"question": 55.0, "complaint": 36.0, "praise": 6.0, "spam": 3.0, "legal": 1.0, "safety": 1.0}


def _one(
    chance: Random, account: Account, day: date, people: Sequence[tuple[str, str]], wall: Sequence[Posted], *,
    delayed: bool,
) -> Said:  # fmt: skip
    form = account.platform == "webhook"
    mix = dict(_TO_THE_SHOP if form else _MIX)
    if account.account_id in MICROBLOGS:
        del mix["review"]
    if delayed:
        mix["complaint"] *= 3
    about = chance.choices(list(mix), weights=list(mix.values()))[0]
    at = _moment(chance, day, account.timezone)
    author_id, author_name = chance.choice(people)
    before = [post for post in wall if post.at <= at] or list(wall[:1])
    post = chance.choices(before, weights=range(1, len(before) + 1))[0] if before else None
    kind = _kind(chance, about, account)
    recommends = chance.random() < 0.8 if kind == "review" else None
    said = Said(
        at=at,
        id="",
        platform=account.platform,
        account_id=account.account_id,
        author_id=author_id,
        author_name=author_name,
        kind=kind,
        text=_text(chance, about, account, recommends=recommends, delayed=delayed),
        post_id=post.id if post and kind in ("comment", "reaction") else "",
        about=about,
        recommends=recommends,
    )
    return said if kind == "reaction" else _afterwards(chance, said, account)


def _kind(chance: Random, about: str, account: Account) -> str:
    if account.platform == "webhook":
        return "dm"
    if about in ("reaction", "review"):
        return about
    if account.account_id in MICROBLOGS:
        return "mention" if chance.random() < 0.4 else "comment"
    return "post" if about in ("complaint", "praise", "question") and chance.random() < 0.07 else "comment"


def _afterwards(chance: Random, said: Said, account: Account) -> Said:
    """Second thoughts of the author, and what our people did."""
    if said.platform == "facebook_page":
        if chance.random() < 0.035:
            wait = timedelta(minutes=chance.randrange(2, 90))
            return replace(said, deletes_after=wait)
        if said.about in _SECOND_THOUGHTS and chance.random() < 0.055:
            said = replace(said, edits_to=_edited(chance, said), edits_after=timedelta(minutes=chance.randrange(1, 40)))
    return replace(said, answer=_answer(chance, said, account))


def _numbered(said: Said, number: int) -> Said:
    """Ids as Facebook builds them: "post_comment"; a post's is "page_post"."""
    serial = f"8{said.at:%y%m%d%H%M}{number:05d}"
    if said.account_id in MICROBLOGS and said.kind != "reaction":
        return replace(said, id=f"{said.account_id}_{serial}")
    if said.kind in ("post", "review"):
        own = f"{said.account_id}_{serial}"
        return replace(said, id=own, post_id=own)
    if said.kind == "dm":
        return replace(said, id=f"form-{serial}", post_id=f"conversation-{said.author_id}")
    if said.kind == "reaction":
        return replace(said, id=f"{said.post_id}_{said.author_id}")
    return replace(said, id=f"{said.post_id.partition('_')[2]}_{serial}")


# ---------------------------------------------------------------- answers

_SITE = "https://www.banksia-and-oak.example"
_Reply = tuple[str, str, str, str]  # words of the customer that call for it; text; outcome; clause
_ANSWERS: dict[str, tuple[_Reply, ...]] = {  # the first that fits, the last one always does
    "question": (
        ("open close parking", "Hi {first}, all hours, holidays included, and the way to us: " + _SITE + "/shops",
         "answered with hours and address", "MOD 2.2"),
        ("delivery ship collect", "Hi {first}, what it costs and how long it takes by postcode: " + _SITE + "/delivery",
         "answered with delivery times", "MOD 2.2"),
        ("stock hold back have", "Hi {first}, this page shows what every shop has right now, and you "
         "can put one aside for 48 hours: " + _SITE + "/stock", "answered with the stock page", "MOD 2.2"),
        ("dishwasher outside survive", "Hi {first}, everything about looking after it is here: " + _SITE + "/care",
         "answered with the care page", "MOD 2.2"),
        ("gift card", "Hi {first}, yes, in all three shops and online: " + _SITE + "/gift-cards",
         "answered with the gift card page", "MOD 2.2"),
        ("return", "Hi {first}, yes, within 60 days, with or without the box: " + _SITE + "/returns",
         "answered with the returns page", "MOD 2.2"),
        ("", "Hi {first}, measurements, prices and makers are on each product's page: " + _SITE + "/products",
         "answered with the product page", "MOD 2.2"),
    ),
    "complaint": (
        ("broken fell crack rusty wrong missing lid smells photo", "Hi {first}, that's not how it should be, and we're "
         "sorry. New one or money back, you choose: " + _SITE + "/returns", "replacement sent", "COMPLAINTS 2.2"),
        ("refund charged money gift card", "Hi {first}, sorry for the wait. Please send us your order number privately "
         "and we'll put it right today: " + _SITE + "/contact", "refunded in full", "COMPLAINTS 2.2"),
        ("waiting order delivery van tracking window", "Hi {first}, we're sorry. Please send us your order number "
         "privately and we'll find the parcel today: " + _SITE + "/orders", "parcel found, delivery fee refunded",
         "COMPLAINTS 2.1"),
        ("", "Hi {first}, thank you for telling us, and sorry. The manager will look into it and call you tomorrow: "
         + _SITE + "/contact", "called back, explained, voucher given", "COMPLAINTS 2.2"),
    ),
    "review": (
        ("", "Thank you, {first}, we've passed it on to the team in the shop: " + _SITE + "/shops", "thanked",
         "SOCIAL 2.3"),
    ),
    "safety": (
        ("", "Hi {first}, thank you for telling us. Please stop using it; our safety team will contact you today: "
         + _SITE + "/safety", "handed to the safety team, batch stopped", "MOD 5.1"),
    ),
    "legal": (
        ("", "Hi {first}, we've received this and our office will write to you within two business days: "
         + _SITE + "/contact", "handed to compliance", "MOD 5.3"),
    ),
}  # fmt: skip


def _reply(about: str, text: str) -> _Reply:
    words = text.lower()
    return next(reply for reply in _ANSWERS[about] if not reply[0] or any(word in words for word in reply[0].split()))


def _answer(chance: Random, said: Said, account: Account) -> Answered | None:
    """Nine in ten who wait for an answer get one; most in time, some late; four in five are settled by it."""
    about = "complaint" if said.about == "sarcasm" else said.about
    if about not in _ANSWERS or chance.random() < 0.1:
        return None
    _, text, outcome, clause = _reply(about, said.text)
    business = timedelta(minutes=round(chance.lognormvariate(3.9, 0.8), 1))
    answered_at = deadline(said.at, business, parse_hours(account.hours), account.timezone, account.holidays)
    settled = chance.random() < 0.8
    return Answered(
        text=text.format(first=said.author_name.split()[0]),
        after=answered_at - said.at,
        by="hana" if about in ("complaint", "legal", "safety") and chance.random() < 0.6 else "priya",
        outcome=outcome if settled else "",
        clause=clause if settled else "",
    )


# ---------------------------------------------------------------- people

_FIRST = (
    "Ava", "Noah", "Mia", "Liam", "Ruby", "Jarrah", "Kirra", "Tane", "Aroha", "Wei", "Mei", "Jun", "Linh", "Minh",
    "Thuy", "Arjun", "Ananya", "Harpreet", "Fatima", "Omar", "Layla", "Yusuf", "Sofia", "Luca", "Giulia", "Nikos",
    "Dimitra", "Marija", "Goran", "Agnieszka", "Piotr", "Chidi", "Ngozi", "Abebe", "Selam", "Kofi", "Lucia", "Diego",
    "Valentina", "Rafael", "Isla", "Angus", "Bronwyn", "Gareth", "Siobhan", "Declan", "Marit", "Lars", "Yuki", "Haruto",
    "Soo-ah", "Min-jun", "Malia", "Sione", "Leilani", "Amina", "Hassan", "Zahra", "Dev", "Priscilla", "Grace", "Trevor",
    "Maureen", "Kev", "Shaz", "Deb", "Graeme",
)  # fmt: skip
_LAST = (
    "Marlowe", "Okoro", "Nguyen", "Tran", "Singh", "Kaur", "Patel", "Rossi", "Bianchi", "Papas", "Kowalski", "Novak",
    "Tanaka", "Kim", "Park", "Chen", "Wang", "Haddad", "Khoury", "Ali", "Osman", "Tesfaye", "Mensah", "Garcia", "Silva",
    "Fernandes", "McAllister", "O'Rourke", "Davies", "Thornbury", "Ashgrove", "Fairweather", "Bellweather", "Quill",
    "Larkspur", "Ferngully", "Tuilagi", "Fonoti", "Hansen", "Lindqvist", "Moller", "Petrov", "Ivanova", "Dragovic",
    "Baxter-Hume", "Wattleby", "Gumleaf", "Stringer", "Pym", "Sandringham",
)  # fmt: skip


def _people(chance: Random) -> list[tuple[str, str]]:
    """About 420 customers; some speak more than once in a month, as they do."""
    names = [f"{first} {last}" for first in _FIRST for last in _LAST]
    chosen = chance.sample(names, 420)
    return [(f"7700{number:06d}{chance.randrange(1000):03d}", name) for number, name in enumerate(chosen)]


# ---------------------------------------------------------------- our own posts

_OUR_POSTS = (
    "New in: the Kurrajong side table, made of oak that fell in last winter's storms. What would you put on it?",
    "Sunday is for slow breakfasts. Our stoneware mugs are back in all four glazes.",
    "Linen week: 20 % off all bedding until Sunday night. Which colour is yours?",
    "Meet Rosa, who turns every wooden bowl we sell. Twelve years, and no two alike.",
    "Late opening on Thursday: come in after work, the kettle is on.",
    "Candle workshop next Saturday, eight places left. Tag whoever you would bring.",
    "How do you look after an oak board? Oil, a rag and five minutes. The how-to is on our page.",
    "Christmas table, three ways. Which one would your family argue about least?",
    "The Acacia floor lamp is back in stock after far too long. Thank you for waiting.",
    "We are now delivering to Tasmania. Hello, Hobart and Launceston!",
    "Old linen, new life: bring us worn sheets, we give them to an animal shelter.",
    "Gift cards by e-mail, for everyone who forgot. You know who you are.",
)
_EVERY = {MAIN: 2, SYDNEY: 3, BRISBANE: 4, PERTH: 4}  # a post every so many days
_LEFT_OUT = {MASTODON: 0, BLUESKY: 1}  # of three posts of the main page, the one that is not for this microblog
_HOURS = ((10, 0), (18, 30), (12, 15))


def _posts_of(account: Account, start: date, days: int) -> list[Posted]:
    """Posts from a week before `start`, at changing hours; the same dates always give the same posts.

    What the main page says stands on one microblog too, and each third time on both.
    """
    page = MAIN if account.account_id in MICROBLOGS else account.account_id
    every = _EVERY.get(page)
    if every is None:
        return []
    found = []
    for offset in range(-7, days):
        day = start + timedelta(days=offset)
        number = day.toordinal() // every
        if day.toordinal() % every or number % 3 == _LEFT_OUT.get(account.account_id):
            continue
        hour, minute = _HOURS[(day.toordinal() + int(page[-1])) % len(_HOURS)]
        at = datetime.combine(day, time(hour, minute), tzinfo=ZoneInfo(account.timezone)).astimezone(UTC)
        text = _OUR_POSTS[(number + int(page[-1])) % len(_OUR_POSTS)]
        found.append(Posted(f"{account.account_id}_9{day:%Y%m%d}{page[-3:]}", account.account_id, at, text))
    return found


# ---------------------------------------------------------------- words

_WORDS: dict[str, tuple[str, ...]] = {
    "thing": (
        "Kurrajong side table",
        "oak board",
        "linen quilt cover",
        "Acacia floor lamp",
        "rattan basket",
        "wool throw",
        "candle set",
        "bath mat",
        "bookshelf",
        "bar stool",
        "bed frame",
        "mirror",
        "vase",
        "knife block",
        "outdoor table",
        "desk lamp",
        "shower curtain",
        "kettle",
        "armchair",
        "coat stand",
        "laundry hamper",
    ),
    "dish": ("salad bowl", "stoneware mug", "pepper mill", "dinner plate", "cast iron pan", "oak board", "kettle"),
    "colour": ("sage", "ochre", "charcoal", "off-white", "eucalyptus", "terracotta", "navy", "natural", "plum"),
    "place": (
        "Newtown",
        "Parramatta",
        "Chatswood",
        "Paddington",
        "West End",
        "Chermside",
        "Fremantle",
        "Subiaco",
        "Joondalup",
        "Hobart",
        "Geelong",
        "Wagga",
        "Cairns",
        "Broome",
        "Dubbo",
        "Toowoomba",
        "Bunbury",
        "Ballarat",
        "Alice Springs",
    ),
    "staff": ("Rosa", "Liam", "Nadia", "Tom", "Beth", "Kiri", "Sanjay", "Mel"),
    "wait": ("nine days", "two weeks", "three weeks", "ten days", "a month", "12 days", "six weeks"),
    "price": ("$39", "$79", "$129", "$240", "$18", "$65", "$349", "$55"),
    "who": ("my mum", "my daughter", "my partner", "our first flat", "a friend's wedding", "my nan", "the beach house"),
    "person": ("My mum", "My daughter", "My partner", "Our neighbour", "My nan", "My flatmate"),
    "event": ("Christmas", "Saturday", "the weekend", "her birthday", "Friday", "our housewarming"),
    "day": ("Saturday", "Sunday", "Boxing Day", "the public holiday", "Thursday", "Friday", "Good Friday", "Monday"),
    "size": ("king", "queen", "single", "large", "small", "60 cm", "90 cm"),
    "smile": ("", "", "", " 😍", " ❤️", " 👏", " 🙌", " :)", " 🥰", " 🌿"),
    "groan": ("", "", "", " 😡", " 🙄", " 😤", " 😞", " 👎"),
    "hello": ("", "", "", "Hi, ", "Hi team, ", "Hello! ", "Hey, ", "G'day, ", "Good morning, "),
    "thanks": ("", "", "", " Thanks!", " Thanks in advance.", " Cheers", " Thank you :)", " TIA"),
    "friend": ("Mia Rossi", "Josh", "Aroha", "Lena K", "Tan Nguyen", "Bec", "Omar", "Jess M", "Sal", "Grandma Jo"),
}

_TEMPLATES: dict[str, tuple[str, ...]] = {
    "praise": (
        "Love my new {thing}, looks even better than online{smile}",
        "Bought the {thing} in {colour} for {who} and it was a hit{smile}",
        "{staff} in the shop was so helpful today, thank you!{smile}",
        "Best {thing} I have ever owned. Two years old and still like new{smile}",
        "That {colour} is gorgeous{smile}",
        "Just picked up the {thing}, beautifully packed and exactly as described{smile}",
        "Wow, the {thing} is stunning{smile} well done",
        "Thank you for sorting out my {thing} so quickly, great service{smile}",
        "My favourite shop in {place}, always find something for {who}{smile}",
        "So happy with the {thing}! Delivery to {place} took two days{smile}",
        "Obsessed with the {colour} {thing}{smile}",
        "This is beautiful{smile} putting the {thing} on my list for {event}",
        "Shout-out to {staff}, who carried the {thing} to my car in the rain{smile}",
        "You can tell it's real wood. Lovely {thing}, lovely people{smile}",
        "{person} still talks about the {thing} from last year{smile} thank you",
        "The {thing} arrived today and I'm in love{smile}",
        "Five stars for the {thing} and for {staff}{smile}",
        "perfect gift for {who}, thanks {staff}{smile}",
    ),
    "question": (
        "{hello}do you have the {thing} in {colour}?{thanks}",
        "{hello}is the {thing} still in stock in {place}?{thanks}",
        "What time do you close on {day}?",
        "{hello}how much is delivery to {place}?{thanks}",
        "{hello}can I return a {thing} without the box?{thanks}",
        "Does the {thing} come in any other size?",
        "When will the {colour} one be back?{thanks}",
        "{hello}is the {dish} dishwasher safe?{thanks}",
        "Where is the {thing} made?",
        "Do you do click and collect in {place}? Need it before {event}",
        "{hello}how long does delivery to {place} take at the moment?{thanks}",
        "Are you open on {day}?",
        "Is the {thing} on sale as well or only the bedding?",
        "{hello}can a gift card be used online?{thanks}",
        "Is there parking at the shop? Coming from {place} with a {thing} to return",
        "how much is the {thing}?? can't find it on the page",
        "{hello}what are the measurements of the {thing} in {size}?{thanks}",
        "Would the {thing} survive outside on a covered balcony?",
        "Can you hold the {colour} {thing} for me until {event}?",
        "{hello}do you ship to New Zealand?{thanks}",
        "anyone know if the {thing} goes with a {size} bed?",
        "Is the {price} price for one or for the set?",
    ),
    "complaint": (
        "Ordered a {thing} and still waiting after {wait}. No answer to my emails{groan}",
        "My {thing} arrived broken. Very disappointed{groan}",
        "{hello}my order was meant to be here {wait} ago, where is it?{groan}",
        "The {thing} fell apart after {wait}. For {price} I expect better{groan}",
        "Paid {price} and the {colour} looks nothing like the photo{groan}",
        "Worst customer service. On hold for 40 minutes, then cut off{groan}",
        "Still no refund for the {thing} I returned, it has been {wait}{groan}",
        "You charged me twice for the {thing} and nobody replies{groan}",
        "Wrong {thing} delivered, asked for {colour}. Second time now{groan}",
        "The {thing} has a crack right down the middle. Not happy{groan}",
        "Drove from {place} because your site said the {thing} was in stock. It wasn't{groan}",
        "The lid doesn't fit, the {thing} is wobbly, and the shop tells me to email. Useless{groan}",
        "Waited {wait} for delivery to {place}, then the driver left it in the rain{groan}",
        "Third email about my {thing}, still no reply. This is ridiculous{groan}",
        "Staff were rude when I asked about my return. Won't be back{groan}",
        "Missing parts again. How am I meant to put up a {thing} without screws?{groan}",
        "Your website ate my gift card. {price} gone and no one can help{groan}",
        "The {thing} I bought {wait} ago is already rusty. I want my money back{groan}",
        "disappointed. {thing} smells like chemicals and {staff} said no refunds{groan}",
        "My order was cancelled without a word. It was for {event}{groan}",
    ),
    "chatter": (
        "{friend} look!",
        "@{friend} this is the one I meant",
        "{friend} we need this for {who}",
        "Here for the comments",
        "{friend} {event}?",
        "I have this in {colour}",
        "Option two for us, no contest",
        "We had one of these growing up in {place}",
        "The {colour}, always the {colour}",
        "{friend} remember the {thing} at your place?",
        "First!",
        "The second one for sure",
        "Adding the {thing} to the list",
        "My cat would knock that {thing} over in a minute",
        "{place} represent",
        "😂😂😂",
        "🌿🌿",
        "Hard to choose, but the {size} one in {colour}",
    ),
    "sarcasm": (
        "Oh great, another delivery date. My {thing} will be vintage by the time it gets to {place}",
        "Wow, only {wait} for a {thing}. Impressive, at this rate my grandchildren will enjoy it",
        "Love how the {thing} comes as a puzzle with half the pieces missing. Such fun",
        "Fantastic service, I have never listened to hold music for that long. Truly {price} well spent",
        "Sure, that is {colour}. With your eyes closed",
    ),
    "spam": (
        "Best followers cheap!!! 10,000 for {price} visit www.followers-now.example",
        "CHEAP DESIGNER BAGS -70% >>> http://bags-outlet.example/{size} <<< shipping {place}",
        "I lost 12 kg in {wait} with this tea, ask me how https://slim-tea.example",
        "Check out my page for solar panels in {place}, best price guaranteed http://solar-deals.example",
        "Need a loan up to $50,000? No credit check, same day {place}: http://fast-loans.example",
        "We design websites from {price}, message us on our page www.sites-4-less.example",
    ),
    "scam": (
        "🎉 Congratulations! You have been selected as our winner. Claim your prize here: http://banksia-prize.example/{size}",
        "Banksia and Oak Support: your order could not be delivered, confirm your card at http://banksia-oak-verify.example",
        "I made $4,300 in {wait} trading crypto with Mrs {friend}, message her on WhatsApp, thank me later",
        "Dear customer we are giving away a {thing}. Type YES and send us your details to receive it http://win-now.example",
        "Anyone from {place} want to earn {price} an hour from home? Inbox me, no experience needed, guaranteed income",
    ),
    "insult": (
        "{staff} at the counter is a complete idiot",
        "You lot are morons. {wait} for a {thing}, you pathetic clowns",
        "Whoever runs this page is a stupid cow",
        "{friend} you are an idiot, nobody asked you",
        "shut up {friend} you absolute loser",
        "What a pack of useless idiots, my {thing} is broken and you just lie to my face",
        "Go back to school you brainless muppet",
    ),
    "threat": (
        "I know where your shop is. I'm going to come and smash your windows",
        "Tell {staff} to watch his back, I will hurt him when I see him",
        "If I don't get my money I will burn that place down",
    ),
    "hate": (
        "This used to be a proper shop before they hired all those foreigners, they should all be sent back",
        "Not buying from a shop run by those people. They are vermin",
        "Women can't even sell a {thing} properly, put them back in the kitchen",
    ),
    "sexual": (
        "hot girls in {place} waiting for you tonight 🔞 http://date-tonight.example",
        "The one in the picture can come home with me, I'd show her a good time in bed 😏 nice body",
        "🔞 free adult cams, no sign-up http://cams.example 💋",
    ),
    "personal": (
        "{hello}can someone call me about my {thing}? My number is 0491 570 {phone}",
        "My order still isn't here, please send it to 14 Wattlebird Crescent, {place}, call me on 0491 570 {phone}",
        "I still want the refund for the {thing}. My card is 4111 1111 1111 1111, put it back on there please",
        "Email me at {handle}@mail.example about the {thing}, or ring 0491 570 {phone}",
    ),
    "safety": (
        "The {thing} caught fire in our kitchen last night. Nobody hurt, but please check this",
        "Warning: the glass of the desk lamp exploded and cut my hand. Needed stitches",
        "My toddler nearly choked on a knob that came off the {thing}. This is dangerous",
        "Got an electric shock from the Acacia floor lamp. Is there a recall?",
    ),
    "legal": (
        "Last chance. If my {price} isn't back by {event} I go to Fair Trading",
        "My lawyer will be in touch about the {thing}",
        "Have lodged a claim with the tribunal over the {thing}. See you there",
        "This is against Australian Consumer Law and I am reporting you to the ACCC",
    ),
    "distress": (
        "Bought the {thing} for mum, she died {wait} ago. I don't want to be here any more either",
        "Nothing helps any more. I just want to end it all",
    ),
    "foreign": (
        "这个灯真漂亮，{place}有货吗？",
        "请问{price}包邮吗？",
        "Sản phẩm đẹp quá, giao hàng đến {place} mất bao lâu?",
        "Cái {thing} này còn hàng không shop?",
        "Bellissimo questo {thing}, complimenti!",
        "Πολύ όμορφο το {thing}, μπράβο σας!",
        "هل يوجد توصيل إلى {place}؟",
        "क्या यह {thing} {colour} रंग में मिलेगा?",
        "¿Hacen envíos a {place}? Me encanta el {thing}",
        "Mein {thing} ist kaputt angekommen, bitte um Antwort",
        "Ang ganda ng {thing}! Magkano po?",
        "この{thing}、とても素敵です",
        "{thing} 언제 다시 입고되나요?",
        "Czy wysyłacie do {place}? Ile kosztuje {thing}?",
    ),
    "recommended": (
        "Lovely shop in {place}, {staff} helped me find a {thing} for {who}. Highly recommend{smile}",
        "Great quality, fair prices. My {thing} was {price} and worth every cent{smile}",
        "Friendly staff, beautiful {thing}s and they gift-wrap for nothing{smile}",
        "I recommend them. {staff} knows everything about {thing}s",
        "Been coming here for years. Good stuff that lasts{smile}",
    ),
    "warned": (
        "Would not recommend. {wait} for a {thing} and then the wrong colour",
        "Nice things but the returns desk is a nightmare. My {thing} was faulty and they argued over {price}",
        "Overpriced. The {thing} broke after {wait} and nobody cared",
        "One star for {staff}, who tried. The rest of my visit was a waste of time",
    ),
    "delayed": (
        "So the van broke down and my {thing} is nowhere. It was for {event}{groan}",
        "Another day off work waiting for your delivery in {place}, nobody came, nobody called{groan}",
        "Where is my {thing}? Tracking says out for delivery for {wait}{groan}",
        "Delivery window was 8 to 12. It is dark now{groan}",
    ),
}
_GREETINGS = tuple(word for word in _WORDS["hello"] if word)
_OPENERS = {
    "complaint": ("", "", "", "", "Honestly, ", "Sorry but ", "I'm really upset. ", "FYI: ", "Not good enough. "),
    "praise": ("", "", "", "", "", "Just wanted to say: ", "Omg ", "Had to share: ", "Ok so "),
}
_REACTIONS = {"like": 60, "love": 25, "haha": 4, "wow": 5, "sad": 3, "angry": 3}


def _text(chance: Random, about: str, account: Account, *, recommends: bool | None, delayed: bool) -> str:
    if about == "reaction":
        return chance.choices(list(_REACTIONS), weights=list(_REACTIONS.values()))[0]
    source = about
    if about == "review":
        source = "recommended" if recommends else "warned"
    if about == "complaint" and delayed and chance.random() < 0.7:
        source = "delayed"
    text = _filled(chance, chance.choice(_TEMPLATES[source]))
    opener = chance.choice(_OPENERS.get(about, ("",)))
    if opener and not text.startswith(_GREETINGS):
        text = opener + (text if text.startswith("I ") or opener.endswith((". ", ": ")) else text[0].lower() + text[1:])
    if account.platform == "webhook" and about in ("question", "complaint") and chance.random() < 0.7:
        text += f" My order number is BO-{chance.randrange(100000, 999999)}."
    return _as_typed(chance, text) if about != "foreign" else text


def _filled(chance: Random, template: str) -> str:
    values: dict[str, str] = {name: chance.choice(words) for name, words in _WORDS.items()}
    values["phone"] = str(chance.choice((156, 157, 158, 159, 110)))
    values["handle"] = values["friend"].split()[0].lower() + str(chance.randrange(100))
    return template.format(**values)


_HABITS: tuple[tuple[float, Callable[[str], str]], ...] = (
    (0.08, str.lower),
    (0.02, str.upper),
    (0.05, lambda text: text.replace("'", "")),
    (0.03, lambda text: text.replace("the ", "teh ", 1)),
    (0.03, lambda text: text.replace("you ", "u ").replace(" are ", " r ")),
    (0.06, lambda text: text.rstrip(".") + "!!"),
)


def _as_typed(chance: Random, text: str) -> str:
    """As people type on a telephone: now and then all small, all capitals, or with a slip. Links and emoji stay."""
    if "http" in text or "www." in text or not any(map(str.isalpha, text)):
        return text
    for likely, habit in _HABITS:
        if chance.random() < likely:
            return habit(text)
    return text[0].upper() + text[1:]


_SECOND_THOUGHTS = {
    "complaint": ("Edit: still nothing.", "UPDATE: they called me, all sorted now, thank you.", "You idiots."),
    "question": ("Edit: found it, thanks!", "Edit: I mean the large one.", "Anyone?"),
    "praise": ("Edit: typo.", "And the packaging!", "EDIT: broken after a week. Very disappointed."),
    "chatter": ("Edit: typo.", "Just saying."),
}


def _edited(chance: Random, said: Said) -> str:
    """The author's second version: more words, a softened tone, or an insult thrown in after all."""
    stop = "" if said.text[-1] in ".!?" or not said.text[-1].isalnum() else "."
    return f"{said.text}{stop} {chance.choice(_SECOND_THOUGHTS[said.about])}"


# author, kind of message, words, what it is, kind of post and person as a moderator would say, minutes before the end
_AT_THE_END = (
    ("Neville Gumnut", "comment", "Where are the chairs? I thought the oak table comes with six of them.",
     "question", "question", "misguided", 31),
    ("Saffron Tully", "review", "Third piece from this shop and I send all my friends here. Worth every dollar.",
     "review", "review", "advocate", 26),
    ("Dot Fairweather", "comment", "Our breakfast corner this morning, with your linen on the table! Which colour goes "
     "with it?", "question", "user_content", "complimentary", 22),
    ("Baz Ogilvie", "comment", "Does anybody really buy this stuff, or do you lot only pose with it? Prove me wrong",
     "question", "troll", "troll", 17),
    ("Rusty Nail", "comment", "Tell {staff} to watch his back, I will hurt him when I see him", "threat", "", "", 4),
)  # fmt: skip


def last(until: datetime, wall: Sequence[Posted]) -> list[tuple[Said, str, str]]:
    """What stands open as the month ends: each with its kind of post and of person, empty where nobody says it."""
    told = []
    under = max((post for post in wall if post.account_id == MAIN and post.at < until - timedelta(hours=1)),
                key=lambda post: post.at).id  # fmt: skip
    for number, (author, kind, words, about, post, person, minutes) in enumerate(_AT_THE_END):
        own = f"{MAIN}_{992_000 + number}"
        review = kind == "review"
        one = Said(
            at=until - timedelta(minutes=minutes), id=own if review else f"{under}_{992_000 + number}",
            platform="facebook_page", account_id=MAIN, author_id=f"55510{number:04d}", author_name=author, kind=kind,
            text=words.format(staff="Tom"), post_id=own if review else under, about=about,
            recommends=True if review else None,
        )  # fmt: skip
        told.append((one, post, person))
    return told
