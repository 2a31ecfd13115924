#!/usr/bin/env python3
"""The besu plugin against doubles that replay Besu 25.5.0 and 26.8.0, against hostile servers, against anvil
and against geth with clique. Prints "N passed, N failed, N skipped".

C138_ANVIL and C138_GETH name the programs; else they are looked for in PATH, and skipped with the reason.
"""
import concurrent.futures
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True  # nothing is left in the source tree
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import besu_double as double  # noqa: E402
import harness  # noqa: E402
from driver import Driver  # noqa: E402

SKIPPED = []


def expect(what, got, *detail):
    if not got:
        raise AssertionError("%s %s" % (what, " ".join(str(d)[:1500] for d in detail)))


def until(driver, seconds, condition, what, step=0.2):
    end = time.time() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.time() > end:
            raise AssertionError("%s: not within %s s: %s" % (what, seconds, json.dumps(driver.ok("status"))[:1500]))
        driver.let(step)


def settings(urls, log=None, **more):
    nodes = [{"name": "node%d" % (i + 1), "url": url} for i, url in enumerate(urls)]
    if log:
        nodes[0]["log_file"] = log
    return dict({"nodes": nodes, "poll_interval": "200ms", "timeout": "1s"}, **more)


class Scenario:
    """A double of a version at a moment of the recorded run, watched by the plugin through `watch` of its nodes."""

    def __init__(self, version, name, watch=(1, 2, 3, 4), **more):
        handle, self.log = tempfile.mkstemp(prefix="besu-log-")
        os.close(handle)
        self.network = double.Network(version, name, self.log)
        self.recording = self.network.recording
        self.driver = Driver("besu", settings([self.network.urls()[n - 1] for n in watch], self.log, **more))

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        clean = self.driver.close() if kind is None else self.driver.process.kill()
        self.network.close()
        os.unlink(self.log)
        if kind is None:
            expect("the plugin ended cleanly", clean)

    def network_state(self):
        return self.driver.ok("status")["network"]


# --- Replayed networks --------------------------------------------------------------------------------------

def all_up(version):
    with Scenario(version, "all-up") as s:
        d = s.driver
        d.let(1.5)
        status = d.ok("status")
        net = status["network"]
        expect("ok", net["state"] == "ok" and net["text"] == "blocks are made", net)
        expect("quorum", (net["validators"], net["quorum"], net["missing"], net["margin"]) == (4, 3, 0, 1), net)
        expect("versions", {n["version"].split("/")[1] for n in status["nodes"]} == {"v" + version}, status)
        expect("roles", {n["role"] for n in status["nodes"]} == {"validator"}, status)
        expect("no API is missing", all("missing_apis" not in n for n in status["nodes"]), status)
        validators = d.ok("validators")
        expect("validators", {m["address"].lower(): m["node"] for m in validators["members"]} ==
               {a: "node%d" % n for n, a in s.recording.addresses.items()}, validators)
        expect("their own count", all(m["signer_blocks"] > 3 for m in validators["members"]), validators)
        sync = d.ok("sync", node="node2")["nodes"]
        expect("sync", len(sync) == 1 and sync[0]["state"] == "ok" and sync[0]["peers"] == 3, sync)
        peers = d.ok("peers", node="node1")["peers"]
        expect("peers", len(peers) == 3 and all(p["validator"] for p in peers), peers)
        consensus = d.ok("consensus", blocks=6)
        expect("six blocks, round 0", [b["round"] for b in consensus["blocks"]] == [0] * 6, consensus)
        expect("proposers rotate", len({b["proposer"] for b in consensus["blocks"][:4]}) == 4, consensus)
        expect("times", (consensus["block_period"], consensus["request_timeout"]) == ("1.000", "2.000"), consensus)
        pool = d.ok("txpool", node="node1")["nodes"][0]
        expect("txpool: no limit is told", pool["transactions"] == 0 and "max_size" not in pool, pool)
        expect("no alarm", d.topics() == [], d.topics())
        expect("heads", len(d.events("besu.head")) >= 4)


