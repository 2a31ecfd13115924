"""A network of doubles that goes on for ever: four validators and a fifth node that may become one, with votes and allowlists.

Addresses, keys, headers, and every answer are those of recorded nodes (tests/data/besu-25.5.0, besu-26.8.0); what is a state there
is a state here. Seen on the real ones, and done here: a vote is in the block of whoever holds it, once; more than half of the
validators change the set in the next block; a vote stays pending after it took effect, and is lost in a restart; any address is
taken, on any node. A change of an allowlist is written to the permissions file at once.
"""
import copy
import json
import os
import threading
import time

import besu_double as double

PERIOD = 1  # second, as recorded


def rlp_read(data):
    """(item, rest): bytes, or a list of items."""
    first = data[0]
    if first < 0x80:
        return data[:1], data[1:]
    if first < 0xc0:
        start, length = head(data, 0x80)
        return data[start:start + length], data[start + length:]
    start, length = head(data, 0xc0)
    items, rest = [], data[start:start + length]
    while rest:
        item, rest = rlp_read(rest)
        items.append(item)
    return items, data[start + length:]


def head(data, base):
    short = data[0] - base
    if short <= 55:
        return 1, short
    size = short - 55
    return 1 + size, int.from_bytes(data[1:1 + size], "big")


def rlp_write(item):
    if isinstance(item, list):
        body, base = b"".join(rlp_write(i) for i in item), 0xc0
    else:
        if len(item) == 1 and item[0] < 0x80:
            return item
        body, base = item, 0x80
    if len(body) <= 55:
        return bytes([base + len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([base + 55 + size]) + len(body).to_bytes(size, "big") + body


def raw(address):
    return bytes.fromhex(address[2:])


class Live:
    """`nodes` of them: 1 to 4 validate, 5 does not yet. Blocks come once a second while a quorum is up."""

    FIRST = 1000

    def __init__(self, version, epoch=30000, base_fee=None):
        self.recording = double.Recording(version)
        self.version, self.epoch = version, epoch
        self.lock = threading.RLock()
        enodes = self.recording.result("perm_getNodesAllowlist")
        self.enodes = {i + 1: e for i, e in enumerate(enodes)}
        self.addresses = dict(self.recording.addresses)
        self.addresses[5] = self.joiner()
        self.order = sorted(self.recording.addresses.values())
        self.down, self.epochs_seen = set(), 0
        self.tally = {}
        self.blocks = []
        self.nodes = {}
        now = time.time()
        for n in range(24):
            self.append(now - 24 + n)
        self.nodes = {n: LiveNode(self, n) for n in range(1, 6)}
        self.servers = {n: double.Server(node) for n, node in self.nodes.items()}

    def joiner(self):
        """The recorded fifth node: the one that was voted in."""
        entry = next(e for e in self.recording.load("qbft_voting") if e["case"] == "timeline")
        return next(iter(entry["response"][1]["pending votes"]["1"]))

    def url(self, n):
        return self.servers[n].url

    def urls(self, *numbers):
        return [self.url(n) for n in numbers or (1, 2, 3, 4)]

    def number_of(self, address):
        return next(n for n, a in self.addresses.items() if a == address)

    def up(self, n):
        return n not in self.down

    def append(self, at):
        number = self.FIRST + len(self.blocks)
        last = self.blocks[-1]["miner"] if self.blocks else self.order[-1]
        start = (self.order.index(last) + 1 if last in self.order else 0) % len(self.order)
        for rounds in range(len(self.order)):
            miner = self.order[(start + rounds) % len(self.order)]
            if self.up(self.number_of(miner)):
                break
        if number % self.epoch == 0:
            self.tally = {}
        else:
            self.count_vote(miner)
        self.blocks.append({"number": number, "time": at, "miner": miner, "round": rounds, "set": list(self.order)})

    def count_vote(self, miner):
        node = self.nodes.get(self.number_of(miner))
        for address, add in (node.votes if node else {}).items():
            if (address in self.order) == add:
                continue
            voters = self.tally.setdefault((address, add), set())
            if miner in voters:
                continue
            voters.add(miner)
            if len(voters) > len(self.order) / 2:
                self.order = sorted(set(self.order) | {address} if add else set(self.order) - {address})
                self.tally = {k: v for k, v in self.tally.items() if k[0] != address}
            return  # one vote a block

    def advance(self):
        with self.lock:
            quorum = -(-2 * len(self.order) // 3)
            there = sum(self.up(self.number_of(a)) for a in self.order)
            while there >= quorum and self.blocks[-1]["time"] + PERIOD <= time.time():
                self.append(self.blocks[-1]["time"] + PERIOD)
            return self.blocks[-1]["number"]

    def stop(self, n):
        self.advance()
        self.down.add(n)

    def start(self, n):
        """After a restart: votes are gone, lists are read from the file."""
        with self.lock:
            self.nodes[n].votes = {}
            if not any(self.up(self.number_of(a)) for a in self.order):
                self.blocks[-1]["time"] = time.time()
            self.down.discard(n)

    def restart(self, n):
        self.stop(n)
        self.start(n)

    def block(self, number):
        if not self.FIRST <= number <= self.advance():
            return None
        own = self.blocks[number - self.FIRST]
        recorded = dict(self.recording.block)
        parts, _ = rlp_read(raw(self.recording.last["extraData"]))
        parts[1] = [raw(a) for a in own["set"]]
        parts[3] = bytes([own["round"]]) if own["round"] else b""
        recorded.update(number=hex(number), hash=self.hash(number), parentHash=self.hash(number - 1), transactions=[],
                        timestamp=hex(int(own["time"])), gasUsed="0x0", miner=own["miner"], totalDifficulty=hex(number + 1),
                        extraData="0x" + rlp_write(parts).hex())
        return recorded

    @staticmethod
    def hash(number):
        return "0x%064x" % (number + 0x138 * 2 ** 200)

    def validators(self):
        self.advance()
        return list(self.order)

    def close(self):
        for s in self.servers.values():
            s.shutdown()
            s.server_close()


class LiveNode(double.Validator):
    def __init__(self, network, number, apis=None):
        super().__init__(network, number, apis)
        self.votes = {}
        self.lists = {"Accounts": list(self.recording.result("perm_getAccountsAllowlist")),
                      "Nodes": list(network.enodes.values())}
        self.off = set()      # lists that are not enabled
        self.broken = {}      # method: how many calls it still takes before it fails, and the error
        self.file = None      # its permissions file
        self.pool = None      # what txpool_besuPendingTransactions answers
        self.answers = {}     # method: function of its parameters, for what this test needs
        self.balances, self.nonces, self.least_price = {}, {}, "0x0"
        self.writes = []

    def one(self, request):
        own = self.answers.get(request["method"])
        if own:
            return dict({"jsonrpc": "2.0", "id": request["id"]}, **own(*request.get("params", [])))
        return super().one(request)

    # --- The chain

    def eth_getBlockByNumber(self, tag, full):
        number = self.network.advance() if tag in ("latest", "pending") else int(tag, 16)
        return {"result": self.network.block(number)}

    def eth_blockNumber(self):
        return {"result": hex(self.network.advance())}

    def others(self):
        return [n for n in range(1, 6) if n != self.number and self.network.up(n) and not self.refuses(n)
                and not self.network.nodes[n].refuses(self.number)]

    def refuses(self, n):
        """A peer that is not on the list is dropped."""
        return "Nodes" not in self.off and self.network.enodes[n] not in self.lists["Nodes"]

    def admin_peers(self):
        known = next(iter(self.recording.peers.values()))
        peers = []
        for n in self.others():
            p = copy.deepcopy(self.recording.peers.get(n, known))
            p["enode"] = self.network.enodes[n]
            p["id"] = "0x" + self.network.enodes[n][8:136]
            p["protocols"]["eth"]["difficulty"] = hex(self.network.advance() + 1)
            if "latestBlock" in p["protocols"]["eth"]:
                p["protocols"]["eth"]["latestBlock"] = self.network.advance()
            peers.append(p)
        return {"result": peers}

    def admin_nodeInfo(self):
        info = copy.deepcopy(self.recording.info)
        info.update(id=self.network.enodes[self.number][8:136], enode=self.network.enodes[self.number] + "?discport=0")
        info["protocols"]["eth"]["config"]["qbft"]["epochLength"] = self.network.epoch
        return {"result": info}

    def eth_coinbase(self):
        recorded = self.recorded("eth_coinbase")
        return {"result": self.network.addresses[self.number]} if "result" in recorded else recorded

    def qbft_getValidatorsByBlockNumber(self, tag):
        return {"result": self.network.validators()}

    # --- Votes, as recorded: true for everything

    @staticmethod
    def padded(address):
        return "0x%040x" % int(address, 16)

    def qbft_proposeValidatorVote(self, address, add=None):
        if add is None:
            return self.error("qbft_proposeValidatorVote", "missing second parameter")
        with self.network.lock:
            self.network.advance()
            self.votes[self.padded(address)] = add
        self.writes.append(("propose", self.padded(address), add))
        return {"result": self.recording.result("qbft_proposeValidatorVote", "add")}

    def qbft_discardValidatorVote(self, address):
        with self.network.lock:
            self.network.advance()
            self.votes.pop(self.padded(address), None)
        self.writes.append(("discard", self.padded(address)))
        return {"result": self.recording.result("qbft_discardValidatorVote", "not existing")}

    def qbft_getPendingVotes(self):
        return {"result": dict(self.votes)}

    # --- Allowlists, as recorded

    def error(self, method, case):
        return {"error": self.recording.response(method, case)["error"]}

    def breaks(self, method):
        if method not in self.broken:
            return None
        left, error = self.broken[method]
        self.broken[method] = (left - 1, error)
        return {"error": error} if left <= 0 else None

    def get_list(self, kind):
        if kind in self.off:
            return self.error("perm_get%sAllowlist" % kind, "node without permissions enabled")
        return {"result": list(self.lists[kind])}

    def perm_getAccountsAllowlist(self):
        return self.get_list("Accounts")

    def perm_getNodesAllowlist(self):
        return self.get_list("Nodes")

    @staticmethod
    def same(kind, entry):
        return entry.lower() if kind == "Accounts" else entry.split("?")[0]

    def change(self, kind, add, entries):
        method = "perm_%s%s%sAllowlist" % ("add" if add else "remove", kind, "To" if add else "From")
        if kind in self.off:
            return self.error("perm_add%sToAllowlist" % kind, "node without permissions enabled")
        entries = [self.same(kind, e) for e in entries]
        for e in entries:
            if (e in self.lists[kind]) == add:
                return self.error(method, "already there" if add else "not there")
        failed = self.breaks(method)
        if failed:
            return failed
        self.lists[kind] = self.lists[kind] + entries if add else [e for e in self.lists[kind] if e not in entries]
        self.writes.append((method, entries))
        self.save()
        return {"result": self.recording.result(method)}

    def perm_addAccountsToAllowlist(self, entries):
        return self.change("Accounts", True, entries)

    def perm_removeAccountsFromAllowlist(self, entries):
        return self.change("Accounts", False, entries)

    def perm_addNodesToAllowlist(self, entries):
        return self.change("Nodes", True, entries)

    def perm_removeNodesFromAllowlist(self, entries):
        return self.change("Nodes", False, entries)

    def save(self):
        """The form is the recorded one: one line a list, without blanks."""
        if not self.file:
            return
        lines = self.recording.load("perm_file")[0]["response"]
        names = [line.split("=")[0] for line in lines]
        with open(self.file + ".new", "w") as f:
            for name in names:
                kind = "Nodes" if name.startswith("nodes") else "Accounts"
                f.write("%s=%s\n" % (name, json.dumps(self.lists[kind], separators=(",", ":"))))
        os.rename(self.file + ".new", self.file)

    # --- The pool

    def txpool_besuPendingTransactions(self, limit=None, how=None):
        return {"result": self.pool if self.pool is not None else []}

    def eth_getTransactionCount(self, address, tag):
        return {"result": hex(self.nonces.get(address.lower(), 0))}

    def eth_getBalance(self, address, tag):
        return {"result": hex(self.balances.get(address.lower(), 0))}

    def miner_getMinGasPrice(self):
        return {"result": self.least_price}

    def eth_getCode(self, address, tag):
        return {"result": "0x"}
