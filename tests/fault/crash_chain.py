#!/usr/bin/env python3
"""Every step of a transaction, and everything that may go wrong there, C138_RUNS times (500 at least, where nothing slows).

A run asks for one count of a contract, under an id of its own. When the transaction has come to a certain step (the plan is
being made, the signer has signed it, the journal has it, it is about to be handed to the node, the node has it, its receipt is
asked for), one thing is broken: kill -9 of the agent, of the worker with the chain plugin, of the one with the keys, of the node
(it comes back without its pool, and with an older chain); an answer that is lost; a request that arrives twice; a reorg; a full
disk. Who asked does what a program would do that was not heard: asks again under the same id, until it is told that it succeeded.

At the end the contract has counted each id once, the account's nonces have no gap, and the journal says of each id which
transaction it was, and that one is on the chain.
"""
import http.server
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from harness import check, development_chain, equal, free_port, run, until  # noqa: E402
from sender import ACCOUNTS, TOPIC, Sender, counter  # noqa: E402

RUNS = int(os.environ.get("C138_RUNS", "520"))
LIMIT_S = int(os.environ.get("C138_RUNS_LIMIT", "600"))
STEPS = {"plan": "eth_estimateGas", "hand-over": "eth_sendRawTransaction", "handed-over": "eth_sendRawTransaction",
         "receipt": "eth_getTransactionReceipt"}
# What is written down before the step after it: the signature before it leaves the signer, the intent before a node hears of it.
FILES = {"signature": ("state/plugins/keys/signed.log", b"{"), "journal": ("state/plugins/chain/journal.log", b'"t":"sign"')}
ANSWERS = ("lost", "twice")  # nothing is asked of a node in those steps


class Chain:
    """A development chain that can be killed and comes back with what it had a while ago."""

    def __init__(self):
        self.port = free_port()
        self.node = None
        self.saved = None
        self.ready = threading.Event()  # not while it is empty: what came then would wait in its pool for ever

    def start(self):
        self.node = development_chain("--slots-in-an-epoch", "1", port=self.port)
        self.node.url = "http://127.0.0.1:%d" % self.port
        self.node.__enter__()
        if self.saved:
            self.result("anvil_loadState", self.saved)
        self.loaded = int(self.result("eth_blockNumber"), 16)
        self.ready.set()

    def result(self, method, *params):
        return self.node.result(method, *params)

    def save(self):
        self.saved = self.result("anvil_dumpState")

    def kill(self):
        self.ready.clear()
        self.node.__exit__()
        self.start()


class Proxy(http.server.ThreadingHTTPServer):
    """Before the node. When a request with the awaited method comes, `fault` is called once, before or after the node has it;
    what it returns says what becomes of the answer.
    """
    daemon_threads = True

    def __init__(self, chain):
        super().__init__(("127.0.0.1", 0), Handler)
        self.chain, self.lock = chain, threading.Lock()
        self.awaited = self.fault = self.after = None
        self.url = "http://127.0.0.1:%d" % self.server_address[1]

    def arm(self, method, after, fault):
        with self.lock:
            self.awaited, self.after, self.fault = method, after, fault

    def take(self, body):
        with self.lock:
            if not self.awaited or self.awaited.encode() not in body:
                return None, False
            fault, self.awaited = self.fault, None
            return fault, self.after

    def handle_error(self, *_):
        pass


