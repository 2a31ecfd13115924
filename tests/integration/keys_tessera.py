#!/usr/bin/env python3
"""A key of Tessera is rotated on a Tessera that runs: a payload that was sent to the old key is read after the node was started with
what `keys rotate` wrote, and one is sent to the new key by another node.

Needs a real Tessera (with Java): TESSERA_HOME, or tessera in PATH; skips with the reason otherwise.
"""
import base64
import json
import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from harness import SOURCE, Agent, Skip, check, equal, free_port, run, until
from keys_rotate import refused, rotate, succeeded, two_custodians

START = 120  # seconds; it takes five on an idle host


def program():
    home = os.environ.get("TESSERA_HOME")
    found = os.path.join(home, "bin", "tessera") if home else shutil.which("tessera")
    if not found or not os.access(found, os.X_OK):
        raise Skip("TESSERA_HOME=%s has no bin/tessera" % home if home else "no TESSERA_HOME, no tessera in PATH")
    return found


class Tessera:
    """A node in a folder of its own. `keys` is what its config has under "keys"."""

    def __init__(self, folder, keys, peer=None):
        self.folder, self.keys = folder, keys
        os.makedirs(folder)
        self.program = program()
        self.p2p, self.q2t, self.third = (free_port() for _ in range(3))
        self.peer = peer.url(peer.p2p) if peer else self.url(self.p2p)
        self.process = None

    @staticmethod
    def url(port):
        return "http://127.0.0.1:%d" % port

    def config(self):
        servers = [{"app": app, "enabled": True, "serverAddress": self.url(port), "bindingAddress": self.url(port),
                    "communicationType": "REST"} for app, port in (("P2P", self.p2p), ("Q2T", self.q2t), ("ThirdParty", self.third))]
        return {"useWhiteList": False, "peer": [{"url": self.peer}], "serverConfigs": servers, "keys": self.keys, "alwaysSendTo": [],
                "jdbc": {"username": "sa", "password": "", "url": "jdbc:h2:%s/db" % self.folder, "autoCreateTables": True}}

    def begin(self):
        path = os.path.join(self.folder, "config.json")
        with open(path, "w") as f:
            json.dump(self.config(), f)
        env = dict(os.environ)
        env.setdefault("JAVA_OPTS", "-Xmx256m -XX:TieredStopAtLevel=1")
        with open(os.path.join(self.folder, "log"), "ab") as log:
            # in a group of its own: the program is a script in some releases, and starts Java as its child
            self.process = subprocess.Popen([self.program, "-configfile", path], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.folder, env=env, start_new_session=True)

    def start(self):
        self.begin()
        until(lambda: self.process.poll() is not None or all(self.up(p) for p in (self.p2p, self.q2t, self.third)), START, 0.2)
        check(self.up(self.q2t), self.log())
        return self

    def refuses(self):
        """It ends by itself: the status."""
        self.begin()
        until(lambda: self.process.poll() is not None, START, 0.2)
        status = self.process.poll()
        self.stop()
        check(status, "it started with what it should not take: %s" % self.log())
        return status

    def stop(self):
        if not self.process:
            return
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, sign)
            except ProcessLookupError:
                break
            if until(self.is_gone, 30):
                break
        self.process.wait()
        self.process = None

    def is_gone(self):
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def log(self):
        with open(os.path.join(self.folder, "log"), errors="replace") as f:
            return f.read()[-3000:]

    def ask(self, port, path, body=None):
        """(status, text)"""
        request = urllib.request.Request(self.url(port) + path, json.dumps(body).encode() if body else None,
                                         {"Content-Type": "application/json"} if body else {})
        try:
            with urllib.request.urlopen(request, timeout=30) as r:
                return r.status, r.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode("utf-8", "replace")

    def up(self, port):
        try:
            return self.ask(port, "/upcheck") == (200, "I'm up!")
        except OSError:
            return False

    def own(self):
        """Its own public keys, as it tells others."""
        status, text = self.ask(self.third, "/keys")
        equal(status, 200, text)
        return {k["key"] for k in json.loads(text)["keys"]}

    def version(self):
        status, text = self.ask(self.q2t, "/version")
        return text.strip().splitlines()[0] if status == 200 else "of no known version (%s)" % text.strip()

    def send(self, text, sender, *to):
        """The hash, or (status, text) of a refusal."""
        status, answer = self.ask(self.q2t, "/send", {"payload": base64.b64encode(text.encode()).decode(), "from": sender, "to": list(to)})
        return json.loads(answer)["key"] if status in (200, 201) else (status, answer)

    def sent(self, text, sender, *to):
        """Sent as soon as the node knows the recipients: it hears of keys from its peers every few seconds."""
        key = until(lambda: (lambda k: k if isinstance(k, str) else None)(self.send(text, sender, *to)), 60, 0.5)
        check(key, "%r is not sent: %r" % (text, self.send(text, sender, *to)))
        return key

    def read(self, key):
        status, answer = self.ask(self.q2t, "/transaction/" + urllib.parse.quote(key, safe=""))
        return base64.b64decode(json.loads(answer)["payload"]).decode() if status == 200 else (status, answer)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def recorded_key(n):
    """(its entry in keyData, its password): one that a recorded Tessera 21.1.1 locked, and that no agent holds here."""
    with open(os.path.join(SOURCE, "tests/data/wallet/tessera-21.1.1-keys.json")) as f:
        one = json.load(f)["vectors"][n]
    return {"config": one["key_file"], "publicKey": one["public_key_b64"]}, one["password"] + "\n"


