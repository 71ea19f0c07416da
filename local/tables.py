"""The five tables as template.yaml declares them, without the rest of the stack: for benches and contract tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from herald.store import keys


def create_tables(client: Any, prefix: str = "") -> dict[str, str]:
    """Create every table of the template under its logical name, with its keys and indexes; logical name -> name."""
    declared = _declared()
    for name, properties in declared.items():
        wanted = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode")
        stream = properties.get("StreamSpecification")
        more = {"StreamSpecification": {"StreamEnabled": True, **stream}} if stream else {}
        client.create_table(
            TableName=prefix + name, **{key: properties[key] for key in wanted if key in properties}, **more
        )
    return {name: prefix + name for name in declared}


@cache
def _declared() -> dict[str, dict[str, Any]]:
    """Logical name -> properties of each table. Read once: the template takes a quarter of a second."""
    template = yaml_parse((Path(__file__).parents[1] / "template.yaml").read_text())
    declared = {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }
    assert set(declared) == set(keys.TABLES), "the template and keys.py name different tables"
    return declared