def one_down(version):
    gone = double.Recording(version).addresses[4]
    with Scenario(version, "one-down", watch=(1, 2, 3)) as s:
        d = s.driver
        until(d, 8, lambda: not s.network.up(4), "the scenario's moment")
        lost = time.time()
        until(d, 2, lambda: s.network_state()["state"] == "degraded", "status says so within two block periods")
        until(d, 2, lambda: d.events("besu.validator-missing"), "event")
        took = time.time() - lost
        expect("in time", took < 3, took)
        missing = [m for m in d.ok("validators")["members"] if m["state"] == "missing"]
        expect("the right one", [m["address"].lower() for m in missing] == [gone], missing)
        expect("it was one event", len(d.events("besu.validator-missing")) == 1, d.events("besu.validator-missing"))
        d.let(9)
        consensus = d.ok("consensus", blocks=10)
        late = [b for b in consensus["blocks"] if b["round"] == 1]
        expect("rounds of the blocks", late and {b["after"] for b in late} <= {"2.000", "3.000", "4.000"}, consensus)
        expect("who let the turn pass", all([m.lower() for m in b["missed"]] == [gone] for b in late), late)
        expect("no stall", "besu.stalled" not in d.topics(), d.topics())
        expect("metrics", d.metrics()["chain138_besu_quorum_margin"] == 0)


def quorum_lost(version):
    with Scenario(version, "quorum-lost", watch=(1, 2)) as s:
        d = s.driver
        until(d, 8, lambda: not s.network.up(3), "the scenario's moment")
        until(d, 2, lambda: s.network_state()["margin"] == -1, "quorum known to be lost in two block periods")
        until(d, 3, lambda: s.network_state()["state"] == "halted", "halted")
        until(d, 2, lambda: len(d.events("besu.stalled")) == 2, "event of both nodes")
        event = d.events("besu.stalled")[0]
        expect("what is missing", (event["validators"], event["missing"], event["quorum"]) == (4, 2, 3), event)
        expect("the one screen", d.rows()["chain"]["state"] == "critical", d.rows())
        expect("eth_syncing says false", not d.ok("sync", node="node1")["nodes"][0]["syncing"])
        answer = d.ok("consensus")
        expect("advice", answer["advice"] in ("start-validators", "restart-together"), answer)
        until(d, 14, lambda: [m["round"] for m in d.ok("consensus")["members"] if not m["missing"]
                              if m.get("round", 0) >= 2], "rounds from the log")


def halted(version):
    """The agent starts on a chain that is halted already."""
    with Scenario(version, "halted", watch=(1, 2)) as s:
        d = s.driver
        d.let(1)
        answer = d.ok("consensus")
        expect("halted", answer["state"] == "halted", answer)
        running = [m for m in answer["members"] if "round" in m]
        expect("rounds of the two that run", len(running) == 2 and len({m["round"] for m in running}) == 1, answer)
        expect("own timer and heard", {m["source"] for m in running} == {"own", "heard"}, running)
        ends = [m["timer_ends"] for m in running]
        expect("both timers end together", abs(float(running[0]["timer_left"]) -
                                               float(running[1]["timer_left"])) < 0.5, ends)
        expect("waiting is of no use", not answer["meeting"]["possible"], answer["meeting"])
        expect("what starting would give", answer["started"]["possible"] and answer["restarted"]["possible"], answer)
        expect("named", "are needed" in answer["text"], answer["text"])


def recovery(version):
    """Fifteen seconds before the block that ended the recorded halt."""
    with Scenario(version, "recovery", watch=(1, 2, 3)) as s:
        d = s.driver
        d.let(1)
        head = s.network_state()["head"]
        answer = d.ok("consensus")
        expect("three are in rounds", len([m for m in answer["members"] if "round" in m]) == 3, answer)
        expect("the rounds meet", answer["meeting"]["possible"] and answer["meeting"]["round"] == 6, answer)
        expect("waiting is quickest", answer["advice"] == "wait", answer)
        foretold = time.time() + float(answer["meeting"]["in"])
        until(d, 1, lambda: len(d.events("besu.stalled")) == 3, "stalled")
        until(d, 25, lambda: s.network_state()["head"] > head, "next block")
        came = time.time()
        expect("it comes when it was foretold", abs(came - foretold) < 2, came - foretold, answer)
        until(d, 2, lambda: s.network_state()["state"] == "degraded", "blocks again")
        until(d, 8, lambda: len([e for e in d.events("besu.recovered") if e["from"] == "stalled"]) == 3, "recovered")
        block = next(b for b in d.ok("consensus", blocks=5)["blocks"] if b["number"] == head + 1)
        expect("made in round 6", block["round"] == 6, block)


