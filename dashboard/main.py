"""The script Streamlit runs for each visitor: who is it, which pages are theirs, and the one they asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import streamlit as st

from dashboard import theme, who
from dashboard.app_pages import (
    breaches,
    calendar,
    campaigns,
    evidence,
    inbox,
    incidents,
    law,
    library,
    moderation,
    monitors,
    overview,
    platforms,
    policies,
    profiles,
    recommendations,
    report,
    rules,
    user_content,
)
from dashboard.components import sheet
from dashboard.components.colours import colours
from dashboard.failures import explained
from dashboard.present import initials
from dashboard.text import one_line
from herald.model import Person, Role

_CM, _CSM, _MARKETER = Role.COMMUNITY_MANAGER, Role.CUSTOMER_SERVICE_MANAGER, Role.MARKETER
_OWNER, _COMPLIANCE, _EVERYONE = Role.OWNER, Role.COMPLIANCE, frozenset(Role)
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")
_ANSWER = frozenset({_CM, _CSM, _OWNER, _COMPLIANCE})
_MODERATE = frozenset({_CM, _CSM, _OWNER, _COMPLIANCE})


class Entry(NamedTuple):
    """One page: where it stands in the navigation, what draws it, and whose roles see it.

    Who may not see a page cannot reach it by its address either. What each may do on it is the gate's to say.
    """

    section: str
    title: str
    icon: str
    render: Callable[[], None]
    sees: frozenset[Role]


PAGES: Final[dict[str, Entry]] = {  # by path; sections in the order of their first page
    "overview": Entry("Measure", "Overview", ":material/monitoring:", overview.render, overview.SEES),
    "report": Entry("Measure", "Report", ":material/description:", report.render, overview.SEES),
    "profiles": Entry("Measure", "Profiles", ":material/badge:", profiles.render, profiles.SEES),
    "recommendations": Entry(
        "Measure", "Recommendations", ":material/lightbulb:", recommendations.render, recommendations.SEES
    ),
    "inbox": Entry("Engage", "Inbox", ":material/inbox:", inbox.render, _ANSWER),
    "moderation": Entry("Engage", "Moderation", ":material/gavel:", moderation.render, _MODERATE),
    "rules": Entry("Engage", "Rules", ":material/rule:", rules.render, rules.SEES),
    "monitors": Entry("Engage", "Monitors", ":material/radar:", monitors.render, monitors.SEES),
    "incidents": Entry("Engage", "Incidents", ":material/campaign:", incidents.render, incidents.SEES),
    "platforms": Entry("Prepare", "Platforms", ":material/compare:", platforms.render, platforms.SEES),
    "trends": Entry("Prepare", "Trends", ":material/trending_up:", monitors.render_trends, monitors.SEES),
    "calendar": Entry("Publish", "Calendar", ":material/calendar_month:", calendar.render, calendar.SEES),
    "campaigns": Entry("Publish", "Campaigns", ":material/sell:", campaigns.render, campaigns.SEES),
    "library": Entry("Publish", "Library", ":material/photo_library:", library.render, calendar.SEES),
    "user-content": Entry(
        "Publish", "User content", ":material/volunteer_activism:", user_content.render, calendar.SEES
    ),
    "policies": Entry("Govern", "Policies", ":material/policy:", policies.render, _EVERYONE),
    "law": Entry("Govern", "Law", ":material/balance:", law.render, law.SEES),
    "breaches": Entry("Govern", "Breaches", ":material/report:", breaches.render, breaches.SEES),
    "evidence": Entry("Govern", "Evidence", ":material/fact_check:", evidence.render, evidence.SEES),
}


def pages_of(person: Person) -> list[str]:
    """The paths of this person's pages."""
    return [path for path, page in PAGES.items() if path == "policies" or (person.active and person.roles & page.sees)]


def _navigation(person: Person) -> dict[str, list[st.Page]]:
    built: dict[str, list[st.Page]] = {}
    for path in pages_of(person):
        page = PAGES[path]
        built.setdefault(page.section, []).append(st.Page(page.render, title=page.title, icon=page.icon, url_path=path))
    return built


