#!/usr/bin/env python3
"""What the besu plugin changes: validators by vote, allowlists, what waits in the pools; on networks of doubles that answer as
recorded Besu 25.5.0 and 26.8.0 did (besu_live.py). Prints "N passed, N failed, N skipped".
"""
import concurrent.futures
import json
import os
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True  # nothing is left in the source tree
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import besu_double as double  # noqa: E402
import besu_live as live  # noqa: E402
from driver import Driver  # noqa: E402

SLOW = 5 if os.environ.get("C138_SANITIZED") == "1" else 1
NEW_ACCOUNT = "0x52908400098527886E0F7030069857D2E4169EE7"
NEW_NODE = "enode://%s@10.0.0.9:30303" % ("ab" * 64)


def expect(what, got, *detail):
    if not got:
        raise AssertionError("%s %s" % (what, " ".join(str(d)[:1500] for d in detail)))


class Scene:
    """A network, and the plugin that watches `watch` of its nodes."""

    def __init__(self, version, watch=(1, 2, 3, 4), epoch=30000, nodes=None, **more):
        self.network = live.Live(version, epoch)
        self.nodes = self.network.nodes
        rows = [dict({"name": "node%d" % n, "url": self.network.url(n)}, **(nodes or {}).get(n, {})) for n in watch]
        self.driver = Driver("besu", dict({"nodes": rows, "poll_interval": "200ms", "timeout": "1s",
                                           "permissions_interval": "300ms"}, **more))
        self.driver.let(0.6)

    def __enter__(self):
        return self.driver, self.network

    def __exit__(self, kind, *rest):
        clean = self.driver.close() if kind is None else self.driver.process.kill()
        self.network.close()
        if kind is None:
            expect("the plugin ended cleanly", clean)


def until(driver, what, condition, seconds=20):
    end = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("%s: not within %s s: %s %s" % (what, seconds, json.dumps(driver.ok("votes")), driver.topics()))
        driver.let(0.2)


def refused(driver, key, action, **params):
    answer = driver.run(action, **params)
    expect("%s is refused as %s" % (action, key), answer["status"] != "ok" and answer["key"] == key, answer)
    return answer["text"]


# --- Votes ---------------------------------------------------------------------------------------------------------------

def a_validator_comes_and_goes(version):
    with Scene(version, (1, 2, 3, 4, 5)) as (d, n):
        joiner = n.addresses[5]
        plan = d.plan("vote", validator=joiner, vote="add")
        expect("nothing is cast by a plan", not any(node.votes for node in n.nodes.values()), plan)
        expect("arithmetic", (plan["before"]["validators"], plan["before"]["quorum"], plan["before"]["margin"],
                              plan["after"]["validators"], plan["after"]["quorum"], plan["after"]["margin"],
                              plan["needed"]) == (4, 3, 1, 5, 4, 1, 3), plan)
        expect("four vote, the fifth does not", [c["ok"] for c in plan["cast"]] == [True] * 4 + [False], plan)
        began = n.advance()
        done = d.approved("vote", validator=joiner, vote="add", wait="1m")
        expect("it took effect", done["effective"] and (done["validators"], done["quorum"]) == (5, 4), done)
        expect("within a few blocks, as recorded", n.advance() - began <= 8 * SLOW, n.advance() - began)
        expect("the event", d.events("besu.vote.effective")[0]["validator"].lower() == joiner)
        expect("settled votes are taken back", until(d, "no vote is left", lambda: not any(
            node.votes for node in n.nodes.values())))
        expect("nothing is wanted any more", d.ok("votes") == {"votes": [], "wanted": []}, d.ok("votes"))
        refused(d, "vote.needless", "vote", validator=joiner, vote="add")
        d.plan("vote", validator=joiner, vote="remove")
        gone = d.approved("vote", validator=joiner, vote="remove", wait="1m")
        expect("voted out again", gone["effective"] and gone["validators"] == 4 and joiner not in n.validators(), gone)


