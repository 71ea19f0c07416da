"""The composition root: reads the environment once a cold start and builds the collaborators."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from time import monotonic
from typing import Any
from urllib.parse import unquote

from herald import platforms
from herald.errors import HeraldError, NeedsLogin, TooLarge, Unknown
from herald.flows.context import LINKS, Clock, Herald
from herald.model import AuditEntry, Credentials, Delivery, Placed
from herald.ports import Mailer, Stored, UploadForm
from herald.store import copies, keys
from herald.store.db import Db, DynamoDb, Item
from herald.store.leftovers import AwsLeftovers
from herald.store.tables import TableStore

_HEAD = 4096  # bytes of a file that tell what it is (library.content)
_MOST_MISSING = 100  # names of secrets that are not there, remembered at once
_KEPT = "media/"
_HELD = "incoming/held-"  # longer than any id of an upload (_incoming)
_MINUTES = 15  # for which a browser may send or fetch one file


class NotConfigured(HeraldError):
    """The environment does not say where the tables are."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of what the template made. Empty queue or bucket: this process neither wakes deliveries nor archives."""

    tables: Mapping[str, str]
    deliveries_url: str = ""
    raw_bucket: str = ""
    media_bucket: str = ""
    audit_bucket: str = ""
    mail_from: str = ""
    mail_server: str = ""
    link_base: str = ""
    pages: str = ""
    link_secret: str = LINKS
    own_feeds: str = ""  # an origin of this machine whose feeds are read although it is private; on AWS: none
    settings_ttl: float = 10.0

    @staticmethod
    def from_environment(environment: Mapping[str, str]) -> Settings:
        missing = [f"{table.upper()}_TABLE" for table in keys.TABLES if not environment.get(f"{table.upper()}_TABLE")]
        if missing:
            raise NotConfigured(f"Not set: {', '.join(missing)}. On a laptop run `make up` first.")
        return Settings(
            tables={table: environment[f"{table.upper()}_TABLE"] for table in keys.TABLES},
            deliveries_url=environment.get("DELIVERIES_URL", ""),
            raw_bucket=environment.get("RAW_BUCKET", ""),
            media_bucket=environment.get("MEDIA_BUCKET", ""),
            audit_bucket=environment.get("AUDIT_BUCKET", ""),
            mail_from=environment.get("MAIL_FROM", ""),
            mail_server=environment.get("MAIL_SERVER", ""),
            link_base=environment.get("LINK_BASE", "").rstrip("/"),
            pages=environment.get("PAGES_URL", "").rstrip("/"),
            link_secret=environment.get("LINKS_REF") or LINKS,
            own_feeds=environment.get("OWN_FEEDS", ""),
            settings_ttl=float(environment.get("SETTINGS_TTL", "10")),
        )


def build(
    settings: Settings, *, clock: Clock | None = None, db: Db | None = None, client: Callable[[str], Any] | None = None
) -> Herald:
    """Collaborators over AWS, or over the ones given.

    Args:
        clock: simulated time for the demo's history and for tests.
        db: instead of DynamoDB.
        client: makes a boto3 client by service name; called when a service is first needed.
    """
    client = client or _client
    now = clock or (lambda: datetime.now(UTC))
    media = MediaBucket(settings.media_bucket, client)
    return Herald(
        store=TableStore(db or DynamoDb(client("dynamodb"), settings.tables), settings_ttl=settings.settings_ttl),
        sources=platforms.sources(),
        outlets=platforms.outlets(),
        archive=RawBucket(settings.raw_bucket, client),
        wake=Queue(settings.deliveries_url, client),
        secrets=SecretsManager(client),
        clock=now,
        media=media,
        uploads=media if settings.media_bucket else None,
        pollers=platforms.pollers(),
        completers=platforms.completers(),
        echoers=platforms.echoers(),
        meters=platforms.meters(),
        mail=_mail(settings, client, now),
        feeds=platforms.feeds(settings.own_feeds),
        link_base=settings.link_base,
        pages=settings.pages,
        link_secret=settings.link_secret,
        leftovers=AwsLeftovers(settings.raw_bucket, settings.deliveries_url, client),
    )


