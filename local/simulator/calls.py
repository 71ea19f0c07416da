"""One call of a platform's API, taken apart, and what it is answered."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One request: path, parameters of query and body together, the token apart.

    `files` are the parts of a multipart body that have a file name, by their field.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def write(self) -> bool:
        return self.method != "GET"

    def dump(self) -> str:
        files = {name: b64encode(data).decode() for name, data in self.files.items()}
        return json.dumps([self.method, self.path, dict(self.params), self.token, files])

    @classmethod
    def load(cls, text: str) -> Call:
        method, path, params, token, files = json.loads(text)
        return cls(method, path, params, token, {name: b64decode(data) for name, data in files.items()})


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is JSON unless it is bytes: then an image, of the type named in `headers`."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
