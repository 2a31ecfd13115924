#!/usr/bin/env python3
"""Logs, read and followed, on a live development chain: none is missing and none is told that the chain does not have, through
reorgs, crashes, nodes with limits, and nodes that are behind.
"""
import json
import os
import random
import signal
import threading
import time

from harness import SLOW, SOURCE, Agent, check, development_chain, equal, run, until
from proxy import Proxy
from sender import ACCOUNTS, LOGGED, logger, spare_url

ME = ACCOUNTS[0][0]
SIGNATURE = "Logged(uint256,address,uint256)"


class Contract:
    """Logs as often as it is told to."""

    def __init__(self, chain):
        self.chain = chain
        self.topic = chain.result("web3_sha3", "0x" + SIGNATURE.encode().hex())
        tx = chain.result("eth_sendTransaction", {"from": ME, "data": logger(bytes.fromhex(self.topic[2:]))})
        self.address = until(lambda: chain.result("eth_getTransactionReceipt", tx))["contractAddress"]

    def log(self, n, wait=True):
        tx = self.chain.result("eth_sendTransaction", {"from": ME, "to": self.address, "gas": hex(8000000),
                                                       "data": "0x11111111%064x" % n})
        if wait:
            check(until(lambda: self.chain.result("eth_getTransactionReceipt", tx))["status"] == "0x1")

    def all(self):
        """What the chain has, by key."""
        logs = self.chain.result("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": self.address})
        return {(log["blockHash"], int(log["logIndex"], 16)): int(log["topics"][1], 16) for log in logs}


class Watcher:
    """An agent with the plugin chain and watches. `watch`: the members of the only watch, or `watches`: the whole list."""

    def __init__(self, urls, contract=None, watch="", watches=None, settings="", rates='keep_rate = "2000"; watch_rate = 1000;'):
        self.agent = Agent()
        self.agent.install("chain")
        self.urls, self.settings = urls, rates + settings
        self.configure('{ name = "all"; addresses = ("%s"); event = "%s"; %s }' % (contract.address, LOGGED, watch)
                       if contract else watches or "")

    def configure(self, watches):
        endpoints = ", ".join('{ name = "node-%d"; url = "%s"; }' % (i + 1, url) for i, url in enumerate(self.urls))
        self.agent.plugin_config("chain", 'enabled = true; poll_interval = "100ms"; '
                                 'timeout = "2s"; %s endpoints = ( %s ); watches = ( %s );' % (self.settings, endpoints, watches))

    def __enter__(self):
        self.agent.start()
        check(until(lambda: (self.agent.plugin("chain") or {}).get("state") == "running"), self.agent.log_text()[-2000:])
        return self

    def __exit__(self, *_):
        self.agent.__exit__()

    def events(self, topic):
        """All of them that the agent has kept."""
        all_, after = [], 0
        while True:
            part = self.agent.http("GET", "/v1/events?topic=%s&after=%d&limit=10000" % (topic, after))[1]["events"]
            if not part:
                return all_
            all_ += [e["data"] for e in part]
            after = part[-1]["n"]

    def row(self, name="all"):
        return [w for w in self.agent.json("chain", "watches")["watches"] if w["name"] == name][0]

    def held(self):
        """What a reader holds who does what is promised to be enough: drop repeats, drop what is taken back."""
        events = sorted(self.events("chain.log") + self.events("chain.rolled-back"), key=lambda e: e["seq"])
        logs, repeats = {}, 0
        for e in events:
            if "block_hash" not in e:
                if e["forgotten"]:
                    logs = {k: v for k, v in logs.items() if v[1] <= e["block"]}
                continue
            key = (e["block_hash"], e["log_index"])
            if e["removed"]:
                logs.pop(key, None)
            else:
                repeats += key in logs
                equal((e["args"]["who"], int(e["args"]["value"])), (ME, 3 * int(e["args"]["id"])))
                logs[key] = (int(e["args"]["id"]), e["block"])
        return {k: v[0] for k, v in logs.items()}, repeats


