"""Sending mail: composed once, strictly, and handed to an SMTP server or to Amazon SES. Both fit ports.Mailer.

All or nothing: if one address is refused, nobody gets the mail, and the error names all that were refused, so that
whoever sends may leave them out. The Message-ID is derived from what is sent, so that a
mail sent twice is recognisable as one.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from mimetypes import guess_type
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from herald.errors import NeedsLogin, OutcomeUnknown, PlatformError, Rejected, Retryable
from herald.govern.people import MOST_ADDRESSED, address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from herald.ports import Mailer

MAX_BYTES = 10_000_000
"""Of the whole mail: what most mail servers take."""

TIMEOUT = 20.0  # seconds

_ADDRESS = re.compile(r"(?<![^\s,;:<>()])[^\s,;:<>()@]++@[^\s,;:<>()]+[^\s,;:<>().]")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


def compose(
    sender: str, to: Sequence[str], subject: str, text: str, html: str, files: Mapping[str, bytes], now: datetime
) -> bytes:
    """A mail as bytes: text and HTML as alternatives, files attached by name.

    Raises:
        Rejected: an address, the subject, a file name or the size is not acceptable; nothing was sent.
    """
    _check(to, subject, files)
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))  # any server takes it, 8BITMIME or not
    mail["From"] = address(sender)
    mail["To"] = ", ".join(address(one) for one in to)
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now.astimezone(UTC))
    mail["Message-ID"] = f"<{_digest(sender, to, subject, text, html, files)}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic answers to this, please
    mail.set_content(_lines(text))
    if html:
        mail.add_alternative(_lines(html), subtype="html")
    for name, data in files.items():
        kind, _, subtype = (guess_type(name)[0] or "application/octet-stream").partition("/")
        mail.add_attachment(data, maintype=kind, subtype=subtype, filename=name)
    raw = mail.as_bytes()
    if len(raw) > MAX_BYTES:
        raise Rejected(f"The mail has {len(raw):,} bytes, more than {MAX_BYTES:,}: attach less.", "size")
    return raw


def _check(to: Sequence[str], subject: str, files: Mapping[str, bytes]) -> None:
    if not 1 <= len(to) <= MOST_ADDRESSED:
        raise Rejected(f"A mail goes to 1 to {MOST_ADDRESSED} addresses, not to {len(to)}.", "address")
    if not subject.strip() or len(subject) > 200 or not subject.isprintable():
        raise Rejected("The subject must be one line of 1 to 200 visible characters.", "subject")
    for name in files:
        if not _FILE.fullmatch(name):
            raise Rejected(f"{name[:80]!r} is no name for an attachment: use letters, digits, dot, - and _.", "file")


def _digest(
    sender: str, to: Sequence[str], subject: str, text: str, html: str, files: Mapping[str, bytes]
) -> str:  # fmt: skip
    whole = sha256()
    for part in (sender, *to, subject, text, html, *files):
        whole.update(sha256(part.encode("utf-8", "surrogatepass")).digest())
    for data in files.values():
        whole.update(sha256(data).digest())
    return whole.hexdigest()[:40]


def _lines(text: str) -> str:
    """With line ends as mail has them, without NUL and lone surrogates, which no encoding carries."""
    return "\n".join(text.replace("\0", "").encode("utf-8", "replace").decode().splitlines()) + "\n"


# ---------------------------------------------------------------- SMTP


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Sends by an SMTP server (RFC 5321).

    Attributes:
        security: "tls" from the first byte, "starttls" before anything is said, or "none" (this machine only).
        user, password: empty where the server asks for none; never sent over an open line.
    """

    host: str
    port: int
    sender: str
    clock: Callable[[], datetime]
    security: str = "starttls"
    user: str = ""
    password: str = ""
    timeout: float = TIMEOUT

    def __call__(self, to: Sequence[str], subject: str, text: str, html: str, files: Mapping[str, bytes]) -> None:
        """One mail to all of `to`.

        Raises:
            Rejected: something of the mail is not acceptable, here or there. NeedsLogin: user or password.
            Retryable: nothing was sent, try later.
            OutcomeUnknown: the line dropped after the mail had left; sent again, it carries the same Message-ID.
        """
        raw = compose(self.sender, to, subject, text, html, files, self.clock())
        with _classified(), self._connected() as server:
            _expect(server.mail(self.sender, [f"size={len(raw)}"] if server.has_extn("size") else []))
            _taken({one: server.rcpt(one) for one in to})
            try:
                code, words = server.data(raw)
            except (smtplib.SMTPServerDisconnected, TimeoutError, ConnectionError) as error:
                raise OutcomeUnknown(f"{self.host} dropped the line before it took the mail for certain.") from error
            _expect((code, words))

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        if self.security == "tls":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            server.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if self.user:
                server.login(self.user, self.password)
            yield server
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()


