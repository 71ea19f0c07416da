"""A small OpenID Connect issuer on 127.0.0.1: code flow with PKCE, signed ID tokens, UserInfo, end of session.

It lets in whoever the test names and signs what the test wants signed, also what no honest issuer would sign. Client,
redirect address, verifier and the one use of a code it checks strictly.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.servers.running import free_port

CLIENT, SECRET = "herald-dashboard", "a-secret-of-the-test"


@dataclass
class Issuer:
    """One issuer.

    Attributes:
        claims: what the next ID token says besides iss, sub, aud, iat, exp and nonce, or instead of them.
        userinfo: what UserInfo says besides `sub`.
        withdrawn: access tokens that it does not stand by any more; `down` answers 503 to everything but pages.
        foreign_key: sign with a key that nobody publishes.
        asked: paths, in order.
    """

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    down: bool = False
    foreign_key: bool = False
    asked: list[str] = field(default_factory=list)
    left: list[dict[str, str]] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict)  # access token -> sub
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256"}))
    _other: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256"}))

    def reset(self, **claims: Any) -> None:
        """An honest issuer again, which lets this visitor in."""
        self.claims, self.userinfo, self.down, self.foreign_key = dict(claims), {}, False, False
        self.asked, self.left = [], []

    def withdraw_all(self) -> None:
        """As after a global sign-out, or when a user is disabled."""
        self.withdrawn |= set(self.subjects)

    def routes(self) -> list[Route]:
        return [
            Route("/.well-known/openid-configuration", self._metadata),
            Route("/jwks", self._jwks),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/userinfo", self._userinfo),
            Route("/leave", self._leave),
        ]

    def _saw(self, request: Request) -> None:
        self.asked.append(request.url.path)

    async def _metadata(self, request: Request) -> Response:
        self._saw(request)
        if self.down:
            return Response(status_code=503)
        return JSONResponse({
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo", "end_session_endpoint": f"{self.url}/leave",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        })  # fmt: skip

    async def _jwks(self, request: Request) -> Response:
        self._saw(request)
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        self._saw(request)
        asked = dict(request.query_params)
        if asked.get("client_id") != CLIENT or asked.get("response_type") != "code":
            return Response("unknown client", 400)
        if asked.get("code_challenge_method") != "S256" or "openid" not in asked.get("scope", "").split():
            return Response("PKCE and openid, please", 400)
        code = secrets.token_urlsafe(12)
        self._codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302)

    async def _token(self, request: Request) -> Response:
        self._saw(request)
        form = {name: str(value) for name, value in (await request.form()).items()}
        asked = self._codes.pop(form.get("code", ""), None)  # one use
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        proved = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        if asked["code_challenge"] != proved.decode():
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.url, "sub": "u-1", "aud": CLIENT, "iat": now, "exp": now + 3600, "nonce": asked["nonce"],
        } | self.claims  # fmt: skip
        access = secrets.token_urlsafe(24)
        self.subjects[access] = str(claims["sub"])
        key = self._other if self.foreign_key else self._key
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)
        return JSONResponse({"access_token": access, "id_token": token, "token_type": "Bearer", "expires_in": 28_800})

    async def _userinfo(self, request: Request) -> Response:
        self._saw(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.down:
            return Response(status_code=503)
        if token not in self.subjects or token in self.withdrawn:
            return JSONResponse({"error": "invalid_token"}, 401, {"www-authenticate": 'Bearer error="invalid_token"'})
        return JSONResponse({"sub": self.subjects[token]} | self.userinfo)

    async def _leave(self, request: Request) -> Response:
        self._saw(request)
        self.left.append(dict(request.query_params))
        return RedirectResponse(request.query_params["post_logout_redirect_uri"], 302)


@contextmanager
def running() -> Iterator[Issuer]:
    """An issuer in a thread of this process, until the block ends."""
    issuer = Issuer()
    port = free_port()
    issuer.url = f"http://127.0.0.1:{port}"
    config = uvicorn.Config(Starlette(routes=issuer.routes()), "127.0.0.1", port, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    assert server.started, "the issuer did not start"
    try:
        yield issuer
    finally:
        server.should_exit = True
        thread.join(10)