def agrees(w, contract, seconds=30):
    """The reader has what the chain has."""
    if not until(lambda: w.held()[0] == contract.all(), seconds, 0.2):
        check(False, "%d held, %d on the chain; %s" % (len(w.held()[0]), len(contract.all()), w.agent.ctl("chain", "watches")))


# --- Followed ------------------------------------------------------------------------------------

def every_log_is_told():
    for mode in ("worker", "thread"):
        every_log_is_told_in(mode)


def every_log_is_told_in(mode):
    with development_chain() as chain:
        contract = Contract(chain)
        contract.log(5)
        chain.result("anvil_mine", hex(100))
        contract.log(7)
        with Watcher([chain.url], contract, 'from_block = "earliest";', settings='mode = "%s";' % mode) as w:
            agrees(w, contract)
            contract.log(300)
            agrees(w, contract)
            row = w.row()
            equal((row["state"], row["logs"], row["behind"], row["reorgs"]), ("ok", 312, 0, 0))
            equal((row["block"], row["hash"]), (row["head"], chain.result("eth_getBlockByNumber", hex(row["head"]), False)["hash"]))
            equal([e["seq"] for e in w.events("chain.log")], list(range(1, 313)))
            metrics = w.agent.http("GET", "/metrics")[1]
            for line in ('chain138_chain_watch_logs_total{watch="all"} 312', 'chain138_chain_watch_behind_blocks{watch="all"} 0',
                         'chain138_chain_endpoint_up{endpoint="node-1"} 1'):
                check(line in metrics, metrics)
            # over a restart nothing is told again
            w.agent.stop()
            w.agent.start()
            contract.log(1)
            agrees(w, contract)
            equal(len(w.events("chain.log")), 313)


def from_now_on_and_only_what_is_meant():
    with development_chain() as chain:
        contract, other = Contract(chain), Contract(chain)
        contract.log(3)
        watches = '{ name = "new"; addresses = ("%s"); event = "%s"; }, ' % (contract.address, LOGGED)
        watches += '{ name = "five"; event = "%s"; args = ("id=5"); from_block = "earliest"; }, ' % LOGGED
        watches += '{ name = "value"; event = "%s"; args = ("value=6"); from_block = "earliest"; }, ' % LOGGED
        watches += '{ name = "raw"; addresses = ("%s"); from_block = "1"; }' % other.address
        with Watcher([chain.url], watches=watches) as w:
            check(until(lambda: all(r["head"] for r in w.agent.json("chain", "watches")["watches"])))
            contract.log(4)
            other.log(2)
            told = lambda name: [e for e in w.events("chain.log") if e["watch"] == name]
            counts = lambda: [len(told(n)) for n in ("new", "five", "value", "raw")]
            check(until(lambda: counts() == [4, 1, 1, 2]), (counts(), w.agent.json("chain", "watches")))
            equal([e["args"]["id"] for e in told("new")], ["3", "4", "5", "6"])
            equal((told("five")[0]["args"]["id"], told("value")[0]["args"]["id"]), ("5", "2"))
            equal((told("raw")[0]["topics"][0], told("raw")[0]["data"]), (other.topic, "0x" + "0" * 64))


def a_log_counts_after_its_confirmations():
    with development_chain() as chain:
        contract = Contract(chain)
        with Watcher([chain.url], contract, 'from_block = "earliest"; confirmations = 4;') as w:
            contract.log(2)
            chain.result("anvil_mine", "0x2")
            check(until(lambda: w.row()["head"] == 4))
            equal((len(w.events("chain.log")), w.row()["behind"]), (0, 0))
            chain.result("anvil_mine", "0x1")
            agrees(w, contract)