def late_joiner(version):
    recording = double.Recording(version)
    node = double.LateJoiner(recording)
    server = double.Server(node)
    driver = Driver("besu", settings([server.url], lag_blocks=2))
    try:
        status = driver.ok("status")
        expect("at block 0 it is starting, whatever eth_syncing and readiness say", status["nodes"][0]["state"] == "starting", status)
        expect("... and its genesis of 1970 is no halt", status["network"]["state"] == "unknown" and
               float(status["network"]["head_age"]) < 60, status)
        expect("... nor do blocks come", "first block" in driver.ok("consensus")["text"] and
               driver.ok("consensus")["state"] == "unknown", driver.ok("consensus"))
        driver.let(2)
        expect("no halt in the metrics", driver.metrics()["chain138_besu_halted"] == 0, driver.metrics())
        expect("no alarm", driver.topics() == [], driver.topics())
        until(driver, 10, lambda: driver.ok("status")["nodes"][0]["state"] == "syncing", "syncing", 0.1)
        until(driver, node.rows[-1]["t"], lambda: driver.ok("status")["nodes"][0]["state"] == "ok", "at the head")
        expect("the plugin ended cleanly", driver.close())
    finally:
        driver.process.kill()
        server.shutdown()
        server.server_close()


def left_behind(version):
    """The one watched node stands still while its peers go on: that is not a halt of the network. Then they stand still, too."""
    with Scenario(version, "all-up", watch=(1,)) as s:
        d, node = s.driver, s.network.servers[0].node
        d.let(1.5)
        expect("all is well", s.network_state()["state"] == "ok", s.network_state())
        node.stands_at = s.network.head()
        until(d, 15, lambda: d.ok("status")["nodes"][0]["state"] == "lagging", "lagging")
        status = d.ok("status")
        expect("the network is not to be seen", status["network"]["state"] == "unknown" and
               "peers go on at block" in status["network"]["text"], status)
        expect("no word of a halt", d.metrics()["chain138_besu_halted"] == 0 and "besu.stalled" not in d.topics(), d.topics())
        consensus = d.ok("consensus")
        expect("nor here", (consensus["state"], consensus["advice"]) == ("unknown", "look") and "meeting" not in consensus, consensus)
        vote = d.run("?vote", validator=s.recording.addresses[4], vote="remove")
        expect("nobody is voted out by what they remember", vote["status"] != "ok" and vote["key"] == "vote.halted" and
               "behind their peers" in vote["text"], vote)
        expect("on the one screen", d.rows()["chain"]["state"] == "unknown", d.rows())
        until(d, 15, lambda: d.events("besu.lagging"), "event")
        node.peers_stand_at = s.network.head()
        until(d, 15, lambda: s.network_state()["state"] == "halted", "halted")


def no_first_block(version):
    """A chain that does not begin is halted once the grace is over, since it was first seen."""
    server = double.Server(double.LateJoiner(double.Recording(version)))
    driver = Driver("besu", settings([server.url], start_grace="1s", stalled_after="2s"))
    try:
        expect("starting", driver.ok("status")["nodes"][0]["state"] == "starting")
        until(driver, 6, lambda: driver.ok("status")["network"]["state"] == "halted", "halted", 0.1)
        status = driver.ok("status")
        expect("for seconds", 2 <= float(status["network"]["head_age"]) < 60 and "d" not in
               status["network"]["text"].split(":")[0].split("for ")[1], status)
        expect("the plugin ended cleanly", driver.close())
    finally:
        driver.process.kill()
        server.shutdown()
        server.server_close()


def fork(version):
    """Two nodes with different blocks at one height."""
    with Scenario(version, "all-up", watch=(1, 2)) as s:
        d = s.driver
        d.let(1)
        expect("none", "besu.fork" not in d.topics(), d.topics())
        node = s.network.servers[1].node
        honest = node.eth_getBlockByNumber

        def forked(tag, full):
            answer = honest(tag, full)
            if answer["result"]:
                answer["result"] = dict(answer["result"], hash="0xff" + answer["result"]["hash"][4:])
            return answer
        node.eth_getBlockByNumber = forked
        until(d, 4, lambda: d.events("besu.fork"), "fork")
        event = d.events("besu.fork")[0]
        expect("both hashes", event["hash"] != event["other_hash"], event)
        node.eth_getBlockByNumber = honest
        until(d, 8, lambda: "fork" in [e["from"] for e in d.events("besu.recovered")], "recovered")


