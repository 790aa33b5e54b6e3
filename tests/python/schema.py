"""Checks JSON against docs/schema: the few words of JSON Schema that those files use, no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schema"
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int,
         "number": (int, float)}
WORDS = {"$schema", "title", "description", "format", "type", "enum", "minimum", "maximum", "required",
         "properties", "additionalProperties", "items"}


def load(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))


def faults(value: Any, schema: dict[str, Any], at: str = "") -> list[str]:
    """What is wrong with a value, a sentence each; none if it keeps the schema."""
    assert set(schema) <= WORDS, f"this checker does not know {set(schema) - WORDS}"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, TYPES[k]) and (k == "boolean") == isinstance(value, bool) for k in kinds):
        return [f"{at or 'the document'}: {value!r} is no {' or '.join(kinds)}"]
    out = []
    if "enum" in schema and value not in schema["enum"]:
        out.append(f"{at}: {value!r} is none of {schema['enum']}")
    if isinstance(value, (int, float)) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        out.append(f"{at}: {value!r} is out of range")
    if isinstance(value, list):
        for i, v in enumerate(value):
            out += faults(v, schema.get("items", {}), f"{at}[{i}]")
    if isinstance(value, dict):
        out += [f"{at}{k} is missing" for k in schema.get("required", []) if k not in value]
        extra = schema.get("additionalProperties", True)
        for k, v in value.items():
            inner = schema.get("properties", {}).get(k, extra)
            if inner is False:
                out.append(f"{at}.{k}: unknown key")
            elif isinstance(inner, dict):
                out += faults(v, inner, f"{at}.{k}")
    return out
