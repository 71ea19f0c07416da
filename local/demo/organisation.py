"""The demo organisation: Banksia & Oak, a made-up Australian homeware retailer. Shops, people, promises, policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from herald.flows.policies import documents as shipped
from herald.govern import policies as documents
from herald.model import Account, Person, Policy, Role, Targets

BRAND = "banksia-oak"
NAME = "Banksia & Oak"
FACEBOOK, WEB = "facebook", "web-form"
"""Ids of two connections: the Facebook app that speaks for all pages, and the web shop's signed contact form. The
others are one account each and carry the name of their platform."""

MAIN, SYDNEY, BRISBANE, PERTH = "100200300400500", "100200300400501", "100200300400502", "100200300400503"
WEB_SHOP = "web-shop"
MASTODON, BLUESKY = "109100200300400500", "did:plc:banksiaoakhomewares23456"
HANDLES = {MASTODON: "banksia_oak", BLUESKY: "banksia-oak.bsky.example"}
MICROBLOGS = {MASTODON: "mastodon", BLUESKY: "bluesky"}
"""Account -> platform, of those that have no webhooks and are polled."""

SHOP, SHOP_ACCOUNT = "shopify", "banksia-and-oak.example"
"""Connection and account of the web shop, which tells stock and orders."""

INSTAGRAM = "178414000000500"
"""Connected today, through the same app as the Pages: it has no past."""

SHOP_HOURS = "Mon-Wed 09:00-17:30, Thu 09:00-21:00, Fri 09:00-17:30, Sat 09:00-17:00, Sun 10:00-16:00"
OFFICE_HOURS = "Mon-Fri 09:00-17:00, Sat 10:00-14:00"

_HERE = Path(__file__).parent


def _days(*days: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for day in days)


# Public holidays of 2026 and 2027 as the states publish them (nsw.gov.au, qld.gov.au and wa.gov.au, "public
# holidays"), compared on 22 November 2026 with the PyPI package `holidays` 0.109. Brisbane has the Show holiday.
HOLIDAYS: Mapping[str, frozenset[date]] = {
    "NSW": _days(
        "2026-01-01", "2026-01-26", "2026-04-03", "2026-04-04", "2026-04-05", "2026-04-06", "2026-04-25", "2026-04-27",
        "2026-06-08", "2026-10-05", "2026-12-25", "2026-12-26", "2026-12-28", "2027-01-01", "2027-01-26", "2027-03-26",
        "2027-03-27", "2027-03-28", "2027-03-29", "2027-04-25", "2027-04-26", "2027-06-14", "2027-10-04", "2027-12-25",
        "2027-12-26", "2027-12-27", "2027-12-28",
    ),
    "QLD": _days(
        "2026-01-01", "2026-01-26", "2026-04-03", "2026-04-04", "2026-04-05", "2026-04-06", "2026-04-25", "2026-05-04",
        "2026-08-12", "2026-10-05", "2026-12-25", "2026-12-26", "2026-12-28", "2027-01-01", "2027-01-26", "2027-03-26",
        "2027-03-27", "2027-03-28", "2027-03-29", "2027-04-26", "2027-05-03", "2027-08-11", "2027-10-04", "2027-12-25",
        "2027-12-26", "2027-12-27", "2027-12-28",
    ),
    "WA": _days(
        "2026-01-01", "2026-01-26", "2026-03-02", "2026-04-03", "2026-04-05", "2026-04-06", "2026-04-25", "2026-04-27",
        "2026-06-01", "2026-09-28", "2026-12-25", "2026-12-26", "2026-12-28", "2027-01-01", "2027-01-26", "2027-03-01",
        "2027-03-26", "2027-03-28", "2027-03-29", "2027-04-25", "2027-04-26", "2027-06-07", "2027-09-27", "2027-12-25",
        "2027-12-26", "2027-12-27", "2027-12-28",
    ),
}  # fmt: skip


def _page(account_id: str, name: str, zone: str, hours: str, state: str) -> Account:
    return Account(
        platform="facebook_page",
        account_id=account_id,
        name=name,
        brand=BRAND,
        timezone=zone,
        hours=hours,
        holidays=HOLIDAYS[state],
        connection=FACEBOOK,
    )


ACCOUNTS: tuple[Account, ...] = (
    _page(MAIN, NAME, "Australia/Sydney", OFFICE_HOURS, "NSW"),
    _page(SYDNEY, f"{NAME} Sydney", "Australia/Sydney", SHOP_HOURS, "NSW"),
    _page(BRISBANE, f"{NAME} Brisbane", "Australia/Brisbane", SHOP_HOURS, "QLD"),
    _page(PERTH, f"{NAME} Perth", "Australia/Perth", SHOP_HOURS, "WA"),
    Account(
        platform="webhook",
        account_id=WEB_SHOP,
        name=f"{NAME} web shop",
        brand=BRAND,
        timezone="Australia/Sydney",
        hours=OFFICE_HOURS,
        holidays=HOLIDAYS["NSW"],
        connection=WEB,
    ),
    *(
        Account(
            platform=platform,
            account_id=account_id,
            name=NAME,
            brand=BRAND,
            timezone="Australia/Sydney",
            hours=OFFICE_HOURS,
            holidays=HOLIDAYS["NSW"],
            connection=platform,
        )
        for account_id, platform in MICROBLOGS.items()
    ),
)


NEW: tuple[Account, ...] = (
    Account(
        platform="instagram",
        account_id=INSTAGRAM,
        name=NAME,
        brand=BRAND,
        timezone="Australia/Sydney",
        hours=OFFICE_HOURS,
        holidays=HOLIDAYS["NSW"],
        connection="instagram",
    ),
)
"""Accounts without a past: nothing of the demo's month was said or shown there."""

