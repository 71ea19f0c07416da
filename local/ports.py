"""The one table of ports and places of the local system. Every part listens on 127.0.0.1 and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

HOST = "127.0.0.1"

PORTS: Mapping[str, int] = {
    "aws": 4566,  # the embedded AWS
    "door": 8400,  # where platforms call /webhooks/{connection}
    "facebook": 8410,  # the simulated Facebook, with its wall
    "mastodon": 8411,  # the simulated Mastodon server
    "bluesky": 8412,  # the simulated Bluesky PDS
    "feeds": 8413,  # made-up magazines, as feeds
    "dashboard": 8420,  # the pages for people
    "mailbox": 8430,  # the mail that was sent, to read
    "smtp": 8425,  # where mail is handed in
}

ROOT = Path(__file__).resolve().parent.parent


def port(name: str, environ: Mapping[str, str] = os.environ) -> int:
    """The port of a part; HERALD_PORT_<NAME> overrides it.

    Raises:
        ValueError: the override is no port number, in words that name the variable.
    """
    variable = override(name)
    text = environ.get(variable, "")
    if not text:
        return PORTS[name]
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError(f"{variable}={text}: not a port number (1 to 65535)")
    return int(text)


def check(environ: Mapping[str, str] = os.environ) -> None:
    """Whether every part has a port of its own.

    Raises:
        ValueError: an override is no port number, or two parts have the same one; the words name the variables.
    """
    given: dict[int, str] = {}
    for name in PORTS:
        number = port(name, environ)
        if number in given:
            raise ValueError(f"{name} and {given[number]} both have port {number}; set {override(name)} to another")
        given[number] = name


def override(name: str) -> str:
    """The environment variable that moves a part to another port."""
    return f"HERALD_PORT_{name.upper()}"


def url(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """The base address of a part, without a slash at the end."""
    return f"http://{HOST}:{port(name, environ)}"


def local_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Where data, logs and pid files of this machine's system live; HERALD_LOCAL_DIR overrides it."""
    return Path(environ.get("HERALD_LOCAL_DIR", "") or ROOT / ".local").absolute()