def _expect(answer: tuple[int, bytes], to: str = "") -> None:
    """Raises what an answer other than 2xx means (RFC 5321, 4.2.1)."""
    code, words = answer
    if 200 <= code < 300:
        return
    sentence = f"{to or 'The mail server'}: {code} {words[:200].decode('utf-8', 'replace')}"
    raise (Retryable if 400 <= code < 500 else Rejected)(sentence, str(code))


def _taken(answers: Mapping[str, tuple[int, bytes]]) -> None:
    """Raises what the first refusal of an address means, for good before for now, with all addresses of its kind."""
    found: dict[type[PlatformError], PlatformError] = {}
    for one, answer in answers.items():
        try:
            _expect(answer, one)
        except PlatformError as error:
            first = found.setdefault(type(error), error)
            first.addresses += (one,)
    for kind in (Rejected, Retryable):
        if kind in found:
            raise found[kind]


@contextmanager
def _classified() -> Iterator[None]:
    """smtplib's errors as ours. What fails before the mail left, did nothing."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise NeedsLogin("The mail server refuses user or password: correct them.", str(error.smtp_code)) from error
    except smtplib.SMTPResponseException as error:
        words = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
        _expect((error.smtp_code, words))
        raise
    except (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as error:
        raise Rejected(f"The mail server cannot be used safely: {error}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise Retryable(f"The mail server does not answer: {error}", after=60) from error


# ---------------------------------------------------------------- SES

_LATER = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling", "LimitExceededException"})


@dataclass(frozen=True, slots=True)
class SesMailer:
    """Sends by Amazon SES, API v2 `SendEmail` with a raw message (docs.aws.amazon.com/ses, read 2026-11).

    Attributes:
        client: makes a boto3 client by service name. SES knows no idempotency key: give it one attempt.
    """

    client: Callable[[str], Any]
    sender: str
    clock: Callable[[], datetime]

    def __call__(self, to: Sequence[str], subject: str, text: str, html: str, files: Mapping[str, bytes]) -> None:
        """One mail to all of `to`. Raises as SmtpMailer does."""
        from botocore.exceptions import (  # noqa: PLC0415  needed only where mail is sent by SES
            BotoCoreError,
            ClientError,
            ConnectionClosedError,
            ReadTimeoutError,
        )

        raw = compose(self.sender, to, subject, text, html, files, self.clock())
        try:
            self.client("sesv2").send_email(
                FromEmailAddress=self.sender, Destination={"ToAddresses": list(to)}, Content={"Raw": {"Data": raw}}
            )
        except ClientError as error:
            told, answer = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
            code = str(told.get("Code", ""))
            later = code in _LATER or answer.get("HTTPStatusCode", 0) >= 500
            sentence = f"SES: {told.get('Message') or code}"
            refused = (Retryable if later else Rejected)(sentence, code)
            refused.addresses = tuple(one for one in to if one.lower() in _ADDRESS.findall(sentence.lower()))
            raise refused from error
        except (ReadTimeoutError, ConnectionClosedError) as error:
            raise OutcomeUnknown("SES dropped the line before it took the mail for certain.") from error
        except BotoCoreError as error:
            raise Retryable(f"SES does not answer: {error}", after=60) from error


# ---------------------------------------------------------------- settings

_SCHEMES = {"smtp": ("none", 25), "smtp+starttls": ("starttls", 587), "smtps": ("tls", 465)}
_OPEN_LINE = frozenset({"127.0.0.1", "localhost", "::1"})


def mailer(
    sender: str, server: str, *, client: Callable[[str], Any], clock: Callable[[], datetime]
) -> Mailer | None:  # fmt: skip
    """What sends our mail; None without a sender.

    Args:
        sender: the address our mail comes from (MAIL_FROM).
        server: `smtps://user:password@host:465`, `smtp+starttls://host:587`, `smtp://127.0.0.1:25`; empty: SES
            (MAIL_SERVER).
    Raises:
        ValueError: a server that cannot be read, or an open line to another machine.
        Rejected: the sender is no address.
    """
    if not sender:
        return None
    if not server:
        return SesMailer(client, address(sender), clock)
    parts = urlsplit(server)
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("the mail server is no smtps://, smtp+starttls:// or smtp:// address of a host")
    security, usual = _SCHEMES[parts.scheme]
    if security == "none" and (parts.hostname not in _OPEN_LINE or parts.username):
        raise ValueError("smtp:// is for this machine only and without a password: use smtps:// or smtp+starttls://")
    return SmtpMailer(
        parts.hostname, parts.port or usual, address(sender), clock, security, unquote(parts.username or ""),
        unquote(parts.password or ""),
    )  # fmt: skip
