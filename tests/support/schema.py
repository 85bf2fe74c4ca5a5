# SPDX-License-Identifier: MIT
"""As much of JSON Schema 2020-12 as docs/flow.schema.json uses."""
import re

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def errors(value, schema, root, where="$"):
    """Everything that is wrong with a value, as lines."""
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].lstrip("#/").split("/"):
            target = target[part]
        yield from errors(value, target, root, where)
    if "oneOf" in schema:
        fits = [s for s in schema["oneOf"] if not list(errors(value, s, root, where))]
        if len(fits) != 1:
            for s in schema["oneOf"]:
                yield from errors(value, s, root, where)
            yield "%s: fits %d of the alternatives" % (where, len(fits))
    if "const" in schema and value != schema["const"]:
        yield "%s: %r is not %r" % (where, value, schema["const"])
    if "enum" in schema and value not in schema["enum"]:
        yield "%s: %r is none of %r" % (where, value, schema["enum"])
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(is_type(value, n) for n in names):
            yield "%s: %r is not of type %s" % (where, value, names)
            return
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield "%s: %r does not match %s" % (where, value, schema["pattern"])
    if isinstance(value, int) and not isinstance(value, bool):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            yield "%s: %d is out of range" % (where, value)
    if isinstance(value, dict) and ("properties" in schema or "required" in schema):
        for name in schema.get("required", []):
            if name not in value:
                yield "%s: %s is missing" % (where, name)
        for name, item in value.items():
            if name in schema.get("properties", {}):
                yield from errors(item, schema["properties"][name], root, where + "." + name)
            elif schema.get("additionalProperties", True) is False:
                yield "%s: %s is not in the schema" % (where, name)
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            yield from errors(item, schema["items"], root, "%s[%d]" % (where, i))
