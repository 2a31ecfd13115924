#!/usr/bin/env python3
"""The chain plugin on a real Besu: four QBFT validators with free gas, where transactions are sent, approved, refused, replaced
while no block can be made, and lost with the pool of a node that is killed.

Switched on as besu_real.py is. Takes two minutes; skips with the reason otherwise.
"""
import shutil
import sys
import tempfile
import threading

sys.dont_write_bytecode = True  # nothing is left in the source tree
from besu_real import COUNT, Besu, Network  # noqa: E402
from chain_test import balance, counted, deployed, keccak_topic  # noqa: E402
from harness import Skip, check, equal, rpc, run, until  # noqa: E402
from logs_test import SIGNATURE, Watcher, agrees  # noqa: E402
from sender import ACCOUNTS, TO, Sender, logger  # noqa: E402

GWEI = 10 ** 9
POOR = ACCOUNTS[2]
FUNDED = {address: {"balance": "0x%x" % (100 * 10 ** 18)} for address, _ in ACCOUNTS}
FUNDED[POOR[0]] = {"balance": "0x%x" % 10 ** 18}
CHAIN = None  # the network of all tests: main starts it


class Node:
    """One node of the network, asked as chain_test.py asks its development chain."""

    def __init__(self, port):
        self.url = "http://127.0.0.1:%d" % port

    def result(self, method, *params):
        answer = rpc(self.url, method, *params)
        check("error" not in answer, answer)
        return answer["result"]