def _mail(settings: Settings, client: Callable[[str], Any], clock: Clock) -> Mailer | None:
    if not settings.mail_from:
        return None
    from herald.mail import mailer  # noqa: PLC0415 - only who sends mail pays for it

    return mailer(settings.mail_from, settings.mail_server, client=client, clock=clock)


@lru_cache(maxsize=1)
def current() -> Herald:
    """The one this process uses. Raises NotConfigured."""
    return build(Settings.from_environment(os.environ))


@lru_cache(maxsize=1)
def audit_copies() -> AuditBucket:
    """The locked copy of the audit that this process uses. Raises NotConfigured."""
    return AuditBucket(Settings.from_environment(os.environ).audit_bucket, _client)


@lru_cache(maxsize=8)
def _client(service: str) -> Any:
    import boto3  # noqa: PLC0415 - 300 ms of CPU that `herald parse` need not pay
    from botocore.config import Config  # noqa: PLC0415

    # mail cannot be taken back: SES knows no idempotency key, so one attempt it is
    attempts = 1 if service == "sesv2" else 3
    config = Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": attempts},
        parameter_validation=service != "dynamodb",  # a fifth of a large transaction's CPU; the table checks, too
        max_pool_connections=16,  # as many as write the messages of one webhook; another would shake hands each time
        **_signed_for_browsers() if service == "s3" else {},
    )
    return boto3.client(service, config=config)


def _signed_for_browsers() -> dict[str, Any]:
    """So that what is signed for a browser names the bucket's own region: a redirect to it would fail there."""
    style = "auto" if os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT_URL_S3") else "virtual"
    return {"signature_version": "s3v4", "s3": {"addressing_style": style}}


class Queue:
    """Wake-ups on an SQS FIFO queue, one group an account: one attempt in flight for each."""

    def __init__(self, url: str, client: Callable[[str], Any]) -> None:
        self._url = url
        self._client = client

    def __call__(self, delivery: Delivery) -> None:
        if not self._url:
            return
        body = json.dumps({"delivery": delivery.id})
        # one wake-up for each step of the row: a repeat within five minutes is the queue's to drop
        step = f"{delivery.id}|{delivery.version}|{delivery.state}|{delivery.due_at.isoformat()}"
        self._client("sqs").send_message(
            QueueUrl=self._url,
            MessageBody=body,
            MessageGroupId=sha256(f"{delivery.platform}:{delivery.account_id}".encode()).hexdigest()[:32],
            MessageDeduplicationId=sha256(step.encode("utf-8", "surrogatepass")).hexdigest(),
        )


class RawBucket:
    """Authentic but unreadable bodies, kept under their own hash: the same body is stored once."""

    def __init__(self, bucket: str, client: Callable[[str], Any]) -> None:
        self._bucket = bucket
        self._client = client

    def keep(self, connection: str, body: bytes, reason: str, at: datetime) -> str:
        if not self._bucket:
            raise NotConfigured("RAW_BUCKET is not set: an unreadable body cannot be kept.")
        key = f"unreadable/{connection}/{at:%Y-%m-%d}/{sha256(body).hexdigest()}"
        self._client("s3").put_object(
            Bucket=self._bucket,
            Key=key,
            Body=body,
            Metadata={"reason": reason[:200].encode("ascii", "replace").decode(), "received": at.isoformat()},
        )
        return key


