"""What the composition root reads from outside is checked before it is believed."""

from __future__ import annotations

import json
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
