"""GET and POST /l/{token}: approve, acknowledge, appeal, share by signed single-purpose link; GET changes nothing.

GET /s/{code}: a short link of ours, which leads to the shop's page and is counted.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from herald import runtime
from herald.flows import link_pages, links
from herald.flows.links import Answer

BODY_LIMIT = 25_000  # bytes: the longest form is an appeal of 2,000 characters, each up to twelve bytes when encoded
logger = Logger()
metrics = Metrics(namespace="Herald")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """HTTP API event (payload format 2.0) in; a page out. The token stands in no log: whoever reads it could use it."""
    if "code" in (event.get("pathParameters") or {}):
        return _short(event)
    token = str((event.get("pathParameters") or {}).get("token", ""))
    herald = runtime.current()
    if event["requestContext"]["http"]["method"] == "POST":
        form = _form(event)
        answer = form if isinstance(form, Answer) else links.act(token, form, herald, herald.clock())
    else:
        answer = links.look(token, herald, herald.clock(), image=_image(event))
    logger.info("link", extra={"purpose": answer.purpose, "outcome": answer.outcome, "status": answer.status})
    metrics.add_metric(name=f"link.{answer.outcome}", unit=MetricUnit.Count, value=1)
    return _response(token, answer)


def _short(event: dict[str, Any]) -> dict[str, Any]:
    """302 to the stored address, or 404. A HEAD or a program is led there too, and not counted."""
    from herald.flows import short  # noqa: PLC0415

    herald = runtime.current()
    http = event["requestContext"]["http"]
    agent = str(http.get("userAgent") or "") if http["method"] == "GET" else ""
    target = short.follow(str(event["pathParameters"]["code"]), agent, herald, herald.clock())
    metrics.add_metric(name="link.followed" if target else "link.unknown", unit=MetricUnit.Count, value=1)
    headers = {"cache-control": "no-store", "referrer-policy": "no-referrer-when-downgrade", "x-robots-tag": "noindex"}
    if target:
        return {"statusCode": 302, "headers": headers | {"location": target}, "body": ""}
    told = link_pages.broken("No such link", "Check the address: perhaps its end is missing.")
    page = {"content-type": "text/html; charset=utf-8", "content-security-policy": link_pages.POLICY}
    return {"statusCode": 404, "headers": headers | page, "body": told.decode()}


def _form(event: dict[str, Any]) -> dict[str, str] | Answer:
    """The fields of a form as our pages send it, or what is wrong with it."""
    body = str(event.get("body") or "")
    if len(body) > BODY_LIMIT * 2:
        return _wrong(413, "Too long", "What you sent is too long. Shorten it and press again.")
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return _wrong(415, "Not understood", "Open the link in a browser and use the buttons on its page.")
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode("ascii")
        if len(raw) > BODY_LIMIT:
            return _wrong(413, "Too long", "What you sent is too long. Shorten it and press again.")
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=8, errors="strict"
        )
    except (binascii.Error, ValueError):
        return _wrong(400, "Not understood", "Open the link in a browser and use the buttons on its page.")
    form = dict(pairs)
    if len(form) != len(pairs):
        return _wrong(400, "Not understood", "A field was sent twice. Open the link again and use its buttons.")
    return form


def _wrong(status: int, title: str, sentence: str) -> Answer:
    return Answer(status, link_pages.broken(title, sentence), "bad_form")


def _image(event: dict[str, Any]) -> str:
    """Which image of the post is asked for; other queries are none of ours and ignored."""
    name, _, value = str(event.get("rawQueryString") or "").partition("=")
    return value[:8] if name == "image" else ""


def _response(token: str, answer: Answer) -> dict[str, Any]:
    headers = {
        "cache-control": "no-store",
        "content-security-policy": answer.policy,
        "content-type": answer.content_type,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "x-robots-tag": "noindex, nofollow",
    }
    if answer.again:
        headers["location"] = f"/l/{token}"  # only an authentic token comes here
    text = answer.content_type.startswith("text/")
    body = answer.body.decode() if text else base64.b64encode(answer.body).decode()
    return {"statusCode": answer.status, "headers": headers, "body": body, "isBase64Encoded": not text}