def tokens(version):
    """JWT from a file that is renewed, and login."""
    network = double.Network(version, "all-up")
    folder = tempfile.mkdtemp(prefix="besu-jwt-")
    token_file = os.path.join(folder, "token")
    file_node = double.Guarded(network, 1)
    login_node = double.Guarded(network, 2, {"ops": "secret"})
    file_node.tokens = {double.jwt(300, "one")}
    servers = [double.Server(file_node), double.Server(login_node)]
    with open(token_file, "w") as f:
        f.write(double.jwt(300, "wrong"))
    driver = Driver("besu", {"poll_interval": "200ms", "nodes": [
        {"name": "file", "url": servers[0].url, "token_file": token_file},
        {"name": "login", "url": servers[1].url, "username": "ops", "password": "file:/pw"}]})
    try:
        nodes = {n["node"]: n for n in driver.ok("status")["nodes"]}
        expect("a wrong token is refused, not unreachable", nodes["file"]["state"] == "refused", nodes)
        expect("what to do", "token_file" in nodes["file"]["text"] or "token" in nodes["file"]["text"], nodes)
        expect("no password yet", "password" in nodes["login"]["text"], nodes)
        with open(token_file, "w") as f:
            f.write(list(file_node.tokens)[0] + "\n")
        driver.command("secret", "file:/pw=secret")
        until(driver, 3, lambda: driver.ok("status")["nodes"][0]["state"] == "ok", "the renewed file is read")
        until(driver, 15, lambda: driver.ok("status")["nodes"][1]["state"] == "ok", "logged in")
        logins = login_node.logins
        driver.let(1)
        expect("one login is enough", login_node.logins == logins, login_node.logins)
        login_node.tokens.clear()  # the node was restarted: its key is new
        driver.let(1)
        expect("logged in again", login_node.logins == logins + 1 and
               driver.ok("status")["nodes"][1]["state"] == "ok", login_node.logins)
        expect("the plugin ended cleanly", driver.close())
    finally:
        driver.process.kill()
        for s in servers:
            s.shutdown()
            s.server_close()
        network.close()
        shutil.rmtree(folder)


def limits(version):
    """Few APIs, a Host allowlist, batches of five: explanations, no failures."""
    network = double.Network(version, "all-up")
    server = double.Server(double.Limited(network, 4))
    driver = Driver("besu", settings([server.url]))
    try:
        node = driver.ok("status")["nodes"][0]
        expect("wrong Host", node["state"] == "refused" and "host_header" in node["text"], node)
        driver.command("settings", json.dumps({"poll_interval": "200ms", "nodes": [
            {"name": "small", "url": server.url, "host_header": "localhost"}]}))
        driver.let(0.5)
        status = driver.ok("status")
        expect("it works", status["nodes"][0]["state"] == "ok" and status["network"]["validators"] == 4, status)
        expect("what would tell more", status["nodes"][0]["missing_apis"] == "ADMIN TXPOOL QBFT", status)
        for action, group in (("peers", "ADMIN"), ("log-level", "ADMIN")):
            answer = driver.run(action, **({"level": "INFO"} if action == "log-level" else {}))
            expect(action, answer["status"] == "unsupported" and answer["key"] == "rpc.not-enabled" and
                   "add %s to its rpc-http-api" % group in answer["text"], answer)
        pool = driver.ok("txpool")["nodes"][0]
        expect("txpool says why", "add TXPOOL to its rpc-http-api" in pool["text"], pool)
        expect("validators from extraData", len(driver.ok("validators")["members"]) == 4)
        expect("the plugin ended cleanly", driver.close())
    finally:
        driver.process.kill()
        server.shutdown()
        server.server_close()
        network.close()


def writes(version):
    with Scenario(version, "all-up", watch=(1,)) as s:
        d = s.driver
        stranger = "enode://%s@127.0.0.1:30999" % ("ab" * 64)
        added = d.run("peer-add", enode=stranger, wait="500ms")
        # Besu said true; but the enode is not on the recorded allowlist, so nothing will come of it.
        expect("true is not enough", added["key"] == "peer.impossible" and "allowlist" in added["text"], added)
        there = d.ok("peer-add", enode=s.recording.peers[2]["enode"], wait="500ms")
        expect("a connected one", there["connected"], there)
        removed = d.ok("peer-remove", enode=stranger, wait="500ms")
        expect("one that is not there", not removed["removed"] and not removed["connected"], removed)
        stays = d.ok("peer-remove", enode=s.recording.peers[2]["enode"], wait="500ms")
        expect("one that stays connected", stays["connected"] and "allowlist" in stays["text"], stays)
        level = d.ok("log-level", level="DEBUG", logger="org.hyperledger.besu")
        expect("log level", level["level"] == "DEBUG", level)


