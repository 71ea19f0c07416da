"""The deployed dashboard: what the image starts. Sign-in by the issuer that the environment names, or by nobody.

    python -m dashboard.serve        on 0.0.0.0:8501, behind a load balancer that ends TLS

There is no other way in: the laptop's chooser is not in the image, and no setting here brings it.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware

from dashboard import oidc, streamlit_app, who


def build(environment: Mapping[str, str]) -> tuple[st.App, dict[str, Any]]:
    """The app and its configuration. Without an issuer it serves a page that lets nobody in. Raises Incomplete."""
    port = environment.get("PORT", "8501")
    if not port.isdecimal():
        raise oidc.Incomplete(f"PORT must be a number; {port!r} is not.")
    config: dict[str, Any] = {
        "server.address": environment.get("ADDRESS", "0.0.0.0"),  # noqa: S104 - in a container, behind a load balancer # nosec B104
        "server.port": int(port),
        "server.headless": True,
    }
    settings = oidc.Settings.from_environment(environment)
    if settings is None:
        logging.getLogger("herald.signin").warning("no sign-in is set up: OIDC_ISSUER is empty, so nobody is let in")
        who.install(None)
        return streamlit_app.create_app(), config
    ended = oidc.Ended()
    issuer = oidc.Issuer(settings, oidc.fetch()) if settings.asks else None
    who.install(oidc.sign_in(settings, ended=ended, issuer=issuer))
    host = urlsplit(settings.url).hostname or ""
    config |= {"server.allowedHosts": [host], "browser.serverAddress": host}
    secure = [Middleware(oidc.SecureCookies)] if settings.url.startswith("https:") else []
    app = streamlit_app.create_app(
        routes=oidc.routes(settings, ended), middleware=secure, secrets=settings.for_streamlit()
    )
    return app, config


def main() -> None:
    """Serve until stopped."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    app, config = build(os.environ)
    # Streamlit looks for .streamlit/config.toml beside what argv names as the launcher.
    sys.argv = [str(Path(streamlit_app.__file__)), *sys.argv[1:]]
    app.run(config=config)


if __name__ == "__main__":
    main()
