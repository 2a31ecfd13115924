#!/usr/bin/env python3
"""What the besu plugin changes, on a real Besu: four QBFT validators and a fifth node on loopback, with permissions files. Votes it in
and out, restarts a validator in between, changes both allowlists on all of them, and finds what is stuck in a pool.

Switched on as besu_real.py is. Takes three to five minutes. Prints "N passed, N failed, N skipped".
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # nothing is left in the source tree
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import besu_real  # noqa: E402
from driver import Driver  # noqa: E402

ALL = besu_real.COUNT + 1  # the fifth node comes later
FUNDED = ("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
NEW_ACCOUNT = "0x52908400098527886E0F7030069857D2E4169EE7"
NEW_NODE = "enode://%s@127.0.0.1:30999" % ("ab" * 64)


class Network(besu_real.Network):
    """Each node's lists are in a file of its own, as on hosts of their own."""

    def __init__(self, besu, folder, consensus, fifth_key=None):
        self.CONSENSUS, self.api = consensus, {"qbft": "QBFT", "ibft2": "IBFT"}[consensus]
        self.besu, self.folder, self.period, self.alloc = besu, folder, besu_real.PERIOD, {}
        self.fifth_key = fifth_key or os.urandom(31).hex().rjust(64, "1")
        ports = besu_real.free_ports(2 * ALL)
        self.rpc, self.p2p = ports[:ALL], ports[ALL:]
        self.processes = [None] * ALL
        self.logs = [os.path.join(folder, "node%d.log" % (i + 1)) for i in range(ALL)]
        self.make()
        self.add_fifth()
        for i in range(ALL):
            with open(self.permissions(i), "w") as f:
                f.write("# written by hand\naccounts-allowlist = [\n  %s, # funded\n]\nnodes-allowlist=%s\n" %
                        (", ".join('"%s"' % a for a in FUNDED), json.dumps(self.enodes)))

    def add_fifth(self):
        data = os.path.join(self.folder, "data%d" % ALL)
        os.mkdir(data)
        key = os.path.join(data, "key")
        with open(key, "w") as f:
            f.write(self.fifth_key)
        self.enodes.append("enode://%s@127.0.0.1:%d" % (self.export("export", key)[2:], self.p2p[ALL - 1]))
        self.fifth = self.export("export-address", key).lower()
        with open(os.path.join(data, "static-nodes.json"), "w") as f:
            json.dump(self.enodes[:-1], f)

    def export(self, what, key):
        path = os.path.join(self.folder, what)
        subprocess.run(self.besu.argv(self.folder, ["public-key", what, "--node-private-key-file=" + key, "--to=" + path]), check=True,
                       stdout=subprocess.DEVNULL, env=besu_real.environment())
        with open(path) as f:
            return f.read().strip()

    def permissions(self, i):
        return os.path.join(self.folder, "data%d" % (i + 1), "permissions_config.toml")

    def arguments(self, i):
        return [a for a in super().arguments(i) if not a.startswith("--rpc-http-api")] + [
            "--rpc-http-api=ETH,NET,WEB3,%s,ADMIN,TXPOOL,PERM,MINER" % self.api, "--permissions-nodes-config-file-enabled",
            "--permissions-nodes-config-file=" + self.permissions(i), "--permissions-accounts-config-file-enabled",
            "--permissions-accounts-config-file=" + self.permissions(i)]


