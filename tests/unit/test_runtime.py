"""What the composition root reads from outside is checked before it is believed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from herald import runtime
from herald.errors import NeedsLogin


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
