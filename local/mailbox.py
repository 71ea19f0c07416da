"""The mailbox of this machine: takes every mail over SMTP, keeps it as an .eml file, shows it on a page, sends nothing.

`python -m local.mailbox` listens on 127.0.0.1 only: SMTP (the commands of RFC 5321 that a client needs) and a page that
lists what came and shows each mail as plain text. A mail is a file under .local/mailbox, named by time of arrival and
hash; any mail program opens it.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from local.ports import HOST, local_dir, port

MAX_MAIL = 20_000_000  # bytes; more than herald.mail ever sends
MAX_LINE = 4096  # bytes of a command line
MAX_TO = 100
KEPT = 500  # mails; the oldest go first
IDLE = 60.0  # seconds without a command until the line is closed

_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>\s]{0,254})>(?:\s.*)?", re.IGNORECASE)
_NAME = re.compile(r"[0-9]{8}T[0-9]{12}-[0-9a-f]{12}\.eml")


class Mailbox:
    """A folder of .eml files. `now` names them in order of arrival."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder = folder
        self._now = now

    def keep(self, raw: bytes) -> str:
        """Store one mail, drop the oldest beyond KEPT; returns the file's name."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{self._now():%Y%m%dT%H%M%S%f}-{sha256(raw).hexdigest()[:12]}.eml"
        half = self._folder / f"{name}.part"
        half.write_bytes(raw)
        half.rename(self._folder / name)
        for old in self.names()[KEPT:]:
            (self._folder / old).unlink(missing_ok=True)
        return name

    def names(self) -> list[str]:
        """Newest first."""
        if not self._folder.is_dir():
            return []
        return sorted((file.name for file in self._folder.iterdir() if _NAME.fullmatch(file.name)), reverse=True)

    def raw(self, name: str) -> bytes | None:
        """The bytes of a mail by its file's name; None if there is none."""
        file = self._folder / name
        return file.read_bytes() if _NAME.fullmatch(name) and file.is_file() else None

    def mail(self, name: str) -> EmailMessage | None:
        raw = self.raw(name)
        return message_from_bytes(raw, policy=policy.default) if raw is not None else None


# ---------------------------------------------------------------- SMTP


class Conversation:
    """One client: its commands in order, and the mail under way.

    Attributes:
        refuse: address -> answer to RCPT, for tests: `450 later`. drop: close the line after the mail, unanswered.
    """

    def __init__(
        self, mailbox: Mailbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *,
        refuse: dict[str, str] | None = None, drop: bool = False,
    ) -> None:  # fmt: skip
        self._mailbox, self._reader, self._writer = mailbox, reader, writer
        self._refuse, self._drop = refuse or {}, drop
        self._sender: str | None = None
        self._to: list[str] = []

    async def run(self) -> None:
        """Until QUIT, the end of the line, silence, or a line that is too long."""
        try:
            await self._say("220 the mailbox of this machine")
            while await self._step():
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass
        finally:
            self._writer.close()

    async def _step(self) -> bool:
        line = await asyncio.wait_for(self._reader.readuntil(b"\r\n"), IDLE)
        if len(line) > MAX_LINE:
            await self._say("500 line too long")
            return False
        verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
        work = getattr(self, f"_on_{verb.lower()}", None) if verb.isascii() and verb.isalpha() else None
        if work is None:
            await self._say("502 not known here")
            return True
        going_on: bool = await work(rest)
        return going_on

    async def _say(self, words: str) -> bool:
        self._writer.write(f"{words}\r\n".encode())
        await self._writer.drain()
        return True

    async def _on_ehlo(self, rest: str) -> bool:
        self._sender, self._to = None, []
        return await self._say(f"250-mailbox\r\n250-SIZE {MAX_MAIL}\r\n250 8BITMIME")

    async def _on_helo(self, rest: str) -> bool:
        self._sender, self._to = None, []
        return await self._say("250 mailbox")

    async def _on_noop(self, rest: str) -> bool:
        return await self._say("250 ok")

    async def _on_rset(self, rest: str) -> bool:
        self._sender, self._to = None, []
        return await self._say("250 ok")

    async def _on_quit(self, rest: str) -> bool:
        await self._say("221 bye")
        return False

    async def _on_mail(self, rest: str) -> bool:
        found = _PATH.fullmatch(rest)
        if not found or not rest.upper().startswith("FROM"):
            return await self._say("501 write MAIL FROM:<name@example.com>")
        if self._sender is not None:
            return await self._say("503 one mail at a time")
        self._sender = found[1]
        return await self._say("250 ok")

    async def _on_rcpt(self, rest: str) -> bool:
        found = _PATH.fullmatch(rest)
        if not found or not found[1] or not rest.upper().startswith("TO"):
            return await self._say("501 write RCPT TO:<name@example.com>")
        if self._sender is None:
            return await self._say("503 MAIL comes first")
        if len(self._to) >= MAX_TO:
            return await self._say("452 too many addresses")
        if found[1] in self._refuse:
            return await self._say(self._refuse[found[1]])
        self._to.append(found[1])
        return await self._say("250 ok")

    async def _on_data(self, rest: str) -> bool:
        if not self._to:
            return await self._say("503 RCPT comes first")
        await self._say("354 end with a dot on a line of its own")
        raw = await self._mail()
        self._sender, self._to = None, []
        if raw is None:
            return await self._say("552 too long")
        self._mailbox.keep(raw)
        if self._drop:
            return False
        return await self._say("250 kept")

    async def _mail(self) -> bytes | None:
        """The mail up to the lone dot, unstuffed (RFC 5321, 4.5.2); None if it is too long, read to its end."""
        lines: list[bytes] = []
        size = 0
        while True:
            line = await asyncio.wait_for(self._reader.readuntil(b"\r\n"), IDLE)
            if line == b".\r\n":
                return b"".join(lines) if size <= MAX_MAIL else None
            size += len(line)
            if size <= MAX_MAIL:
                lines.append(line[1:] if line.startswith(b".") else line)
            else:
                lines.clear()


