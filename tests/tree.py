#!/usr/bin/env python3
"""The arrows of the house point downward only: plugins -> lib -> include, core -> lib -> include.

Reads the include lines of every source file, and the symbols of what was built.
Run by `make check`; by hand: tests/tree.py [SOURCE_FOLDER [BUILD_FOLDER]]
"""
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("srcdir", "."))
BUILD = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ".")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
failures = []


def fail(text):
    failures.append(text)
    print("FAIL", text)


def folders(*parts):
    path = SOURCE.joinpath(*parts)
    return sorted(p.name for p in path.iterdir() if p.is_dir()) if path.is_dir() else []


LIB, CORE, PLUGINS = folders("lib"), folders("core"), folders("plugins")


def room_of(path):
    """"lib/base", "core/bus", "plugins/besu", "include"."""
    parts = path.relative_to(SOURCE).parts
    return parts[0] if parts[0] == "include" else "/".join(parts[:2])


def target_of(path, quote, name):
    """The room that an include line leads to; None: the system's."""
    first = name.split("/")[0]
    if first == "chain138":
        return "include"
    if quote == '"':
        beside = (path.parent / name).resolve()
        if beside.exists():
            return room_of(SOURCE / beside.relative_to(SOURCE.resolve()))
    if (SOURCE / "lib" / name).exists():
        return "lib/" + first
    if (SOURCE / "core" / name).exists():
        return "core/" + first
    if (SOURCE / name).exists():
        return "/".join(pathlib.Path(name).parts[:2])
    return None


# base stands on nothing here; the rooms of lib may stand on each other from left to right.
LIB_ORDER = ["base", "evm", "schema", "net", "wallet"]


def allowed(room, target):
    if target in (None, "include", room):
        return True
    kind, name = room.split("/")[0], room.split("/")[-1]
    if kind == "include":
        return False
    if kind == "lib":
        if not target.startswith("lib/"):
            return False
        other = target.split("/")[1]
        if name == "base":
            return False
        return other == "base" or (name in LIB_ORDER and other in LIB_ORDER
                                   and LIB_ORDER.index(other) < LIB_ORDER.index(name))
    if kind == "core":
        return target.startswith(("lib/", "core/"))
    if kind == "plugins":
        return target.startswith("lib/")
    return True


def sources(top):
    for path in sorted((SOURCE / top).rglob("*")):
        if path.suffix in (".c", ".h", ".cc", ".cpp") and path.is_file():
            yield path


def check_includes():
    count = 0
    for top in ("include", "lib", "core", "plugins"):
        for path in sources(top):
            text = path.read_text(encoding="utf-8")
            for quote, name in INCLUDE.findall(text):
                count += 1
                target = target_of(path, quote, name)
                if not allowed(room_of(path), target):
                    fail(f"{path.relative_to(SOURCE)}: includes {name} of {target}")
    print(f"{count} include lines")


WORDS = {"chain"}  # a plugin's name that also is a word of its own (a chain of causes)
# Over the bus: for signatures; for transactions, whose accounts are here, and to stop the nodes; for the holders of a backup, and the
# rotation of a role and of a validator; for the chain, of which a node is a part; for services, quorum and sealed keys of a backup.
BUILT_UPON = {("chain", "keys"), ("besu", "chain"), ("besu", "keys"), ("besu", "stack"),
              ("keys", "gpg"), ("keys", "chain"), ("keys", "besu"), ("stack", "besu"),
              ("backup", "stack"), ("backup", "besu"), ("backup", "keys"),
              ("keys", "backup")}  # only a section of its own settings, which is called so


def check_names():
    """The core names no plugin, as a word in quotes; a plugin no action of another, but of those it is built upon."""
    for top, own in [("core", None)] + [(f"plugins/{p}", p) for p in PLUGINS]:
        for path in sources(top):
            # Comments and the examples of a help text may; what runs may not.
            code = re.sub(r'/\*.*?\*/|\.example = "[^"]*"|#include "[^"]*"|\.complete = "[^"]*"', "", path.read_text(encoding="utf-8"),
                          flags=re.S)
            for plugin in PLUGINS:
                if plugin == own or (own, plugin) in BUILT_UPON:
                    continue
                if re.search(r'"%s%s"' % (re.escape(plugin), r"\.[a-z.-]+" if own or plugin in WORDS else r"(\.[a-z.-]+)?"), code):
                    fail(f"{path.relative_to(SOURCE)}: names the plugin {plugin}")


def dynamic_symbols(path):
    out = subprocess.run(["nm", "-D", "--defined-only", str(path)], check=True,
                         capture_output=True, text=True).stdout
    return [line.split()[-1] for line in out.splitlines() if line.split()]


def is_sanitized():
    """The sanitizers' runtimes export symbols of their own."""
    config = BUILD / "config.h"
    return config.exists() and "#define C138_SANITIZED 1" in config.read_text()


def check_plugins():
    seen = 0
    for path in sorted(BUILD.glob("**/.libs/*.so")):
        if "plugin" not in str(path.relative_to(BUILD)) or path.stem == "missing-entry":
            continue
        seen += 1
        symbols = [s for s in dynamic_symbols(path) if not s.startswith(("__asan", "__ubsan"))]
        if symbols != ["c138_plugin_entry"]:
            fail(f"{path.relative_to(BUILD)}: exports {', '.join(symbols) or 'nothing'}, "
                 "expected c138_plugin_entry alone")
    print(f"{seen} plugins with one exported symbol")
    if seen == 0:
        fail("no plugin was found in the build folder")


def check_programs():
    """A program that exports symbols captures those of a plugin, even one that is mapped locally."""
    for name in ("chain138d", "chain138-plugin-host"):
        path = next((p for p in (BUILD / ".libs" / name, BUILD / name) if p.is_file()), None)
        if path is None or path.read_bytes()[:4] != b"\x7fELF":
            continue
        # Copy relocations of the C library's own variables are not ours: they carry its version.
        # The linker's marks of the end of data come along where a library asks for them.
        marks = ("__bss_start", "_edata", "_end")
        ours = [s for s in dynamic_symbols(path) if "@" not in s and s not in marks]
        if ours:
            fail(f"{name}: exports {', '.join(ours[:5])}")
        print(f"{name} exports nothing")


def main():
    check_includes()
    check_names()
    if not is_sanitized():
        check_plugins()
        check_programs()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
