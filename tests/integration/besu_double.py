#!/usr/bin/env python3
"""An HTTP double of Besu nodes that replays what real ones answered: tests/data/besu-25.5.0 and besu-26.8.0.

What it serves is a recorded run of a four-validator network: one validator down, then two, the third
started again, the next block. Block numbers, hashes, times and rounds are those of the logs, the
validators and proposers those of the recorded headers, the log lines are written to a file as they came,
all moved to the present: the scenario's moment `begin` is now. Other answers are the recorded ones of the
same method. Further nodes: a late joiner (its recorded timeline), one with JWT, one with login, one with
few APIs and small limits, and hostile ones that no recording is needed for.

Run by hand:  besu_double.py VERSION SCENARIO [LOG-FILE]   (prints the addresses as JSON, serves until killed)
"""
import base64
import hashlib
import http.server
import json
import os
import re
import sys
import threading
import time
from datetime import datetime, timezone

DATA = os.path.join(os.environ.get("srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")),
                    "tests", "data")
VERSIONS = ("25.5.0", "26.8.0")

LINE_TIME = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})(\+00:?00)")


def utc(text):
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=timezone.utc).timestamp()


# When which node (by number) was down, as the recordings tell; moments to begin at.
RUNS = {
    "25.5.0": {"down": {4: [("2026-11-23 07:35:48.500", "2026-11-23 07:50:00.000")],
                        3: [("2026-11-23 07:36:14.500", "2026-11-23 07:37:12.000")]},
               "begin": {"all-up": "2026-11-23 07:35:30.000", "one-down": "2026-11-23 07:35:44.000",
                         "quorum-lost": "2026-11-23 07:36:11.000", "halted": "2026-11-23 07:36:40.000",
                         "recovery": "2026-11-23 07:39:05.000"}},
    "26.8.0": {"down": {4: [("2026-11-23 09:20:03.000", "2026-11-23 09:20:39.400"),
                            ("2026-11-23 09:20:53.500", "2026-11-23 09:30:00.000")],
                        3: [("2026-11-23 09:20:53.500", "2026-11-23 09:21:31.000")]},
               "begin": {"all-up": "2026-11-23 09:19:44.000", "one-down": "2026-11-23 09:19:58.000",
                         "quorum-lost": "2026-11-23 09:20:50.500", "halted": "2026-11-23 09:21:10.000",
                         "recovery": "2026-11-23 09:23:26.000"}},
}


class Recording:
    """The recorded data of one version."""

    def __init__(self, version):
        self.version, self.folder = version, os.path.join(DATA, "besu-" + version)
        states = self.load("consensus_states")
        note = next(e["note"] for e in states if e.get("note"))
        self.addresses = {int(k): v for k, v in json.loads(note[note.index("{"):]).items()}
        lost = self.case(states, "two of four validators down for 12 s: quorum lost")["response"]["node1"]
        self.last = lost["latest block"]
        self.anchors, self.anchor_times = {}, {}  # number: proposer, time of every recorded header
        for entry in states:
            if isinstance(entry["response"], dict) and "node1" in entry["response"]:
                block = entry["response"]["node1"]["latest block"]
                self.anchors[int(block["number"], 16)] = block["miner"]
                self.anchor_times[int(block["number"], 16)] = int(block["timestamp"], 16)
        self.block = self.result("eth_getBlockByNumber", "latest")
        self.info = self.result("admin_nodeInfo", "normal")
        # "non-validator with 4 peers" sees all four validators; the port tells which one it is.
        base = self.info["ports"]["listener"]
        self.peers = {int(p["port"], 16) - base + 1: p
                      for p in self.result("admin_peers", "non-validator with 4 peers")}

    def load(self, name):
        with open(os.path.join(self.folder, name + ".json")) as f:
            return json.load(f)

    def lines(self, name):
        with open(os.path.join(self.folder, "log-%s.txt" % name)) as f:
            return f.read().splitlines()

    @staticmethod
    def case(entries, name):
        return next(e for e in entries if e["case"] == name)

    def response(self, method, case="normal"):
        return self.case(self.load(method), case)["response"]

    def result(self, method, case="normal"):
        return self.response(method, case)["result"]


