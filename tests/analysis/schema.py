# SPDX-License-Identifier: BSD-2-Clause
"""As much of JSON Schema as docs/report.schema.json uses; an unknown keyword is an error."""

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
IGNORED = {"$schema", "$id", "$defs", "title", "description"}


def _is(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def _check(value, schema, root, where):
    for key, rule in schema.items():
        if key in IGNORED:
            continue
        if key == "$ref":
            target = root
            for part in rule.lstrip("#/").split("/"):
                target = target[part]
            yield from _check(value, target, root, where)
        elif key == "type":
            names = rule if isinstance(rule, list) else [rule]
            if not any(_is(value, name) for name in names):
                yield f"{where}: {value!r} is no {' or '.join(names)}"
        elif key == "enum":
            if value not in rule:
                yield f"{where}: {value!r} is none of {rule}"
        elif key == "minimum":
            if isinstance(value, int) and value < rule:
                yield f"{where}: {value} is less than {rule}"
        elif key == "required":
            if isinstance(value, dict):
                yield from (f"{where}: no {name}" for name in rule if name not in value)
        elif key == "properties":
            for name, inner in rule.items():
                if isinstance(value, dict) and name in value:
                    yield from _check(value[name], inner, root, f"{where}.{name}")
        elif key == "additionalProperties":
            if isinstance(value, dict):
                yield from (f"{where}: {name} is not in the schema"
                            for name in value if name not in schema["properties"])
        elif key == "items":
            if isinstance(value, list):
                for i, element in enumerate(value):
                    yield from _check(element, rule, root, f"{where}[{i}]")
        else:
            yield f"schema: keyword {key}"


def problems(value, schema):
    """What of @value the @schema does not allow."""
    return list(_check(value, schema, schema, "report"))