def what_would_lose_the_quorum_is_refused(version):
    with Scene(version) as (d, n):
        text = refused(d, "vote.unseen", "?vote", validator=NEW_ACCOUNT, vote="add")
        expect("who it is nobody knows", "no watched node is connected" in text and "ceil(2*5/3)" in text, text)
        unseen = d.plan("vote", validator=NEW_ACCOUNT, vote="add", unseen=True)
        expect("four of five are enough", unseen["after"]["margin"] == 0, unseen)
        refused(d, "vote.needless", "?vote", validator=NEW_ACCOUNT, vote="remove")
        refused(d, "vote.address", "?vote", validator="0x" + 40 * "0", vote="add")
        n.stop(4)
        until(d, "one is missing", lambda: d.ok("status")["network"]["missing"] == 1)
        for vote, validator, words in (("add", NEW_ACCOUNT, "5 validators, 4 needed = ceil(2*5/3), 1 may fail by design; 3 there: 1 too few"),
                                       ("remove", n.addresses[1], "3 validators, 2 needed = ceil(2*3/3)")):
            answer = d.run("?vote", validator=validator, vote=vote, unseen=True)
            if vote == "add":
                expect("refused with the arithmetic", answer["key"] == "quorum.lost" and words in answer["text"], answer)
            else:  # 3 validators of which 2 are there: it can be done, and the plan says that none may fail then
                expect("a plan with its margin", answer["result"]["after"]["margin"] == 0 and
                       "none may fail" in answer["result"]["text"], answer)
        gone = d.plan("vote", validator=n.addresses[4], vote="remove")
        expect("the missing one may go", (gone["after"]["present"], gone["after"]["margin"]) == (3, 1), gone)
        n.stop(3)
        until(d, "halted", lambda: d.ok("status")["network"]["state"] == "halted")
        refused(d, "vote.halted", "?vote", validator=n.addresses[4], vote="remove")
        expect("nothing was cast", not any(node.writes for node in n.nodes.values()))


def a_vote_outlives_restarts(version):
    """Watched are two of four, too few to decide: the vote is wanted until the others come, whatever is restarted."""
    with Scene(version, (1, 2)) as (d, n):
        joiner = n.addresses[5]
        plan = d.plan("vote", validator=joiner, vote="add")
        expect("who else must vote", len(plan["others"]) == 2 and "1 of the others" in plan["text"], plan)
        cast = d.approved("vote", validator=joiner, vote="add", wait="1s")
        expect("cast, and not effective", not cast["effective"] and [c["ok"] for c in cast["cast"]] == [True, True], cast)
        wanted = d.ok("votes")["wanted"][0]
        expect("it is known who wants it", (wanted["cast"], wanted["needed"], wanted["who"]) == (2, 3, "unix:test@here"), wanted)
        n.restart(2)
        expect("it forgot", n.nodes[2].votes == {})
        until(d, "the node has it again", lambda: n.nodes[2].votes == {joiner: True})
        expect("and that is told", d.events("besu.vote.reissued")[0]["node"] == "node2", d.topics())
        n.stop(5)
        n.stop(4)
        until(d, "one is missing, and the one that is to come", lambda: d.ok("status")["network"]["missing"] == 1 and
              len(d.ok("peers", node="node1")["peers"]) == 2)
        n.restart(2)
        until(d, "not given again while the quorum would be lost", lambda: d.events("besu.vote.held"))
        expect("with the arithmetic", "1 too few" in d.events("besu.vote.held")[0]["text"] and n.nodes[2].votes == {},
               d.events("besu.vote.held"))
        expect("shown", "not cast again for now" in d.ok("votes")["wanted"][0]["text"], d.ok("votes"))
        n.start(4)
        n.start(5)
        until(d, "they are back: given again", lambda: n.nodes[2].votes == {joiner: True})
        n.restart(1)
        d.command("restart")  # the agent too
        until(d, "also after a restart of the agent", lambda: n.nodes[1].votes == {joiner: True})
        n.nodes[3].votes[joiner] = True  # somebody else's agent
        until(d, "effective", lambda: d.events("besu.vote.effective"))
        until(d, "taken back", lambda: not n.nodes[1].votes and not n.nodes[2].votes)
        expect("the store is empty", json.loads(d.command("kv")["votes"]) == [])


