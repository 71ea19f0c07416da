"""The server of the dashboard: Streamlit behind security headers, with a health check and warm imports.

    streamlit run dashboard/streamlit_app.py

Whoever starts it installs how visitors are known (dashboard.who.install); without that it shows nobody anything.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ROOT: Final = Path(__file__).resolve().parent.parent
for _place in (ROOT, ROOT / "layers" / "common"):  # started by path, Python knows only this folder
    if str(_place) not in sys.path:
        sys.path.insert(0, str(_place))



def uploads_at(environment: Mapping[str, str]) -> str:
    """Where browsers may send the library's large files: the origin of the bucket, or nothing where there is none."""
    bucket, region = environment.get("MEDIA_BUCKET", ""), environment.get("AWS_REGION", "")
    if not bucket:
        return ""
    own = urlsplit(environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL", ""))
    if own.netloc:
        return f"{own.scheme}://{own.netloc}"
    place = "s3" if region in ("", "us-east-1") else f"s3.{region}"
    return f"https://{bucket}.{place}.amazonaws.com"


POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",  # no picture from anywhere else, whoever asks for it
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",  # Streamlit's own bundle needs these
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self' data:",
        f"connect-src 'self' data: blob: {uploads_at(os.environ)}".rstrip(),
        "worker-src 'self' blob:",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
HEADERS: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"strict-transport-security", b"max-age=31536000"),  # ignored by browsers on plain http
)


class SecurityHeaders:
    """Adds HEADERS to every HTTP response, replacing what stood there under the same name."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        names = {name for name, _ in HEADERS}

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in names]
                message["headers"] = [*kept, *HEADERS]
            await send(message)

        await self.app(scope, receive, with_headers)


async def health(_: Request) -> JSONResponse:
    """The process answers; whether tables can be read is for the pages to say."""
    return JSONResponse({"status": "ok"})


@asynccontextmanager
async def warm(_: st.App) -> AsyncIterator[None]:
    """Load what every page needs, then take it out of the garbage collector's way.

    Streamlit collects after each run of the script; over the loaded modules alone that costs some 60 ms of CPU.
    """
    import dashboard.app_pages.overview  # noqa: PLC0415, F401
    import herald.flows.gate  # noqa: PLC0415, F401

    gc.collect()
    gc.freeze()
    yield


def create_app(
    routes: Sequence[BaseRoute] = (),
    middleware: Sequence[Middleware] = (),
    secrets: Mapping[str, Any] | None = None,
) -> st.App:
    """The ASGI app. All three are a sign-in's own; middleware runs inside the security headers."""
    from dashboard.failures import on_script_error  # noqa: PLC0415

    return st.App(
        Path(__file__).resolve().parent / "main.py",
        routes=[Route("/api/health", health), *routes],
        middleware=[Middleware(SecurityHeaders), *middleware],
        lifespan=warm,
        secrets=secrets,
        on_script_error=on_script_error,
    )


app = create_app()