async def serve_smtp(
    mailbox: Mailbox, at: int, *, refuse: dict[str, str] | None = None, drop: bool = False
) -> asyncio.Server:
    """Listen for mail on 127.0.0.1. `at` 0: any free port. refuse, drop: see Conversation."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Conversation(mailbox, reader, writer, refuse=refuse, drop=drop).run()

    return await asyncio.start_server(talk, HOST, at, limit=2**16)


# ---------------------------------------------------------------- the page

_STYLE = """:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;
padding:0 1rem}pre{white-space:pre-wrap;overflow-wrap:anywhere}li{margin:.4em 0}.mute{opacity:.7}"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def page_of_all(mailbox: Mailbox) -> str:
    """The list, newest first."""
    rows = []
    for name in mailbox.names():
        mail = mailbox.mail(name)
        subject = str(mail["Subject"] or "(no subject)") if mail else name
        told = f"{mail['From']} to {mail['To']}, {mail['Date']}" if mail else ""
        rows.append(
            f'<li><a href="/m/{quote(name)}">{escape(subject)}</a><br><span class="mute">{escape(told)}</span></li>'
        )
    body = f"<ul>{''.join(rows)}</ul>" if rows else "<p>No mail yet.</p>"
    return _page("Mailbox", f"<h1>Mailbox</h1><p>Mail sent on this machine ends here; nobody gets it.</p>{body}")


def page_of_one(mailbox: Mailbox, name: str) -> str | None:
    """One mail as plain text, with the names of its attachments; None if there is none of that name."""
    mail = mailbox.mail(name)
    if mail is None:
        return None
    heads = "".join(f"<li>{escape(head)}: {escape(str(mail[head] or ''))}</li>" for head in ("From", "To", "Date"))
    text = mail.get_body(preferencelist=("plain", "html"))
    words = str(text.get_content()) if text else ""
    files = "".join(
        f"<li>{escape(part.get_filename() or 'unnamed')} ({len(part.get_payload(decode=True) or b'')} bytes)</li>"
        for part in mail.iter_attachments()
    )
    subject = str(mail["Subject"] or "(no subject)")
    return _page(
        subject,
        f'<p><a href="/">Mailbox</a></p><h1>{escape(subject)}</h1><ul>{heads}</ul><pre>{escape(words)}</pre>'
        f'<h2>Attachments</h2><ul>{files}</ul><p><a href="/m/{quote(name)}/raw">The mail as a file (.eml)</a></p>',
    )


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>"
    )


def application(mailbox: Mailbox) -> Any:
    """The page as an ASGI application."""
    from starlette.applications import Starlette  # noqa: PLC0415  not needed by tests of SMTP
    from starlette.middleware import Middleware  # noqa: PLC0415
    from starlette.middleware.trustedhost import TrustedHostMiddleware  # noqa: PLC0415
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import HTMLResponse, PlainTextResponse, Response  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    async def every(request: Request) -> Response:
        return HTMLResponse(page_of_all(mailbox), headers=_HEADERS)

    async def one(request: Request) -> Response:
        found = page_of_one(mailbox, request.path_params["name"])
        return HTMLResponse(found, headers=_HEADERS) if found else PlainTextResponse("no such mail", 404)

    async def raw(request: Request) -> Response:
        name = request.path_params["name"]
        found = mailbox.raw(name)
        if found is None:
            return PlainTextResponse("no such mail", 404)
        headers = _HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(found, media_type="message/rfc822", headers=headers)

    routes = [Route("/", every), Route("/m/{name}", one), Route("/m/{name}/raw", raw)]
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])  # no page of another site reads it
    return Starlette(routes=routes, middleware=[hosts])


async def _run() -> None:
    import uvicorn  # noqa: PLC0415

    mailbox = Mailbox(local_dir() / "mailbox")
    smtp = await serve_smtp(mailbox, port("smtp"))
    config = uvicorn.Config(application(mailbox), host=HOST, port=port("mailbox"), log_level="warning")
    async with smtp:
        await uvicorn.Server(config).serve()


def main() -> int:
    """Serve until stopped."""
    asyncio.run(_run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