class Chain:
    """Four validators that make blocks. `with Chain() as chain`: chain.nodes, chain.net."""

    def __enter__(self):
        try:
            besu = Besu()
        except LookupError as e:
            raise Skip(str(e))
        self.folder = tempfile.mkdtemp(prefix="chain-real-")
        self.net = None
        try:
            self.net = Network(besu, self.folder, period=1, alloc=FUNDED)
            for i in range(COUNT):
                self.net.start(i)
            self.nodes = [Node(port) for port in self.net.rpc]
            until(lambda: self.net.last_words() or self.head() > 2, 120)
            check(self.head() > 2, "no blocks are made: %s" % self.net.last_words())
            print("peer: %s" % self.nodes[0].result("web3_clientVersion"), flush=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def head(self, node=0):
        try:
            return int(self.nodes[node].result("eth_blockNumber"), 16)
        except OSError:
            return -1

    def urls(self):
        """The two nodes that the plugin knows; the others only make blocks."""
        return [node.url for node in self.nodes[:2]]

    def moves(self):
        """A block was made within five periods."""
        head = self.head()
        return until(lambda: self.head() > head, 5)

    def __exit__(self, *_):
        if self.net:
            self.net.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def sent(s, *args):
    """A send in a thread of its own: it waits until the transaction counts. Gives the thread; its `said` is what the control said."""
    def ask():
        thread.said = s.agent.ctl("chain", *args, timeout=200)
    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def plans_sends_and_asks():
    chain = CHAIN
    with Sender(chain.urls()) as s:
        plan = s.agent.json("chain", "send", "--key", "treasury", "--to", TO, "--value", "1gwei", "--dry-run")
        equal((plan["max_fee"], plan["tip"], plan["transactions"][0]["gas"] >= 21000), ("0", "0", True), plan)  # gas is free here
        had = balance(chain.nodes[0], TO)
        first = s.send("--to", TO, "--value", "1gwei", "--id", "rent")
        equal(s.send("--to", TO, "--value", "1gwei", "--id", "rent"), first)
        equal(balance(chain.nodes[0], TO) - had, GWEI)
        contract = deployed(s, bytes.fromhex(keccak_topic(chain.nodes[0], "Counted()")[2:]))
        s.send("--to", contract, "--function", "increment()", "--expect-event", "Counted()")
        s.send("--to", contract, "--function", "pause()", "--expect-call", "paused() returns (bool)", "--expect-value", "true")
        equal(counted(s, contract), 1)
        for args, word in ((["--to", contract, "--function", "nothing()"], 'Error("no")'),
                           (["--to", TO, "--function", "pause()"], "no contract"),
                           (["--to", TO, "--value", "9999ether"], "the account has")):
            text = s.fails("send", "--key", "treasury", *args)
            check(word in text, text)
        many = [{"to": contract, "function": "increment()"} if i % 2 else {"to": TO, "value": "1gwei"} for i in range(60)]
        for _ in range(2):  # the second time nothing happens
            status, doc = s.agent.call("chain.send", {"key": "treasury", "id": "many", "transactions": many}, wait=60)
            equal(status, 200, doc)
            equal({r["outcome"] for r in doc["result"]["transactions"]}, {"succeeded"})
        equal((counted(s, contract), balance(chain.nodes[0], TO) - had), (31, 31 * GWEI))


def what_the_account_cannot_pay_is_not_handed_over():
    """Besu 26 takes what an account cannot pay, and every later transaction waits behind it: the plan must stop it."""
    chain = CHAIN
    with Sender(chain.urls(), keys=("poor",), accounts=(POOR,)) as s:
        text = s.fails("send", "--key", "poor", "--to", TO, "--value", "2ether")
        check("nothing was sent" in text, text)
        # what is under way counts, too: each alone could be paid
        both = [{"to": TO, "value": "600000000000000000"}, {"to": TO, "value": "600000000000000000"}]
        status, doc = s.agent.call("chain.send", {"key": "poor", "transactions": both}, wait=30)
        check(doc["state"] == "failed", doc)
        for node in chain.nodes:
            equal(node.result("eth_getTransactionCount", POOR[0], "pending"), "0x0", doc)
        equal(s.send("--to", TO, "--value", "1gwei", key="poor")["nonce"], 0)


def what_waits_on_a_halted_chain_is_replaced():
    """Two of four validators are killed: Besu takes transactions all the same. Then the nodes that were asked lose their pools."""
    chain = CHAIN
    with Sender(chain.urls()) as s:
        had, nonce = balance(chain.nodes[0], TO), int(chain.nodes[0].result("eth_getTransactionCount", ACCOUNTS[0][0], "latest"), 16)
        chain.net.kill(2)
        chain.net.kill(3)
        check(until(lambda: not chain.moves(), 30, 0.1), "blocks are made with two of four validators")
        threads = []
        for n in range(3):
            threads.append(sent(s, "send", "--key", "treasury", "--to", TO, "--value", "1gwei", "--id", "t%d" % n))
            check(until(lambda: len(s.pending()["transactions"]) == n + 1, 20), s.pending())
        equal([t["nonce"] for t in s.pending()["transactions"]], [nonce, nonce + 1, nonce + 2])
        changes = [sent(s, "speed-up", "t0"), sent(s, "cancel", "t1")]
        check(until(lambda: [t["attempts"] for t in s.pending()["transactions"]] == [2, 2, 1], 20), s.pending())
        lost = {t["hash"] for t in s.pending()["transactions"]}
        check(until(lambda: lost <= {t["hash"] for t in chain.nodes[0].result("txpool_besuTransactions")}, 20), lost)
        for i in (0, 1):  # the pool is in memory: what they took is gone with them
            chain.net.kill(i)
        for i in range(COUNT):
            chain.net.start(i)
        for thread in threads + changes:
            thread.join()
        equal([t.said[0] == 0 for t in threads], [True, False, True], [t.said for t in threads])
        equal([t.said[0] for t in changes], [0, 0], [t.said for t in changes])
        equal([s.agent.json("chain", "tx", "t%d" % n)["sent"]["outcome"] for n in range(3)], ["succeeded", "cancelled", "succeeded"])
        equal(balance(chain.nodes[0], TO) - had, 2 * GWEI)
        equal(int(chain.nodes[0].result("eth_getTransactionCount", ACCOUNTS[0][0], "latest"), 16), nonce + 3)


def a_node_that_is_killed_hides_nothing():
    """The preferred node dies with what it was given: the next one is asked, and nothing happens twice."""
    chain = CHAIN
    with Sender(chain.urls()) as s:
        had = balance(chain.nodes[3], TO)
        many = [{"to": TO, "value": "1gwei"} for _ in range(40)]
        answer = {}
        asked = threading.Thread(target=lambda: answer.update(
            zip(("status", "doc"), s.agent.call("chain.send", {"key": "treasury", "id": "burst", "transactions": many}, wait=120))))
        asked.start()
        check(until(lambda: s.pending()["transactions"] or not asked.is_alive(), 20, 0.01))
        chain.net.kill(0)
        asked.join()
        equal(answer["status"], 200, answer)
        equal({r["outcome"] for r in answer["doc"]["result"]["transactions"]}, {"succeeded"}, answer)
        check(until(lambda: balance(chain.nodes[3], TO) - had == 40 * GWEI, 20), balance(chain.nodes[3], TO) - had)
        equal(s.agent.json("chain", "endpoints")["endpoints"][0]["state"], "unreachable")
        chain.net.start(0)
        check(until(lambda: s.agent.json("chain", "endpoints")["endpoints"][0]["state"] == "ok", 60), "node 1 did not come back")


class Logs:
    """A contract that logs, as logs_test.py has it on its development chain; what it logs is asked of a node that stays up."""

    def __init__(self, node, sender):
        self.node, self.sender = node, sender
        self.topic = keccak_topic(node, SIGNATURE)
        made = sender.send("--create", "--data", logger(bytes.fromhex(self.topic[2:])))
        self.address = sender.agent.json("chain", "tx", made["id"])["contract"]

    def log(self, n):
        self.sender.send("--to", self.address, "--data", "0x11111111%064x" % n)

    def all(self):
        logs = self.node.result("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": self.address})
        return {(log["blockHash"], int(log["logIndex"], 16)): int(log["topics"][1], 16) for log in logs}