def a_vote_ends_with_the_epoch(version):
    with Scene(version, (1, 2), epoch=12) as (d, n):
        joiner = n.addresses[5]
        end = d.plan("vote", validator=joiner, vote="add")["epoch_ends"]
        expect("the epoch's end is told", end % 12 == 0 and end > n.advance(), end)
        d.approved("vote", validator=joiner, vote="add", wait="0s")
        until(d, "expired", lambda: d.events("besu.vote.expired"), 30)
        expect("not before", d.events("besu.vote.expired")[0]["block"] >= end, d.events("besu.vote.expired"))
        until(d, "taken back", lambda: not n.nodes[1].votes and not n.nodes[2].votes)
        expect("not given again", not d.events("besu.vote.reissued") and d.ok("votes")["wanted"] == [], d.ok("votes"))


def votes_are_shown_and_discarded(version):
    with Scene(version, (1, 2, 3, 4, 5)) as (d, n):
        stray = "0x7777777777777777777777777777777777777777"
        n.nodes[5].votes[stray] = True
        n.nodes[1].votes[n.addresses[2]] = True  # it is a validator already
        rows = {(v["node"], v["validator"].lower()): v for v in d.ok("votes")["votes"]}
        expect("one on a node that is no validator", "no validator" in rows["node5", stray]["text"], rows)
        expect("one that took effect long ago", "took effect already" in rows["node1", n.addresses[2]]["text"], rows)
        for validator in (stray, n.addresses[2]):
            d.plan("vote", validator=validator, vote="discard")
            d.approved("vote", validator=validator, vote="discard")
        expect("gone everywhere", not any(node.votes for node in n.nodes.values()))
        d.approved("vote", validator=stray, vote="discard")  # again: nothing happens
        n.nodes[1].APIS = ("eth", "net", "web3", "admin")
        n.stop(1)
        until(d, "node 1 is away", lambda: d.ok("status")["nodes"][0]["state"] == "unreachable")
        d.let(1)  # asked twice without an answer: it may come back as another version
        n.start(1)
        until(d, "node 1 is back", lambda: d.ok("status")["nodes"][0]["state"] == "ok")
        plan = d.plan("vote", validator=n.addresses[5], vote="add")
        expect("a node without the API", not plan["cast"][0]["ok"] and "rpc-http-api" in plan["cast"][0]["text"], plan["cast"])
        expect("three are enough", plan["text"].startswith("3 validators vote here, 3 are needed"), plan["text"])


def a_plan_is_of_its_validators(version):
    with Scene(version, (1, 2, 3, 4, 5)) as (d, n):
        d.plan("vote", validator=n.addresses[4], vote="remove")
        n.order = sorted(n.order + [n.addresses[5]])
        until(d, "a new set", lambda: d.ok("status")["network"]["validators"] == 5)
        refused(d, "plan.changed", "!vote", validator=n.addresses[4], vote="remove")
        expect("nothing was cast", not any(node.writes for node in n.nodes.values()))


# --- Allowlists ----------------------------------------------------------------------------------------------------------

def accounts(n):
    return [sorted(n.nodes[i].lists["Accounts"]) for i in (1, 2, 3, 4)]


