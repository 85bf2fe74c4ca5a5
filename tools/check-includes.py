#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who may include whom (STYLE): data runs left to right, includes point inward. Fails on every other edge.

Looks at the tables of commands too: framing/commands.h searches them by their first letters."""
import pathlib
import re
import sys

PUBLIC = {"cdpi/cdpi.h", "cdpi/capture.h", "cdpi/module.h"}
# folder under src -> folders that it may include from
EDGES = {
    "core": set(),
    "framing": {"core"},
    "crypto": {"core"},
    "flow": {"core", "decode"},  # the table keys records by decode's flow_key
    "decode": {"core"},
    "protocols": {"framing", "core", "protocols/protocol.h", "protocols/starttls.h", "protocols/media.h", "protocols/application_part.h"},
    "classify": {"protocols/catalog.def", "protocols/protocol.h", "flow", "crypto", "core"},
    "engine": {"classify", "flow", "decode", "crypto", "core", "protocols/protocol.h"},
    "capture": {"core"},
    "output": {"core"},
    "cli": {"output"},
}
MAY_SEE_PUBLIC = {"engine": PUBLIC, "capture": {"cdpi/cdpi.h", "cdpi/capture.h"}, "output": {"cdpi/cdpi.h"},
                  "cli": {"cdpi/cdpi.h", "cdpi/capture.h"}}
# A protocol never sees these; a foreign library's header is included in one place.
FORBIDDEN_IN_PROTOCOLS = {"stdio.h", "stdlib.h", "time.h", "unistd.h", "malloc.h"}
# Modules: cdpi/module.h, what they share, their own folder; a foreign library's header in one file each.
MODULES_SHARED = {"names.h"}
FOREIGN_IN_MODULES = {"ndpi_api.h": "modules/ndpi/version.h", "libprotoident.h": "modules/protoident/protoident.cc",
                      "linear.h": "modules/ml/model.c"}
FOREIGN = {"openssl/": "crypto", "pcap": "capture", "zlib.h": "capture", "zstd.h": "capture"}


def wrong(path, folder, name, quoted):
    if name.startswith("cdpi/"):
        return name not in MAY_SEE_PUBLIC.get(folder, set())
    if quoted:
        first = name.split("/")[0]
        if "/" not in name or first == folder and folder != "protocols":
            return False
        if folder == "protocols" and path.parent.name == first:
            return False
        return first not in EDGES[folder] and name not in EDGES[folder]
    if folder == "protocols" and name in FORBIDDEN_IN_PROTOCOLS:
        return True
    return any(name.startswith(prefix) and folder != home for prefix, home in FOREIGN.items())


def wrong_in_module(where, name, quoted):
    if name.startswith("cdpi/"):
        return name != "cdpi/module.h"
    if quoted:
        own = where.split("/")[1]
        return name not in MODULES_SHARED | {"names.def"} and name.split("/")[0] != own
    return name in FOREIGN_IN_MODULES and FOREIGN_IN_MODULES[name] != where


def check_modules(root):
    """(edges, bad) of the folder modules."""
    edges = bad = 0
    for path in sorted(p for p in (root / "modules").rglob("*") if p.suffix in (".c", ".h", ".cc")):
        where = str(path.relative_to(root))
        for number, line in enumerate(path.read_text().splitlines(), 1):
            m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            edges += bool(m)
            if m and wrong_in_module(where, m.group(2), m.group(1) == '"'):
                print("FAIL %s:%d: a module may not include %s" % (where, number, m.group(2)))
                bad += 1
    return edges, bad


def check_tables(root):
    """(commands, bad) of the tables in the rooms."""
    commands = bad = 0
    for path in sorted((root / "protocols").rglob("*.c")):
        text = path.read_text()
        for table in re.finditer(r"static const struct command (\w+)\[\] = \{(.*?)\n\};", text, re.S):
            words = re.findall(r'\{(?:\.word = )?"([^"]*)"', table.group(2))
            commands += len(words)
            for before, after in zip(words, words[1:]):
                if before[0] > after[0]:
                    print("FAIL %s: %s: %s stands before %s" % (path.relative_to(root), table.group(1), before, after))
                    bad += 1
            for word in words:
                if not 1 < len(word) < 24 or word != word.lower():
                    print("FAIL %s: %s: %s is too short or too long, or not in lower case" % (path.relative_to(root), table.group(1), word))
                    bad += 1
    return commands, bad


def main():
    root = pathlib.Path(__file__).resolve().parent.parent / "src"
    edges, bad = (sum(n) for n in zip(check_modules(root.parent), check_tables(root)))
    for path in sorted(root.rglob("*.[ch]")):
        folder = path.relative_to(root).parts[0]
        if folder not in EDGES:
            print("FAIL %s: an unknown layer" % path)
            bad += 1
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if not m:
                continue
            edges += 1
            if wrong(path, folder, m.group(2), m.group(1) == '"'):
                print("FAIL %s:%d: %s may not include %s" % (path.relative_to(root.parent), number, folder, m.group(2)))
                bad += 1
    print("includes: %d checks passed, %d failed" % (edges - bad, bad))
    return 1 if bad else 0


sys.exit(main())