class Tests(besu_real.Tests):
    def approved(self, action, **params):
        plan = self.d.run("?" + action, **params)
        if not self.check("plan of %s" % action, plan["status"] == "ok", plan):
            return plan, {"text": "", "steps": []}
        done = self.d.run("!" + action, **params)
        self.check(action, done["status"] == "ok", done)
        return plan["result"], done.get("result", {})

    def votes_of(self, i):
        return self.net.call(i, self.net.api.lower() + "_getPendingVotes")["result"]

    def all_up(self):
        self.until("all five are well", 180, lambda: self.network()["state"] == "ok" and
                   [n["state"] for n in self.d.ok("status")["nodes"]] == ["ok"] * ALL and self.network().get("head", 0) >= 4, 1)
        self.until("the fifth is connected", 60, lambda: len(self.d.ok("peers", node="node%d" % ALL)["peers"]) == 4, 1)

    def voted_in(self):
        plan, done = self.approved("vote", validator=self.net.fifth, vote="add", wait="2m")
        self.check("four of the five vote", [c["ok"] for c in plan.get("cast", [])] == [True] * 4 + [False], plan)
        self.check("it took effect", done.get("effective") and (done["validators"], done["quorum"]) == (5, 4), done)
        self.until("votes are taken back from every node", 30, lambda: not any(self.votes_of(i) for i in range(ALL)))
        needless = self.d.run("vote", validator=self.net.fifth, vote="add")
        self.check("again: needless", needless.get("key") == "vote.needless", needless)
        self.until("five take part", 60, lambda: self.network()["missing"] == 0 and self.network()["validators"] == 5, 1)

    def restarted_in_between(self):
        """A vote that is held by two of five only, and is lost by one of them in a restart."""
        self.d.command("settings", json.dumps(dict(self.settings, nodes=self.settings["nodes"][:2])))
        self.d.let(3)
        plan, done = self.approved("vote", validator=self.net.fifth, vote="remove", wait="1s")
        self.check("two votes are too few", not done.get("effective", True) and "of the others must vote" in plan["text"], plan)
        self.net.kill(1)
        self.d.let(2)
        self.net.start(1)
        self.until("node 2 came back without its votes and has it again", 120, lambda: [
            e["node"] for e in self.d.events("besu.vote.reissued")] == ["node2"], 1)
        self.check("Besu holds it", self.votes_of(1) == {self.net.fifth: False}, self.votes_of(1))
        self.d.command("settings", json.dumps(self.settings))
        # The other three have it cast for them, as voters that lack what is wanted.
        self.until("all five vote: it is out", 120, lambda: self.network()["validators"] == 4, 1)
        self.until("taken back", 60, lambda: not any(self.votes_of(i) for i in range(ALL)), 1)
        self.check("told", [e["vote"] for e in self.d.events("besu.vote.effective")] == ["add", "remove"], self.d.topics())

    def accounts(self):
        plan, done = self.approved("account-allow", account=NEW_ACCOUNT)
        self.check("on disk of every node", [s.get("persisted") for s in done["steps"]] == ["file"] * ALL, done)
        for i in range(ALL):
            listed = self.net.call(i, "perm_getAccountsAllowlist")["result"]
            self.check("node %d has it" % (i + 1), NEW_ACCOUNT.lower() in listed, listed)
        again = self.d.run("account-allow", account=NEW_ACCOUNT)
        self.check("again: nothing to do", again["result"]["text"] == "allowed already wherever it can be", again)
        differ = self.d.ok("permissions")
        self.check("no differences", differ["differences"] == [], differ)
        plan, done = self.approved("account-deny", account=NEW_ACCOUNT)
        self.check("denied on all", done["text"] == "denied on %d nodes" % ALL, done)

    def rolled_back(self):
        """A file that Besu cannot write any more: its own refusal, and everything is put back."""
        path = self.net.permissions(2)
        folder = os.path.dirname(path)
        with open(path) as f:
            kept = f.read()
        with open(path, "w") as f:
            f.write(kept.replace(FUNDED[0].lower(), "0x" + "00" * 19 + "01").replace(FUNDED[0], "0x" + "00" * 19 + "01"))
        self.check("the file is other than the node's memory", os.path.isdir(folder))
        refused = self.d.run("account-allow", account=NEW_ACCOUNT)
        self.check("Besu's words, and what became of it", refused["status"] != "ok" and "node3" in refused.get("text", "") and
                   "put back" in refused.get("text", ""), refused)
        print("  " + refused.get("text", ""))
        lists = [self.net.call(i, "perm_getAccountsAllowlist")["result"] for i in range(ALL)]
        self.check("nobody has it", not any(NEW_ACCOUNT.lower() in a for a in lists), lists)
        with open(path, "w") as f:
            f.write(kept)

    def nodes(self):
        self.approved("node-allow", enode=NEW_NODE)
        lists = [self.net.call(i, "perm_getNodesAllowlist")["result"] for i in range(ALL)]
        self.check("every node has it", all(NEW_NODE in nodes for nodes in lists), lists[0])
        self.approved("node-deny", enode=NEW_NODE)
        static = self.d.run("?node-deny", enode=self.net.enodes[1])
        self.check("a validator and static node: said in the plan", static["status"] == "ok" and
                   "static node" in " ".join(static["result"]["warnings"]) and
                   "is the validator node2" in " ".join(static["result"]["warnings"]), static)
        refused = self.d.run("!node-deny", enode=self.net.enodes[1])
        self.check("Besu refuses it, and nothing is changed", refused["status"] != "ok" and "put back" in refused["text"], refused)
        print("  " + refused.get("text", ""))
        plan, done = self.approved("node-deny", enode=self.net.enodes[ALL - 1])
        self.until("the fifth is dropped by all", 60, lambda: len(self.d.ok("peers", node="node1")["peers"]) == 3, 1)
        self.approved("node-allow", enode=self.net.enodes[ALL - 1])

    def drift(self):
        self.d.forget()
        self.net.ask(0, "perm_removeAccountsFromAllowlist", [FUNDED[1]])
        self.until("lists that differ are told", 30, lambda: self.d.events("besu.permissions-drift"))
        self.net.ask(0, "perm_addAccountsToAllowlist", [FUNDED[1]])
        self.until("and equal ones", 30, lambda: "accounts-drift" in [e["from"] for e in self.d.events("besu.recovered")])

    def pool(self):
        plan = self.d.run("?txpool-clear")
        self.check("txpool-clear: nothing waits", plan["status"] == "ok" and plan["result"]["transactions"] == 0, plan)
        cleared = self.net.call(0, "txpool_clear")
        self.check("no Besu has txpool_clear", cleared.get("error", {}).get("code") == -32601, cleared)