class Watch(threading.Thread):
    """Calls `fault` once, as soon as a new line of the file holds the words; ended by stop()."""

    def __init__(self, path, words, fault):
        super().__init__(daemon=True)
        self.path, self.words, self.fault, self.stopped = path, words, fault, threading.Event()
        self.before = self.size()
        self.start()

    def size(self):
        try:
            return os.stat(self.path).st_size
        except OSError:
            return 0

    def run(self):
        while not self.stopped.is_set():
            if self.size() > self.before:
                with open(self.path, "rb") as f:
                    f.seek(self.before)
                    if self.words in f.read():
                        self.fault()
                        return
            time.sleep(0.0002)

    def stop(self):
        self.stopped.set()
        self.join()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def forward(self, body):
        if not self.server.chain.ready.is_set():
            raise OSError("the node is away")
        request = urllib.request.Request("http://127.0.0.1:%d" % self.server.chain.port, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault, after = self.server.take(body)
        says = None
        try:
            if fault and not after:
                says = fault()
            answer = self.forward(body)
            if says == "twice":
                answer = self.forward(body)
            if fault and after:
                says = fault()
                if says == "twice":
                    answer = self.forward(body)
        except OSError:
            says = "lost"
        if says == "lost":
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


class Bench:
    """The agent, the proxy and the chain, and the ways to break them."""

    def __init__(self, chain, proxy, sender, contract):
        self.chain, self.proxy, self.sender, self.contract = chain, proxy, sender, contract
        self.broken = {}

    def worker(self, plugin):
        pid = self.sender.agent.process.pid
        try:
            with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
                children = f.read().split()
            for child in children:
                with open("/proc/%s/cmdline" % child, "rb") as f:
                    if plugin.encode() in f.read().split(b"\0"):
                        return int(child)
        except OSError:
            pass
        return None

    def kill_worker(self, plugin):
        pid = self.worker(plugin)
        if pid:
            os.kill(pid, signal.SIGKILL)

    def agent(self):
        self.sender.agent.kill()

    def chain_worker(self):
        self.kill_worker("chain")

    def keys_worker(self):
        self.kill_worker("keys")

    def node(self):
        self.chain.kill()
        return "lost"

    def lost(self):
        return "lost"

    def twice(self):
        return "twice"

    def reorg(self):
        """As deep as anvil can: not into what it loaded, for it has no states of that."""
        depth = min(random.randint(1, 3), int(self.chain.result("eth_blockNumber"), 16) - self.chain.loaded - 1)
        if depth < 1:
            return "nothing"
        self.chain.result("anvil_reorg", depth, [])

    def full_disk(self):
        """No file of the worker may grow any more."""
        pid = self.worker("chain")
        if pid:
            subprocess.run(["prlimit", "--pid", str(pid), "--fsize=1:"], check=False, stderr=subprocess.DEVNULL)
            threading.Timer(0.3, self.room_again).start()

    def room_again(self):
        pid = self.worker("chain")
        if pid:
            subprocess.run(["prlimit", "--pid", str(pid), "--fsize=unlimited:"], check=False, stderr=subprocess.DEVNULL)

    def faults(self):
        return {"agent": self.agent, "chain": self.chain_worker, "keys": self.keys_worker, "node": self.node, "lost": self.lost,
                "twice": self.twice, "reorg": self.reorg, "full disk": self.full_disk}

    def ask(self, name):
        """Until it is said that it succeeded."""
        end, said = time.monotonic() + 60, None
        while time.monotonic() < end:
            try:
                if not self.sender.agent.process or self.sender.agent.process.poll() is not None:
                    self.sender.agent.start()
                status, doc = self.sender.agent.call(
                    "chain.send", {"key": "treasury", "to": self.contract, "function": "increment()", "id": name}, wait=20)
                said = doc
                if status == 200 and doc["result"]["transactions"][0]["outcome"] == "succeeded":
                    return True
            except (OSError, ValueError, KeyError) as e:
                said = e
            self.free()
            time.sleep(0.02)
        check(False, "%s (%s): %s\n%s\n%s" % (name, self.now, said, self.sender.agent.ctl("chain", "pending"),
                                            self.sender.agent.log_text()[-3000:]))

    def free(self):
        """A plugin that died so often is not started again by itself: this is not what is tested here."""
        try:
            for row in self.sender.agent.json("plugins")["plugins"]:
                if row["state"] == "quarantined":
                    self.sender.agent.ctl("plugins", "restart", row["name"])
        except (AssertionError, OSError):
            pass

    def run(self, n, step, fault):
        fired = []

        def strike():
            says = self.faults()[fault]()
            fired.extend([1] * (says != "nothing"))
            return says
        if n % 5 == 0:
            self.chain.save()
        self.now = step, fault
        if step in FILES:
            file, words = FILES[step]
            watch = Watch(self.sender.agent.path(file), words, strike)
            self.ask("run-%d" % n)
            watch.stop()
        else:
            self.proxy.arm(STEPS[step], step in ("handed-over", "receipt"), strike)
            self.ask("run-%d" % n)
        self.broken[(step, fault)] = self.broken.get((step, fault), 0) + len(fired)


def transactions(chain, account):
    """{hash: nonce} of all that the account has on the chain."""
    found = {}
    for number in range(int(chain.result("eth_blockNumber"), 16) + 1):
        block = chain.result("eth_getBlockByNumber", hex(number), True)
        if not block:
            print("block %d is missing" % number)
            continue
        for tx in block["transactions"]:
            if tx["from"] == account.lower():
                found[tx["hash"]] = int(tx["nonce"], 16)
    return found


def nothing_twice_and_nothing_forgotten():
    seed = int(os.environ.get("C138_SEED", "0")) or random.randrange(1 << 32)
    print("seed %d" % seed)
    random.seed(seed)
    chain = Chain()
    chain.start()
    proxy = Proxy(chain)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        with Sender([proxy.url], settings='final_blocks = 64;') as sender:
            made = sender.send("--create", "--data", counter(TOPIC))
            contract = sender.agent.json("chain", "tx", made["id"])["contract"]
            chain.save()
            bench = Bench(chain, proxy, sender, contract)
            combinations = [(step, fault) for step in (*STEPS, *FILES) for fault in bench.faults()
                            if step in STEPS or fault not in ANSWERS]
            began, n = time.monotonic(), 0
            while n < RUNS and time.monotonic() - began < LIMIT_S:
                if n % len(combinations) == 0:
                    random.shuffle(combinations)
                bench.run(n, *combinations[n % len(combinations)])
                n += 1
            proxy.arm(None, None, None)
            print("%d runs in %.0f s, %d faults struck" % (n, time.monotonic() - began, sum(bench.broken.values())))
            for step in (*STEPS, *FILES):
                print("  %-12s %s" % (step, "  ".join("%s %d" % (f, bench.broken.get((step, f), 0)) for f in bench.faults())))
            check(n >= min(RUNS, 500) or n >= RUNS // 2, "only %d runs in %d s" % (n, LIMIT_S))
            check(all(v for v in bench.broken.values()) or n < 200, bench.broken)
            settle(chain, sender, contract, n, made)
    finally:
        proxy.shutdown()
        chain.node.__exit__()


def what_is_wrong(chain, sender, n):
    on_chain = transactions(chain, ACCOUNTS[0][0])
    told = [sender.agent.call("chain.tx", {"transaction": "run-%d" % i}, wait=10)[1]["result"] for i in range(n)]
    return "\n".join([str(d) for d in told if d["hash"] not in on_chain or d["sent"]["outcome"] != "succeeded"][:8] +
                     [str(sender.agent.json("chain", "pending")), "head %s" % chain.result("eth_blockNumber"),
                      "last nonce %s" % max(on_chain.values())])


def settle(chain, sender, contract, n, made):
    """What was taken back by the last reorg comes again; then all must be as if nothing had happened."""
    def count():
        status, out, _ = sender.agent.ctl("--json", "chain", "call", "--to", contract, "--function", "count() returns (uint256)")
        return int(json.loads(out)["values"][0]) if status == 0 else -1
    if not until(lambda: count() >= n, 30):
        check(False, "%d counts of %d\n%s" % (count(), n, what_is_wrong(chain, sender, n)))
    time.sleep(1)
    equal(count(), n, "counted")
    on_chain = transactions(chain, ACCOUNTS[0][0])
    equal(sorted(on_chain.values()), list(range(n + 1)), "nonces")
    ids = [made["id"]] + ["run-%d" % i for i in range(n)]
    told = {}
    for name in ids:
        doc = until(lambda: (lambda d: d if d["sent"]["outcome"] == "succeeded" and d["state"] == "mined" else None)(
            sender.agent.call("chain.tx", {"transaction": name}, wait=10)[1]["result"]), 20)
        check(doc, "%s: %s" % (name, sender.agent.json("chain", "tx", name)))
        told[doc["sent"]["hash"]] = doc["sent"]["nonce"]
    equal(told, on_chain, "journal and chain")
    equal(sender.agent.json("chain", "pending")["transactions"], [])
    status, out, err = sender.agent.ctl("audit", "verify")
    equal(status, 0, out + err)


if __name__ == "__main__":
    run("crash_chain", [nothing_twice_and_nothing_forgotten])