def a_reorg_is_taken_back_and_read_again():
    with development_chain() as chain:
        contract = Contract(chain)
        with Watcher([chain.url], contract, 'from_block = "earliest";') as w:
            for _ in range(3):
                contract.log(2)
            agrees(w, contract)
            before = contract.all()
            chain.result("anvil_reorg", 2, [])
            chain.result("anvil_mine", "0x1")
            agrees(w, contract)
            gone = set(before) - set(contract.all())
            taken = [e for e in w.events("chain.log") if e["removed"]]
            equal({(e["block_hash"], e["log_index"]) for e in taken}, gone)
            equal([int(e["args"]["id"]) for e in taken], [5, 4, 3, 2], "the newest first")
            back = w.events("chain.rolled-back")[0]
            equal((back["depth"], back["logs"], back["forgotten"]), (2, 4, False))
            contract.log(3)
            agrees(w, contract)
            equal(w.row()["reorgs"], 1)


def a_reorg_below_what_is_remembered():
    with development_chain() as chain:
        contract = Contract(chain)
        for _ in range(12):
            contract.log(1)
        with Watcher([chain.url], contract, 'from_block = "earliest";', settings="final_blocks = 2; log_range = 3;") as w:
            agrees(w, contract)
            chain.result("anvil_reorg", 8, [])
            chain.result("anvil_mine", "0x2")
            agrees(w, contract)
            check(w.events("chain.rolled-back")[0]["forgotten"], w.events("chain.rolled-back"))
            contract.log(2)
            agrees(w, contract)


def other_logs_are_meant_so_it_begins_anew():
    with development_chain() as chain:
        contract = Contract(chain)
        contract.log(4)
        with Watcher([chain.url], contract, 'from_block = "earliest"; args = ("id=1");') as w:
            check(until(lambda: len(w.events("chain.log")) == 1))
            w.configure('{ name = "all"; addresses = ("%s"); event = "%s"; from_block = "earliest"; }' % (contract.address, LOGGED))
            w.agent.json("reload")
            agrees(w, contract)


def the_agent_drops_none_of_them():
    """With the rates as they come: what a plugin publishes too fast is dropped by the agent, so it is told more slowly."""
    with development_chain("--gas-limit", "3000000000") as chain:
        contract = Contract(chain)
        for _ in range(7):
            contract.log(100)
        with Watcher([chain.url], contract, 'from_block = "earliest";', rates="") as w:
            agrees(w, contract, 60)
            equal((len(w.events("chain.log")), w.row()["text"]), (700, ""))
            equal(w.events("agent.plugin-flooding"), [])
        # set wrongly it is not silent about it
        with Watcher([chain.url], contract, 'from_block = "earliest";', rates='keep_rate = "10"; watch_rate = 1000;') as w:
            check(until(lambda: "dropped" in w.row()["text"] and w.row()["state"] == "warning"), w.row())


# --- Crashes -------------------------------------------------------------------------------------

def worker_of(agent):
    return (agent.plugin("chain") or {}).get("pid")


