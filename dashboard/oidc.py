"""Sign-in by OpenID Connect: what the issuer's token proves, and whether it still does.

Streamlit and Authlib do the dance (code flow, state, nonce, signature) and keep the claims in a signed cookie for 30
days. They look at no age and, as read in Authlib 1.9, at no audience. So `identify` judges the claims again at every
run of the script, `Issuer` asks each minute whether the issuer still stands by them, and `Ended` remembers who signed
out, for the tabs that were left open.

Sources: OpenID Connect Core 1.0, 2 (ID token), 3.1.3.7 (its validation), 5.3 (UserInfo), 5.7 (what names a person);
docs/decisions/0010-a-sign-in-proves-the-store-allows.md.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit as st
import urllib3
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import data, who
from herald.model import Person, Role

CALLBACK: Final = "/oauth2callback"  # Streamlit's own
COOKIE: Final = "_streamlit_user"  # Streamlit's own; a long one has parts _1, _2; the tokens are in …_tokens
SIGN_OUT: Final = "/sign-out"
SKEW: Final = 120  # seconds two clocks may differ
ASK_EVERY: Final = 60.0  # seconds an answer of the issuer counts
GRACE: Final = 300.0  # seconds the last good answer counts while the issuer cannot be asked
_ANSWER_LIMIT: Final = 65_536  # bytes
_TIMES_OUT: Final = 3.0  # seconds
_log = logging.getLogger("herald.signin")

SIGN_IN = who.SIGN_IN
ELSEWHERE = "This sign-in was made for another service. Sign in again."
TOO_OLD = "Your session has ended. Sign in again to go on."
UNVERIFIED = (
    "Your organisation's sign-in has not confirmed your e-mail address, so it proves nothing. "
    "Ask whoever runs the sign-in to verify it, then sign in again."
)
UNKNOWN = "Herald has no active person with your e-mail address. Ask the owner to add you."
TWICE = "More than one person in Herald has your e-mail address. Ask the owner to correct it."
NO_ROLE = "None of your groups gives you a role in Herald. Ask the owner, or whoever runs the sign-in."
WITHDRAWN = "Your organisation's sign-in has ended your session. Sign in again to go on."
UNASKED = "The sign-in service cannot be asked whether you are still signed in. Try again in a minute."
SIGNED_OUT = "You have signed out."


class Incomplete(SystemExit):
    """The settings name an issuer and lack something; says what."""


# ---------------------------------------------------------------- settings


@dataclass(frozen=True, slots=True)
class Settings:
    """Where people sign in.

    Attributes:
        issuer: as it names itself in its tokens, e.g. "https://login.example.org/realms/shop".
        url: where browsers find this dashboard, e.g. "https://herald.example.org".
        groups: group -> roles it gives; empty, groups play no part.
        groups_claim: which claim lists the groups.
        seconds: how long a sign-in lasts, from the issue of its token.
        asks: whether the issuer is asked each minute if it still stands by the sign-in.
        logout_url: where signing out leads, for an issuer that does not follow the standard; empty, its own page.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    cookie_secret: str = field(repr=False)
    url: str
    groups: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    groups_claim: str = "cognito:groups"
    seconds: int = 8 * 3600
    asks: bool = True
    logout_url: str = ""

    @staticmethod
    def from_environment(environment: Mapping[str, str]) -> Settings | None:
        """None if nothing of a sign-in is set: then nobody can sign in. Raises Incomplete naming what is wrong."""
        given = {name: environment.get(name, "").strip() for name in _NAMES}
        if not any(given[name] for name in _NEEDED):
            return None
        if missing := [name for name in _NEEDED if not given[name]]:
            raise Incomplete(f"The sign-in lacks {', '.join(missing)}. docs/dashboard.md says what each is.")
        for name in ("OIDC_ISSUER", "DASHBOARD_URL"):
            if not _safe(given[name]):
                raise Incomplete(f"{name} must be an https address; {given[name]!r} is not.")
        if len(given["COOKIE_SECRET"]) < 32:
            raise Incomplete("COOKIE_SECRET must have 32 characters or more: whoever guesses it is anyone.")
        if given["OIDC_CHECK"] not in ("", "userinfo", "off"):
            raise Incomplete(f"OIDC_CHECK must be userinfo or off; {given['OIDC_CHECK']!r} is neither.")
        return Settings(
            issuer=given["OIDC_ISSUER"],
            client_id=given["OIDC_CLIENT_ID"],
            client_secret=given["OIDC_CLIENT_SECRET"],
            cookie_secret=given["COOKIE_SECRET"],
            url=given["DASHBOARD_URL"].rstrip("/"),
            groups=read_groups(given["OIDC_GROUPS"]),
            groups_claim=given["OIDC_GROUPS_CLAIM"] or "cognito:groups",
            seconds=_seconds(given["SESSION_HOURS"] or "8"),
            asks=given["OIDC_CHECK"] != "off",
            logout_url=given["OIDC_LOGOUT_URL"],
        )

    def for_streamlit(self) -> dict[str, Any]:
        """What `st.login` reads under [auth]; handed over in memory, no secrets.toml is written."""
        return {
            "auth": {
                "redirect_uri": self.url + CALLBACK,
                "cookie_secret": self.cookie_secret,
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "server_metadata_url": _metadata_url(self.issuer),
                "client_kwargs": {"scope": "openid email profile", "timeout": 10},
                "expose_tokens": ["access"],
            }
        }