# --- Hostile peers -------------------------------------------------------------------------------------------

def hostile():
    for how, key in double.HOSTILE.items():
        server = double.Server(double.Hostile(how))
        driver = Driver("besu", settings([server.url], timeout="1s"))
        try:
            start = time.time()
            driver.let(0.3)
            answer = driver.run("validators")
            took = time.time() - start
            expect(how, answer["status"] != "ok" and answer["key"] == key and "node1" in answer["text"], answer)
            expect("%s costs bounded time" % how, took < 4, took)
            with open("/proc/%d/status" % driver.process.pid) as f:
                peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
            if "C138_SANITIZED" not in os.environ:
                expect("%s costs bounded memory" % how, peak < 60 * 1024, peak)
            until(driver, 4, lambda: driver.events("besu.unreachable"), "event")
            expect("the plugin ended cleanly", driver.close())
        finally:
            driver.process.kill()
            server.shutdown()
            server.server_close()


# --- Real development chains ---------------------------------------------------------------------------------------

def find(variable, name):
    program = os.environ.get(variable) or shutil.which(name)
    if program and os.path.exists(program):
        return program
    SKIPPED.append("%s: no %s in PATH and no %s" % (name, name, variable))
    return None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def rpc(url, method, *params):
    return harness.rpc(url, method, *params).get("result")


def wait_rpc(url):
    for _ in range(100):
        try:
            return rpc(url, "eth_chainId")
        except OSError:
            time.sleep(0.1)
    raise AssertionError("no answer from " + url)


def anvil(program):
    port = free_port()
    url = "http://127.0.0.1:%d" % port
    argv = [program, "--port", str(port), "--chain-id", "138", "--block-time", "1", "--silent"]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    driver = None
    try:
        expect("chain id", wait_rpc(url) == "0x8a")
        driver = Driver("besu", settings([url], peers_min=0))
        until(driver, 8, lambda: driver.ok("status")["network"]["state"] == "ok" and
              driver.ok("status")["network"].get("head", 0) >= 4, "blocks")
        status = driver.ok("status")
        expect("it is anvil", "anvil" in status["nodes"][0]["version"].lower(), status)
        answer = driver.run("validators")
        expect("no validators, and why", answer["status"] == "unsupported", answer)
        expect("heads", driver.events("besu.head"))
        rpc(url, "evm_setIntervalMining", 0)
        until(driver, 12, lambda: driver.events("besu.stalled"), "mining stopped: stalled")
        expect("halted", driver.ok("status")["network"]["state"] == "halted")
        rpc(url, "evm_setIntervalMining", 1)
        until(driver, 12, lambda: driver.events("besu.recovered"), "mining again: recovered")
        process.kill()
        process.wait()
        until(driver, 5, lambda: driver.events("besu.unreachable"), "killed: unreachable")
        expect("the plugin ended cleanly", driver.close())
    finally:
        process.kill()
        process.wait()
        if driver:
            driver.process.kill()


