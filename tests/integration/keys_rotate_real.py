#!/usr/bin/env python3
"""Validators rotated on a real Besu: four QBFT validators and a fifth node, whose key the keys plugin made. An agent with the plugins keys
and besu votes one in, sees it propose and votes another out; is killed on the way; goes back, to a node that is down when it is voted in.
What happened is read from the chain afterwards, block by block.

Switched on as besu_real.py is. Takes three minutes. Without cast, which opens the key for the node, it skips.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # nothing is left in the source tree
import vectors  # noqa: E402
from besu_real import Besu  # noqa: E402
from besu_real_writes import ALL, Network  # noqa: E402
from harness import Agent, Skip, check, equal, run, until  # noqa: E402
from keys_rotate import approve, ask, ended, journal, kill, place, succeeded, two_custodians, worker  # noqa: E402

PASSWORD = "correct horse"
STEPS = ("vote-in", "see-it-propose", "vote-out", "clear-in", "clear-out")
KEY = "v5"  # the name of the fifth node's key
NET = None  # the network of all tests: main starts it


def opened(cast, folder):
    """The key for the node, as docs/keys.md says; what a person types at a prompt there is given here."""
    out = subprocess.run([cast, "wallet", "decrypt-keystore", KEY + ".json", "-k", folder, "--unsafe-password", PASSWORD],
                         capture_output=True, text=True, check=True).stdout
    return out.strip().rsplit("0x", 1)[1]


class Live:
    """Five nodes that make blocks, and an agent that watches them all."""

    def __enter__(self):
        try:
            besu, cast = Besu(), vectors.cast_program()
        except (LookupError, vectors.Skip) as e:
            raise Skip(str(e))
        self.folder, self.net, self.agent = tempfile.mkdtemp(prefix="rotate-real-"), None, Agent()
        try:
            self.net = Network(besu, self.folder, "qbft", self.make_key(cast))
            equal(self.net.fifth, self.addresses[KEY], "Besu's own word on whose key that is")
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make_key(self, cast):
        self.agent.write("password", PASSWORD + "\n", 0o600)
        self.agent.install("keys")
        self.agent.plugin_config("keys", 'enabled = true; kdf = "light"; keys = ({ name = "%s"; password = "file:%s"; });' % (
            KEY, self.agent.path("password")))
        two_custodians(self.agent)
        self.agent.start()
        check(until(lambda: (self.agent.plugin("keys") or {}).get("state") == "running", 30), self.agent.log_text()[-2000:])
        self.addresses = {KEY: self.agent.json("keys", "generate", KEY, "--kind", "node")["address"].lower()}
        return opened(cast, self.agent.path("state/plugins/keys/keys"))

    def start(self):
        net = self.net
        self.addresses.update({"node%d" % (i + 1): a for i, a in enumerate(net.addresses)})
        for i in range(ALL):
            net.start(i)
        self.agent.stop()
        self.agent.install("besu")
        self.agent.plugin_config("besu", 'enabled = true; poll_interval = "500ms"; timeout = "4s"; nodes = (%s);' % ", ".join(
            '{ name = "node%d"; url = "http://127.0.0.1:%d"; }' % (i + 1, net.rpc[i]) for i in range(ALL)))
        self.agent.start()
        self.well()
        print("peer: %s" % net.call(0, "web3_clientVersion")["result"], flush=True)

    def status(self):
        return self.agent.call("besu.status")[1].get("result", {})

    def well(self):
        """All are there, and the fifth node has company: as it should be before a validator is changed."""
        def look():
            status = self.status()
            nodes = [n["state"] for n in status.get("nodes", [])]
            return self.net.last_words() or status.get("network", {}).get("state") == "ok" and nodes == ["ok"] * ALL and \
                status["network"].get("head", 0) >= 4 and len(self.net.call(ALL - 1, "admin_peers")["result"]) >= 2
        check(until(look, 180, 0.5) is True, "%s %s" % (self.net.last_words(), self.status()))

    def head(self):
        return int(self.net.call(0, "eth_blockNumber")["result"], 16)

    def goes_on(self, blocks=2):
        head = self.head()
        check(until(lambda: self.head() >= head + blocks, 120, 0.2), "no blocks after %d" % head)

    def validators(self, block="latest"):
        return self.net.ask(0, "qbft_getValidatorsByBlockNumber", block)["result"]

    def names(self):
        return sorted(n for n, a in self.addresses.items() if a in self.validators())

    def at(self, where):
        """The rotation that runs came to that step, or beyond it: some are over in no time."""
        def look():
            state, now = (journal(self.agent) or {}).get("state"), place(self.agent)
            return now if state == "running" and now and STEPS.index(now.split()[0]) >= STEPS.index(where) else None
        return until(look, 120, 0.02) or check(False, "it is at %s and not at %s" % (place(self.agent), where))

    def freeze(self, i, on=True):
        """A node that keeps its connections and does nothing."""
        if self.net.besu.image:
            subprocess.run([self.net.besu.program, "pause" if on else "unpause", "besu-test-%d-%d" % (os.getpid(), i)], check=True,
                           stdout=subprocess.DEVNULL)
        else:
            os.killpg(self.net.processes[i].pid, signal.SIGSTOP if on else signal.SIGCONT)

    def __exit__(self, *_):
        try:
            self.agent.__exit__()
        finally:
            if self.net:
                self.net.stop()
            if os.environ.get("KEEP"):
                print("kept: %s" % self.folder)
            else:
                shutil.rmtree(self.folder, ignore_errors=True)


def told_by_the_chain(net, first, came, went):
    """From block `first` on: `came` joins, makes a block, and only then `went` leaves; there are never fewer than four, and who was in
    stays in.
    """
    came, went = net.addresses[came], net.addresses[went]
    sets = {n: net.validators(hex(n)) for n in range(first, net.head() + 1)}
    blocks = {n: net.net.ask(0, "eth_getBlockByNumber", hex(n), False)["result"] for n in sets}
    made = {n: block["miner"] for n, block in blocks.items()}
    joined = min(n for n, who in sets.items() if came in who)
    left = min(n for n, who in sets.items() if n > joined and went not in who)
    proofs = [n for n in range(joined, left) if made[n] == came]
    check(proofs, "%s joined at %d and %s left at %d; between them blocks were made by %s" % (
        came, joined, went, left, [made[n] for n in range(joined, left)]))
    check(all(len(who) in (4, 5) for who in sets.values()), sets)
    check(all(set(sets[n - 1]) - set(sets[n]) <= {went} for n in sets if n > first), sets)
    times = [int(blocks[n]["timestamp"], 16) for n in sorted(blocks)]
    print("  asked for at block %d, joined at block %d, made block %d, the other left at %d; the longest time between two blocks was %d s" % (
        first, joined, proofs[0], left, max(b - a for a, b in zip(times, times[1:]))), flush=True)


def no_votes_are_left(net):
    check(until(lambda: not any(net.net.call(i, "qbft_getPendingVotes")["result"] for i in range(ALL)), 60), "votes are left")


def a_key_of_the_agent_becomes_a_validator():
    first, old = NET.head(), NET.addresses["node2"]
    equal(NET.names(), ["node1", "node2", "node3", "node4"])
    planned = ask(NET.agent, key=old, to=KEY, what="validator", wait="2m")
    equal((planned["plan"]["from_address"].lower(), planned["plan"]["into_address"].lower()), (old, NET.addresses[KEY]))
    name = approve(NET.agent, planned)
    succeeded(ended(NET.agent, name))
    equal(NET.names(), ["node1", "node3", "node4", KEY])
    told_by_the_chain(NET, first, KEY, "node2")
    no_votes_are_left(NET)
    NET.goes_on(5)  # a turn of each


PARAMS = {"what": "validator", "wait": "2m"}


def kills_on_the_way_change_nothing():
    """The one that was voted out comes back for another; the signer, the agent and the plugin besu are killed at each step."""
    first = NET.head()
    params = dict(PARAMS, key=NET.addresses["node3"], to=NET.addresses["node2"])
    name = approve(NET.agent, ask(NET.agent, **params))
    for where in ("vote-in", "see-it-propose", "vote-out"):
        struck = []
        for who in ("keys", "agent", "besu"):
            struck.append(NET.at(where))
            check(until(lambda: who == "agent" or worker(NET.agent, who), 30))
            kill(NET.agent, who)
        print("  signer, agent and besu killed at: %s" % ", ".join(struck), flush=True)
    succeeded(ended(NET.agent, name, 240))
    equal(NET.names(), ["node1", "node2", "node4", KEY])
    told_by_the_chain(NET, first, "node2", "node3")
    no_votes_are_left(NET)
    NET.goes_on(5)


def back_to_a_node_that_must_prove_itself_anew():
    """It made blocks minutes ago, is still connected, and makes none: that is no proof. The old one stays until it does."""
    NET.well()
    first = NET.head()
    name = approve(NET.agent, ask(NET.agent, **dict(PARAMS, key=NET.addresses["node3"], to=NET.addresses["node2"], back=True)))
    # the last node holds the vote: nobody is asked again whether the new one is seen
    check(until(lambda: NET.addresses["node3"] in NET.net.call(ALL - 1, "qbft_getPendingVotes")["result"], 60, 0.05), "no vote")
    NET.freeze(2)
    try:
        check(until(lambda: NET.addresses["node3"] in NET.validators(), 60), "not voted in")
        NET.goes_on(5)  # over its turn
        equal((place(NET.agent), len(NET.validators())), ("see-it-propose begun", 5))
    finally:
        NET.freeze(2, False)
    succeeded(ended(NET.agent, name, 240))
    equal(NET.names(), ["node1", "node3", "node4", KEY])
    told_by_the_chain(NET, first, "node3", "node2")
    no_votes_are_left(NET)


def back_to_the_first():
    """The very first rotation, taken back: the key that the agent made is out, and stays."""
    NET.well()
    first = NET.head()
    name = approve(NET.agent, ask(NET.agent, key=NET.addresses["node2"], to=KEY, back=True, **PARAMS))
    succeeded(ended(NET.agent, name))
    equal(NET.names(), ["node1", "node2", "node3", "node4"])
    told_by_the_chain(NET, first, "node2", KEY)
    equal([k["address"].lower() for k in NET.agent.json("keys", "list")["keys"]], [NET.addresses[KEY]], "keys are never destroyed")
    NET.goes_on(5)


def main():
    global NET
    try:
        with Live() as NET:
            run("keys_rotate_real", [a_key_of_the_agent_becomes_a_validator, kills_on_the_way_change_nothing,
                                     back_to_a_node_that_must_prove_itself_anew, back_to_the_first])
    except Skip as why:
        print("skipped: keys_rotate_real: %s" % why)
        print("keys_rotate_real: 0 passed, 0 failed, 1 skipped")
        return 77


if __name__ == "__main__":
    sys.exit(main())
