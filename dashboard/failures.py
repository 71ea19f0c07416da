"""What a page says when something fails: what to do next, or a reference; never a traceback."""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable
from typing import ParamSpec

import streamlit as st
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)

from dashboard import who

P = ParamSpec("P")
_log = logging.getLogger("herald.dashboard")
_CACHE = "streamlit/runtime/caching/ttl_cache.py"


def not_started(error: BaseException) -> bool:
    """Whether this error means that there are no tables to read: nothing runs, or this process was told of none."""
    from herald.runtime import NotConfigured  # noqa: PLC0415  only where a page has already failed

    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, NotConfigured):
            return True
        if isinstance(seen, ClientError) and seen.response["Error"]["Code"] == "ResourceNotFoundException":
            return True
        if isinstance(seen, (EndpointConnectionError, ConnectTimeoutError, NoCredentialsError, NoRegionError)):
            return True
        seen = seen.__cause__
    return False


def explain(error: Exception) -> None:
    """Say on the page what to do about it."""
    if not_started(error):
        with st.container(border=True):
            st.markdown("##### Herald is not running here")
            if (sign_in := who.sign_in()) and sign_in.enter:  # deployed: whoever reads this has no shell there
                st.write("Its tables cannot be read. Tell an engineer: their names, or the role of the task.")
                return
            st.write("There are no tables to read. Start everything from the project folder with:")
            st.code("make up", language=None)
            st.caption("This page then shows what is there; it looks again every few seconds while it is open.")
        _look_again()
        return
    reference = secrets.token_hex(4)
    _log.error("page failed, reference %s", reference, exc_info=error)
    with st.container(border=True):
        st.markdown("##### Something went wrong")
        st.write("Reload the page. If it happens again, tell an engineer this reference:")
        st.code(reference, language=None)


@st.fragment(run_every="5s")
def _look_again() -> None:
    if st.session_state.get("_looked"):
        st.session_state.pop("_looked")
        st.rerun()
    st.session_state["_looked"] = True


def expired(error: Exception) -> bool:
    """Whether an entry of Streamlit's cache ended between its look whether it is there and its reading of it.

    Its cache asks the clock twice (runtime/caching/ttl_cache.py); what then is missing is read anew by the next run.
    """
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return isinstance(error, KeyError) and last is not None and last.tb_frame.f_code.co_filename.endswith(_CACHE)


def explained(render: Callable[P, None]) -> Callable[P, None]:
    """What explains its failures itself."""

    @functools.wraps(render)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            render(*args, **kwargs)
        except Exception as error:
            if expired(error):
                st.rerun()
            explain(error)

    return run


def guarded(render: Callable[P, None]) -> Callable[P, None]:
    """A page, or a fragment of one: explains its failures, and draws only for whom the page was opened.

    A fragment runs by itself every few seconds, so whoever left, or signed in too long ago, would go on reading.
    """

    @functools.wraps(render)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        if who.changed():
            st.rerun(scope="app")
        render(*args, **kwargs)

    return explained(run)


def on_script_error(error: Exception) -> bool:
    """What nothing else caught, e.g. in a callback: told the same way."""
    explain(error)
    return True
