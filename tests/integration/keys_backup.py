#!/usr/bin/env python3
"""Backups of keys with real GnuPG: what recipients can open without an agent, what comes back on another host, alone or by
shares, and what is nowhere to be found meanwhile.
"""
import json
import os
import shutil
import subprocess
import tempfile

from harness import Agent, Skip, check, equal, run, until
from recipients import Recipients
from places import files_of, found_in, places_of
import vectors

RAW = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
NAMES = ("treasury", "validator", "tm")


def cast_program():
    try:
        return vectors.cast_program()
    except vectors.Skip as why:
        raise Skip(str(why))


class Host:
    """An agent with keys and gpg. `people`: who can open backups."""

    def __init__(self, people, names=NAMES, minimum=2):
        self.agent = Agent()
        self.agent.write("password", "correct horse\n", 0o600)
        files = [self.agent.write(name + ".asc", people.export(name)) for name in people.names]
        for plugin in ("keys", "gpg"):
            self.agent.install(plugin)
        self.agent.plugin_config("gpg", "enabled = true; keys = (%s);" % ", ".join('"%s"' % f for f in files))
        self.agent.plugin_config("keys", 'enabled = true; kdf = "light"; backup = { recipients = (%s); min = %d; }; keys = (%s);' % (
            ", ".join('"%s"' % f for f in people.fingerprints.values()), minimum,
            ", ".join('{ name = "%s"; password = "file:%s"; }' % (n, self.agent.path("password")) for n in names)))
        self.folder = self.agent.path("state/plugins/keys")

    def __enter__(self):
        self.agent.start()
        check(until(lambda: os.path.isdir(os.path.join(self.folder, "inbox"))), self.agent.log_text()[-2000:])
        check(until(lambda: (self.agent.plugin("gpg") or {}).get("state") == "running"), self.agent.log_text()[-2000:])
        return self

    def __exit__(self, *_):
        self.agent.__exit__()

    def lay(self, name, text):
        with open(os.path.join(self.folder, "inbox", name), "w") as f:
            f.write(text)

    def fill(self):
        """One key of each kind; the first is known."""
        self.lay("wallet", RAW)
        self.agent.json("keys", "import", "treasury", "--file", "wallet")
        self.agent.json("keys", "generate", "validator", "--kind", "node")
        self.agent.json("keys", "generate", "tm", "--kind", "tessera")
        return self.public()

    def public(self):
        return {k["name"]: (k["kind"], k["public_key"]) for k in self.agent.json("keys", "list")["keys"]}

    def backup(self, *args):
        made = self.agent.json("keys", "backup", *args)
        with open(made["path"], "rb") as f:
            data = f.read()
        return made, json.loads(data), data

    def fails(self, *args):
        status, out, err = self.agent.ctl("keys", *args)
        check(status != 0, out)
        return out + err


def a_recipient_needs_no_agent():
    """gpg shows the password; cast opens the key with it."""
    cast = cast_program()
    with Recipients("admin", "recovery") as people, Host(people) as h:
        h.fill()
        made, backup, _ = h.backup()
        print("peer: gpg", people.version())
        equal(sorted(made["keys"]), sorted(NAMES))
        equal(made["recipients"], list(people.fingerprints.values()))
        message = backup["password"]["messages"][0]["message"]
        passwords = {people.decrypt(name, message) for name in people.names}
        equal(len(passwords), 1)
        password = passwords.pop()
        equal(len(bytes.fromhex(password)), 32)
        by_name = {k["name"]: k["file"] for k in backup["keys"]}
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "key.json"), "w") as f:
                json.dump(by_name["treasury"], f)
            shown = subprocess.run([cast, "wallet", "decrypt-keystore", "key.json", "-k", folder, "--unsafe-password", password],
                                   capture_output=True, text=True)
            check(RAW in shown.stdout, shown.stdout + shown.stderr)


def another_host_takes_it_in():
    with Recipients("admin", "recovery") as people:
        with Host(people) as h:
            was = h.fill()
            _, backup, data = h.backup()
        password = people.decrypt("recovery", backup["password"]["messages"][0]["message"])
        with Host(people) as other:
            other.lay("backup.json", data.decode())
            other.agent.write("typed", password, 0o600)
            reference = "file:" + other.agent.path("typed")
            got = other.agent.json("keys", "restore", "tm", "--file", "backup.json", "--file-password", reference)
            equal([(k["name"], k["state"]) for k in got["keys"]], [("tm", "restored")])
            got = other.agent.json("keys", "restore", "--file", "backup.json", "--file-password", reference)
            equal({k["name"]: k["state"] for k in got["keys"]}, {"tm": "there", "treasury": "restored", "validator": "restored"})
            equal(other.public(), was)
            for name in NAMES:  # sealed with the password of its section there
                equal(other.agent.json("keys", "unlock", name)["public_key"], was[name][1])
            other.agent.write("typed", "0" * 64, 0o600)
            other.agent.stop()
            os.unlink(os.path.join(other.folder, "keys", "treasury.json"))
            other.agent.start()
            until(lambda: other.agent.plugin("keys")["state"] == "running")
            check("password" in other.fails("restore", "--file", "backup.json", "--file-password", reference))


