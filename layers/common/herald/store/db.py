"""A narrow door to DynamoDB: five operations over plain values, conditions as data.

Narrow, so that the same repositories run over DynamoDB and over an in-memory twin (local/memory.py), and one
contract suite holds both (tests/contract/test_db.py).
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from typing import Any, Protocol

from herald.errors import Conflict, Stale
from herald.model.record import record
from herald.store.keys import INDEXES, Key

Item = dict[str, Any]

# ---------------------------------------------------------------- conditions, as data


@record
class Absent:
    attribute: str


@record
class Equals:
    attribute: str
    value: str | int | bool


@record
class Below:
    """The attribute is there and less than the value."""

    attribute: str
    value: str | int


@record
class Either:
    left: Absent | Equals | Below
    right: Absent | Equals | Below


Condition = Absent | Equals | Below | Either


# ---------------------------------------------------------------- writes, as data


@record
class Put:
    """Writes the whole item (keys included)."""

    key: Key
    item: Item
    when: Condition | None = None


@record
class Update:
    """Changes single attributes; creates the item if it is absent and the condition allows.

    Attributes:
        set, once: attribute -> value; `once` only where the attribute is absent.
        add: attribute -> number to add (absent counts as 0).
    """

    key: Key
    set: Mapping[str, Any] = field(default_factory=dict)
    once: Mapping[str, Any] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    add: Mapping[str, int] = field(default_factory=dict)
    when: Condition | None = None


@record
class Check:
    """Writes nothing; a transaction fails where it does not hold."""

    key: Key
    when: Condition


Write = Put | Update | Check


class WriteRefused(Stale):
    """A condition did not hold. `found` is what stood there; `which` the indexes of the writes that failed."""

    def __init__(self, found: Item | None = None, which: tuple[int, ...] = (0,)) -> None:
        super().__init__(f"condition failed at {which}")
        self.found = found
        self.which = which


class Db(Protocol):
    def get(self, key: Key) -> Item | None:
        """A strongly consistent read."""

    def get_many(self, keys: Iterable[Key], *, settled: bool = True) -> dict[Key, Item]:
        """Absent keys are left out. Strongly consistent; not `settled`: for half the price, may lag by a moment."""

    def query(
        self,
        table: str,
        pk: str,
        *,
        index: str | None = None,
        first: str | None = None,
        last: str | None = None,
        newest: bool = False,
        limit: int = 100,
        after: str | None = None,
    ) -> tuple[list[Item], str | None]:
        """Items of one partition in sort order, first <= sort <= last; `after` continues behind a cursor.

        An index gives keys only (pk, sk and its own attributes). Returns items and the next cursor or None.
        """  # fmt: skip

    def write(self, write: Put | Update) -> None:
        """One write. Raises WriteRefused."""

    def transact(self, writes: Sequence[Write]) -> None:
        """All or nothing, at most 100. Raises WriteRefused or Conflict."""


# ---------------------------------------------------------------- DynamoDB


class DynamoDb:
    """The door over a boto3 client.

    Args:
        names: logical table name -> real one.
        on_capacity: is told every answer's ConsumedCapacity entries (for `herald bench writes`); costs bytes, so
            capacity is asked for only when it is given.
        sleep: waits before a contended transaction is tried again.
    """

    def __init__(
        self,
        client: Any,
        names: Mapping[str, str],
        *,
        on_capacity: Callable[[str, list[dict[str, Any]]], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        from boto3.dynamodb.types import TypeDeserializer, TypeSerializer  # noqa: PLC0415 - paid once, with the client

        self._client = client
        self._names = names
        self._on_capacity = on_capacity
        self._sleep = sleep
        self._serialize = TypeSerializer().serialize
        self._deserialize = TypeDeserializer().deserialize

    # reads
    def get(self, key: Key) -> Item | None:
        table, pk, sk = key
        if not _fits(pk, sk):
            return None
        answer = self._call("get_item", TableName=self._names[table], Key=self._key(key), ConsistentRead=True)
        return self.plain(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Iterable[Key], *, settled: bool = True) -> dict[Key, Item]:
        wanted = [key for key in dict.fromkeys(keys) if _fits(key[1], key[2])]
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), 100):  # BatchGetItem takes at most 100 keys
            requests: dict[str, Any] = {}
            logical = {self._names[key[0]]: key[0] for key in wanted[start : start + 100]}
            for key in wanted[start : start + 100]:
                request = requests.setdefault(self._names[key[0]], {"Keys": [], "ConsistentRead": settled})
                request["Keys"].append(self._key(key))
            for pause in (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2):
                answer = self._call("batch_get_item", RequestItems=requests)
                for name, items in answer["Responses"].items():
                    for raw in items:
                        item = self.plain(raw)
                        found[(logical[name], item["pk"], item["sk"])] = item
                requests = answer.get("UnprocessedKeys") or {}
                if not requests:
                    break
                self._sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter # nosec B311
            else:
                raise Conflict("the table would not give all items; try again")
        return found

    def query(
        self, table: str, pk: str, *, index: str | None = None, first: str | None = None, last: str | None = None,
        newest: bool = False, limit: int = 100, after: str | None = None,
    ) -> tuple[list[Item], str | None]:  # fmt: skip
        if not _fits(pk):
            return [], None
        hash_name, range_name = INDEXES[index] if index else ("pk", "sk")
        names = {"#h": hash_name}
        values: dict[str, Any] = {":h": {"S": pk}}
        condition = "#h = :h"
        if first is not None or last is not None:
            names["#r"] = range_name
            values[":a"], values[":b"] = {"S": first or " "}, {"S": last or "\U0010ffff"}
            condition += " AND #r BETWEEN :a AND :b"
        arguments: dict[str, Any] = {
            "TableName": self._names[table], "KeyConditionExpression": condition, "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values, "ScanIndexForward": not newest, "Limit": limit,
        }  # fmt: skip
        if index:
            arguments["IndexName"] = index
        else:
            arguments["ConsistentRead"] = True
        if after:
            arguments["ExclusiveStartKey"] = {name: {"S": part} for name, part in place_of(after, index).items()}
        answer = self._call("query", **arguments)
        items = [self.plain(raw) for raw in answer.get("Items", [])]
        marker = answer.get("LastEvaluatedKey")
        return items, cursor_of(self.plain(marker), index) if marker else None

    # writes
    def write(self, write: Put | Update) -> None:
        if isinstance(write, Put):
            name, arguments = "put_item", self._put(write)
        else:
            name, arguments = "update_item", self._update(write)
        if write.when is not None:
            arguments["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            self._call(name, **arguments)
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            found = refused.response.get("Item")
            raise WriteRefused(self.plain(found) if found else None) from None

    def transact(self, writes: Sequence[Write]) -> None:
        items = []
        for write in writes:
            if isinstance(write, Put):
                items.append({"Put": self._put(write)})
            elif isinstance(write, Update):
                items.append({"Update": self._update(write)})
            else:
                items.append({"ConditionCheck": {"Key": self._key(write.key)} | self._when(write.key, write.when)})
        try:
            self._call("transact_write_items", TransactItems=items)
        except self._client.exceptions.TransactionCanceledException as cancelled:
            codes = [reason.get("Code") for reason in cancelled.response.get("CancellationReasons", [])]
            failed = tuple(i for i, code in enumerate(codes) if code == "ConditionalCheckFailed")
            if failed:
                raise WriteRefused(None, failed) from None
            raise Conflict(f"transaction cancelled: {sorted({str(c) for c in codes} - {'None'})}") from None
        except self._client.exceptions.TransactionInProgressException:
            raise Conflict("the same transaction is in progress") from None

    # rendering
    def plain(self, raw: Mapping[str, Any]) -> Item:
        return {name: _number(self._deserialize(value)) for name, value in raw.items()}

    def _key(self, key: Key) -> dict[str, Any]:
        return {"pk": {"S": key[1]}, "sk": {"S": key[2]}}

    def _put(self, write: Put) -> dict[str, Any]:
        item = {name: self._serialize(value) for name, value in write.item.items() if value is not None}
        return {"Item": item | self._key(write.key)} | self._when(write.key, write.when)

    def _update(self, write: Update) -> dict[str, Any]:
        terms = _Terms(self._serialize)
        sets = [f"{terms.name(a)} = {terms.value(v)}" for a, v in write.set.items() if v is not None]
        sets += [
            f"{terms.name(a)} = if_not_exists({terms.name(a)}, {terms.value(v)})"
            for a, v in write.once.items()
            if v is not None
        ]
        removes = [terms.name(a) for a in write.remove] + [terms.name(a) for a, v in write.set.items() if v is None]
        adds = [f"{terms.name(a)} {terms.value(v)}" for a, v in write.add.items()]
        parts = [
            f"{word} {', '.join(some)}" for word, some in (("SET", sets), ("REMOVE", removes), ("ADD", adds)) if some
        ]
        arguments: dict[str, Any] = {"Key": self._key(write.key), "UpdateExpression": " ".join(parts)}
        return arguments | self._when(write.key, write.when, terms)

    def _when(self, key: Key, condition: Condition | None, terms: _Terms | None = None) -> dict[str, Any]:
        terms = terms or _Terms(self._serialize)
        arguments: dict[str, Any] = {"TableName": self._names[key[0]]}
        if condition is not None:
            arguments["ConditionExpression"] = terms.condition(condition)
        if terms.names:
            arguments["ExpressionAttributeNames"] = terms.names
        if terms.values:
            arguments["ExpressionAttributeValues"] = terms.values
        return arguments

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        if self._on_capacity:
            arguments["ReturnConsumedCapacity"] = "INDEXES"
        answer: dict[str, Any] = getattr(self._client, operation)(**arguments)
        if self._on_capacity and "ConsumedCapacity" in answer:
            used = answer["ConsumedCapacity"]
            self._on_capacity(operation, used if isinstance(used, list) else [used])
        return answer


class _Terms:
    """Placeholders of one expression."""

    def __init__(self, serialize: Callable[[Any], Any]) -> None:
        self._serialize = serialize
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def name(self, attribute: str) -> str:
        for placeholder, known in self.names.items():
            if known == attribute:
                return placeholder
        placeholder = f"#n{len(self.names)}"
        self.names[placeholder] = attribute
        return placeholder

    def value(self, value: Any) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = self._serialize(value)
        return placeholder

    def condition(self, condition: Condition) -> str:
        if isinstance(condition, Absent):
            return f"attribute_not_exists({self.name(condition.attribute)})"
        if isinstance(condition, Equals):
            return f"{self.name(condition.attribute)} = {self.value(condition.value)}"
        if isinstance(condition, Below):
            return f"{self.name(condition.attribute)} < {self.value(condition.value)}"
        return f"({self.condition(condition.left)} OR {self.condition(condition.right)})"


def plain(image: Mapping[str, Any]) -> Item:
    """An item as DynamoDB writes it, in a record of a stream for example, in plain values."""
    from boto3.dynamodb.types import TypeDeserializer  # noqa: PLC0415 - only who reads streams pays for it

    deserialize = TypeDeserializer().deserialize
    return {name: _number(deserialize(value)) for name, value in image.items()}


def _fits(pk: str, sk: str = "") -> bool:
    """Whether a row can stand under this key: DynamoDB takes 2048 bytes and 1024, in UTF-8 (its quotas), and answers
    whoever asks for more with an error. What cannot be there is not there: such an id was typed, never made."""
    try:
        return len(pk.encode()) <= 2048 and len(sk.encode()) <= 1024
    except UnicodeEncodeError:
        return False


def cursor_of(marker: Item, index: str | None) -> str:
    """The opaque place behind an item; travels to the page and back."""
    fields = [*INDEXES[index], "pk", "sk"] if index else ["pk", "sk"]
    return json.dumps([str(marker[name]) for name in fields], ensure_ascii=True)


def place_of(cursor: str, index: str | None) -> dict[str, str]:
    """The keys a cursor stands for. Raises ValueError on what is no cursor of this kind of query."""
    fields = [*INDEXES[index], "pk", "sk"] if index else ["pk", "sk"]
    parts = json.loads(cursor)
    if not (isinstance(parts, list) and len(parts) == len(fields) and all(isinstance(part, str) for part in parts)):
        raise ValueError("not a cursor of this list; open the page afresh")
    return dict(zip(fields, parts, strict=True))


def _number(value: Any) -> Any:
    """DynamoDB numbers come back as Decimal; ours are all integers."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _number(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_number(inner) for inner in value]
    return value
