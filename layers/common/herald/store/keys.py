"""Every key of every table, in one place. Read docs/access-patterns.md first; change it first."""

from __future__ import annotations

from datetime import UTC, datetime

MESSAGES, POSTS, SETTINGS, METRICS, AUDIT = "Messages", "Posts", "Settings", "Metrics", "Audit"
TABLES = (MESSAGES, POSTS, SETTINGS, METRICS, AUDIT)

# index name -> (partition attribute, sort attribute)
INDEXES = {"feed": ("feed", "feed_at"), "work": ("work", "work_at")}

Key = tuple[str, str, str]  # table, pk, sk


def stamp(at: datetime) -> str:
    """UTC, milliseconds, fixed width: strings sort as times do."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def message(message_id: str) -> Key:
    return (MESSAGES, f"M#{message_id}", "M")


def decision(message_id: str, at: datetime, content_hash: str, by: str) -> Key:
    return (MESSAGES, f"M#{message_id}", f"D#{stamp(at)}#{content_hash}#{by}")


def raw_event(message_id: str, digest: str) -> Key:
    return (MESSAGES, f"M#{message_id}", f"X#{digest}")


def unclaimed(connection: str, message_id: str, digest: str) -> Key:
    return (MESSAGES, f"U#{connection}", f"{message_id}#{digest}")


def case(case_id: str) -> Key:
    return (MESSAGES, f"C#{case_id}", "C")


def feed(account: str, day: str) -> str:
    return f"F#{account}#{day}"


def acted(brand: str, month: str) -> str:
    return f"A#{brand}#{month}"


def open_work(work: str, brand: str) -> str:
    return f"W#{work}#{brand}"


PARKED = "parked"
DUE = "due"


def delivery(delivery_id: str) -> Key:
    return (POSTS, f"V#{delivery_id}", "V")


def gate(account: str) -> Key:
    return (POSTS, f"G#{account}", "G")


def posted(platform: str, external_id: str) -> Key:
    return (POSTS, f"X#{platform}:{external_id}", "X")


def connection(connection_id: str) -> Key:
    return (SETTINGS, f"CONN#{connection_id}", "CONN")


def account(account_id: str) -> Key:
    return (SETTINGS, "ACCOUNT", account_id)


def person(person_id: str) -> Key:
    return (SETTINGS, "PERSON", person_id)


def _version(version: int) -> str:
    return f"v{version:08d}"


def rules(version: int) -> Key:
    return (SETTINGS, "RULES", _version(version))


def targets() -> Key:
    return (SETTINGS, "TARGETS", "TARGETS")


def policy(policy_id: str, version: int) -> Key:
    return (SETTINGS, f"POLICY#{policy_id}", _version(version))


def newest_policy(policy_id: str) -> Key:
    return (SETTINGS, "POLICIES", policy_id)


def acknowledgement(person_id: str, policy_id: str, version: int) -> Key:
    return (SETTINGS, f"ACK#{person_id}", f"{policy_id}#{_version(version)}")


def counts(account_id: str, day: str) -> Key:
    return (METRICS, f"N#{account_id}", f"DAY#{day}")


def audit(chain: str, seq: int) -> Key:
    return (AUDIT, f"CHAIN#{chain}", f"{seq:012d}")
