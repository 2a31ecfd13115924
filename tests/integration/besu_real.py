#!/usr/bin/env python3
"""The besu plugin on a real Besu: four QBFT validators on loopback, one killed, then two, brought back.

Needs BESU_HOME, or besu in PATH, or an image hyperledger/besu (BESU_IMAGE names another) in a running
Docker; skips with the reason otherwise. Takes three to six minutes: round timers cannot be hurried.
Prints "N passed, N failed, N skipped".
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True  # nothing is left in the source tree
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import Driver  # noqa: E402

PERIOD = 2
TIMEOUT = 4
COUNT = 4


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Besu:
    """How besu is started: a program, or a container on the host's network."""

    def __init__(self):
        self.image = None
        home = os.environ.get("BESU_HOME")
        if home:
            self.program = os.path.join(home, "bin", "besu")
            if not os.path.exists(self.program):
                raise LookupError("BESU_HOME=%s has no bin/besu" % home)
            return
        self.program = shutil.which("besu")
        if self.program:
            return
        image = os.environ.get("BESU_IMAGE", "hyperledger/besu")
        docker = shutil.which("docker")
        if docker and subprocess.run([docker, "image", "inspect", image], capture_output=True).returncode == 0:
            self.program, self.image = docker, image
            return
        raise LookupError("no BESU_HOME, no besu in PATH, no image %s in a running Docker" % image)

    def argv(self, folder, arguments, name=None):
        if not self.image:
            return [self.program] + arguments
        return ([self.program, "run", "--rm", "--network", "host", "--user", str(os.getuid()), "-v",
                 "%s:%s" % (folder, folder)] + (["--name", name] if name else []) + [self.image] + arguments)


def environment():
    env = dict(os.environ)
    env.setdefault("BESU_OPTS", "-Xmx512m -XX:TieredStopAtLevel=1")
    return env