class MediaBucket:
    """Files under the hash of their bytes: the same file is kept once. Fits ports.MediaStore and ports.Uploads.

    What a browser sends itself, and what is held until a command that names it was accepted, lies under `incoming/`;
    S3 forgets it after a day (template.yaml), so what is refused leaves nothing, and nothing that is kept is deleted.
    """

    def __init__(self, bucket: str, client: Callable[[str], Any]) -> None:
        self._bucket = bucket
        self._client = client

    def put(self, data: bytes, mime: str) -> str:
        return self._put(_KEPT, data, mime)

    def hold(self, data: bytes, mime: str) -> str:
        return self._put(_HELD, data, mime)

    def _put(self, prefix: str, data: bytes, mime: str) -> str:
        if not self._bucket:
            raise NotConfigured("MEDIA_BUCKET is not set: an image cannot be kept.")
        key = f"{prefix}{sha256(data).hexdigest()}"
        self._client("s3").put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=mime)
        return key

    def keep(self, key: str) -> str:
        if not key.startswith(_HELD):
            return key
        service, stays = self._client("s3"), f"{_KEPT}{key.removeprefix(_HELD)}"
        try:
            service.copy_object(Bucket=self._bucket, Key=stays, CopySource={"Bucket": self._bucket, "Key": key})
        except service.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            raise Unknown(f"There is no file {key} any more.") from None
        return stays

    def get(self, key: str) -> bytes:
        service = self._client("s3")
        try:
            found: bytes = service.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except service.exceptions.NoSuchKey:
            raise Unknown(f"There is no image {key}.") from None
        return found

    def look(self, key: str) -> Stored:
        service = self._client("s3")
        try:
            found = service.get_object(Bucket=self._bucket, Key=key, Range=f"bytes=0-{_HEAD - 1}")
        except service.exceptions.NoSuchKey:
            raise Unknown(f"There is no file {key}.") from None
        except service.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "InvalidRange":  # nothing is in it
                raise
            return Stored(0, b"")
        return Stored(int(found["ContentRange"].rpartition("/")[2]), found["Body"].read())

    def expect(self, upload_id: str, most: int) -> UploadForm:
        if not self._bucket:
            raise NotConfigured("MEDIA_BUCKET is not set: a file cannot be kept.")
        done = {"success_action_status": "201"}
        form = self._client("s3").generate_presigned_post(
            Bucket=self._bucket, Key=_incoming(upload_id), Fields=done, ExpiresIn=_MINUTES * 60,
            Conditions=[done, ["content-length-range", 1, most]],
        )  # fmt: skip
        return UploadForm(form["url"], form["fields"])

    def arrived(self, upload_id: str, most: int) -> str:
        service, came = self._client("s3"), _incoming(upload_id)
        try:
            found = service.get_object(Bucket=self._bucket, Key=came)
        except service.exceptions.NoSuchKey:
            raise Unknown("Nothing came. Send the file again.") from None
        if found["ContentLength"] > most:
            raise TooLarge(f"This file has {found['ContentLength'] / 1e6:.1f} MB; {most // 10**6} MB is the limit.")
        digest = sha256()
        for piece in found["Body"].iter_chunks(1 << 20):
            digest.update(piece)
        key = f"{_HELD}{digest.hexdigest()}"
        service.copy_object(  # only if it is still what was read: whoever may send it may send it again
            Bucket=self._bucket, Key=key, CopySource={"Bucket": self._bucket, "Key": came},
            CopySourceIfMatch=found["ETag"], MetadataDirective="REPLACE", ContentType="application/octet-stream",
        )  # fmt: skip
        return key

    def address(self, key: str, name: str, mime: str) -> str:
        plain = "".join(char if char.isascii() and (char.isalnum() or char in "-_. ") else "_" for char in name)[:120]
        told = {"ResponseContentDisposition": f'attachment; filename="{plain}"', "ResponseContentType": mime}
        signed: str = self._client("s3").generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key, **told}, ExpiresIn=_MINUTES * 60
        )
        return signed


def _incoming(upload_id: str) -> str:
    if not (8 <= len(upload_id) <= 64 and upload_id.isascii() and upload_id.replace("-", "").isalnum()):
        raise Unknown("This upload has no proper id. Reload the page and send the file again.")
    return f"incoming/{upload_id}"


