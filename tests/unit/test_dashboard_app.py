"""The script, its pages and its server: who sees what, what a failure says, and what may never be written."""

from __future__ import annotations

import ast
import asyncio
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from streamlit.testing.v1 import AppTest

from dashboard import actions, data, failures, main, streamlit_app, theme, who
from dashboard.components.colours import WHERE
from dashboard.who import SignIn
from herald.model import Acknowledgement as Ack
from herald.model import Case, CaseState, New, Person, Role
from tests.e2e.dashboard_world import BRAND, PEOPLE, World

FOLDER = Path(streamlit_app.__file__).parent
SOURCES = sorted(FOLDER.rglob("*.py"))


@pytest.fixture
def world():
    world = World()
    world.furnish()
    data.set_herald(world.herald)
    yield world
    data.set_herald(None)
    who.install(None)


def visit(person_id: str = "priya") -> AppTest:
    """Run the script as this person ("" for nobody)."""
    who.install(SignIn(lambda: person_id, "/choose", "Change person"))
    return AppTest.from_file(str(FOLDER / "main.py"), default_timeout=30).run()


def spoken(at: AppTest) -> str:
    """Everything in our own words on the page."""
    kinds = (at.title, at.caption, at.markdown, at.error, at.code, at.text)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


# ---------------------------------------------------------------- who sees what


_CM, _CSM, _MARKETER = Role.COMMUNITY_MANAGER, Role.CUSTOMER_SERVICE_MANAGER, Role.MARKETER
_WORKING = {_CM, _CSM, _MARKETER, Role.OWNER, Role.COMPLIANCE}
SEEN_BY = {
    "overview": _WORKING,
    "report": _WORKING,
    "recommendations": _WORKING,
    "evidence": _WORKING,
    "monitors": _WORKING,
    "trends": _WORKING,
    "platforms": _WORKING,
    "profiles": _WORKING,
    "inbox": {_CM, _CSM, Role.OWNER, Role.COMPLIANCE},
    "moderation": {_CM, _CSM, Role.OWNER, Role.COMPLIANCE},
    "rules": {_CM, _CSM, Role.OWNER, Role.COMPLIANCE},
    "incidents": _WORKING,
    "calendar": _WORKING,
    "campaigns": _WORKING,
    "library": _WORKING,
    "user-content": _WORKING,
    "policies": set(Role),
    "law": set(Role),
    "breaches": set(Role),
}


@pytest.mark.parametrize("role", Role)
def test_each_role_has_its_pages_and_no_other(role):
    person = Person("p", "P", frozenset({role}), frozenset({BRAND}))
    assert set(main.PAGES) == set(SEEN_BY)
    assert set(main.pages_of(person)) == {path for path, roles in SEEN_BY.items() if role in roles}


def test_who_has_no_role_has_only_the_policies_to_read():
    assert main.pages_of(Person("p", "P", frozenset(), frozenset({BRAND}))) == ["policies"]


def test_nobody_sees_nothing(world):
    at = visit("")
    assert not at.exception
    assert "Mara Quill" not in spoken(at)
    assert not at.title


def test_a_person_who_was_made_inactive_is_nobody(world):
    world.store.save(replace(PEOPLE[0], active=False))
    data.set_herald(world.herald)
    who.install(SignIn(lambda: "priya"))
    assert who.current_person() is None


def test_without_a_sign_in_nobody_is_anybody(world):
    who.install(None)
    assert who.current_person() is None


@pytest.mark.parametrize("person_id", ["priya", "aroha", "lena", "gus", "evil"])
def test_every_role_opens_its_first_page_without_a_failure(world, person_id):
    at = visit(person_id)
    assert not at.exception
    assert "Something went wrong" not in spoken(at)
    assert at.title


# ---------------------------------------------------------------- when something fails


