#!/usr/bin/env python3
"""Passwords: typed at the control's terminal, from systemd's credentials, from files; and where they are not afterwards. Keystores
both ways between the plugin and `cast wallet`.
"""
import ctypes
import ctypes.util
import json
import os
import pty
import select
import subprocess
import time

import vectors
from harness import Agent, Skip, SLOW, built, check, equal, run, until
from keys_test import unsigned
from places import files_of, found_in, places_of
from sender import ACCOUNTS, RULE

TYPED = "typed by nobody 7391"


class Host:
    """An agent with keys: typed (its password is asked of a person), filed, credited (a credential of systemd's)."""

    def __init__(self):
        self.agent = Agent()
        self.agent.write("password", "correct horse\n", 0o600)
        os.mkdir(self.agent.path("credentials"), 0o700)
        self.agent.write("credentials/wallet", "of the service manager", 0o600)
        self.agent.install("keys")
        self.agent.plugin_config("keys", 'enabled = true; kdf = "light"; keys = (%s);' % ", ".join(
            '{ name = "%s"; password = "%s"; rules = ( %s ); }' % (name, password, RULE) for name, password in (
                ("typed", "prompt"), ("filed", "file:" + self.agent.path("password")), ("credited", "cred:wallet"))))
        if os.geteuid() == 0:
            self.agent.api_text = 'socket_group = "games"; socket_mode = "0660";'
            self.agent.main_config('policy: { custodians = ("user:bin", "user:root"); };')
        self.folder = self.agent.path("state/plugins/keys")

    def __enter__(self):
        self.agent.start(env={"CREDENTIALS_DIRECTORY": self.agent.path("credentials")})
        check(until(lambda: os.path.isdir(os.path.join(self.folder, "inbox"))), self.agent.log_text()[-2000:])
        return self

    def __exit__(self, *_):
        self.agent.__exit__()

    def lay(self, name, text):
        with open(os.path.join(self.folder, "inbox", name), "w") as f:
            f.write(text)

    def fails(self, *args):
        status, out, err = self.agent.ctl("keys", *args)
        check(status != 0, out)
        return out + err

    def typing(self, *args, answers=()):
        """The control on a terminal of its own: (exit status, what the terminal showed)."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execv(built("chain138ctl"), [built("chain138ctl"), "--socket", self.agent.socket, "keys", *args])
        shown, answers, end = b"", list(answers), time.monotonic() + 60 * SLOW
        asked = 0
        while time.monotonic() < end:
            ready, _, _ = select.select([fd], [], [], 0.2)
            if ready:
                try:
                    data = os.read(fd, 4096)
                except OSError:
                    break
                if not data:
                    break
                shown += data
            if answers and shown.count(b": ") > asked:
                asked = shown.count(b": ")
                with open("/proc/%d/cmdline" % pid, "rb") as f:
                    check(not answers[0] or answers[0].encode() not in f.read())
                os.write(fd, answers.pop(0).encode() + b"\n")
        _, status = os.waitpid(pid, 0)
        os.close(fd)
        return os.waitstatus_to_exitcode(status), shown.decode(errors="replace")


def boxed(key, text):
    """crypto_box_seal, of libsodium itself."""
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
    out = ctypes.create_string_buffer(len(text) + 48)
    equal(sodium.crypto_box_seal(out, text.encode(), ctypes.c_ulonglong(len(text)), bytes.fromhex(key[2:])), 0)
    return "0x" + out.raw.hex()


def a_typed_password_opens_its_key():
    with Host() as h:
        h.lay("wallet", ACCOUNTS[0][1])
        check("prompt" in h.fails("import", "typed", "--file", "wallet"), "without one it cannot be sealed")
        status, shown = h.typing("import", "typed", "--file", "wallet", "--password", "prompt:twice", answers=(TYPED, TYPED))
        equal(status, 0, shown)
        check("password: " in shown and "once more" in shown and ACCOUNTS[0][0] in shown, shown)
        check(TYPED not in shown, "it was echoed")
        check("unlock typed --password prompt" in h.fails("sign", "typed", "--transactions", unsigned(0, 1)))
        status, shown = h.typing("unlock", "typed", "--password", "prompt", answers=("wrong",))
        check(status != 0 and "password" in shown, shown)
        status, shown = h.typing("unlock", "typed", "--password", "prompt", answers=(TYPED,))
        equal(status, 0, shown)
        equal(h.agent.json("keys", "sign", "typed", "--transactions", unsigned(0, 1))["signed"][0]["from"], ACCOUNTS[0][0])
        h.agent.ctl("keys", "lock")
        check("is locked" in h.fails("sign", "typed", "--transactions", unsigned(1, 1)))


def mistakes_do_nothing():
    with Host() as h:
        status, shown = h.typing("generate", "typed", "--password", "prompt:twice", answers=("one", "two"))
        check(status != 0 and "differ" in shown, shown)
        status, shown = h.typing("generate", "typed", "--password", "prompt", answers=("",))
        check(status != 0 and "nothing was typed" in shown, shown)
        # no terminal: a script is told what to do instead
        r = subprocess.run(["setsid", built("chain138ctl"), "--socket", h.agent.socket, "keys", "generate", "typed", "--password", "prompt"],
                           capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        check(r.returncode != 0 and "no terminal" in r.stderr, r.stderr)
        equal(h.agent.json("keys", "list")["keys"], [])
        # a reference that stands for nothing, another's, or one that was used
        for reference in ("prompt:" + "0" * 32, "prompt:x"):
            check("cannot be read" in h.fails("generate", "typed", "--password", reference))
        for body in (None, {}, {"box": "0x"}, {"box": "0x" + "00" * 60}, {"box": "x"}, {"box": "0x" + "00" * 5000}):
            status, doc = h.agent.http("POST", "/v1/secrets", body)
            equal(status, 400, doc)


def a_handed_over_secret_serves_one_run_of_its_owner():
    with Host() as h:
        key = h.agent.http("GET", "/v1/secrets")[1]["key"]
        status, doc = h.agent.http("POST", "/v1/secrets", {"box": boxed(key, TYPED)})
        reference = doc["reference"]
        check(reference.startswith("prompt:") and TYPED not in reference, reference)
        if os.geteuid() == 0:  # another custodian gets nothing for it
            status, out, err = h.agent.ctl("keys", "generate", "typed", "--password", reference, user=2)
            check(status != 0 and "cannot be read" in out + err, out + err)
        equal(h.agent.json("keys", "generate", "typed", "--password", reference)["name"], "typed")
        check("cannot be read" in h.fails("unlock", "typed", "--password", reference), "it was taken")


def what_was_typed_is_nowhere():
    """Not in the agent's memory, its files, its log, its audit, its jobs; a search that finds what was not hidden shows that it looks."""
    with Host() as h:
        status, shown = h.typing("generate", "typed", "--password", "prompt:twice", answers=(TYPED, TYPED))
        equal(status, 0, shown)
        status, shown = h.typing("unlock", "typed", "--password", "prompt", answers=(TYPED,))
        equal(status, 0, shown)
        jobs = json.dumps(h.agent.json("jobs", "--limit", "100"))
        check("keys.unlock" in jobs and TYPED not in jobs and "prompt:" not in jobs, jobs)
        needles = {"typed": TYPED.encode()}
        if os.geteuid() == 0 and os.environ.get("C138_SANITIZED") != "1":
            for who, pid in (("agent", h.agent.process.pid), ("worker", h.agent.plugin("keys")["pid"])):
                found, total = found_in(places_of(pid), dict(needles, control=b"keys.unlock"))
                check(total > 1 << 20 and "control" in found or who == "worker", (who, total, found))
                check("typed" not in found, (who, found))
        h.agent.stop()
        found, _ = found_in(files_of(h.agent.folder), dict(needles, control=b"keys.unlock"))
        check("control" in found and "typed" not in found, found)