class AuditBucket:
    """The audit a second time, in a bucket with Object Lock; fits ports.AuditCopies.

    Names are taken once (If-None-Match), so nothing is written over; what somebody did write over or hide behind a
    delete marker is still there as a version, and is read.
    """

    def __init__(self, bucket: str, client: Callable[[str], Any]) -> None:
        if not bucket:
            raise NotConfigured("AUDIT_BUCKET is not set: there is no locked copy of the audit to work on.")
        self._bucket = bucket
        self._client = client

    def keep(self, entries: Iterable[AuditEntry]) -> None:
        self.keep_rows(map(copies.from_entry, entries))

    def keep_rows(self, items: Iterable[Item]) -> int:
        """Rows of the table as they are. Returns how many objects they are in, written now or there already."""
        service = self._client("s3")
        made = copies.objects(items)
        for key, body in made.items():
            try:
                service.put_object(
                    Bucket=self._bucket, Key=key, Body=body, ContentType="application/jsonl", IfNoneMatch="*",
                    ChecksumAlgorithm="SHA256",  # Object Lock asks for a checksum
                )  # fmt: skip
            except service.exceptions.ClientError as error:
                if error.response["Error"]["Code"] != "PreconditionFailed":
                    raise
        return len(made)

    def chains(self) -> list[str]:
        pages = self._client("s3").get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self._bucket, Prefix=copies.ROOT, Delimiter="/")
        names = [one["Prefix"] for page in found for one in page.get("CommonPrefixes", [])]
        return [unquote(name.removeprefix(copies.ROOT).rstrip("/")) for name in names]

    def of(self, chain: str) -> Iterator[Placed]:
        service = self._client("s3")
        pages = service.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self._bucket, Prefix=copies.prefix(chain)):
            for one in page.get("Versions", []):
                kept = service.get_object(Bucket=self._bucket, Key=one["Key"], VersionId=one["VersionId"])
                yield from copies.read(kept["Body"].read())


class SecretsManager:
    """Credentials by reference, remembered for a minute so that a rotation is seen soon. One that is missing or unfit
    is remembered for some seconds: a flood on its connection costs no call each, and it is seen soon once stored.

    Args:
        monotonic: seconds that only grow.
    """

    def __init__(
        self, client: Callable[[str], Any], *, ttl: float = 60.0, missing_ttl: float = 10.0,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:  # fmt: skip
        self._client = client
        self._ttl = ttl
        self._missing_ttl = missing_ttl
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, Credentials]] = {}
        self._missing: dict[str, tuple[float, str]] = {}

    def __call__(self, ref: str) -> Credentials:
        now = self._monotonic()
        until, known = self._known.get(ref, (0.0, None))
        if known is not None and until > now:
            return known
        until, reason = self._missing.get(ref, (0.0, ""))
        if until > now:
            raise NeedsLogin(reason)
        try:
            credentials = self._ask(ref)
        except NeedsLogin as missing:
            if len(self._missing) >= _MOST_MISSING:
                self._missing.clear()
            self._missing[ref] = (now + self._missing_ttl, str(missing))
            raise
        self._missing.pop(ref, None)
        self._known[ref] = (now + self._ttl, credentials)
        return credentials

    def _ask(self, ref: str) -> Credentials:
        service = self._client("secretsmanager")
        try:
            text = service.get_secret_value(SecretId=ref)["SecretString"]
        except service.exceptions.ResourceNotFoundException:
            raise NeedsLogin(f"There is no secret {ref}. Store the connection's secrets under that name.") from None
        return read_credentials(text, ref)


def read_credentials(text: str, ref: str) -> Credentials:
    """Credentials as they are stored: {"secrets": [...], "verify_token": "...", "tokens": {account id: token}}.

    Strict: a secret that is a text instead of a list would be taken apart into letters, and a letter is soon guessed.
    Raises NeedsLogin naming what is wrong with the secret called `ref`, never what it holds.
    """
    try:
        held = json.loads(text)
    except ValueError:
        raise NeedsLogin(f"The secret {ref} is not JSON. Store it again.") from None
    if not isinstance(held, dict):
        raise NeedsLogin(f"The secret {ref} must be a JSON object. Store it again.")
    given, verify_token, tokens = held.get("secrets"), held.get("verify_token", ""), held.get("tokens", {})
    if not isinstance(given, list) or not given or not all(isinstance(one, str) and len(one) >= 8 for one in given):
        raise NeedsLogin(f'The secret {ref} needs "secrets": a list of texts of 8 characters or more.')
    if not isinstance(verify_token, str):
        raise NeedsLogin(f'In the secret {ref}, "verify_token" must be a text.')
    if not isinstance(tokens, dict) or not all(isinstance(value, str) for value in tokens.values()):
        raise NeedsLogin(f'In the secret {ref}, "tokens" must map account ids to texts.')
    return Credentials(tuple(given), verify_token, tokens)
