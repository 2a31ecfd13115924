"""What tests against other implementations share: their packages from npm, a program that answers, and counts.

C138_NPM_CACHE keeps what npm fetched.
"""
import gzip
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(os.environ.get("srcdir", "."))
BUILD = pathlib.Path.cwd()
CACHE = pathlib.Path(os.environ.get("C138_NPM_CACHE") or BUILD / "npm-cache")
TESTCASES, CAST = "5.8.0", "1.7.1"
failures, ran, skipped = [], [], []


class Skip(Exception):
    pass


class Tool:
    """A program of the tests that takes a question and gives an answer a line."""

    def __init__(self, name):
        self.name = name
        self.process = subprocess.Popen([BUILD / "tests/integration" / name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        encoding="utf-8")

    def __call__(self, op, **request):
        self.process.stdin.write(json.dumps({"op": op, **request}, ensure_ascii=False) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended with {self.process.wait()} at {op}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            failures.append(f"{self.name} ended with {self.process.returncode}")


def check(condition, what):
    if not condition:
        failures.append(what)
        print("FAIL", what)
    return bool(condition)


def counted(what, good, total):
    """A count of 0 is a failure: a test that ran nothing proves nothing."""
    print(f"{what}: {good} of {total} cases")
    check(total > 0 and good == total, f"{what}: {good} of {total}")
    ran.append(what)


def npm(package, version):
    """The folder of a package, fetched once into a folder of its own."""
    if not shutil.which("npm"):
        raise Skip("npm is not installed")
    home = CACHE / f"{package.replace('/', '+')}-{version}"
    folder = home / "node_modules" / package
    if not folder.is_dir():
        home.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix", home,
                               f"{package}@{version}"], cwd=home, capture_output=True, text=True)
        if done.returncode or not folder.is_dir():
            raise Skip(f"npm cannot fetch {package}@{version}: {(done.stderr or done.stdout).strip()[-200:]}")
    return folder


def cast_program():
    """cast of foundry; C138_CAST names another one."""
    found = os.environ.get("C138_CAST") or shutil.which("cast")
    if found:
        return found
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())
    if not arch:
        raise Skip(f"no cast for {platform.machine()}")
    return str(npm(f"@foundry-rs/cast-linux-{arch}", CAST) / "bin" / "cast")


def plain(hex_text):
    return hex_text[2:].lower() if hex_text.startswith("0x") else hex_text.lower()


def cases(name):
    with gzip.open(npm("@ethersproject/testcases", TESTCASES) / "testcases" / f"{name}.json.gz") as f:
        return json.load(f)


def run(name, tool_name, parts):
    """Each part with the program; ends this one as automake wants it."""
    if not (BUILD / "tests/integration" / tool_name).exists():
        print(f"skipped: {name}: {tool_name} is not built")
        sys.exit(77)
    tool = Tool(tool_name)
    for part in parts:
        try:
            part(tool)
        except Skip as reason:
            skipped.append(part.__name__)
            print(f"skipped: {name}: {part.__name__}: {reason}")
    tool.close()
    print(f"{name}: {len(ran)} passed, {len(failures)} failed, {len(skipped)} skipped")
    sys.exit(1 if failures else 0 if ran else 77)