_NEEDED: Final = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "COOKIE_SECRET", "DASHBOARD_URL")
_NAMES: Final = (
    *_NEEDED, "OIDC_GROUPS", "OIDC_GROUPS_CLAIM", "OIDC_CHECK", "OIDC_LOGOUT_URL", "SESSION_HOURS",
)  # fmt: skip


def read_groups(text: str) -> dict[str, frozenset[Role]]:
    """Group -> roles, from "shop-owners=owner; care=customer_service_manager,community_manager".

    Raises Incomplete: a mapping that is written wrongly must not be read as "no mapping", which would let all roles in.
    """
    found: dict[str, frozenset[Role]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        group, equals, roles = part.rpartition("=")
        try:
            named = frozenset(Role(role.strip()) for role in roles.split(",") if role.strip())
        except ValueError as error:
            raise Incomplete(f"OIDC_GROUPS: {error}; roles are {', '.join(Role)}.") from None
        if not (equals and group.strip() and named):
            raise Incomplete(f"OIDC_GROUPS: {part!r} is not of the form group=role,role.")
        found[group.strip()] = found.get(group.strip(), frozenset()) | named
    return found


def _seconds(hours: str) -> int:
    try:
        seconds = round(float(hours) * 3600)
    except (ValueError, OverflowError):
        seconds = 0
    if not 60 <= seconds <= 24 * 3600:
        raise Incomplete(f"SESSION_HOURS must be a number up to 24; {hours!r} is not.")
    return seconds


def _safe(url: str) -> bool:
    """https, or http on this very machine, where tests run."""
    parts = urlsplit(url)
    try:
        loopback = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        loopback = False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and loopback))


def _metadata_url(issuer: str) -> str:
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


# ---------------------------------------------------------------- what the claims prove


def identify(
    claims: Mapping[str, Any], people: Iterable[Person], settings: Settings, now: float, *, groups: object = None
) -> who.Proof:
    """Whom the claims of a signed-in session name, as of now.

    Args:
        claims: of the ID token, its signature checked, with Streamlit's own `is_logged_in`; {} for nobody.
        people: those who may be meant.
        now: Unix seconds.
        groups: what the issuer says today instead of what it said at sign-in; None: it says nothing of groups.
    Returns:
        A person with the roles their groups allow; or nobody, with a sentence that says what to do.
    """
    if claims.get("is_logged_in") is not True:
        return who.Proof(why=SIGN_IN)
    if not _ours(claims, settings):
        return who.Proof(why=ELSEWHERE)
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, (int, float)):
        return who.Proof(why=TOO_OLD)
    if not -SKEW <= now - issued <= settings.seconds:
        return who.Proof(why=TOO_OLD)
    meant = [person for person in people if person.active and _names(claims, person)]
    if not meant:
        return who.Proof(why=UNKNOWN if claims.get("email_verified") is True else UNVERIFIED)
    if len(meant) > 1:
        return who.Proof(why=TWICE)
    allowed = _roles(claims.get(settings.groups_claim) if groups is None else groups, settings)
    if allowed is not None and not allowed & meant[0].roles:
        return who.Proof(why=NO_ROLE)
    return who.Proof(meant[0].id, allowed)