class Timeline:
    """Blocks and log lines of the recorded run, by their recorded times."""

    LOGS = ("one-validator-down-node1", "quorum-lost-node1", "recovery-node1")

    def __init__(self, recording):
        self.recording = recording
        self.down = {n: [(utc(a), utc(b)) for a, b in spans] for n, spans in RUNS[recording.version]["down"].items()}
        self.times, self.rounds, self.hashes, self.log = {}, {}, {}, []
        for name in self.LOGS:
            for line in recording.lines(name):
                self.take(line)
        self.fill()
        self.propose()

    def take(self, line):
        when = LINE_TIME.match(line)
        if not when:
            return
        at = utc(when.group(1))
        self.log.append((at, line[when.end():], when.group(2)))
        block = re.search(r"(?:Imported|Produced) .*?#([\d,]+) .*\((0x[0-9a-f]{64})\)", line)
        if block:
            number = int(block.group(1).replace(",", ""))
            self.times.setdefault(number, at)
            self.hashes[number] = block.group(2)
        bft = re.search(r"Sequence=(\d+), Round=(\d+)", line)
        if bft:
            self.rounds[int(bft.group(1))] = int(bft.group(2))

    def fill(self):
        """Blocks that no kept line names: one a second before, evenly between, one a second after."""
        for n, at in self.recording.anchor_times.items():
            self.times.setdefault(n, at + 0.01)
        known = sorted(self.times)
        for a, b in zip(known, known[1:]):
            for n in range(a + 1, b):
                self.times[n] = self.times[a] + (self.times[b] - self.times[a]) * (n - a) / (b - a)
        for i in range(1, 60):
            self.times[known[0] - i] = self.times[known[0]] - i
            self.times[known[-1] + i] = self.times[known[-1]] + i

    def propose(self):
        """From the recorded headers: each proposer is the next one by address, plus the round."""
        self.order = sorted(self.recording.addresses.values())
        anchors = self.recording.anchors
        first = min(anchors)
        self.proposers = {first: self.order.index(anchors[first])}
        for n in range(first + 1, max(self.times) + 1):
            self.proposers[n] = (self.order.index(anchors[n]) if n in anchors
                                 else (self.proposers[n - 1] + 1 + self.rounds.get(n, 0)) % 4)
        for n in range(first - 1, min(self.times) - 1, -1):
            self.proposers[n] = (self.proposers[n + 1] - 1 - self.rounds.get(n + 1, 0)) % 4

    def head(self, at):
        return max((n for n, t in self.times.items() if t <= at), default=min(self.times))

    def up(self, node, at):
        return not any(a <= at < b for a, b in self.down.get(node, []))

    def hash(self, number):
        return self.hashes.get(number) or "0x" + hashlib.sha256(b"%d" % number).hexdigest()

    def block(self, number, shift):
        if number not in self.times:
            return None
        b = dict(self.recording.block)
        extra = self.recording.last["extraData"]
        assert extra.count("c080f8c9") == 1
        b.update(number=hex(number), hash=self.hash(number), parentHash=self.hash(number - 1),
                 timestamp=hex(int(self.times[number] + shift)), transactions=[], gasUsed="0x0",
                 miner=self.order[self.proposers[number]], totalDifficulty=hex(number + 1),
                 extraData=extra.replace("c080f8c9", "c0%sf8c9" % ("%02x" % self.rounds.get(number, 0)
                                                                  if self.rounds.get(number, 0) else "80")))
        return b


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, status, body, kind="application/json", headers=()):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            self.server.node.post(self, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, node):
        super().__init__(("127.0.0.1", 0), Handler)
        self.node = node
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.server_address[1]

    def handle_error(self, request, client_address):
        pass