def logs_are_followed_over_a_node_that_dies():
    """The watch reads old blocks in ranges and new ones by hash, never above the head of the node that it asks."""
    chain = CHAIN
    with Sender(chain.urls()) as s:
        contract = Logs(chain.nodes[1], s)
        contract.log(4)
        check(until(lambda: chain.moves() and chain.moves() and chain.moves(), 30))
        with Watcher(chain.urls(), contract, 'from_block = "earliest";', settings="final_blocks = 2;") as w:
            agrees(w, contract)
            contract.log(5)
            agrees(w, contract)
            chain.net.kill(0)
            contract.log(3)
            agrees(w, contract, 60)
            equal(w.row()["endpoint"], "node-2")
            chain.net.start(0)
            check(until(lambda: w.agent.json("chain", "endpoints")["endpoints"][0]["state"] == "ok", 60), "node 1 did not come back")
            contract.log(2)
            agrees(w, contract, 60)
            equal([e["seq"] for e in w.events("chain.log")], list(range(1, 15)))  # each once, and nothing taken back
            equal(w.events("chain.rolled-back"), [])
            doc = w.agent.json("chain", "logs", "--watch", "all", "--from", "0")
            equal(([r["args"]["id"] for r in doc["logs"]], doc["complete"]), ([str(i) for i in range(14)], True))


def main():
    global CHAIN
    try:
        with Chain() as CHAIN:
            run("chain_real", [plans_sends_and_asks, what_the_account_cannot_pay_is_not_handed_over,
                               logs_are_followed_over_a_node_that_dies,
                               what_waits_on_a_halted_chain_is_replaced, a_node_that_is_killed_hides_nothing])
    except Skip as e:
        print("skipped: chain_real: %s" % e)
        print("chain_real: 0 passed, 0 failed, 1 skipped")
        return 77


if __name__ == "__main__":
    sys.exit(main())