def through_crashes_and_reorgs(seed=None):
    """Logs come, blocks are taken back, and the agent or the worker is killed wherever it is: at the end a reader holds what the
    chain has, by key, and nothing else.
    """
    seed = seed or os.environ.get("C138_SEED") or str(random.randrange(10 ** 9))
    print("seed", seed, flush=True)
    dice = random.Random(seed)
    with development_chain() as chain:
        contract = Contract(chain)
        made = int(chain.result("eth_blockNumber"), 16)  # a reorg stays above the contract itself
        contract.log(200)
        with Watcher([chain.url], contract, 'from_block = "earliest";', settings="final_blocks = 8;") as w:
            kills, stop = {"agent": 0, "worker": 0, "reorg": 0}, threading.Event()

            def produce():
                while not stop.is_set():
                    contract.log(dice.choice((1, 3, 40)))  # anvil loses blocks if it mines while it reorganises
                    depth = min(dice.randint(1, 5), int(chain.result("eth_blockNumber"), 16) - made)
                    if dice.random() < 0.2 and depth > 0:
                        chain.result("anvil_reorg", depth, [])
                        kills["reorg"] += 1
                    time.sleep(0.05)
            maker = threading.Thread(target=produce)
            maker.start()
            try:
                for _ in range(24 // SLOW):
                    time.sleep(dice.random() * 0.8)
                    if dice.random() < 0.5:
                        w.agent.kill()
                        w.agent.start()
                        kills["agent"] += 1
                    else:
                        pid = until(lambda: worker_of(w.agent), 3)
                        if pid:
                            os.kill(pid, signal.SIGKILL)
                            kills["worker"] += 1
                            time.sleep(0.3)
            finally:
                stop.set()
                maker.join()
            chain.result("anvil_mine", "0x3")
            if (w.agent.plugin("chain") or {}).get("state") == "quarantined":  # five deaths in a row: a person starts it again
                equal(w.agent.ctl("plugins", "restart", "chain")[0], 0)
            agrees(w, contract, 90)
            held, repeats = w.held()
            check(len(held) == len(contract.all()) and kills["reorg"], kills)
            print("%d logs, %d told again, %s" % (len(held), repeats, kills), flush=True)


# --- Nodes with limits ---------------------------------------------------------------------------

def recorded(version, case):
    with open(os.path.join(SOURCE, "tests/data/besu-%s/eth_getLogs.json" % version)) as f:
        for row in json.load(f):
            if row["case"] == case:
                return row["response"]["error"]
    raise RuntimeError("no recording %s of Besu %s" % (case, version))


def ranges(proxy):
    for call in proxy.seen:
        if call["method"] == "eth_getLogs" and "fromBlock" in call["params"][0]:
            yield int(call["params"][0]["fromBlock"], 16), int(call["params"][0]["toBlock"], 16)


def besu(version, limit, most=10 ** 9):
    """Bounds as that Besu has them, in its own words. `most`: logs in an answer, as services before nodes bound them."""
    too_wide = recorded("25.5.0", "range above rpc-max-logs-range 100")
    above = recorded(version, "to above head")

    def change(call, ask):
        if call["method"] != "eth_getLogs" or "fromBlock" not in call["params"][0]:
            return ask(call)
        first, last = (int(call["params"][0][n], 16) for n in ("fromBlock", "toBlock"))
        head = int(ask({"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []})["result"], 16)
        answer = ask(call)
        if last > head:
            answer = {"jsonrpc": "2.0", "id": call["id"], "error": above}
        elif last - first > limit:
            answer = {"jsonrpc": "2.0", "id": call["id"], "error": too_wide}
        elif len(answer["result"]) > most:
            answer = {"jsonrpc": "2.0", "id": call["id"],
                      "error": {"code": -32005, "message": "query returned more than %d results" % most}}
        return answer
    return change


def ranges_fit_the_node():
    for version in ("25.5.0", "26.8.0"):
        with development_chain() as chain:
            contract = Contract(chain)
            for _ in range(6):
                chain.result("anvil_mine", hex(150))
                contract.log(30)
            with Proxy(chain.url, besu(version, 100)) as proxy, \
                    Watcher([proxy.url], contract, 'from_block = "earliest";') as w:
                agrees(w, contract)
                widths = [b - a for a, b in ranges(proxy)]
                check(max(widths) > 100 and len([x for x in widths if x > 100]) < 20, widths)
                check(sorted(widths)[len(widths) // 2] >= 50, widths)  # it did not stay small
                head = int(chain.result("eth_blockNumber"), 16)
                check(all(b <= head for _, b in ranges(proxy)))
                contract.log(2)
                agrees(w, contract)
                equal(len(w.events("chain.log")), 182)
                print("peer: recorded Besu %s (eth_getLogs)" % version, flush=True)


def results_and_bodies_fit_too():
    with development_chain("--gas-limit", "3000000000") as chain:
        contract = Contract(chain)
        for n in (100, 1, 900, 50):
            contract.log(n)
            chain.result("anvil_mine", hex(40))
        with Proxy(chain.url, besu("26.8.0", 10 ** 9, 1000)) as proxy, \
                Watcher([proxy.url], contract, 'from_block = "earliest";') as w:
            agrees(w, contract)
            check(w.row()["range"] < 2000)


def what_takes_too_long_is_asked_for_in_parts():
    def late(call, ask):
        wide = call["method"] == "eth_getLogs" and "fromBlock" in call["params"][0] and \
            int(call["params"][0]["toBlock"], 16) - int(call["params"][0]["fromBlock"], 16) > 30
        return time.sleep(2.5) if wide else ask(call)  # the timeout is 2 s
    with development_chain() as chain:
        contract = Contract(chain)
        for _ in range(3):
            contract.log(10)
            chain.result("anvil_mine", hex(40))
        with Proxy(chain.url, late) as proxy, Watcher([proxy.url], contract, 'from_block = "earliest";', settings="log_range = 60;") as w:
            agrees(w, contract, 60)
            equal(w.agent.json("chain", "endpoints")["endpoints"][0]["state"], "ok")  # that is not held against it


def a_node_that_is_behind_is_no_reorg():
    """The one that is asked goes away; the other has an older head, and gives nothing above it, as Besu 26 does."""
    above = recorded("26.8.0", "to above head")
    with development_chain() as chain:
        contract = Contract(chain)
        contract.log(3)
        back = {"at": None, "down": False}

        def behind(call, ask):
            first = call["params"][0] if call.get("params") else None
            if back["at"] is None:
                return ask(call)
            if call["method"] == "eth_blockNumber":
                return {"jsonrpc": "2.0", "id": call["id"], "result": hex(back["at"])}
            if call["method"] == "eth_getBlockByNumber" and first.startswith("0x") and int(first, 16) > back["at"]:
                return {"jsonrpc": "2.0", "id": call["id"], "result": None}
            if call["method"] == "eth_getLogs" and "fromBlock" in first and int(first["toBlock"], 16) > back["at"]:
                return {"jsonrpc": "2.0", "id": call["id"], "error": above}
            return ask(call)
        gone = lambda call, ask: None if back["down"] else ask(call)
        with Proxy(chain.url, gone) as first, Proxy(chain.url, behind) as second, \
                Watcher([first.url, second.url], contract, 'from_block = "earliest";') as w:
            agrees(w, contract)
            back["at"] = int(chain.result("eth_blockNumber"), 16) - 1
            contract.log(4)
            agrees(w, contract)
            back["down"] = True
            check(until(lambda: "waited for" in w.row()["text"]), w.row())
            contract.log(5)
            time.sleep(1)
            equal((w.events("chain.rolled-back"), [e for e in w.events("chain.log") if e["removed"]]), ([], []))
            back["at"] = None  # it has caught up
            agrees(w, contract)
            equal((len(w.events("chain.log")), w.row()["endpoint"]), (12, "node-2"))


# --- Asked for -----------------------------------------------------------------------------------

def logs_are_read_on_demand():
    with development_chain() as chain:
        contract = Contract(chain)
        for n in (3, 4, 5):
            contract.log(n)
        other = Contract(chain)
        other.log(2)
        with Watcher([chain.url], contract, 'from_block = "latest"; confirmations = 3;') as w:
            ask = lambda *args: w.agent.json("chain", "logs", *args)
            doc = ask("--address", contract.address, "--event", LOGGED)
            equal((len(doc["logs"]), doc["complete"], doc["from"]), (12, True, 0))
            equal([r["args"]["id"] for r in doc["logs"]], [str(i) for i in range(12)])
            equal(doc["logs"][4]["args"], {"id": "4", "who": ME, "value": "12"})
            # by page: whole blocks, none twice and none left out
            ids, start = [], 0
            while True:
                page = ask("--address", contract.address, "--event", LOGGED, "--from", str(start), "--limit", "6")
                ids += [r["args"]["id"] for r in page["logs"]]
                start = page["next"]
                if page["complete"]:
                    break
                check("--from %d" % start in page["text"], page)
            equal(ids, [str(i) for i in range(12)])
            page = ask("--address", contract.address, "--event", LOGGED, "--limit", "2")
            check("alone has more" in ask("--address", contract.address, "--from", str(page["next"]), "--limit", "1")["text"])
            equal([r["args"]["id"] for r in ask("--event", LOGGED, "--args", "id=1")["logs"]], ["1", "1"])
            equal([r["args"]["id"] for r in ask("--event", LOGGED, "--args", "value=33")["logs"]], ["11"])
            equal(len(ask("--event", LOGGED, "--args", "who=" + ME, "--from", "1", "--to", "2")["logs"]), 3)
            equal(ask("--event", "Other(uint256)")["logs"], [])
            raw = ask("--address", other.address)["logs"]
            equal((len(raw), raw[1]["topics"][0]), (2, other.topic))
            # what a watch means, up to where it counts
            doc = ask("--watch", "all")
            head = int(chain.result("eth_blockNumber"), 16)
            equal((doc["to"], len(doc["logs"])), (head - 2, 12))
            for args, word in ((["--watch", "none"], "chain watches"), (["--watch", "all", "--event", LOGGED], "leave"),
                               (["--args", "id=1"], "need the event"), (["--event", LOGGED, "--args", "nobody=1"], "no argument"),
                               (["--event", LOGGED, "--args", "id=x"], "id"), (["--event", "Logged(uint"], "event")):
                status, out, err = w.agent.ctl("chain", "logs", *args)
                check(status != 0 and word in out + err, (args, out, err))


def wrong_watches_are_refused():
    with Watcher([spare_url()]) as w:
        for watches, word in (('{ name = "A b"; }', "small letters"), ('{ name = "a"; }, { name = "a"; }', "another has this name"),
                              ('{ name = "a"; event = "Logged("; }', "event"), ('{ name = "a"; from_block = "pending"; }', "from_block"),
                              ('{ name = "a"; args = ("id=1"); }', "need the event")):
            w.configure(watches)
            status, out, err = w.agent.ctl("reload")
            check(word in out + err, (watches, out, err))


def without_a_node_nothing_is_lost():
    down = {"is": False}
    with development_chain() as chain:
        contract = Contract(chain)
        with Proxy(chain.url, lambda call, ask: None if down["is"] else ask(call)) as proxy, \
                Watcher([proxy.url], contract, 'from_block = "earliest";') as w:
            contract.log(2)
            agrees(w, contract)
            down["is"] = True
            check(until(lambda: w.row()["state"] == "warning" and w.row()["text"]), w.row())
            rows = [r for r in w.agent.json("status")["items"] if r["name"] == "watches"]
            equal(rows[0]["state"], "warning")
            contract.log(5)
            down["is"] = False
            agrees(w, contract)
            equal((w.row()["state"], len(w.events("chain.log"))), ("ok", 7))


if __name__ == "__main__":
    run("logs_test", [every_log_is_told, from_now_on_and_only_what_is_meant, a_log_counts_after_its_confirmations,
                      a_reorg_is_taken_back_and_read_again, a_reorg_below_what_is_remembered,
                      other_logs_are_meant_so_it_begins_anew, the_agent_drops_none_of_them, through_crashes_and_reorgs, ranges_fit_the_node,
                      results_and_bodies_fit_too, what_takes_too_long_is_asked_for_in_parts, a_node_that_is_behind_is_no_reorg,
                      logs_are_read_on_demand, wrong_watches_are_refused, without_a_node_nothing_is_lost])