def an_account_on_every_node(version):
    with tempfile.TemporaryDirectory(prefix="besu-perm-") as folder:
        path = os.path.join(folder, "permissions_config.toml")
        with Scene(version, nodes={1: {"permissions_accounts_file": path}}) as (d, n):
            n.nodes[1].file = path
            n.nodes[1].save()
            before = accounts(n)
            n.nodes[3].lists["Accounts"].append(NEW_ACCOUNT.lower())
            plan = d.plan("account-allow", account=NEW_ACCOUNT)
            expect("what is to be done", [s["does"] for s in plan["steps"]] == ["add", "add", "nothing", "add"], plan)
            expect("and nothing is done", accounts(n)[0] == before[0], accounts(n))
            done = d.approved("account-allow", account=NEW_ACCOUNT)
            expect("everywhere", all(NEW_ACCOUNT.lower() in a for a in accounts(n)), accounts(n))
            expect("on disk, where it can be read", [s.get("persisted") for s in done["steps"]] == ["file", "said", None, "said"],
                   done)
            expect("kept by the file", NEW_ACCOUNT.lower() in open(path).read())
            again = d.ok("account-allow", account=NEW_ACCOUNT)
            expect("again: nothing to do", again["text"] == "allowed already wherever it can be", again)
            rows = {a["account"]: a for a in d.ok("accounts")["accounts"]}
            expect("listed", rows[NEW_ACCOUNT]["everywhere"] and len(rows[NEW_ACCOUNT]["on"]) == 4, rows)
            d.plan("account-deny", account=NEW_ACCOUNT)
            d.approved("account-deny", account=NEW_ACCOUNT)
            expect("as before", accounts(n) == before, accounts(n))
            expect("nothing is left half-done", "change" not in d.command("kv"), d.command("kv"))


def all_or_nothing(version):
    with Scene(version) as (d, n):
        before = accounts(n)
        method = "perm_addAccountsToAllowlist"
        unwritten = {"code": -32000, "message": "Unable to persist changes to allowlist configuration file. Changes reverted"}
        n.nodes[3].broken[method] = (0, unwritten)
        text = refused(d, "rpc.error", "account-allow", account=NEW_ACCOUNT)
        expect("the node's own words, and what became of it", "node3" in text and "Unable to persist" in text and
               "put back as it was" in text, text)
        expect("nothing is changed", accounts(n) == before, accounts(n))
        expect("node 1 was changed and put back", [w[0] for w in n.nodes[1].writes] ==
               [method, "perm_removeAccountsFromAllowlist"] and n.nodes[4].writes == [], n.nodes[1].writes)
        # One that cannot be put back is said to be half-done.
        n.nodes[1].broken["perm_removeAccountsFromAllowlist"] = (0, unwritten)
        text = refused(d, "permission.half", "account-allow", account=NEW_ACCOUNT)
        expect("where it stands", "could not be undone on node1" in text, text)
        until(d, "lists that differ are an event", lambda: d.events("besu.permissions-drift"))
        event = d.events("besu.permissions-drift")[0]
        expect("which", event["list"] == "accounts" and event["count"] == 1 and event["entries"][0]["on"] == ["node1"], event)
        expect("a metric", d.metrics()["chain138_besu_permissions_drift{accounts}"] == 1, d.metrics())
        differences = d.ok("permissions")["differences"]
        expect("and shown", [x["entry"] for x in differences] == [NEW_ACCOUNT.lower()] and
               differences[0]["not_on"] == ["node2", "node3", "node4"], differences)
        n.nodes[1].broken.clear()
        d.ok("account-deny", account=NEW_ACCOUNT)
        until(d, "equal again", lambda: "accounts-drift" in [e["from"] for e in d.events("besu.recovered")])
        expect("the metric too", d.metrics()["chain138_besu_permissions_drift{accounts}"] == 0)


def a_file_that_does_not_follow(version):
    """The node says Success; its file says otherwise: that would be lost at a restart."""
    with tempfile.TemporaryDirectory(prefix="besu-perm-") as folder:
        path = os.path.join(folder, "permissions_config.toml")
        with Scene(version, nodes={2: {"permissions_accounts_file": path}}) as (d, n):
            n.nodes[2].file = path
            n.nodes[2].save()
            n.nodes[2].file = None
            before = accounts(n)
            text = refused(d, "permission.unwritten", "account-allow", account=NEW_ACCOUNT)
            expect("named", path in text, text)
            expect("nothing is changed", accounts(n) == before, accounts(n))