def section(agent, name, keys):
    """What a config has under "keys", with its passwords in a file, in the order of the keys."""
    return {"keyData": [entry for entry, _ in keys],
            "passwordFile": agent.write("passwords-" + name, "".join(password for _, password in keys), 0o600)}


class Ours:
    """An agent that holds the keys "old" and "new", each with a password of its own."""

    names = ("old", "new")

    def __enter__(self):
        program()
        self.agent = agent = Agent()
        for name in self.names:
            agent.write("password-" + name, "the password of %s, é\n" % name, 0o600)
        agent.install("keys")
        # costs as an operator has them: Tessera takes what is locked so
        agent.plugin_config("keys", 'enabled = true; memory_max = "2GiB"; keys = (%s);' % ", ".join(
            '{ name = "%s"; password = "file:%s"; }' % (n, agent.path("password-" + n)) for n in self.names))
        two_custodians(agent)
        agent.start()
        until(lambda: (agent.plugin("keys") or {}).get("state") == "running")
        return self

    def __exit__(self, *_):
        self.agent.__exit__()

    def generate(self, name):
        return self.agent.json("keys", "generate", name, "--kind", "tessera", timeout=120)["public_key"]

    def password(self, name):
        with open(self.agent.path("password-" + name)) as f:
            return f.read()

    def sealed(self, name, public):
        """One key, taken from the key folder: a first config, before there is a rotation."""
        with open(self.agent.path("state/plugins/keys/keys/%s.json" % name)) as f:
            return {"config": json.load(f)["config"], "publicKey": public}, self.password(name)

    def rotated(self, **more):
        """The keys of the fragment, each with its password, in the order that the plan names; and that order."""
        result = succeeded(rotate(self.agent, key="old", to="new", what="tessera", **more))
        order = result["steps"][0]["does"].rsplit(":", 1)[1].replace(",", " ").split()
        with open(self.agent.path("state/plugins/keys/outbox/tessera-%s.json" % result["id"])) as f:
            data = json.load(f)["keys"]["keyData"]
        equal((sorted(order), len(data)), (sorted(self.names), len(order)))
        return list(zip(data, map(self.password, order))), order


def a_node_goes_over_to_a_new_key():
    with Ours() as ours:
        agent, old = ours.agent, ours.generate("old")
        check("make the new one first" in refused(agent, key="old", to="new", what="tessera"))
        theirs_only, other = recorded_key(0), recorded_key(1)
        their_key, other_key = theirs_only[0]["publicKey"], other[0]["publicKey"]
        with Tessera(agent.path("theirs"), section(agent, "theirs", [theirs_only])) as theirs:
            node = Tessera(agent.path("ours"), section(agent, "first", [ours.sealed("old", old), other]), peer=theirs)
            try:
                node.start()
                print("peer: Tessera", node.version())
                equal(node.own(), {old, other_key})
                letter = theirs.sent("to the old key", their_key, old)
                note = node.sent("from the old key to itself", old)
                third = theirs.sent("to a key that the agent does not hold", their_key, other_key)
                equal((node.read(letter), node.read(note)), ("to the old key", "from the old key to itself"))
                node.stop()

                # the keys of the fragment, and behind them the one that it cannot have
                new = ours.generate("new")
                keys, order = ours.rotated()
                equal(order, ["new", "old"])
                node.keys = section(agent, "rotated", keys + [other])
                node.start()
                equal(node.own(), {old, new, other_key})
                equal((node.read(letter), node.read(note)), ("to the old key", "from the old key to itself"))
                equal(node.read(third), "to a key that the agent does not hold")
                second = theirs.sent("to the new key", their_key, new)
                equal(node.read(second), "to the new key")
                equal(theirs.read(node.sent("from the new key", new, their_key)), "from the new key")
                equal(node.read(theirs.sent("to the old key again", their_key, old)), "to the old key again")
                node.stop()

                # passwords in another order than the plan's open nothing
                passwords = [password for _, password in keys]
                node.keys = section(agent, "wrong", [(entry, p) for (entry, _), p in zip(keys, reversed(passwords))])
                node.refuses()

                # and back: the other order, the same keys
                keys, order = ours.rotated(back=True)
                equal(order, ["old", "new"])
                node.keys = section(agent, "back", keys)
                node.start()
                equal(node.own(), {old, new})
                equal((node.read(letter), node.read(second)), ("to the old key", "to the new key"))
                node.stop()

                # what a config without the old key costs: this is why it is kept
                node.keys = section(agent, "new-only", [ours.sealed("new", new)])
                node.start()
                equal((node.own(), node.read(second)), ({new}, "to the new key"))
                lost = node.read(letter)
                check(isinstance(lost, tuple) and lost[0] >= 400, lost)
            finally:
                node.stop()


if __name__ == "__main__":
    run("keys_tessera", [a_node_goes_over_to_a_new_key])