class _Broken:
    """A store whose every read fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> object:
        def fail(*args: object, **kwargs: object) -> object:
            raise self.error

        return fail


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "m"}}, "GetItem"),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:4566"),
    ],
)
def test_without_tables_the_page_says_what_to_start(world, error):
    data.set_herald(replace(world.herald, store=_Broken(error)))
    at = visit()
    assert not at.exception
    assert "make up" in spoken(at)


def test_an_unexpected_failure_is_told_by_reference_only(world, caplog):
    data.set_herald(replace(world.herald, store=_Broken(RuntimeError("table secret-name is broken"))))
    at = visit()
    assert not at.exception
    assert "Something went wrong" in spoken(at)
    assert "secret-name" not in spoken(at)
    reference = at.code[0].value
    assert reference in caplog.text
    assert "secret-name" in caplog.text


def test_a_missing_table_is_not_confused_with_a_wrong_request():
    assert not failures.not_started(ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "Query"))
    assert not failures.not_started(KeyError("x"))


def test_an_entry_of_the_cache_that_ends_between_two_looks_is_read_anew_and_told_to_nobody():
    from streamlit.runtime.caching.ttl_cache import TTLCache

    cache: TTLCache[str, int] = TTLCache(maxsize=4, ttl=60.0)
    with pytest.raises(KeyError) as gone:
        cache["gone"]
    assert failures.expired(gone.value)
    with pytest.raises(KeyError) as ours:
        {}["gone"]
    assert not failures.expired(ours.value)


# ---------------------------------------------------------------- actions


@pytest.fixture
def case(world, monkeypatch) -> Case:
    """A case of a person who may answer it."""
    who.install(SignIn(lambda: "priya"))
    world.store.commit([New(Ack("priya", "COMPLAINTS", 1, world.now()))])
    monkeypatch.setattr(actions.st, "session_state", {})
    return world.complaint("Mara", "My pot is late", due_in=30)


def test_the_same_click_twice_is_one_reply(world, case):
    """Even when the page has been drawn anew between the two clicks and hands over a newer case."""
    actions.st.session_state["box"] = "We look for it."
    actions.reply(case, "box")
    assert actions.take_flash().tone == "green"
    actions.st.session_state["box"] = "We look for it."
    actions.reply(world.store.case(case.id), "box")
    assert world.replies(case.id) == 1


def test_a_failed_reply_may_be_given_again_in_the_same_words(world, case):
    actions.st.session_state["box"] = "We look for it."
    actions.reply(case, "box")
    world.delivered(case.id, failed=True)
    actions.st.session_state["box"] = "We look for it."
    actions.reply(world.store.case(case.id), "box")
    assert world.replies(case.id) == 2


def test_an_empty_answer_is_not_sent(world, case):
    actions.st.session_state["box"] = "   "
    actions.reply(case, "box")
    assert actions.take_flash().tone == "orange"
    assert world.replies(case.id) == 0


def test_a_refusal_is_told_in_the_gates_words_and_keeps_what_was_typed(world, case):
    who.install(SignIn(lambda: "lena"))
    actions.st.session_state["box"] = "We look for it."
    actions.reply(case, "box")
    told = actions.take_flash()
    assert told.tone == "red"
    assert "role" in told.text
    assert actions.st.session_state["box"] == "We look for it."
    assert world.replies(case.id) == 0


def test_who_was_signed_out_meanwhile_changes_nothing(world, case):
    who.install(SignIn(lambda: ""))
    actions.claim(case.id, case.version)
    assert "not signed in" in actions.take_flash().text
    assert world.store.case(case.id).state is CaseState.OPEN


# ---------------------------------------------------------------- the server


def test_every_answer_carries_the_security_headers():
    async def page(scope, receive, send):
        headers = [(b"Content-Security-Policy", b"default-src *"), (b"x-own", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    sent = []

    async def send(message):
        sent.append(message)

    asked = streamlit_app.SecurityHeaders(page)({"type": "http"}, None, send)
    with ThreadPoolExecutor(1) as aside:  # a browser of another test may keep a loop running in this thread
        aside.submit(asyncio.run, asked).result()
    headers = [(name.lower(), value) for name, value in sent[0]["headers"]]
    policies = [value for name, value in headers if name == b"content-security-policy"]
    assert policies == [streamlit_app.POLICY.encode()]
    assert (b"x-content-type-options", b"nosniff") in headers
    assert (b"x-own", b"1") in headers


def test_the_policy_lets_nothing_in_from_elsewhere():
    directives = dict(part.partition(" ")[::2] for part in streamlit_app.POLICY.split("; "))
    assert directives["default-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"
    assert "*" not in streamlit_app.POLICY
    assert "http" not in streamlit_app.POLICY
    assert not [place for place in directives["connect-src"].split() if place.startswith("ws")], "'self' is enough"


def test_the_settings_that_keep_a_server_closed_are_set():
    config = tomllib.loads((FOLDER / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["enableXsrfProtection"] is True
    assert config["server"]["enableCORS"] is True
    assert config["server"]["enableAgentApi"] is False
    assert config["client"]["showErrorDetails"] == "none"
    assert config["client"]["disableDataExport"] is True
    assert config["browser"]["gatherUsageStats"] is False
    for face in config["theme"]["fontFaces"]:
        assert (FOLDER / "static" / face["url"].removeprefix("app/static/")).is_file()


def _contrast(one: str, other: str) -> float:
    """Of two colours as #rrggbb, 1 to 21 (WCAG 2.2)."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((light(one), light(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _over(colour: str, share: float, ground: str) -> str:
    both = ((int(each[at : at + 2], 16) for each in (colour, ground)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(share * above + (1 - share) * below):02x}" for above, below in both)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_what_is_chosen_what_changes_in_a_rule_and_the_words_of_buttons_can_be_read_in_either_mode(mode):
    colours = theme.PAGE[mode]
    page, primary = colours["backgroundColor"], colours["primaryColor"]
    for ground in (page, colours["secondaryBackgroundColor"]):
        assert not [name for name in WHERE if _contrast(colours[name], ground) < 4.5]
    for share in (0.1, 0.2):
        ground = _over(primary, share, page)
        assert _contrast(colours["linkColor"], ground) >= 4.5, "a tab, and one under the pointer"
    assert _contrast("#ffffff", primary) >= 4.5, "a button"
    assert _contrast(primary, page) >= 3, "its border"


# ---------------------------------------------------------------- what may never be written here

MARKUP = {"markdown", "write", "title", "header", "subheader", "error", "warning", "info", "success", "toast"}
NEVER = {"html", "table", "iframe", "json"}


def _calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]