def a_node_that_cannot_be_asked(version):
    with Scene(version) as (d, n):
        n.stop(4)
        n.nodes[3].APIS = ("eth", "net", "web3", "admin", "qbft")
        until(d, "node 4 is away", lambda: d.ok("status")["nodes"][3]["state"] == "unreachable")
        text = refused(d, "permission.incomplete", "?account-allow", account=NEW_ACCOUNT)
        expect("both are named, with what to do", "node4 does not answer" in text and "add PERM" in text and
               "reachable-only" in text, text)
        expect("no write before that", not any(node.writes for node in n.nodes.values()))
        plan = d.plan("account-allow", account=NEW_ACCOUNT, reachable_only=True)
        expect("what remains", [s["does"] for s in plan["steps"]] == ["add", "add", "remains", "remains"] and
               len(plan["remains"]) == 2, plan)
        d.approved("account-allow", account=NEW_ACCOUNT, reachable_only=True)
        expect("the others are changed", [NEW_ACCOUNT.lower() in a for a in accounts(n)] == [True, True, False, False])
        n.start(4)
        until(d, "node 4 is back", lambda: d.ok("status")["nodes"][3]["state"] == "ok")
        refused(d, "plan.changed", "!account-allow", account=NEW_ACCOUNT, reachable_only=True)


def nodes_without_lists(version):
    with Scene(version) as (d, n):
        for i in (1, 2, 3, 4):
            n.nodes[i].off.add("Accounts")
        text = refused(d, "permission.off", "account-allow", account=NEW_ACCOUNT)
        expect("why", "permissions-accounts-config-file-enabled" in text, text)
        lists = [x for x in d.ok("permissions")["lists"] if x["list"] == "accounts"]
        expect("off", {x["state"] for x in lists} == {"off"} and "lets everybody" in lists[0]["text"], lists)
        n.nodes[1].off.clear()
        plan = d.plan("account-allow", account=NEW_ACCOUNT)
        expect("one has a list, three do not", [s["does"] for s in plan["steps"]] == ["add"] + ["nothing"] * 3 and
               "3 of 4 nodes have no such list" in plan["warnings"][0], plan)


def a_node_is_let_in_and_out(version):
    with tempfile.TemporaryDirectory(prefix="besu-perm-") as folder:
        static = os.path.join(folder, "static-nodes.json")
        with open(static, "w") as f:
            json.dump([live.double.Recording(version).result("perm_getNodesAllowlist")[4]], f)
        with Scene(version, nodes={1: {"static_nodes_file": static}}) as (d, n):
            d.plan("node-allow", enode=NEW_NODE + "?discport=0")
            d.approved("node-allow", enode=NEW_NODE + "?discport=0")
            expect("everywhere, without the query", all(NEW_NODE in n.nodes[i].lists["Nodes"] for i in (1, 2, 3, 4)))
            moved = d.plan("node-allow", enode=NEW_NODE.replace("10.0.0.9", "10.0.0.10"))
            expect("the same key at another address", any("10.0.0.9:30303" in w for w in moved["warnings"]), moved)
            d.plan("node-deny", enode=NEW_NODE)
            d.approved("node-deny", enode=NEW_NODE)
            fifth = d.plan("node-deny", enode=n.enodes[5])
            words = " ".join(fifth["warnings"])
            expect("it is connected, and static", "is connected to it" in words and "static node of node1" in words, words)
            d.approved("node-deny", enode=n.enodes[5])
            until(d, "it is dropped", lambda: len(d.ok("peers", node="node1")["peers"]) == 3)
            validator = d.plan("node-deny", enode=n.enodes[2])
            words = " ".join(validator["warnings"])
            expect("it is a validator, and watched", "the validator node2" in words and "this is node2" in words and
                   "0 more may fail" in words, words)
            n.stop(4)
            until(d, "one is missing", lambda: d.ok("status")["network"]["missing"] == 1)
            text = refused(d, "quorum.lost", "?node-deny", enode=n.enodes[2], reachable_only=True)
            expect("the arithmetic", "2 there: 1 too few" in text, text)