class Network:
    CONSENSUS = "qbft"

    def __init__(self, besu, folder, period=PERIOD, alloc=None):
        self.besu, self.folder, self.period, self.alloc = besu, folder, period, alloc or {}
        ports = free_ports(2 * COUNT)
        self.rpc, self.p2p = ports[:COUNT], ports[COUNT:]
        self.processes = [None] * COUNT
        self.logs = [os.path.join(folder, "node%d.log" % (i + 1)) for i in range(COUNT)]
        self.make()

    def make(self):
        config = {"genesis": {"config": {"chainId": 138, "berlinBlock": 0, "londonBlock": 0, "shanghaiTime": 0,
                                         "zeroBaseFee": True,
                                         self.CONSENSUS: {"blockperiodseconds": self.period, "epochlength": 30000,
                                                  "requesttimeoutseconds": TIMEOUT}},
                              "nonce": "0x0", "timestamp": "0x0", "gasLimit": "0x1fffffffffffff",
                              "difficulty": "0x1",
                              "mixHash": "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365",
                              "coinbase": "0x" + 40 * "0", "alloc": self.alloc},
                  "blockchain": {"nodes": {"generate": True, "count": COUNT}}}
        path = os.path.join(self.folder, "qbft.json")
        with open(path, "w") as f:
            json.dump(config, f)
        net = os.path.join(self.folder, "net")
        subprocess.run(self.besu.argv(self.folder, ["operator", "generate-blockchain-config",
                                                    "--config-file=" + path, "--to=" + net,
                                                    "--private-key-file-name=key"]),
                       check=True, stdout=subprocess.DEVNULL, env=environment())
        self.addresses = sorted(os.listdir(os.path.join(net, "keys")))
        enodes = []
        for i, address in enumerate(self.addresses):
            data = os.path.join(self.folder, "data%d" % (i + 1))
            os.mkdir(data)
            shutil.copy(os.path.join(net, "keys", address, "key"), os.path.join(data, "key"))
            with open(os.path.join(net, "keys", address, "key.pub")) as f:
                enodes.append("enode://%s@127.0.0.1:%d" % (f.read().strip()[2:], self.p2p[i]))
        self.enodes = enodes
        for i in range(COUNT):
            with open(os.path.join(self.folder, "data%d" % (i + 1), "static-nodes.json"), "w") as f:
                json.dump(enodes, f)

    def arguments(self, i):
        data = os.path.join(self.folder, "data%d" % (i + 1))
        return ["--data-path=" + data, "--node-private-key-file=" + os.path.join(data, "key"),
                "--genesis-file=" + os.path.join(self.folder, "net", "genesis.json"),
                "--discovery-enabled=false", "--nat-method=NONE", "--p2p-host=127.0.0.1",
                "--static-nodes-file=" + os.path.join(data, "static-nodes.json"),
                "--p2p-interface=127.0.0.1", "--p2p-port=%d" % self.p2p[i], "--rpc-http-enabled",
                "--rpc-http-host=127.0.0.1", "--rpc-http-port=%d" % self.rpc[i],
                "--rpc-http-api=ETH,NET,WEB3,QBFT,ADMIN,TXPOOL", "--sync-mode=FULL",
                "--data-storage-format=FOREST", "--min-gas-price=0", "--logging=INFO"]

    def start(self, i):
        log = open(self.logs[i], "ab")
        argv = self.besu.argv(self.folder, self.arguments(i), "besu-test-%d-%d" % (os.getpid(), i))
        self.processes[i] = subprocess.Popen(argv, stdout=log, stderr=log, env=environment(),
                                             start_new_session=True)
        log.close()

    def kill(self, i):
        process = self.processes[i]
        if not process:
            return
        if self.besu.image:
            subprocess.run([self.besu.program, "kill", "besu-test-%d-%d" % (os.getpid(), i)],
                           stdout=subprocess.DEVNULL)
        elif process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.processes[i] = None

    def last_words(self):
        """What the nodes that ended by themselves said last: a Besu that does not start says why in its log."""
        said = []
        for i, process in enumerate(self.processes):
            if process and process.poll() is not None:
                with open(self.logs[i], errors="replace") as f:
                    said.append("node%d ended with %d: %s" % (i + 1, process.returncode, f.read()[-600:].strip()))
        return said

    def stop(self):
        for i in range(len(self.processes)):
            self.kill(i)

    def get(self, i, path):
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d%s" % (self.rpc[i], path), timeout=5) as r:
                return r.status
        except urllib.error.HTTPError as e:
            return e.code

    def ask(self, i, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request("http://127.0.0.1:%d" % self.rpc[i], body,
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=5) as r:
            return json.load(r)

    def call(self, i, method):
        return self.ask(i, method)


class Tests:
    def __init__(self, network, driver):
        self.net, self.d = network, driver
        self.passed = self.failed = 0

    def check(self, what, good, detail=""):
        print("%s: %s %s" % ("ok" if good else "FAILED", what, "" if good else detail), flush=True)
        if good:
            self.passed += 1
        else:
            self.failed += 1
        return good

    def until(self, what, seconds, condition, step=0.25):
        """Lets the plugin run until the condition holds; how long that took."""
        start, last = time.time(), None
        while True:
            last = condition()
            took = time.time() - start
            if last:
                self.check("%s (after %.1f s)" % (what, took), True)
                return took
            if took > seconds:
                self.check(what, False, "not within %.0f s: %s" % (
                    seconds, json.dumps(self.d.ok("status"))[:1500]))
                return None
            self.d.let(step)

    def health_says_up(self):
        """What hides a halt: Besu's own health calls."""
        syncing = self.net.call(0, "eth_syncing")["result"]
        return (self.net.get(0, "/liveness"), self.net.get(0, "/readiness"), syncing) == (200, 200, False)

    def members(self):
        return {m["address"].lower(): m for m in self.d.ok("validators")["members"]}

    def network(self):
        return self.d.ok("status")["network"]

    def all_up(self):
        self.until("all four make blocks", 120, lambda: self.network()["state"] == "ok" and
                   self.network().get("head", 0) >= 6)
        self.d.let(3)
        status = self.d.ok("status")
        self.check("four nodes ok", [n["state"] for n in status["nodes"]] == ["ok"] * 4, status)
        self.check("they are validators", {n["role"] for n in status["nodes"]} == {"validator"}, status)
        network = status["network"]
        self.check("quorum 3 of 4, one may fail",
                   (network["validators"], network["quorum"], network["missing"], network["margin"]) == (4, 3, 0, 1),
                   network)
        self.check("the addresses are those of the keys", sorted(self.members()) == self.net.addresses)
        self.check("each is known as a node", all("node" in m for m in self.members().values()))
        consensus = self.d.ok("consensus", blocks=5)
        self.check("consensus: period and timeout known", (consensus["consensus"], consensus["block_period"],
                   consensus["request_timeout"]) == ("qbft", "%d.000" % PERIOD, "%d.000" % TIMEOUT), consensus)
        self.check("no alarm so far but while starting", "besu.stalled" not in self.d.topics(), self.d.topics())

    def one_killed(self):
        self.d.forget()
        gone = self.net.addresses[3]
        self.net.kill(3)
        self.until("validator 4 killed: status says degraded", 2 * PERIOD,
                   lambda: self.network()["state"] == "degraded" and self.network()["margin"] == 0)
        self.until("... which Besu's own health calls do not say", 10, self.health_says_up)
        self.check("validators names it", self.members()[gone]["state"] == "missing", self.members()[gone])
        self.until("... and so does an event", 2 * PERIOD, lambda: self.d.events("besu.validator-missing"))
        event = self.d.events("besu.validator-missing")
        self.check("one event, of the right validator",
                   len(event) == 1 and event[0]["validator"].lower() == gone, event)
        metrics = self.d.metrics()
        self.check("metrics", (metrics["chain138_besu_validators_missing"], metrics["chain138_besu_quorum_margin"],
                               metrics["chain138_besu_halted"]) == (1, 0, 0), metrics)
        self.d.let(5 * PERIOD)
        self.check("blocks go on: no stall", "besu.stalled" not in self.d.topics(), self.d.topics())

    def two_killed(self):
        self.d.forget()
        self.net.kill(2)
        killed = time.time()
        self.until("validator 3 killed too: status says that the quorum is lost", 2 * PERIOD,
                   lambda: self.network().get("margin") == -1)
        self.until("... and halted", 2 * PERIOD, lambda: self.network()["state"] == "halted")
        self.until("... which Besu's own health calls do not say", 10, self.health_says_up)
        self.until("event stalled", 2 * PERIOD, lambda: self.d.events("besu.stalled"))
        print("  (%.1f s after the kill)" % (time.time() - killed))
        metrics = self.d.metrics()
        self.check("metrics", (metrics["chain138_besu_validators_missing"], metrics["chain138_besu_quorum_margin"],
                               metrics["chain138_besu_halted"]) == (2, -1, 1), metrics)
        rows = self.d.rows()
        self.check("the one screen is red", rows["chain"]["state"] == "critical" and
                   "2 of 4 validators take part, 3 are needed" in rows["chain"]["text"], rows)
        self.d.let(25)
        consensus = self.d.ok("consensus")
        running = [m for m in consensus["members"] if not m["missing"]]
        self.check("rounds of the two that run, from their own timers",
                   len(running) == 2 and all(m.get("round", 0) >= 2 and m["source"] == "own" for m in running),
                   consensus["members"])
        self.check("advice: start", consensus["advice"] in ("start-validators", "restart-together"), consensus)
        self.check("waiting does not help", not consensus["meeting"]["possible"], consensus["meeting"])
        print("  " + consensus["text"])

    def foretell(self, said):
        meeting = self.d.ok("consensus").get("meeting", {})
        if meeting.get("possible"):
            said.append((time.time(), time.time() + float(meeting["in"])))
        return False

    def third_back(self):
        self.d.forget()
        head = self.network()["head"]
        start = time.time()
        self.net.start(2)
        self.until("validator 3 started: seen again", 60, lambda: self.network().get("margin") == 0)
        # Its first round changes are heard after a few seconds; then the meeting can be reckoned.
        self.until("the meeting of the rounds is reckoned", 60,
                   lambda: self.d.ok("consensus").get("meeting", {}).get("possible") or
                   self.network()["head"] > head)
        consensus = self.d.ok("consensus")
        print("  " + consensus["text"])
        # A round may be lost on a busy machine: what counts is the last word before the block came.
        said = []
        self.until("next block", 400, lambda: self.network()["head"] > head or self.foretell(said), 0.5)
        came = time.time()
        before = [predicted for at, predicted in said if at < came - 2]
        if before:
            print("  next block %.1f s after the start; foretold within %.1f s" % (came - start, came - before[-1]))
            self.check("... when it was foretold (5 s)", abs(came - before[-1]) < 5, (came, said))
        self.until("status no longer halted", 2 * PERIOD, lambda: self.network()["state"] == "degraded")
        self.until("event recovered", 4 * PERIOD,
                   lambda: "stalled" in [e["from"] for e in self.d.events("besu.recovered")])

    def fourth_back(self):
        self.d.forget()
        self.net.start(3)
        self.until("validator 4 started: all well", 90, lambda: self.network()["state"] == "ok", 0.5)
        # It may let its first turn pass while it still catches up.
        self.until("event recovered for it", 40, lambda: self.net.addresses[3] in
                   [e.get("validator", "").lower() for e in self.d.events("besu.recovered")])
        self.check("metrics", self.d.metrics()["chain138_besu_quorum_margin"] == 1)

    def writes(self):
        enode = self.net.enodes[1]
        removed = self.d.ok("peer-remove", node="node1", enode=enode)
        self.check("peer-remove", removed["removed"] in (True, False) and "text" in removed, removed)
        added = self.d.run("peer-add", node="node1", enode=enode, wait="8s")
        self.check("peer-add", added["status"] == "ok" and added["result"]["connected"], added)
        own = self.d.run("peer-add", node="node1", enode=self.net.enodes[0], wait="1s")
        self.check("peer-add of itself is refused", own.get("key") == "peer.impossible", own)
        level = self.d.run("log-level", node="node1", level="DEBUG", logger="org.hyperledger.besu.ethereum.p2p")
        self.check("log-level", level["status"] == "ok", level)
        self.d.ok("log-level", node="node1", level="INFO", logger="org.hyperledger.besu.ethereum.p2p")
        peers = self.d.ok("peers", node="node1")["peers"]
        self.check("peers are validators", peers and all(p.get("validator") for p in peers), peers)
        sync = self.d.ok("sync", node="node1")["nodes"][0]
        self.check("sync", sync["state"] == "ok" and not sync["syncing"], sync)
        pool = self.d.ok("txpool", node="node1")["nodes"][0]
        self.check("txpool", pool.get("transactions") == 0, pool)


def main():
    try:
        besu = Besu()
    except LookupError as e:
        print("skipped: besu_real: %s" % e)
        print("0 passed, 0 failed, 1 skipped")
        return 77
    folder = tempfile.mkdtemp(prefix="besu-real-")
    network = driver = None
    tests = Tests(None, None)
    try:
        network = Network(besu, folder)
        for i in range(COUNT):
            network.start(i)
        nodes = [{"name": "node%d" % (i + 1), "url": "http://127.0.0.1:%d" % network.rpc[i],
                  "log_file": network.logs[i]} for i in range(COUNT)]
        for log in network.logs:
            open(log, "ab").close()
        driver = Driver("besu", {"nodes": nodes, "poll_interval": "500ms", "peers_min": 1})
        tests = Tests(network, driver)

        def answers():
            if network.last_words():
                raise RuntimeError("Besu does not start: %s" % network.last_words()[0])
            return any(n["state"] not in ("unreachable", "unknown") for n in driver.ok("status")["nodes"])
        tests.until("the first node answers", 90, answers, 1)
        print("peer: %s" % driver.ok("status")["nodes"][0].get("version"))
        for part in (tests.all_up, tests.one_killed, tests.two_killed, tests.third_back, tests.fourth_back,
                     tests.writes):
            part()
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
    print("%d passed, %d failed, 0 skipped" % (tests.passed, tests.failed))
    return 1 if tests.failed else 0


if __name__ == "__main__":
    sys.exit(main())
