"""Has Herald look now: runs its Poll function on the embedded AWS, which the schedule does every two minutes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

from local import ports

_SECONDS = 60.0
_http = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(folder: Path | None = None) -> str:
    """One poll of all accounts; returns a sentence on what came of it. Never raises: the schedule comes anyway."""
    try:
        noted = json.loads(((folder or ports.local_dir()) / "stack.json").read_text(encoding="utf-8"))
        name = noted["functions"]["Poll"]
    except (OSError, ValueError, KeyError):
        return "It stands here. Herald is not up on this computer, so nobody looks."
    address = f"{ports.url('aws')}/2015-03-31/functions/{name}/invocations"
    request = urllib.request.Request(address, data=b'{"schedule": true}', method="POST")  # noqa: S310
    try:
        with _http.open(request, timeout=_SECONDS) as answer:
            failed = answer.headers.get("X-Amz-Function-Error")
    except (OSError, urllib.error.HTTPError):
        return "It stands here. Herald could not be asked to look; it looks every two minutes."
    if failed:
        return "It stands here. Herald looked, and its Poll function failed: see logs/aws.log."
    return "It stands here, and Herald has looked."
