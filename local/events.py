"""The events in events/, with what only this machine knows: `python -m local.events events/Ingest-post.json`.

A signature is over bytes and under a secret, and the local system makes its secrets itself. So the samples are signed
with a secret everybody can read, and this prints one as the local system of `make up` takes it:

    .venv/bin/python -m local.events events/Ingest-post.json |
        sam local invoke Ingest --event - --env-vars events/env.json
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from local.demo.organisation import FACEBOOK, SHOP
from local.facebook import config
from local.facebook.webhooks import sign
from local.ports import ROOT, local_dir
from local.shop import secret_of_shop, signed_by_shop

FOLDER = ROOT / "events"
SAMPLE_SECRET, SAMPLE_VERIFY_TOKEN = "a-secret-everybody-can-read", "a-token-everybody-can-read"
_SIGNATURE = "x-hub-signature-256"

Json = dict[str, Any]


def samples(logical_id: str = "") -> list[Path]:
    """The files, `<logical id>*.json`, of one function or of all."""
    return sorted(file for file in FOLDER.glob(f"{logical_id}*.json") if file.name != "env.json")


def function_of(sample: Path) -> str:
    """Logical id of the function an event is for."""
    return sample.stem.partition("-")[0]


def signed(event: Json, secret: str, verify_token: str, shop_secret: str) -> Json:
    """The event as Facebook's app, or the shop, with these secrets would send it; what is no webhook stays as it is."""
    if event.get("pathParameters", {}).get("connection") == SHOP:
        _, header = signed_by_shop(event["body"].encode(), shop_secret)
        return event | {"headers": event["headers"] | header}
    if event.get("pathParameters", {}).get("connection") not in (FACEBOOK, "instagram"):  # one app speaks for both
        return event
    if event["requestContext"]["http"]["method"] == "GET":
        query = dict(parse_qsl(event["rawQueryString"])) | {"hub.verify_token": verify_token}
        return event | {"rawQueryString": urlencode(query)}
    return event | {"headers": event["headers"] | {_SIGNATURE: sign(secret, event["body"].encode())}}


def main(arguments: list[str]) -> int:
    """Print the event. Exit code 1 and one line where there is no file, or no local system to sign for."""
    parser = argparse.ArgumentParser(prog="python -m local.events", description="print an event, signed for `make up`")
    parser.add_argument("file", type=Path, help="one of events/*.json")
    file = parser.parse_args(arguments).file
    try:
        event = json.loads(file.read_text(encoding="utf-8"))
        shop_secret = secret_of_shop()
        known = config.parse(json.loads(config.path(local_dir()).read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        hint = "" if error.filename == str(file) else ": the local system was never up here: make up"
        print(f"local.events: there is no {error.filename}{hint}", file=sys.stderr)
        return 1
    except (KeyError, ValueError) as error:
        print(f"local.events: {error}", file=sys.stderr)
        return 1
    print(json.dumps(signed(event, known.app_secret, known.verify_token, shop_secret)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