def network_of(besu, consensus, parts):
    """A network of this consensus, and the parts that run on it. Returns the tests."""
    folder = tempfile.mkdtemp(prefix="besu-writes-")
    network = driver = None
    tests = Tests(None, None)
    try:
        network = Network(besu, folder, consensus)
        for i in range(ALL):
            network.start(i)
        settings = {"poll_interval": "500ms", "permissions_interval": "2s", "timeout": "4s",
                    "nodes": [{"name": "node%d" % (i + 1), "url": "http://127.0.0.1:%d" % network.rpc[i],
                               "permissions_accounts_file": network.permissions(i), "permissions_nodes_file": network.permissions(i),
                               "static_nodes_file": os.path.join(folder, "data%d" % (i + 1), "static-nodes.json")}
                              for i in range(ALL)]}
        driver = Driver("besu", settings)
        tests = Tests(network, driver)
        tests.settings = settings
        tests.all_up()
        print("peer: %s with %s" % (driver.ok("status")["nodes"][0].get("version"), driver.ok("status")["network"]["consensus"]))
        for part in parts:
            getattr(tests, part)()
        tests.check("the plugin ended cleanly", driver.close())
        driver = None
    except Exception as e:  # a broken test is a failed one
        tests.check("no exception", False, repr(e))
        if os.environ.get("KEEP"):
            raise
    finally:
        if driver:
            driver.process.kill()
            driver.process.wait()
        if network:
            network.stop()
        if os.environ.get("KEEP"):
            print("kept: %s" % folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return tests


def main():
    try:
        besu = besu_real.Besu()
    except LookupError as e:
        print("besu_real_writes: skipped: %s" % e)
        print("0 passed, 0 failed, 1 skipped")
        return 77
    qbft = network_of(besu, "qbft", ("voted_in", "restarted_in_between", "accounts", "rolled_back", "nodes", "drift", "pool"))
    ibft = network_of(besu, "ibft2", ("voted_in",))
    passed, failed = qbft.passed + ibft.passed, qbft.failed + ibft.failed
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