def _ours(claims: Mapping[str, Any], settings: Settings) -> bool:
    """Issuer and audience, by OpenID Connect Core 3.1.3.7, 2 to 5."""
    audience = claims.get("aud")
    listed = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    party = claims.get("azp")
    return (
        claims.get("iss") == settings.issuer
        and settings.client_id in listed
        and (party == settings.client_id or (party is None and len(listed) == 1))
    )


def _names(claims: Mapping[str, Any], person: Person) -> bool:
    """By the issuer's own id where the person's row has it, otherwise by an e-mail address the issuer has verified."""
    if person.subject:
        return claims.get("sub") == person.subject
    email = claims.get("email")
    return (
        isinstance(email, str)
        and claims.get("email_verified") is True
        and bool(person.email)
        and _plain(email) == _plain(person.email)
    )


def _plain(email: str) -> str:
    """Case does not tell ASCII addresses apart. Others are compared as written: lowering the Kelvin sign gives a k."""
    return email.lower() if email.isascii() else email


def _roles(groups: object, settings: Settings) -> frozenset[Role] | None:
    """What the groups allow; None where no group means anything."""
    if not settings.groups:
        return None
    named = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    return frozenset().union(*(settings.groups.get(name, ()) for name in named if isinstance(name, str)))


# ---------------------------------------------------------------- whether it still does


class Withdrawn(Exception):
    """The issuer does not stand by this access token any more."""


class Unasked(Exception):
    """The issuer could not be asked, and has not been asked successfully for too long."""


Fetch = Callable[[str, Mapping[str, str]], tuple[int, bytes]]
"""(address, headers) -> HTTP status and body. Raises OSError or urllib3's HTTPError."""


