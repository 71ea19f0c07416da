"""What the composition root reads from outside is checked before it is believed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import boto3
import pytest
from moto import mock_aws

from herald import runtime
from herald.errors import NeedsLogin, Unknown


@pytest.mark.parametrize(
    "held",
    [
        {"secrets": "a-secret-not-in-a-list"},
        {"secrets": []},
        {"secrets": ["short"]},
        {"secrets": ["long enough", 5]},
        {"x": 1},
        ["a list"],
        {"secrets": ["long enough"], "verify_token": None},
        {"secrets": ["long enough"], "tokens": ["not a map"]},
    ],
)
def test_credentials_of_another_shape_are_refused_without_telling_them(held: Any) -> None:
    with pytest.raises(NeedsLogin) as refused:
        runtime.read_credentials(json.dumps(held), "herald/shop")
    assert "herald/shop" in str(refused.value)
    assert "a-secret" not in str(refused.value)


def test_whole_credentials_are_read() -> None:
    text = json.dumps({"secrets": ["the newer one", "the one before"], "tokens": {"5": "t"}})
    read = runtime.read_credentials(text, "herald/shop")
    assert read.secrets == ("the newer one", "the one before")
    assert read.tokens == {"5": "t"}


def test_missing_tables_are_named_with_what_to_do() -> None:
    with pytest.raises(runtime.NotConfigured, match=r"MESSAGES_TABLE.*make up"):
        runtime.Settings.from_environment({})


def test_a_cold_start_imports_no_platform_and_a_lookup_only_its_own() -> None:
    script = """
import sys
from herald import runtime
herald = runtime.build(runtime.Settings({}), db=object(), client=lambda name: None)
loaded = lambda: sorted(m for m in sys.modules if m.startswith("herald.platforms.") and m.count(".") == 2)
assert "mastodon" in herald.pollers
assert "webhook" not in herald.pollers
print(loaded())
herald.outlets["webhook"]
print(loaded())
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    before, after = ran.stdout.splitlines()
    assert before == "[]"
    assert "herald.platforms.webhook" in after
    for other in ("bluesky", "facebook_page", "mastodon"):
        assert f"herald.platforms.{other}" not in after


def test_what_is_held_or_sent_by_a_browser_lies_under_the_prefix_that_s3_forgets_until_it_is_kept() -> None:
    with mock_aws():
        s3 = boto3.client("s3", "us-east-1")
        s3.create_bucket(Bucket="media")
        bucket = runtime.MediaBucket("media", lambda _: s3)

        def there() -> set[str]:
            return {one["Key"].partition("/")[0] for one in s3.list_objects_v2(Bucket="media").get("Contents", [])}

        held = bucket.hold(b"an image", "image/png")
        s3.put_object(Bucket="media", Key="incoming/upload-0001", Body=b"a film")
        film = bucket.arrived("upload-0001", 100)
        assert there() == {"incoming"}
        assert (bucket.get(held), bucket.look(film).size) == (b"an image", 6)
        kept = bucket.keep(held)
        assert kept == bucket.keep(held) == bucket.keep(kept) == bucket.put(b"an image", "image/png")
        for one in s3.list_objects_v2(Bucket="media", Prefix="incoming/")["Contents"]:
            s3.delete_object(Bucket="media", Key=one["Key"])  # a day later
        assert bucket.get(kept) == b"an image"
        assert s3.head_object(Bucket="media", Key=kept)["ContentType"] == "image/png"
        with pytest.raises(Unknown):
            bucket.keep(film)


class Vault:
    """Secrets Manager, as far as it is asked; counts the calls."""

    class exceptions:  # noqa: N801  as boto3 calls it
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.calls = 0

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:
        self.calls += 1
        if SecretId not in self.held:
            raise self.exceptions.ResourceNotFoundException
        return {"SecretString": self.held[SecretId]}


GOOD = json.dumps({"secrets": ["long enough"]})


@pytest.mark.parametrize("held", [None, "no JSON", json.dumps({"secrets": []})])
def test_a_flood_on_a_connection_whose_secret_is_missing_or_unfit_costs_one_call_in_ten_seconds(
    held: str | None,
) -> None:
    vault, time = Vault(), [100.0]
    secrets = runtime.SecretsManager(lambda _: vault, monotonic=lambda: time[0])
    if held is not None:
        vault.held["herald/fb"] = held
    told = set()
    for n in range(300):
        time[0] = 100.0 + n / 10  # half a minute
        with pytest.raises(NeedsLogin) as refused:
            secrets("herald/fb")
        told.add(str(refused.value))
    assert vault.calls == 3
    assert len(told) == 1
    assert "herald/fb" in told.pop()


def test_a_missing_secret_is_read_soon_after_it_was_stored_and_then_remembered_for_a_minute() -> None:
    vault, time = Vault(), [0.0]
    secrets = runtime.SecretsManager(lambda _: vault, monotonic=lambda: time[0])
    with pytest.raises(NeedsLogin):
        secrets("herald/fb")
    vault.held["herald/fb"] = GOOD
    time[0] += 10
    for _ in range(50):
        assert secrets("herald/fb").secrets == ("long enough",)
        time[0] += 1
    assert vault.calls == 2
    del vault.held["herald/fb"]
    time[0] += 60
    with pytest.raises(NeedsLogin):
        secrets("herald/fb")


def test_however_many_secrets_are_missing_what_is_remembered_of_them_stays_small_and_what_is_there_stays() -> None:
    vault = Vault()
    secrets = runtime.SecretsManager(lambda _: vault, monotonic=lambda: 0.0)
    vault.held["herald/fb"] = GOOD
    secrets("herald/fb")
    for n in range(1_000):
        with pytest.raises(NeedsLogin):
            secrets(f"herald/{n}")
    assert len(secrets._missing) <= 100
    calls = vault.calls
    secrets("herald/fb")
    assert vault.calls == calls