def clique_network(geth, folder):
    """Three signers; returns their processes, addresses and URLs."""
    addresses, urls, processes, ports = [], [], [], [free_port() for _ in range(9)]
    with open(os.path.join(folder, "pw"), "w") as f:
        f.write("pw")
    for i in range(3):
        key = os.path.join(folder, "key%d" % i)
        with open(key, "w") as f:
            f.write("%064d" % (i + 1))
        out = subprocess.run([geth, "--datadir", os.path.join(folder, "d%d" % i), "account", "import", "--password",
                              os.path.join(folder, "pw"), key], capture_output=True, text=True, check=True).stdout
        addresses.append(out[out.index("{") + 1:out.index("}")].lower())
    forks = ("homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul",
             "berlin", "london")
    genesis = {"config": dict({f + "Block": 0 for f in forks}, chainId=138, clique={"period": 1, "epoch": 30000}),
               "difficulty": "1", "gasLimit": "8000000", "alloc": {},
               "extradata": "0x" + 64 * "0" + "".join(sorted(addresses)) + 130 * "0"}
    with open(os.path.join(folder, "genesis.json"), "w") as f:
        json.dump(genesis, f)
    for i in range(3):
        data = os.path.join(folder, "d%d" % i)
        subprocess.run([geth, "--datadir", data, "init", os.path.join(folder, "genesis.json")], check=True,
                       capture_output=True)
        processes.append(subprocess.Popen(
            [geth, "--datadir", data, "--networkid", "138", "--port", str(ports[i]), "--nodiscover", "--nat", "none",
             "--netrestrict", "127.0.0.0/8", "--http", "--http.addr", "127.0.0.1", "--http.port", str(ports[3 + i]),
             "--http.api", "eth,net,web3,clique,txpool,admin", "--authrpc.port", str(ports[6 + i]), "--ipcdisable",
             "--mine", "--miner.etherbase", "0x" + addresses[i], "--unlock", "0x" + addresses[i], "--password",
             os.path.join(folder, "pw"), "--allow-insecure-unlock", "--verbosity", "1"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        urls.append("http://127.0.0.1:%d" % ports[3 + i])
    enodes = []
    for i, url in enumerate(urls):
        wait_rpc(url)
        enode = rpc(url, "admin_nodeInfo")["enode"]
        enodes.append("%s@127.0.0.1:%d" % (enode.split("@")[0], ports[i]))
        for other in enodes[:-1]:
            rpc(url, "admin_addPeer", other)
    return processes, addresses, urls


def clique(geth):
    folder = tempfile.mkdtemp(prefix="geth-clique-")
    processes, driver = [], None
    try:
        processes, addresses, urls = clique_network(geth, folder)
        driver = Driver("besu", settings(urls, lag_blocks=3))
        until(driver, 30, lambda: driver.ok("status")["network"]["state"] == "ok" and
              driver.ok("status")["network"].get("head", 0) >= 8, "blocks")
        validators = driver.ok("validators")
        expect("clique", validators["consensus"] == "clique" and validators["quorum"] == 2, validators)
        expect("signers", {m["address"].lower()[2:] for m in validators["members"]} == set(addresses), validators)
        blocks = driver.ok("consensus", blocks=6)["blocks"]
        expect("signers of the blocks, recovered", all(b["proposer"].lower() ==
               "0x" + addresses_of(urls[0], b["number"]) for b in blocks), blocks)
        for vote, left in (("remove", 2), ("add", 3)):
            driver.plan("vote", validator="0x" + addresses[2], vote=vote, unseen=True)
            done = driver.approved("vote", validator="0x" + addresses[2], vote=vote, unseen=True, wait="1m")
            expect("voted: " + vote, done["effective"] and done["validators"] == left, done)
            expect("taken back", not any(rpc(url, "clique_proposals") for url in urls))
        processes[2].send_signal(signal.SIGKILL)
        processes[2].wait()
        gone = "0x" + addresses[2]
        until(driver, 30, lambda: gone in [e["validator"].lower() for e in driver.events("besu.validator-missing")],
              "the signer that is gone")
        expect("blocks go on", driver.ok("status")["network"]["state"] == "degraded", driver.ok("status"))
        processes[1].send_signal(signal.SIGKILL)
        processes[1].wait()
        until(driver, 20, lambda: [e for e in driver.events("besu.stalled") if e["node"] == "node1"], "halt")
        expect("the plugin ended cleanly", driver.close())
    finally:
        for p in processes:
            p.kill()
            p.wait()
        if driver:
            driver.process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def addresses_of(url, number):
    return rpc(url, "clique_getSigner", hex(number))[2:]


def main():
    jobs = [("%s, replaying Besu %s" % (t.__name__.replace("_", " "), v), t, (v,))
            for t in (all_up, one_down, quorum_lost, halted, recovery, late_joiner, left_behind, no_first_block, fork, tokens, limits,
                      writes)
            for v in double.VERSIONS]
    jobs.append(("hostile servers", hostile, ()))
    for variable, name, test in (("C138_ANVIL", "anvil", anvil), ("C138_GETH", "geth", clique)):
        program = find(variable, name)
        if program:
            jobs.append(("on %s" % name, test, (program,)))
    only = os.environ.get("ONLY")
    jobs = [j for j in jobs if not only or only in j[0]]
    passed = failed = 0
    # Most of the time they wait for the recorded moments: several at once.
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", "5"))) as pool:
        futures = [(name, pool.submit(test, *arguments)) for name, test, arguments in jobs]
        for name, future in futures:
            try:
                future.result()
                passed += 1
                print("ok: %s" % name, flush=True)
            except Exception as e:
                failed += 1
                print("FAILED: %s: %s" % (name, e), flush=True)
                if not isinstance(e, AssertionError):
                    traceback.print_exception(type(e), e, e.__traceback__)
    for reason in SKIPPED:
        print("skipped: %s" % reason)
    print("%d passed, %d failed, %d skipped" % (passed, failed, len(SKIPPED)))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())