def files_and_credentials_open_keys():
    with Host() as h:
        for name in ("filed", "credited"):
            made = h.agent.json("keys", "generate", name)
            equal(h.agent.json("keys", "unlock", name)["address"], made["address"])
        # no password is a parameter: the type refuses anything but a reference
        check("reference" in h.fails("generate", "typed", "--password", "hunter2"))
        # a credential that the service manager did not give
        h.agent.stop()
        h.agent.start()
        until(lambda: (h.agent.plugin("keys") or {}).get("state") == "running")
        check("cannot be read" in h.fails("unlock", "credited"))
        check("no credentials" in h.agent.log_text())


def cast_and_the_plugin_read_each_other():
    try:
        cast = vectors.cast_program()
    except vectors.Skip as why:
        raise Skip(str(why))
    print("peer:", subprocess.run([cast, "--version"], capture_output=True, text=True).stdout.splitlines()[0])
    with Host() as h:
        # cast's into the plugin
        store = h.agent.path("cast")
        os.mkdir(store)
        subprocess.run([cast, "wallet", "import", "theirs", "--private-key", ACCOUNTS[1][1], "--keystore-dir", store, "--unsafe-password",
                        "of cast"], check=True, capture_output=True)
        with open(os.path.join(store, "theirs")) as f:
            h.lay("theirs", f.read())
        h.agent.write("old", "of cast", 0o600)
        got = h.agent.json("keys", "import", "filed", "--file", "theirs", "--file-password", "file:" + h.agent.path("old"))
        equal(got["address"], ACCOUNTS[1][0])
        # the plugin's into cast: the very file of the key folder
        folder = os.path.join(h.folder, "keys")
        out = subprocess.run([cast, "wallet", "decrypt-keystore", "filed.json", "-k", folder, "--unsafe-password", "correct horse"],
                             capture_output=True, text=True)
        check(ACCOUNTS[1][1] in out.stdout, out.stdout + out.stderr)
        made = h.agent.json("keys", "generate", "credited")
        out = subprocess.run([cast, "wallet", "address", "--keystore", os.path.join(folder, "credited.json"), "--password",
                              "of the service manager"], capture_output=True, text=True)
        equal(out.stdout.strip(), made["address"], out.stderr)


if __name__ == "__main__":
    run("keys_prompt", [a_typed_password_opens_its_key, mistakes_do_nothing, a_handed_over_secret_serves_one_run_of_its_owner,
                        what_was_typed_is_nowhere, files_and_credentials_open_keys, cast_and_the_plugin_read_each_other])
