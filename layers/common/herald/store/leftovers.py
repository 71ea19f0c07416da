"""What the ordinary path gave up on: objects of the raw bucket, letters of the dead-letter queue. See ports.Leftovers.

In the bucket: `unreadable/<connection>/<day>/<sha-256>` (written by ingest), `aws/lambda/<mapping>/<shard>/<day>/...`
(written by Lambda; its shape: docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html, read 2026-11), and
`done/<key>`, a note of what was dealt with. Words end with the object they came in: a note holds counts only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from herald.errors import BadPayload, HeraldError
from herald.ports import DeadLetter, FailedBatch, KeptBody
from herald.store.stream import changed_messages

UNREADABLE, BATCHES, DONE = "unreadable/", "aws/lambda/", "done/"
OBJECT_LIMIT = 16 * 1024 * 1024
"""Bytes. A body is 10 MB at most; a batch is 6 MB at most, and grows where its text is quoted once more."""
_HELD_FOR = 60  # seconds for which a letter that is being looked at is hidden from others


class AwsLeftovers:
    """Args:
    bucket, queue_url: of RawBucket and of Deliveries (its dead-letter queue is found by its redrive policy).
    client: makes a boto3 client by service name.
    """

    def __init__(self, bucket: str, queue_url: str, client: Callable[[str], Any]) -> None:
        self._bucket = bucket
        self._queue_url = queue_url
        self._client = client

    # ------------------------------------------------------------ the bucket

    def bodies(self, connection: str = "") -> Iterator[str]:
        return self._keys(UNREADABLE + (f"{connection}/" if connection else ""))

    def body(self, key: str) -> KeptBody:
        found, metadata = self._object(key)
        connection, _, rest = key.removeprefix(UNREADABLE).partition("/")
        day, _, digest = rest.partition("/")
        if sha256(found).hexdigest() != digest:
            raise BadPayload("its bytes are not those that were kept under this name")
        try:
            received_at = datetime.fromisoformat(metadata.get("received", f"{day}T00:00:00+00:00"))
        except ValueError as error:
            raise BadPayload("it does not say when it was received") from error
        return KeptBody(key, connection, found, received_at if received_at.tzinfo else received_at.replace(tzinfo=UTC))

    def batches(self) -> Iterator[str]:
        return self._keys(BATCHES)

    def batch(self, key: str) -> FailedBatch:
        try:
            told = json.loads(self._object(key)[0])
            if not isinstance(told, dict) or "DDBStreamBatchInfo" not in told:
                raise BadPayload("it is no record of a discarded batch of a table's stream")
            if "payload" not in told:
                raise BadPayload("it holds no payload, only where the batch was: use --undecided")
            payload = told["payload"]
            event = json.loads(payload) if isinstance(payload, str) else payload
            records = event["Records"]
            return FailedBatch(key, len(records), tuple(changed_messages(records)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BadPayload(f"it cannot be read ({type(error).__name__})") from error

    def put_away(self, key: str, facts: Mapping[str, str | int], at: datetime) -> None:
        note = json.dumps({"done_at": at.isoformat(), **facts}).encode()
        service = self._client("s3")
        service.put_object(Bucket=self._bucket, Key=DONE + key, Body=note, ContentType="application/json")
        service.delete_object(Bucket=self._bucket, Key=key)

    def _keys(self, prefix: str) -> Iterator[str]:
        if not self._bucket:
            raise HeraldError("RAW_BUCKET is not set: say which bucket holds what could not be read.")
        pages = self._client("s3").get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            yield from (found["Key"] for found in page.get("Contents", []))

    def _object(self, key: str) -> tuple[bytes, Mapping[str, str]]:
        service = self._client("s3")
        try:
            found = service.get_object(Bucket=self._bucket, Key=key)
        except service.exceptions.NoSuchKey:
            raise BadPayload("it is gone: someone else dealt with it") from None
        if found["ContentLength"] > OBJECT_LIMIT:
            raise BadPayload(f"it is longer than {OBJECT_LIMIT} bytes")
        return found["Body"].read(), found.get("Metadata", {})

    # ------------------------------------------------------------ the queue

    def dead_letters(self) -> Iterator[DeadLetter]:
        address, service, seen = self._dead(), self._client("sqs"), set[str]()
        while True:
            told = service.receive_message(QueueUrl=address, MaxNumberOfMessages=10, VisibilityTimeout=_HELD_FOR)
            letters = [letter for letter in told.get("Messages", []) if letter["MessageId"] not in seen]
            if not letters:
                return
            for letter in letters:
                seen.add(letter["MessageId"])
                yield DeadLetter(letter["MessageId"], _delivery(letter["Body"]), letter["ReceiptHandle"])

    def bury(self, letter: DeadLetter) -> None:
        self._client("sqs").delete_message(QueueUrl=self._dead(), ReceiptHandle=letter.receipt)

    def _dead(self) -> str:
        if not self._queue_url:
            raise HeraldError("DELIVERIES_URL is not set: say which queue wakes deliveries.")
        service = self._client("sqs")
        told = service.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["RedrivePolicy"])
        policy = told.get("Attributes", {}).get("RedrivePolicy")
        if not policy:
            raise HeraldError("The queue of deliveries has no dead-letter queue.")
        *_, name = json.loads(policy)["deadLetterTargetArn"].split(":")
        address: str = service.get_queue_url(QueueName=name)["QueueUrl"]
        return address


def _delivery(body: str) -> str:
    """The delivery a wake-up names; empty where it is none of ours."""
    try:
        named = json.loads(body)["delivery"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return named if isinstance(named, str) else ""