class Node:
    """Answers JSON-RPC as the version does; subclasses say what differs."""

    APIS = None  # those of the recording
    BATCH_MAX = 1024

    def __init__(self, recording):
        self.recording = recording
        self.requests = 0
        self.seen = []

    def post(self, handler, body):
        self.requests += 1
        if handler.path == "/login":
            return handler.reply(400, "", None)
        request = json.loads(body)
        if not isinstance(request, list):
            return handler.reply(200, json.dumps(self.one(request)))
        if len(request) > self.BATCH_MAX:
            refused = self.recording.case(self.recording.load("http"), "batch too large (limit 5)")["response"]
            return handler.reply(200, json.dumps(refused))
        handler.reply(200, json.dumps([self.one(r) for r in request]))

    def one(self, request):
        method, answer = request["method"], {"jsonrpc": "2.0", "id": request["id"]}
        self.seen.append(method)
        group = method.split("_")[0]
        if self.APIS is not None and group not in self.APIS and group != "rpc":
            answer["error"] = {"code": -32604, "message": "Method not enabled"}
            return answer
        own = getattr(self, method, None)
        try:
            answer.update(own(*request.get("params", [])) if own else self.recorded(method))
        except (FileNotFoundError, StopIteration):
            answer["error"] = {"code": -32601, "message": "Method not found"}
        return answer

    def recorded(self, method):
        response = self.recording.response(method)
        return {k: response[k] for k in ("result", "error") if k in response}

    def rpc_modules(self):
        modules = self.recording.result("rpc_modules")
        if self.APIS is not None:
            modules = {k: v for k, v in modules.items() if k in self.APIS}
        return {"result": modules}


class Validator(Node):
    """One of the four of the recorded run."""

    def __init__(self, network, number, apis=None):
        super().__init__(network.recording)
        self.network, self.number, self.APIS = network, number, apis
        self.stands_at = self.peers_stand_at = None  # a head that does not move

    def post(self, handler, body):
        if not self.network.up(self.number):
            handler.close_connection = True  # as good as refused: the connection ends without an answer
            return
        super().post(handler, body)

    def eth_getBlockByNumber(self, tag, full):
        head = self.network.head() if self.stands_at is None else self.stands_at
        number = head if tag in ("latest", "pending") else int(tag, 16)
        return {"result": self.network.block(number) if number <= self.network.head() else None}

    def eth_blockNumber(self):
        return {"result": hex(self.network.head())}

    def eth_syncing(self):
        return {"result": False}  # as recorded in each of the states, the halted one too

    def others(self):
        return [n for n in self.recording.peers if n != self.number and self.network.up(n)]

    def net_peerCount(self):
        return {"result": hex(len(self.others()))}

    def admin_peers(self):
        peers = []
        for n in self.others():
            p = json.loads(json.dumps(self.recording.peers[n]))
            eth = p["protocols"]["eth"]
            head = self.network.head() if self.peers_stand_at is None else self.peers_stand_at
            eth["difficulty"] = hex(head + 1)
            if "latestBlock" in eth:
                eth["latestBlock"] = head
            peers.append(p)
        return {"result": peers}

    def admin_nodeInfo(self):
        info = dict(self.recording.info, id=self.recording.peers[self.number]["id"][2:],
                    enode=self.recording.peers[self.number]["enode"])
        return {"result": info}

    def eth_coinbase(self):
        recorded = self.recorded("eth_coinbase")
        return {"result": self.recording.addresses[self.number]} if "result" in recorded else recorded

    def qbft_getValidatorsByBlockNumber(self, tag):
        return {"result": sorted(self.recording.addresses.values())}

    def qbft_getSignerMetrics(self, start="0x1", end="latest"):
        head, first = self.network.head(), int(start, 16)
        rows = []
        for i, address in enumerate(self.network.timeline.order):
            mine = [n for n in range(max(first, min(self.network.timeline.times)), head)
                    if self.network.timeline.proposers[n] == i]
            rows.append({"address": address, "proposedBlockCount": hex(len(mine)),
                         "lastProposedBlockNumber": hex(max(mine, default=0))})
        return {"result": rows}

    def admin_addPeer(self, enode):
        response = self.recording.response("admin_addPeer", "new unreachable peer")
        return {"result": response["result"]}

    def admin_removePeer(self, enode):
        return {"result": self.recording.response("admin_removePeer", "not there")["result"]}

    def admin_changeLogLevel(self, level, loggers=None):
        return {"result": "Success"}


