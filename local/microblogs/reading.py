"""A request of each API, taken apart: what came over HTTP, or would have."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, parse_qsl

from local.simulator import http
from local.simulator.calls import Call


def mastodon(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call:
    """Query and body are one set of parameters, the Idempotency-Key with them. Raises ValueError."""
    params, files = http.parameters(query, headers.get("content-type", ""), body)
    key = headers.get("idempotency-key", "")
    return Call(method, path, params | ({"idempotency-key": key} if key else {}), http.bearer(headers), files)


def bluesky(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call:
    """A JSON body travels whole, a blob as a file; `uris`, given several times, is a list."""
    params = dict(parse_qsl(query, keep_blank_values=True))
    if "uris" in params:
        params["uris[]"] = json.dumps(parse_qs(query)["uris"])
    blob = path.endswith("uploadBlob")
    if body and not blob:
        params["body"] = body.decode("utf-8", "replace")
    return Call(method, path, params, http.bearer(headers), {"body": body} if blob else {})


CALLS: Mapping[str, Callable[[str, str, str, Mapping[str, str], bytes], Call]] = {
    "mastodon": mastodon, "bluesky": bluesky,
}  # fmt: skip