STORE = Account(
    platform=SHOP,
    account_id=SHOP_ACCOUNT,
    name=f"{NAME} online",
    brand=BRAND,
    timezone="Australia/Sydney",
    hours=OFFICE_HOURS,
    holidays=HOLIDAYS["NSW"],
    connection=SHOP,
)
"""The web shop: nobody speaks there, so it is none of ACCOUNTS."""


def accounts(bases: Mapping[str, str]) -> tuple[Account, ...]:
    """The accounts, each talking to its platform at the address in `bases` (the simulators, on this machine)."""
    return tuple(replace(a, api_base=bases.get(a.platform, "")) for a in (*ACCOUNTS, *NEW))


def _person(person_id: str, name: str, *roles: Role) -> Person:
    return Person(person_id, name, frozenset(roles), frozenset({BRAND}), email=f"{person_id}@banksia-and-oak.example")


PEOPLE: tuple[Person, ...] = (
    _person("priya", "Priya Raman", Role.COMMUNITY_MANAGER),
    _person("mateus", "Mateus Oliveira", Role.COMMUNITY_MANAGER),
    _person("hana", "Hana Kobayashi", Role.CUSTOMER_SERVICE_MANAGER),
    _person("jack", "Jack Whitlam", Role.MARKETER),
    _person("eleni", "Eleni Papadakis", Role.OWNER),
    _person("amara", "Amara Nwosu", Role.COMPLIANCE),
    _person("tomasz", "Tomasz Zielinski", Role.ENGINEER),
)

NOT_YET_ACKNOWLEDGED = frozenset({"mateus"})
"""New this week: has acknowledged nothing yet, so that the gate's refusal can be seen."""

TARGETS = Targets(minutes={"complaint": 120, "question": 240, "review": 480, "default": 240})


def policies() -> list[Policy]:
    """The five documents that Herald ships, as the shop took them over, by file."""
    return [documents.parse(text) for _, text in shipped()]


def answers() -> str:
    """The saved answers, as the shop saved them."""
    return (_HERE / "answers.yaml").read_text(encoding="utf-8")


LIMITS = (("community_manager", 20_000), ("customer_service_manager", 100_000), ("owner", 500_000))
"""What each role may give away by itself to one customer in a month, in cents (COMPLAINTS 2.2)."""