class Network:
    """The recorded run, begun at a moment of it; `log` (a path) gets node 1's lines as their time comes."""

    def __init__(self, version, scenario, log=None):
        self.recording = Recording(version)
        self.timeline = Timeline(self.recording)
        self.begin = utc(RUNS[version]["begin"][scenario])
        # Whole seconds, so that block times keep their place between the seconds.
        self.shift = round(time.time() - self.begin)
        self.servers = [Server(Validator(self, n)) for n in (1, 2, 3, 4)]
        self.stopped = threading.Event()
        self.thread = None
        if log:
            self.thread = threading.Thread(target=self.write_log, args=(log,), daemon=True)
            self.thread.start()

    def now(self):
        return time.time() - self.shift

    def head(self):
        return self.timeline.head(self.now())

    def block(self, number):
        return self.timeline.block(number, self.shift)

    def up(self, node):
        return self.timeline.up(node, self.now())

    def write_log(self, path):
        with open(path, "a", buffering=1) as f:
            for at, rest, offset in self.timeline.log:
                if self.stopped.wait(max(0, at - self.now())):
                    return
                stamp = datetime.fromtimestamp(at + self.shift, timezone.utc)
                f.write(stamp.strftime("%Y-%m-%d %H:%M:%S.") + "%03d" % (stamp.microsecond // 1000) +
                        offset + rest + "\n")

    def urls(self):
        return [s.url for s in self.servers]

    def close(self):
        self.stopped.set()
        for s in self.servers:
            s.shutdown()
            s.server_close()


class LateJoiner(Node):
    """A fresh node that joins late: its recorded answers, each from its recorded second on."""

    def __init__(self, recording, start=None):
        super().__init__(recording)
        self.rows = next(e["response"] for e in recording.load("eth_syncing") if e["case"].startswith("timeline"))
        self.begin = (start or time.time()) - self.rows[0]["t"] - 0.01
        self.network = None

    def row(self):
        t = time.time() - self.begin
        return [r for r in self.rows if r["t"] <= t][-1]

    def eth_getBlockByNumber(self, tag, full):
        number = int(self.row()["eth_blockNumber"], 16) if tag == "latest" else int(tag, 16)
        b = dict(self.recording.block)
        b.update(number=hex(number), hash="0x" + hashlib.sha256(b"%d" % number).hexdigest(),
                 parentHash="0x" + hashlib.sha256(b"%d" % (number - 1)).hexdigest(), totalDifficulty=hex(number + 1),
                 timestamp=hex(int(time.time())) if number else "0x0", transactions=[])
        return {"result": b}

    def eth_syncing(self):
        return {"result": self.row()["eth_syncing"]["result"]}

    def net_peerCount(self):
        return {"result": self.row()["net_peerCount"]}

    def admin_peers(self):
        return {"error": {"code": -32604, "message": "Method not enabled"}}

    def eth_blockNumber(self):
        return {"result": self.row()["eth_blockNumber"]}


def jwt(lifetime, mark="x"):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    return ".".join((part({"alg": "RS256"}), part({"exp": int(time.time() + lifetime), "who": mark}), "c2ln"))


class Guarded(Validator):
    """A node that wants a token: one of `tokens`, or one from /login. Refusals as recorded in http.json."""

    def __init__(self, network, number, users=None):
        super().__init__(network, number)
        self.tokens, self.users, self.logins, self.lifetime = set(), users, 0, 300
        self.entries = network.recording.load("http")

    def post(self, handler, body):
        if handler.path == "/login":
            return self.login(handler, body)
        given = handler.headers.get("Authorization", "")
        token = given[7:] if given.startswith("Bearer ") else None
        if token in self.tokens:
            return super().post(handler, body)
        if isinstance(json.loads(body), list) and token:
            refused = [{"jsonrpc": "2.0", "id": r["id"], "error": {"code": -40100, "message": "Unauthorized"}}
                       for r in json.loads(body)]
            return handler.reply(200, json.dumps(refused))
        entry = self.recording.case(self.entries, "JWT node without token")
        handler.reply(entry["httpStatus"], json.dumps(entry["response"]), None)

    def login(self, handler, body):
        self.logins += 1
        if self.users is None:
            return handler.reply(400, "", None)
        who = json.loads(body)
        if self.users.get(who.get("username")) != who.get("password"):
            return handler.reply(401, "Authentication failed: the username or password is incorrect.", None)
        token = jwt(self.lifetime, str(self.logins))
        self.tokens.add(token)
        handler.reply(200, json.dumps({"token": token}))


class Limited(Validator):
    """Node 4 of the recordings: only ETH, NET, WEB3, Host must be localhost, batches of at most five."""

    BATCH_MAX = 5

    def __init__(self, network, number):
        super().__init__(network, number, ("eth", "net", "web3"))

    def post(self, handler, body):
        if handler.headers.get("Host", "").split(":")[0] != "localhost":
            entry = self.recording.case(self.recording.load("http"), "host not in allowlist")
            return handler.reply(entry["httpStatus"], json.dumps(entry["response"]))
        super().post(handler, body)


class Hostile:
    """A peer that is no node, or a sick one."""

    def __init__(self, how):
        self.how = how

    def post(self, handler, body):
        getattr(self, self.how.replace("-", "_"))(handler, body)

    def raw(self, handler, data):
        handler.close_connection = True
        handler.wfile.write(data)
        handler.wfile.flush()

    def slow(self, handler, body):
        self.raw(handler, b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(100):
            time.sleep(0.1)
            handler.wfile.write(b"H")

    def truncated(self, handler, body):
        self.raw(handler, b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{"jsonrpc"')

    def two_gigabytes(self, handler, body):
        self.raw(handler, b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n")
        for _ in range(2 ** 15):
            handler.wfile.write(b" " * 65536)

    def endless(self, handler, body):
        self.raw(handler, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(2 ** 15):
            handler.wfile.write(b"10000\r\n" + b" " * 65536 + b"\r\n")

    def html(self, handler, body):
        handler.reply(200, "<html><body>It works!</body></html>", "text/html")

    def redirect(self, handler, body):
        handler.reply(302, "", "text/html", [("Location", "http://127.0.0.1:1/")])

    def wrong_json(self, handler, body):
        handler.reply(200, '[{"jsonrpc": "2.0", "id": 1, "result": "0x1"},')

    def deep_json(self, handler, body):
        handler.reply(200, "[" * 100000)

    def other_ids(self, handler, body):
        handler.reply(200, '[{"jsonrpc":"2.0","id":4711,"result":"0x1"}]')

    def nonsense(self, handler, body):
        answers = [{"jsonrpc": "2.0", "id": r["id"], "result": {"number": [], "x": -1}} for r in json.loads(body)]
        handler.reply(200, json.dumps(answers))

    def empty(self, handler, body):
        handler.reply(200, "")


HOSTILE = {"slow": "http.timeout", "truncated": "http.truncated", "two-gigabytes": "http.too-large",
           "endless": "http.too-large", "html": "rpc.html", "redirect": "rpc.redirect",
           "wrong-json": "rpc.not-json", "deep-json": "rpc.not-json", "other-ids": "rpc.wrong-id",
           "nonsense": "block.invalid", "empty": "rpc.no-answer"}


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in VERSIONS or sys.argv[2] not in RUNS[sys.argv[1]]["begin"]:
        print(__doc__)
        print("versions: %s; scenarios: %s" % (", ".join(VERSIONS), ", ".join(RUNS["25.5.0"]["begin"])))
        return 2
    network = Network(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
    print(json.dumps({"replays": "besu-" + sys.argv[1], "scenario": sys.argv[2], "nodes": network.urls()}), flush=True)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