def a_change_that_was_cut_off(version):
    """What a killed agent leaves behind: the record of the change, and the first of the nodes changed."""
    with Scene(version) as (d, n):
        before = accounts(n)
        change = {"list": "accounts", "allow": True, "item": NEW_ACCOUNT.lower(), "nodes": ["node1", "node2", "node9"]}
        n.nodes[1].lists["Accounts"].append(NEW_ACCOUNT.lower())
        d.command("put", "change=" + json.dumps(change))
        d.command("restart")
        until(d, "undone", lambda: accounts(n) == before)
        expect("told", [e["node"] for e in d.events("besu.permission-undone")] == ["node1"], d.topics())
        until(d, "forgotten", lambda: "change" not in d.command("kv"))
        d.ok("account-allow", account=NEW_ACCOUNT)


# --- Pools ---------------------------------------------------------------------------------------------------------------

def tx(sender, nonce, value=0, price=0, gas=21000):
    return {"hash": "0x%064x" % (nonce + value + price + 1), "from": sender, "nonce": hex(nonce), "value": hex(value),
            "gasPrice": hex(price), "gas": hex(gas), "to": NEW_ACCOUNT}


def what_is_stuck_and_why(version):
    recorded = double.Recording(version).result("txpool_besuPendingTransactions", "no params (layered)")
    mine, other, poor = recorded[0]["from"], "0x" + "22" * 20, "0x" + "33" * 20
    with Scene(version) as (d, n):
        pool = recorded[:1] + [tx(other, 4), tx(other, 5), tx(poor, 0, value=10 ** 20), tx(poor, 1)]
        nonce = int(recorded[0]["nonce"], 16)
        for i in (1, 2):
            n.nodes[i].pool = pool if i == 1 else pool[1:]
        for i in (1, 2, 3, 4):
            n.nodes[i].off.add("Accounts")
            n.nodes[i].nonces = {mine: nonce - 1, other: 4}
            n.nodes[i].balances = {mine: 10 ** 20, other: 10 ** 18, poor: 10 ** 18}
        plan = d.plan("txpool-clear")
        why = {(s["account"].lower(), t["nonce"]): (t["why"], t.get("at")) for s in plan["senders"] for t in s["transactions"]}
        expect("why", why == {(mine, nonce): ("gap", nonce - 1), (other, 4): ("ready", None), (other, 5): ("ready", None),
                              (poor, 0): ("funds", None), (poor, 1): ("behind", 0)}, why)
        expect("who holds it", [t["nodes"] for s in plan["senders"] if s["account"].lower() == mine for t in s["transactions"]]
               == [["node1"]], plan["senders"])
        expect("counts", (plan["transactions"], plan["stuck"]) == (5, 3), plan)
        expect("what others must do", len(plan["remains"]) == 2 and "fills the gap" in " ".join(plan["remains"]) and
               "fund the account" in " ".join(plan["remains"]), plan["remains"])
        expect("honest", plan["calls"] == [] and plan["text"].startswith("no Besu has a call"), plan["text"])
        expect("the stop of everything", "every node of the network" in plan["stop_all"][0] and
               any("txpool.dump" in s for s in plan["stop_all"]), plan["stop_all"])
        for i in (1, 2, 3, 4):
            n.nodes[i].off.clear()
            n.nodes[i].lists["Accounts"] = [mine, poor]
            n.nodes[i].least_price = hex(10)
        plan = d.plan("txpool-clear")
        why = {(s["account"].lower(), t["nonce"]): t["why"] for s in plan["senders"] for t in s["transactions"]}
        expect("not allowed, and too cheap", why[other, 4] == "permission" and why[poor, 1] == "price", why)
        n.stop(3)
        n.stop(4)
        until(d, "halted", lambda: d.ok("status")["network"]["state"] == "halted")
        refused(d, "chain.halted", "txpool-clear")