def shares_bring_it_back():
    with Recipients("alice", "bob", "carol") as people:
        with Host(people) as h:
            was = h.fill()
            made, backup, data = h.backup("--shares", "2")
        equal(made["threshold"], 2)
        shares = {}
        for message in backup["password"]["messages"]:
            equal(len(message["recipients"]), 1)
            name = [n for n, f in people.fingerprints.items() if f == message["recipients"][0]][0]
            shares[name] = people.decrypt(name, message["message"])
            others = [n for n in people.names if n != name]
            for other in others:
                try:
                    people.decrypt(other, message["message"])
                except AssertionError:
                    continue
                raise AssertionError("%s reads the share of %s" % (other, name))
        equal(sorted(shares), ["alice", "bob", "carol"])
        with Host(people) as other:
            other.lay("backup.json", data.decode())
            other.lay("shares", shares["alice"])
            check("share" in other.fails("restore", "--file", "backup.json", "--shares", "shares"))
            other.lay("shares", shares["carol"] + "\n" + shares["alice"])
            got = other.agent.json("keys", "restore", "--file", "backup.json", "--shares", "shares")
            equal([k["state"] for k in got["keys"]], ["restored"] * 3)
            equal(other.public(), was)
            equal(os.listdir(os.path.join(other.folder, "inbox")), ["backup.json"])


def who_cannot_open_it_is_refused():
    with Recipients("admin", "recovery") as people:
        with Host(people, minimum=3) as h:
            h.fill()
            text = h.fails("backup")
            check("2 recipients" in text and "3" in text, text)
        with Host(people) as h:
            h.fill()
            check("5 of 2 shares" in h.fails("backup", "--shares", "5"))
            h.agent.plugin_config("gpg", "enabled = true; keys = ();")
            h.agent.stop()
            shutil.rmtree(h.agent.path("state/plugins/gpg/home"))
            h.agent.start()
            until(lambda: h.agent.plugin("gpg")["state"] == "running")
            text = h.fails("backup")
            check("no public key" in text and people.fingerprints["admin"] in text, text)
            check(not os.path.isdir(os.path.join(h.folder, "backups")) or not os.listdir(os.path.join(h.folder, "backups")))
        # a secret key is not wanted on a host
        secret = people.gpg("admin", "--export-secret-keys", "--armor", people.fingerprints["admin"])
        with Host(people) as h:
            h.agent.write("admin.asc", secret)
            h.agent.stop()
            h.agent.start()
            until(lambda: (h.agent.plugin("gpg") or {}).get("state") == "running")
            status, out, err = h.agent.ctl("gpg", "recipients", people.fingerprints["recovery"])
            check(status != 0 and "secret key" in err, out + err)


def no_password_is_left_behind():
    """Neither keys nor the backup's password are in a file of the agent, in its log, or in the memory of agent, signer and gpg plugin."""
    if os.geteuid() != 0:
        raise Skip("only root reads the memory of another process")
    with Recipients("admin", "recovery") as people, Host(people) as h:
        h.fill()
        _, backup, _ = h.backup()
        password = people.decrypt("admin", backup["password"]["messages"][0]["message"])
        needles = {"key": bytes.fromhex(RAW), "key as text": RAW.encode(), "password": bytes.fromhex(password),
                   "password as text": password.encode()}
        if os.environ.get("C138_SANITIZED") != "1":
            pids = {"agent": h.agent.process.pid, "keys": h.agent.plugin("keys")["pid"], "gpg": h.agent.plugin("gpg")["pid"]}
            for who, pid in pids.items():
                found, total = found_in(places_of(pid), dict(needles, control=b"PGP MESSAGE"))
                equal(set(found), {"control"}, "%s: %r" % (who, found))
                check(total > 1 << 20, "the %s could not be read" % who)
        h.agent.stop()
        equal(found_in(files_of(h.agent.folder), needles)[0], {})


if __name__ == "__main__":
    run("keys_backup", [a_recipient_needs_no_agent, another_host_takes_it_in, shares_bring_it_back, who_cannot_open_it_is_refused,
                        no_password_is_left_behind])
