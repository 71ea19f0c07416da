"""A mail goes out whole or not at all, over a real socket, and nothing in it can become a header."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from herald.errors import NeedsLogin, OutcomeUnknown, Rejected, Retryable
from herald.mail import MAX_BYTES, SesMailer, SmtpMailer, address, compose, mailer
from herald.plain import subject_line
from local.mailbox import Mailbox, application, page_of_all, page_of_one, serve_smtp

NOW = datetime(2026, 11, 1, 7, 0, tzinfo=UTC)
SENDER = "reports@tall-timber.example"
TO = ["ana@example.com", "ted@example.com"]


@contextmanager
def a_mailbox(folder: Path, **faults: Any) -> Iterator[tuple[Mailbox, int]]:
    """The local mailbox on a free port, in a thread of its own."""
    mailbox = Mailbox(folder)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(serve_smtp(mailbox, 0, **faults))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield mailbox, server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)  # a server belongs to its loop's thread
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def smtp(at: int, **more: Any) -> SmtpMailer:
    return SmtpMailer("127.0.0.1", at, SENDER, lambda: NOW, security="none", timeout=5, **more)


def send(mail: Any, **more: Any) -> None:
    given_ = {"to": TO, "subject": "Report", "text": "Reach: 5", "html": "<p>Reach: 5</p>", "files": {}} | more
    mail(given_["to"], given_["subject"], given_["text"], given_["html"], given_["files"])


def composed(**more: Any) -> EmailMessage:
    given_ = {"to": TO, "subject": "Report", "text": "Reach: 5", "html": "<p>Reach: 5</p>", "files": {}} | more
    raw = compose(SENDER, given_["to"], given_["subject"], given_["text"], given_["html"], given_["files"], NOW)
    return message_from_bytes(raw, policy=policy.default)


# ---------------------------------------------------------------- over a socket


def test_a_mail_arrives_with_text_html_and_files_as_they_were_sent(tmp_path: Path):
    text = "Grüße,\n.a line that begins with a dot\n..two\n" + "long " * 400
    files = {"report.html": b"<!doctype html>\r\n.\r\n\xc3\xa4", "all.csv": b"\xef\xbb\xbfid,value\r\nreach,5\r\n"}
    with a_mailbox(tmp_path) as (mailbox, at):
        send(smtp(at), text=text, html="<p>Grüße</p>", files=files, subject="Report of Tall Timber – October 2026")
        (name,) = mailbox.names()
        mail = mailbox.mail(name)
    assert mail is not None
    assert mail["Subject"] == "Report of Tall Timber – October 2026"
    assert mail["To"] == ", ".join(TO)
    assert mail["From"] == SENDER
    body, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert body is not None
    assert html is not None
    assert body.get_content().splitlines() == text.splitlines()
    assert html.get_content().strip() == "<p>Grüße</p>"
    got = {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
    assert got == files


def test_if_one_address_is_refused_nobody_gets_the_mail(tmp_path: Path):
    with a_mailbox(tmp_path, refuse={TO[1]: "550 no such person"}) as (mailbox, at):
        with pytest.raises(Rejected, match=r"ted@example\.com: 550 no such person"):
            send(smtp(at))
        assert mailbox.names() == []


def test_a_refusal_names_every_address_that_was_refused_for_good_and_only_those(tmp_path: Path):
    to = [*TO, "meg@example.com", "sue@example.com"]
    refuse = {to[0]: "451 later", to[1]: "550 no such person", to[3]: "553 nor this"}
    with a_mailbox(tmp_path, refuse=refuse) as (mailbox, at):
        with pytest.raises(Rejected) as refused:
            send(smtp(at), to=to)
        assert refused.value.addresses == (to[1], to[3])
        with pytest.raises(Retryable) as deferred:
            send(smtp(at), to=[to[0], to[2]])
        assert deferred.value.addresses == (to[0],)
        assert mailbox.names() == []


def test_an_address_refused_for_now_can_be_tried_later(tmp_path: Path):
    with a_mailbox(tmp_path, refuse={TO[0]: "451 later"}) as (_, at), pytest.raises(Retryable, match="451"):
        send(smtp(at))


def test_a_line_dropped_after_the_mail_left_is_unknown_and_a_repeat_is_recognisable(tmp_path: Path):
    with a_mailbox(tmp_path, drop=True) as (mailbox, at):
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                send(smtp(at))
        ids = {mail["Message-ID"] for name in mailbox.names() if (mail := mailbox.mail(name))}
        assert len(mailbox.names()) == 2
    assert len(ids) == 1


def test_where_nobody_listens_nothing_happened_and_it_can_be_tried_again():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        at = free.getsockname()[1]
    with pytest.raises(Retryable, match="does not answer"):
        send(smtp(at))


def test_a_server_that_cannot_encrypt_gets_neither_password_nor_mail(tmp_path: Path):
    with a_mailbox(tmp_path) as (mailbox, at):
        mail = SmtpMailer("127.0.0.1", at, SENDER, lambda: NOW, security="starttls", user="u", password="p")
        with pytest.raises(Rejected, match="safely"):
            send(mail)
        assert mailbox.names() == []


def test_a_server_that_knows_no_passwords_is_no_place_for_one(tmp_path: Path):
    with a_mailbox(tmp_path) as (_, at), pytest.raises((Rejected, NeedsLogin)):
        send(smtp(at, user="u", password="p"))


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("text", [
    "", "ana", "ana@", "@example.com", "ana@example", "a b@example.com", "ana@example.com\r\nBcc: x@example.com",
    "Ana <ana@example.com>", "ana@example.com,ted@example.com", "ana..a@example.com", ".ana@example.com",
    "ana@-example.com", "ana@[127.0.0.1]", "änä@example.com", '"ana"@example.com', "a" * 65 + "@example.com",
    "ana@" + "a" * 250 + ".com", "ana@example.com\0",
])  # fmt: skip
def test_what_is_no_plain_address_is_refused_before_anything_is_sent(text: str):
    with pytest.raises(Rejected, match="no mail address"):
        address(text)


@pytest.mark.parametrize("text", ["a@example.com", "first.last+tag@sub.example.com", "x@xn--bcher-kva.example"])
def test_plain_addresses_are_taken(text: str):
    assert address(text) == text


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_subject_and_no_text_adds_a_header_or_an_addressee(subject: str, text: str):
    try:
        mail = composed(subject=f"{subject}\r\nBcc: eve@example.com", text=text)
    except Rejected:
        mail = composed(text=f"{text}\r\nBcc: eve@example.com")
    assert mail["Bcc"] is None
    assert mail["To"] == ", ".join(TO)
    assert len(mail.keys()) == len(set(mail.keys()))


@given(st.text(max_size=300))
def test_a_line_made_a_subject_is_taken_whatever_a_brand_or_a_post_is_called(text: str):
    subject = subject_line(f"Report of {text}")
    told = composed(subject=subject)["Subject"]
    # where a line is folded between two encoded words, Python's `email` may lose the blank: its letters are all there
    assert told.replace(" ", "") == subject.replace(" ", "")


@pytest.mark.parametrize(("text", "said"), [
    ("Caf\u00ad\u00e9 \u202eevil", "Café evil"), ("Two\r\nBcc: eve@example.com", "Two Bcc: eve@example.com"),
    ("\U0001f469\u200d\U0001f373 Kitchen", "\U0001f469\U0001f373 Kitchen"), ("x" * 300, "x" * 200),
    ("\u2028 a\tb", "a b"),
])  # fmt: skip
def test_a_subject_is_one_visible_line(text: str, said: str):
    assert subject_line(text) == said


@pytest.mark.parametrize("more", [
    {"to": []}, {"to": ["a@example.com"] * 51}, {"subject": ""}, {"subject": "a\nb"}, {"subject": "x" * 201},
    {"subject": "a\u202eb"}, {"files": {"../x": b""}}, {"files": {'a"\r\nX: y': b""}}, {"files": {".hidden": b""}},
    {"files": {"big.bin": b"x" * MAX_BYTES}},
])  # fmt: skip
def test_what_is_no_proper_mail_is_refused_with_a_reason(more: dict[str, Any]):
    with pytest.raises(Rejected, match=r"\w+ "):
        composed(**more)


def test_the_message_id_depends_on_what_is_sent_and_on_nothing_else():
    first = composed()["Message-ID"]
    later = compose(SENDER, TO, "Report", "Reach: 5", "<p>Reach: 5</p>", {}, NOW.replace(year=2027))
    assert message_from_bytes(later, policy=policy.default)["Message-ID"] == first
    assert composed(text="Reach: 6")["Message-ID"] != first
    assert composed(files={"a.csv": b"1"})["Message-ID"] != first


# ---------------------------------------------------------------- SES


def test_ses_gets_the_same_mail():
    with mock_aws():
        boto3.client("sesv2", "eu-west-1").create_email_identity(EmailIdentity=SENDER)
        send(SesMailer(lambda service: boto3.client(service, "eu-west-1"), SENDER, lambda: NOW), html="")
        (sent,) = ses_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].sent_messages
    assert sent.raw_data.encode() == compose(SENDER, TO, "Report", "Reach: 5", "", {}, NOW)


def test_what_ses_refuses_is_refused_for_good():
    with mock_aws(), pytest.raises(Rejected, match="SES"):
        send(SesMailer(lambda service: boto3.client(service, "eu-west-1"), SENDER, lambda: NOW))


def test_what_ses_refuses_names_the_addresses_that_its_sentence_names():
    told = f"Email address is not verified. The following identities failed the check in region X: {TO[1].title()}"

    class Refuses:
        def send_email(self, **_: Any) -> None:
            raise ClientError({"Error": {"Code": "MessageRejected", "Message": told}}, "SendEmail")

    with pytest.raises(Rejected) as refused:
        send(SesMailer(lambda _: Refuses(), SENDER, lambda: NOW), to=[*TO, "d@example.com"])  # ted@ ends alike
    assert refused.value.addresses == (TO[1],)


def test_where_ses_does_not_answer_it_can_be_tried_again():
    def client(service: str) -> Any:
        return boto3.client(
            service, "eu-west-1", endpoint_url="http://127.0.0.1:9", aws_access_key_id="x", aws_secret_access_key="y"
        )  # fmt: skip

    with pytest.raises(Retryable, match="does not answer"):
        send(SesMailer(client, SENDER, lambda: NOW))


# ---------------------------------------------------------------- settings


def no_client(service: str) -> Any:
    raise AssertionError(service)


def test_settings_choose_the_way_and_none_means_no_mail():
    def of(sender: str, server: str) -> Any:
        return mailer(sender, server, client=no_client, clock=lambda: NOW)

    assert of("", "smtps://mail.example") is None
    assert isinstance(of(SENDER, ""), SesMailer)
    found = of(SENDER, "smtps://u%40x:p%2Fw@mail.example")
    assert (found.host, found.port, found.security, found.user, found.password) == (
        "mail.example", 465, "tls", "u@x", "p/w"
    )  # fmt: skip
    assert of(SENDER, "smtp+starttls://mail.example").port == 587
    assert of(SENDER, "smtp://127.0.0.1:8425").security == "none"


@pytest.mark.parametrize("server", [
    "mail.example", "http://mail.example", "smtp://mail.example", "smtp://u:p@127.0.0.1", "smtps://", "smtps://h/x",
])  # fmt: skip
def test_an_open_line_to_another_machine_is_refused(server: str):
    with pytest.raises(ValueError, match="smtp"):
        mailer(SENDER, server, client=no_client, clock=lambda: NOW)


# ---------------------------------------------------------------- the mailbox's page


def test_the_mailboxs_page_shows_mail_as_text_and_only_files_of_its_own(tmp_path: Path):
    mailbox = Mailbox(tmp_path / "mailbox", now=lambda: NOW)
    assert "No mail yet" in page_of_all(mailbox)
    raw = compose(SENDER, TO, "<b>Report</b>", "<script>alert(1)</script>", "<b>x</b>", {"all.csv": b"a"}, NOW)
    name = mailbox.keep(raw)
    (tmp_path / "secret.eml").write_text("secret")
    page = page_of_one(mailbox, name)
    assert page is not None
    assert "<script>" not in page + page_of_all(mailbox)
    assert "&lt;script&gt;" in page
    assert "all.csv (1 bytes)" in page
    for other in ("../secret.eml", "secret.eml", "/etc/hostname", "..", name + "/"):
        assert page_of_one(mailbox, other) is None
        assert mailbox.raw(other) is None


def test_the_page_answers_over_http_and_only_as_this_machine(tmp_path: Path):
    import uvicorn

    mailbox = Mailbox(tmp_path, now=lambda: NOW)
    name = mailbox.keep(compose(SENDER, TO, "Report", "Reach", "", {}, NOW))
    server = uvicorn.Server(uvicorn.Config(application(mailbox), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive()
        base = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        assert b"Report" in urllib3.request("GET", f"{base}/").data
        raw = urllib3.request("GET", f"{base}/m/{name}/raw")
        assert raw.headers["Content-Disposition"].startswith("attachment")
        assert urllib3.request("GET", f"{base}/", headers={"Host": "evil.example"}).status == 400
    finally:
        server.should_exit = True
        thread.join()


def test_the_mailbox_answers_nonsense_and_goes_on(tmp_path: Path):
    with a_mailbox(tmp_path) as (mailbox, at):
        with socket.create_connection(("127.0.0.1", at), timeout=5) as line:
            talk = line.makefile("rb")
            assert talk.readline().startswith(b"220")
            for said, code in [
                (b"HELLO", b"502"), (b"\xff\xfe", b"502"), (b"RCPT TO:<a@example.com>", b"503"), (b"DATA", b"503"),
                (b"MAIL FROM:no", b"501"), (b"MAIL FROM:<a@example.com>", b"250"),
                (b"MAIL FROM:<b@example.com>", b"503"), (b"RCPT TO:<>", b"501"), (b"RSET", b"250"),
                (b"DATA", b"503"), (b"QUIT", b"221"),
            ]:  # fmt: skip
                line.sendall(said + b"\r\n")
                assert talk.readline().startswith(code), said
        send(smtp(at))
        assert len(mailbox.names()) == 1