def all_nodes_are_stopped(version):
    """The plugin stack is played here: down stops the doubles, up starts them with empty pools, as recorded nodes come back."""
    with tempfile.TemporaryDirectory(prefix="besu-pool-") as folder:
        dump = os.path.join(folder, "txpool.dump")
        with open(dump, "w") as f:
            f.write("saved")
        with Scene(version, nodes={1: {"data_dir": folder}}) as (d, n):
            other = "0x" + "22" * 20
            for i in (1, 2, 3, 4):
                n.nodes[i].pool = [tx(other, 1)]
                n.nodes[i].off.add("Accounts")
            text = refused(d, "pool.no-stack", "?txpool-clear", how="stop")
            expect("what to do without it", "stop_all by hand" in text, text)
            asked = []

            def down(params, dry_run):
                asked.append(("down", dry_run))
                for i in () if dry_run else (1, 2, 3, 4):
                    n.stop(i)
                expect("the saved pool is there as long as the nodes run", os.path.exists(dump))
                return {"text": "all services go"}

            def up(params, dry_run):
                asked.append(("up", dry_run))
                expect("laid aside while they are stopped", not os.path.exists(dump))
                for i in (1, 2, 3, 4):
                    n.nodes[i].pool = []
                    n.start(i)
                return {}
            d.others = {"stack.down": down, "stack.up": up}
            plan = d.plan("txpool-clear", how="stop")
            expect("its plan is in this one", [(c["action"], c.get("plan")) for c in plan["calls"]] ==
                   [("stack.down", {"text": "all services go"}), ("stack.up", None)], plan["calls"])
            expect("the fifth goes on", any("1 peers that are not watched here" in r for r in plan["remains"]), plan["remains"])
            expect("nothing is done", asked == [("down", True)], asked)
            done = d.approved("txpool-clear", how="stop")
            expect("down, up", asked[1:] == [("down", False), ("up", False)], asked)
            expect("what was done", [(r["action"], r["ok"]) for r in done["done"]] ==
                   [("stack.down", True), ("lay aside", True), ("stack.up", True)], done["done"])
            expect("empty", done["transactions"] == 0 and done["text"] == "1 transactions waited, 0 wait now", done["text"])
            expect("kept aside", os.path.exists(dump + ".cleared"))
            d.others["stack.down"] = lambda params, dry_run: {} if dry_run else {"key": "quorum", "message": "two are away"}
            d.plan("txpool-clear", how="stop")
            text = refused(d, "pool.not-stopped", "!txpool-clear", how="stop")
            expect("why", "two are away" in text, text)


def main():
    tests = (a_validator_comes_and_goes, what_would_lose_the_quorum_is_refused, a_vote_outlives_restarts,
             a_vote_ends_with_the_epoch, votes_are_shown_and_discarded, a_plan_is_of_its_validators, an_account_on_every_node,
             all_or_nothing, a_file_that_does_not_follow, a_node_that_cannot_be_asked, nodes_without_lists,
             a_node_is_let_in_and_out, a_change_that_was_cut_off, what_is_stuck_and_why, all_nodes_are_stopped)
    jobs = [("%s, on Besu %s replayed" % (t.__name__.replace("_", " "), v), t, v) for t in tests for v in double.VERSIONS]
    only = os.environ.get("ONLY")
    jobs = [j for j in jobs if not only or only in j[0]]
    passed = failed = 0
    # Most of the time they wait for blocks: several at once.
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", "4"))) as pool:
        for name, future in [(name, pool.submit(test, version)) for name, test, version in jobs]:
            try:
                future.result()
                passed += 1
                print("ok: %s" % name, flush=True)
            except Exception as e:
                failed += 1
                print("FAILED: %s: %s" % (name, e), flush=True)
                traceback.print_exception(type(e), e, e.__traceback__)
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
