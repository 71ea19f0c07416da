"""Every key of every table, in one place. Read docs/access-patterns.md first; change it first."""

from __future__ import annotations

from datetime import datetime

from herald.model import record

MESSAGES, POSTS, SETTINGS, METRICS, AUDIT = "Messages", "Posts", "Settings", "Metrics", "Audit"
TABLES = (MESSAGES, POSTS, SETTINGS, METRICS, AUDIT)

# index name -> (partition attribute, sort attribute)
INDEXES = {"feed": ("feed", "feed_at"), "work": ("work", "work_at"), "calendar": ("cal", "cal_at")}

Key = tuple[str, str, str]  # table, pk, sk
stamp = record.stamp
"""How an instant stands in a key."""

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


PLANNED = "planned"


def post(post_id: str) -> Key:
    return (POSTS, f"P#{post_id}", "P")


def target(post_id: str, account_id: str) -> Key:
    return (POSTS, f"P#{post_id}", f"T#{account_id}")


def note(post_id: str, at: datetime, what: str, account_id: str) -> Key:
    return (POSTS, f"P#{post_id}", f"N#{stamp(at)}#{what}#{account_id}")


def used(post_id: str, nonce: str) -> Key:
    return (POSTS, f"P#{post_id}", f"L#{nonce}")


def approval(post_id: str, account_id: str, content_hash: str) -> Key:
    """A partition of its own: functions are not allowed to write it (template.yaml, dynamodb:LeadingKeys)."""
    return (POSTS, f"A#{post_id}", f"{account_id}#{content_hash}")


def hold(brand: str, hold_id: str) -> Key:
    return (POSTS, f"H#{brand}", hold_id)


def in_force(brand: str) -> str:
    return f"hold#{brand}"


def assets(brand: str) -> str:
    return f"assets#{brand}"


def user_content(brand: str, state: str) -> str:
    return f"ugc#{brand}#{state}"


def attention(brand: str) -> str:
    return f"attention#{brand}"


def calendar(brand: str, month: str) -> str:
    return f"K#{brand}#{month}"


def days(brand: str) -> str:
    """The days of a brand's calendar by their last day."""
    return f"DAYS#{brand}"


def snapshot(account_id: str, post_id: str, at: datetime, metric: str, day: str) -> Key:
    return (METRICS, f"S#{account_id}#{post_id}", f"{stamp(at)}#{metric}#{day}")


def newest_of_post(account_id: str, post_id: str) -> Key:
    return (METRICS, f"L#{account_id}", post_id)


def read_on(account_id: str, day: str, post_id: str) -> Key:
    """What a post had reached on the day it was read; days in the account's zone, as everywhere."""
    return (METRICS, f"E#{account_id}", f"{day}#{post_id}")


def response(account_id: str, at: datetime, case_id: str) -> Key:
    return (METRICS, f"R#{account_id}", f"{stamp(at)}#{case_id}")


def cursor(account_id: str) -> Key:
    return (METRICS, f"CURSOR#{account_id}", "CURSOR")


def kept_report(brand: str, first_day: str, last_day: str) -> Key:
    return (POSTS, f"REPORT#{brand}", f"{first_day}#{last_day}")


def mailing(brand: str, first_day: str, last_day: str, mailing_id: str) -> Key:
    """Mailings of one period lie together; their ids are made by whoever asks, so that asking twice is one."""
    return (POSTS, f"MAIL#{brand}#{first_day}#{last_day}", mailing_id)


def connection(connection_id: str) -> Key:
    return (SETTINGS, f"CONN#{connection_id}", "CONN")


def account(account_id: str) -> Key:
    return (SETTINGS, "ACCOUNT", account_id)


def person(person_id: str) -> Key:
    return (SETTINGS, "PERSON", person_id)


def _version(version: int) -> str:
    return f"v{version:08d}"


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
