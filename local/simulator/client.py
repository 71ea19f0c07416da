"""For programs that use a running simulator: the command line, tests. Standard library only."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

_http = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SimulatorError(OSError):
    """The simulator does not answer, or refused; the sentence says what to do."""


def control(
    what: str, base: str, name: str, body: Mapping[str, Any] | None = None, *, timeout: float = 60.0
) -> Any:
    """POST `body` to /_sim/`name` (GET for `state` and `calls`, when there is no body) and return its JSON.

    `what` names the simulator in errors. Raises SimulatorError.
    """
    address = f"{base}/_sim/{name}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data=data, headers={"content-type": "application/json"})  # noqa: S310
    try:
        with _http.open(request, timeout=timeout) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        try:
            sentence = json.load(error)["error"]
        except (ValueError, KeyError, TypeError):
            sentence = f"{address} answered {error.code}"
        raise SimulatorError(f"{what} simulator: {sentence}") from error
    except OSError as error:
        raise SimulatorError(f"The {what} simulator does not answer at {address}. Start it with `make up`.") from error