def _home(first: st.Page) -> st.Page:
    """The bare address leads to a person's first page; every page then has an address of its own."""

    def go() -> None:
        if _asked() not in ("", "home"):  # one that _elsewhere does not take
            _not_here()
            return
        st.switch_page(first, query_params=st.query_params.to_dict())

    return st.Page(go, title="Herald", url_path="home", default=True, visibility="hidden")


def _elsewhere(pages: Iterable[str]) -> list[st.Page]:
    """A page for an address that is none of these, so that we say so: Streamlit would say that it opens another."""
    asked = _asked()
    if asked in {"", "home", *pages} or not _PLAIN.fullmatch(asked):
        return []
    return [st.Page(_not_here, title="Herald", url_path=asked, visibility="hidden")]


def _asked() -> str:
    return urlsplit(st.context.url or "").path.strip("/")


def _not_here() -> None:
    text = "Page not found: its address is misspelt, or it is not for your role. Choose one at the side."
    sheet([{"t": "empty", "text": text}], key="not-found")


@explained
def main() -> None:
    """One run of the script."""
    st.set_page_config("Herald", page_icon=str(theme.ASSETS / "icon.png"), layout="wide", initial_sidebar_state=224)
    narrow = "logo.svg" if st.context.theme.type == "dark" else "logo_dark_text.svg"  # beside a closed sidebar
    st.logo(str(theme.ASSETS / "logo.svg"), size="large", icon_image=str(theme.ASSETS / narrow))
    visitor = who.visitor()
    person = visitor.person
    who.remember(person)
    if person is None:
        _nobody(visitor.why)
        return
    pages = _navigation(person)
    st.session_state["herald.pages"] = {page.url_path: page for of in pages.values() for page in of}
    with st.sidebar:
        _me(person)
        colours()
    first = next(iter(pages.values()))[0]
    hidden = [_home(first), *_elsewhere(pages_of(person))]
    st.navigation({"": hidden, **pages}, expanded=True).run()  # no page behind "View more"


def _nobody(why: str) -> None:
    sign_in = who.sign_in()
    if st.session_state.pop("herald.pages", None):  # whoever was here has left: their pages go from the side as well
        st.navigation([st.Page(lambda: None, title="Herald", default=True)], position="hidden")
    if sign_in and sign_in.enter:
        _door(why, sign_in, sign_in.enter)
        return
    with st.container(border=True):
        if sign_in is None:
            text = "Nobody can sign in here: no sign-in is set up. On your own machine, start Herald with: make up"
            sheet([{"t": "empty", "text": text}], key="no-sign-in")
            return
        sheet([{"t": "empty", "text": why}], key="nobody")
        if sign_in.change_path:
            sheet([{"t": "away", "href": sign_in.change_path, "text": sign_in.change_label}], key="away")


def _door(why: str, sign_in: who.SignIn, enter: Callable[[], None]) -> None:
    """The way in, and why nobody is let in yet; our own words."""
    with st.container(horizontal_alignment="center"):
        st.space("large")
        with st.container(border=True, width=420, gap="small"):
            st.markdown("### Welcome to Herald")
            sheet([{"t": "empty", "text": why}], key="why")
            st.button("Sign in", type="primary", on_click=enter, width="stretch")
            if why != who.SIGN_IN:  # somebody is signed in at the issuer, perhaps as somebody else
                text = "Sign out, to come as somebody else"
                sheet([{"t": "away", "href": sign_in.change_path, "text": text}], key="out")


def _me(person: Person) -> None:
    """Who is signed in, and the way out."""
    roles = ", ".join(theme.ROLES[role] for role in sorted(person.roles))
    sign_in = who.sign_in()
    name = one_line(person.name, 60)
    block = {"t": "me", "name": name, "initials": initials(name), "roles": roles or "No role"}
    if sign_in and sign_in.change_path:
        block |= {"href": sign_in.change_path, "link": sign_in.change_label}
    sheet([block], key="me")


if __name__ == "__main__":  # so Streamlit runs it; an import only reads it
    main()
