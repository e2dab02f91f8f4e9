# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

"""A small, strict judge of JSON: a value against a JSON schema, where keys that the schema does not name are wrong,
too.  It knows only the words that docs/schema uses and fails on all others."""

import json
import os
import re

from _checks import TOP

SCHEMAS = os.path.join(TOP, "docs", "schema")
KNOWN = {"$schema", "$id", "title", "description", "type", "properties", "required", "items", "enum", "const",
         "pattern", "minimum", "maximum", "definitions", "$ref", "anyOf", "additionalProperties", "uniqueItems"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value, name):
    if name in ("integer", "number"):
        allowed = int if name == "integer" else (int, float)
        return isinstance(value, allowed) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def judge_text(value, schema, where):
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"


def judge_number(value, schema, where):
    if value < schema.get("minimum", value) or value > schema.get("maximum", value):
        yield f"{where}: {value} is out of range"


def judge_object(value, schema, root, where):
    for name in schema.get("required", []):
        if name not in value:
            yield f"{where}: {name} is missing"
    for name, item in value.items():
        inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
        if inner is None:
            yield f"{where}: {name} is not in the schema"
        else:
            yield from complaints(item, inner, root, f"{where}.{name}")


def judge_list(value, schema, root, where):
    if schema.get("uniqueItems"):
        texts = [json.dumps(item, sort_keys=True) for item in value]
        if len(set(texts)) != len(texts):
            yield f"{where}: the same twice"
    for i, item in enumerate(value):
        yield from complaints(item, schema.get("items", {}), root, f"{where}[{i}]")


def complaints(value, schema, root, where="$"):
    """What is wrong with a value; `root` has the definitions."""
    unknown = set(schema) - KNOWN
    if unknown:
        yield f"{where}: this judge does not know {unknown}"
    if "$ref" in schema:
        yield from complaints(value, root["definitions"][schema["$ref"].split("/")[-1]], root, where)
        return
    if "anyOf" in schema:
        found = [list(complaints(value, choice, root, where)) for choice in schema["anyOf"]]
        if all(found):
            yield from min(found, key=len)
        return
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not one of {schema['enum']}"
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(is_type(value, name) for name in names):
            yield f"{where}: {value!r} is no {schema['type']}"
            return
    if isinstance(value, str):
        yield from judge_text(value, schema, where)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from judge_number(value, schema, where)
    elif isinstance(value, dict):
        yield from judge_object(value, schema, root, where)
    elif isinstance(value, list):
        yield from judge_list(value, schema, root, where)


def _refuse(text):
    raise ValueError(f"{text} is no JSON")


def parse(text):
    """JSON, without the words that Python understands and the standard does not have."""
    return json.loads(text, parse_constant=_refuse)


def load_schema(name):
    """The schema of "halde.leaks/1"."""
    with open(os.path.join(SCHEMAS, name.replace("/", "-") + ".json"), encoding="utf-8") as file:
        return json.load(file)


# ---- SARIF 2.1.0 ------------------------------------------------------------------------------------------------
# What the standard demands of the objects that we write (its sections 3.11 to 3.58), in the words of the judge.
# Objects of the standard take no other keys, so those that we do not write are wrong here.

_TEXT = {"type": "string"}
_INDEX = {"type": "integer", "minimum": -1}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_MESSAGE = {"$ref": "#/definitions/message"}
_LOCATION = {"$ref": "#/definitions/location"}


def _object(required, **properties):
    return {"type": "object", "required": required, "properties": properties}


def _list(items, is_unique=False):
    return {"type": "array", "items": items, "uniqueItems": is_unique}


SARIF = {
    **_object(["version", "runs"], version={"const": "2.1.0"}, runs=_list({"$ref": "#/definitions/run"}),
              **{"$schema": {"type": "string", "pattern": "^https://.*/sarif-schema-2.1.0.json$"}}),
    "definitions": {
        "run": _object(["tool"], tool=_object(["driver"], driver={"$ref": "#/definitions/component"}),
                       originalUriBaseIds={"type": "object", "additionalProperties": {"$ref": "#/definitions/artifact"}},
                       results=_list({"$ref": "#/definitions/result"}),
                       columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                       invocations=_list({"$ref": "#/definitions/invocation"})),
        "invocation": _object(["executionSuccessful"], executionSuccessful={"type": "boolean"},
                              toolExecutionNotifications=_list(_object(["message"], level=_LEVEL, message=_MESSAGE))),
        "component": _object(["name"], name=_TEXT, version=_TEXT,
                             rules=_list({"$ref": "#/definitions/rule"}, is_unique=True)),
        "rule": _object(["id"], id=_TEXT, name=_TEXT, shortDescription=_MESSAGE, fullDescription=_MESSAGE,
                        help=_MESSAGE, defaultConfiguration=_object([], level=_LEVEL)),
        "message": _object(["text"], text=_TEXT),
        "result": _object(["message"], ruleId=_TEXT, ruleIndex=_INDEX, level=_LEVEL, message=_MESSAGE,
                          locations=_list(_LOCATION), relatedLocations=_list(_LOCATION, is_unique=True),
                          stacks=_list({"$ref": "#/definitions/stack"}, is_unique=True),
                          partialFingerprints={"type": "object", "additionalProperties": _TEXT},
                          properties={"type": "object", "additionalProperties": {}}),
        "location": _object([], id=_INDEX, physicalLocation=_object(
            ["artifactLocation"], artifactLocation={"$ref": "#/definitions/artifact"},
            region=_object([], startLine={"type": "integer", "minimum": 1})),
            logicalLocations=_list(_object([], fullyQualifiedName=_TEXT, kind=_TEXT), is_unique=True),
            message=_MESSAGE),
        # A reference, by RFC 3986: no blanks, no brackets, no bare %.
        "artifact": _object([], uri={"type": "string", "pattern": r"^([A-Za-z0-9/._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*$"},
                            uriBaseId=_TEXT, description=_MESSAGE),
        "stack": _object(["frames"], message=_MESSAGE, frames=_list(_object([], location=_LOCATION, module=_TEXT))),
    },
}


def sarif_complaints(document):
    """The schema's demands, and those that the standard makes in words: indexes and base names lead somewhere."""
    yield from complaints(document, SARIF, SARIF)
    for run in document.get("runs", []):
        rules = run["tool"]["driver"].get("rules", [])
        bases = run.get("originalUriBaseIds", {})
        for number, result in enumerate(run.get("results", [])):
            where = f"results[{number}]"
            index = result.get("ruleIndex", -1)
            if index >= len(rules) or (index >= 0 and rules[index]["id"] != result["ruleId"]):
                yield f"{where}: ruleIndex {index} is not {result['ruleId']}"
            text = json.dumps(result)
            for base in re.findall(r'"uriBaseId": "(.*?)"', text):
                if base not in bases:
                    yield f"{where}: no base {base}"
            for uri in re.findall(r'"uri": "(.*?)"', text):
                # 3.10.2 and 3.4.3: file URIs have a host, empty or not; relative ones do not climb.
                if re.match("file:(?!//)", uri) or (not uri.startswith("file:") and ".." in uri.split("/")):
                    yield f"{where}: uri {uri}"