class Issuer:
    """Asks the issuer's UserInfo endpoint about an access token, and remembers the answer for a minute."""

    def __init__(self, settings: Settings, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._fetch = fetch
        self._clock = clock
        self._endpoint = ""
        self._known: dict[str, tuple[float, object, bool]] = {}  # token's hash -> asked at, groups, still good

    def groups(self, token: str, subject: str) -> object:
        """What it says of groups today, None if nothing. Raises Withdrawn, Unasked."""
        key = hashlib.sha256(token.encode()).hexdigest()
        now = self._clock()
        asked, groups, good = self._known.get(key, (float("-inf"), None, False))
        if now - asked > ASK_EVERY:
            try:
                good, groups = self._ask(token, subject)
                asked = now
                self._keep(key, (now, groups, good), now)
            except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
                _log.warning("the issuer cannot be asked: %s", type(error).__name__)
                if now - asked > GRACE:
                    raise Unasked from error
        if not good:
            raise Withdrawn
        return groups

    def _ask(self, token: str, subject: str) -> tuple[bool, object]:
        status, body = self._fetch(self._where(), {"authorization": f"Bearer {token}", "accept": "application/json"})
        if status in (400, 401, 403):
            return False, None
        if status != 200:
            raise ValueError(f"HTTP {status}")
        told = _object(body)
        return told.get("sub") == subject, told.get(self._settings.groups_claim)  # Core 5.3.2: another sub is no answer

    def _where(self) -> str:
        if not self._endpoint:
            status, body = self._fetch(_metadata_url(self._settings.issuer), {"accept": "application/json"})
            told = _object(body) if status == 200 else {}
            endpoint = told.get("userinfo_endpoint")
            if told.get("issuer") != self._settings.issuer or not isinstance(endpoint, str) or not _safe(endpoint):
                raise ValueError("no metadata of this issuer with a userinfo_endpoint")
            self._endpoint = endpoint
        return self._endpoint

    def _keep(self, key: str, answer: tuple[float, object, bool], now: float) -> None:
        if len(self._known) >= 1_000:
            self._known = {name: held for name, held in self._known.items() if now - held[0] <= GRACE}
        self._known[key] = answer


def _object(body: bytes) -> dict[str, Any]:
    told = json.loads(body)
    if not isinstance(told, dict):
        raise ValueError("not a JSON object")
    return told


def fetch() -> Fetch:
    """Over HTTP: certificates checked, no redirects, a few seconds, a bounded answer."""
    pool = urllib3.PoolManager(timeout=urllib3.Timeout(total=_TIMES_OUT), retries=False)

    def get(url: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        answer = pool.request("GET", url, headers=dict(headers), redirect=False, preload_content=False)
        try:
            body = answer.read(_ANSWER_LIMIT + 1)
            if len(body) > _ANSWER_LIMIT:
                raise ValueError("the answer is too long")
            return answer.status, body
        finally:
            answer.release_conn()

    return get


class Ended:
    """Sign-ins that were signed out of: a tab left open, or a cookie copied before, is nobody's.

    Held by this process, for as long as the sign-in would have lasted. A browser stays with one process (sticky
    sessions); after a restart, its cookie is gone from the browser that signed out.
    """

    def __init__(self) -> None:
        self._until: dict[tuple[str, ...], float] = {}

    def add(self, claims: Mapping[str, Any], until: float, now: float) -> None:
        self._until = {key: end for key, end in self._until.items() if end > now}
        self._until[_session(claims)] = until

    def __contains__(self, claims: Mapping[str, Any]) -> bool:
        return _session(claims) in self._until


def _session(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """One sign-in: Authlib makes a nonce for each."""
    return tuple(str(claims.get(name, "")) for name in ("iss", "sub", "iat", "nonce"))


# ---------------------------------------------------------------- put together


def sign_in(settings: Settings, *, ended: Ended, issuer: Issuer | None) -> who.SignIn:
    """How visitors of a deployed dashboard are known. `issuer` None: it is not asked again after a sign-in."""

    def prove() -> who.Proof:
        claims = st.user.to_dict()
        if claims in ended:
            return who.Proof(why=SIGNED_OUT)
        groups = None
        # first without the network: nobody else's token is carried to the issuer
        proof = identify(claims, data.people().values(), settings, time.time())
        if not proof.person_id and proof.why != NO_ROLE:
            return proof
        if issuer is not None:
            try:
                groups = issuer.groups(str(st.user.tokens.get("access", "")), str(claims.get("sub", "")))
            except Withdrawn:
                return who.Proof(why=WITHDRAWN)
            except Unasked:
                return who.Proof(why=UNASKED)
        # people are remembered for half a minute; whether the row still names this visitor is asked of the row itself
        row = data.person(proof.person_id) if proof.person_id else None
        meant = [row] if row else data.people().values()
        return identify(claims, meant, settings, time.time(), groups=groups)

    return who.SignIn(prove, change_path=SIGN_OUT, change_label="Sign out", enter=st.login)


def routes(settings: Settings, ended: Ended) -> list[Route]:
    """GET /sign-out: the session ends here, in every tab, and at the issuer."""

    async def leave(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return RedirectResponse("/", 303)  # another site's link or image signs nobody out
        now = time.time()
        if claims := _cookie_claims(request):
            ended.add(claims, now + settings.seconds + SKEW, now)
        response = RedirectResponse(settings.logout_url or "/auth/logout", 303)
        if settings.logout_url:
            for name in request.cookies:
                if name.startswith(COOKIE):
                    response.delete_cookie(name, path="/", httponly=True, samesite="lax")
        return response

    return [Route(SIGN_OUT, leave, methods=["GET"])]


def _cookie_claims(request: Request) -> dict[str, Any]:
    """The claims in Streamlit's signed cookie; {} if there is none that is ours. Streamlit offers no public way."""
    from streamlit.web.server.starlette import starlette_auth_routes as theirs  # noqa: PLC0415

    raw = theirs._get_cookie_value_from_request(request, COOKIE)
    try:
        return _object(raw) if raw else {}
    except ValueError:
        return {}


class SecureCookies:
    """Marks every cookie Secure. Streamlit does not, and one plain request before the redirect would carry them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [(name, _secure(name, value)) for name, value in message.get("headers", [])]
            await send(message)

        await self.app(scope, receive, marked if scope["type"] == "http" else send)


def _secure(name: bytes, value: bytes) -> bytes:
    if name.lower() != b"set-cookie" or any(part.strip().lower() == b"secure" for part in value.split(b";")):
        return value
    return value + b"; Secure"