def _risky(call: ast.Call) -> str:
    """Why this call could interpret outside words; empty if it cannot."""
    if any(word.arg in ("unsafe_allow_html", "unsafe_allow_javascript") for word in call.keywords):
        return "allows markup"
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    owner = call.func.value.id if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) else ""
    if owner == "st" and name in NEVER:
        return f"st.{name} interprets what it is given"
    if owner == "st" and name in MARKUP and not all(isinstance(arg, ast.Constant) for arg in call.args):
        return f"st.{name} with words that are not ours"
    return ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_no_page_hands_outside_words_to_something_that_interprets_them(path):
    assert [f"line {call.lineno}: {why}" for call in _calls(path) if (why := _risky(call))] == []


@pytest.mark.parametrize(
    "code",
    ['st.markdown(f"**{name}**")', "st.write(message.text)", 'st.markdown("x", unsafe_allow_html=True)',
     "st.html(text)", 'st.error("No: " + text)', "st.table(rows)"],
)  # fmt: skip
def test_the_lint_sees_what_it_is_for(code):
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    assert _risky(call)


@pytest.mark.parametrize("path", sorted((FOLDER / "components").glob("*.js")), ids=lambda path: path.name)
def test_no_component_makes_markup_of_words(path):
    code = path.read_text(encoding="utf-8")
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"):
        assert sink not in code


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_the_dashboard_knows_nothing_of_the_laptop(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in named if name.split(".")[0] in ("local", "tests", "functions")]
