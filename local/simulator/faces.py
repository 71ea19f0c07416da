"""The pages for people that all simulators share: templates, who is who, what is armed, which calls came."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from local.simulator import faults
from local.simulator.store import Store

HERE = Path(__file__).parent
POSTS_SHOWN = 8
COMMENTS_SHOWN = 25
_URL = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?')\]]")


def badge(name: str) -> Mapping[str, Any]:
    """Letters and a colour number (0 to 5) for the round badge of a person or page."""
    words = [word for word in name.split() if word[0].isalnum()]
    letters = "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)) or "?"
    return {"letters": letters.upper(), "colour": crc32(name.encode()) % 6}


def when(seconds: float) -> Mapping[str, str]:
    """A moment for <time>: machine form, and words for whoever runs no script."""
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return {"iso": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "words": moment.strftime("%-d %b %Y, %H:%M UTC")}


def linked(text: str) -> Markup:
    """Words with their web addresses as links, everything else escaped."""
    pieces, at = [], 0
    for match in _URL.finditer(text):
        address = escape(match.group())
        pieces += [
            escape(text[at : match.start()]),
            Markup('<a href="{0}" rel="noopener noreferrer nofollow" target="_blank">{0}</a>').format(address),
        ]
        at = match.end()
    return Markup("").join([*pieces, escape(text[at:])])


def templates(own: Path, **names: str) -> Environment:
    """Templates of a platform over the common ones. `names` are given to all of them: `icon`, `what`."""
    made = Environment(
        loader=FileSystemLoader([own, HERE / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"badge": badge, "when": when, "linked": linked}
    made.globals |= names
    return made


def trouble(store: Store, words: Callable[[faults.Fault], str]) -> Mapping[str, Any]:
    """For the controls: `armed` faults in words, and how many calls wait to be accepted `late`."""
    return {
        "armed": [words(fault) for fault in faults.armed(store)],
        "late": store.rows("select count(*) n from late")[0]["n"],
    }


def calls(store: Store, words: Callable[[sqlite3.Row, Mapping[str, str]], str]) -> list[Mapping[str, Any]]:
    """The newest calls for the controls; `words` says what one was, from its row and its parameters."""
    return [
        {
            "what": words(row, json.loads(row["params"])),
            "line": f"{row['method']} {row['path']}",
            "status": row["status"],
            "fault": faults.KINDS.get(row["fault"] or "", row["fault"]),
            "at": row["at"],
        }
        for row in store.rows("select * from calls order by id desc limit 8")
    ]


def asked(query: Mapping[str, str], post: str | None = None) -> dict[str, Any]:
    """How many posts a page's address asks for, and which one alone."""
    posts = query.get("posts", "")
    return {
        "post": post or query.get("post") or None,
        "posts": min(int(posts), 500) if posts.isdigit() and int(posts) else POSTS_SHOWN,
    }
