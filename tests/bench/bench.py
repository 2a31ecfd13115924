#!/usr/bin/env python3
"""make bench: every figure is a ratio against a peer measured in the same run, or an absolute size; also as JSON in bench.json.

Nothing here passes or fails: figures are printed beside their goals. Needs what the goals compare with: nats-server and libnats, curl,
anvil (C138_ANVIL), libgcrypt, and from npm cast, ethers, viem and hardhat (C138_NPM_CACHE). What is missing is left out with its reason.
C138_BENCH=decoding,sending runs only those parts.
"""
import http.client
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from harness import Agent, built, check, development_chain, equal, free_port, until  # noqa: E402
from sender import ACCOUNTS, TO, Sender  # noqa: E402
from vectors import Skip, cast_program, npm  # noqa: E402

ETHERS, VIEM, HARDHAT = "6.17.0", "2.57.20", "2.29.1"
HERE = os.path.dirname(os.path.abspath(__file__))

results = []


def note(name, value, goal, unit="", detail=""):
    ok = {"<=": value <= goal[1], ">=": value >= goal[1]}[goal[0]]
    results.append({"name": name, "value": round(value, 4), "unit": unit, "goal": "%s %g" % goal, "met": ok, "detail": detail})
    print("%-58s %10.3f %-6s goal %s %-6g %s  %s" % (name, value, unit, goal[0], goal[1], "met" if ok else "MISSED", detail), flush=True)


def left_out(name, why):
    results.append({"name": name, "left_out": why})
    print("%-58s left out: %s" % (name, why), flush=True)


def programs():
    """The C programs print lines of JSON: {"name","value","unit","goal":[op, number],"detail"}."""
    for name in ("bench_bus", "bench_call", "bench_evm"):
        path = built(name)
        if not os.path.exists(path):
            left_out(name, "not built: make bench builds it, bench_bus where libnats is there, bench_evm where libgcrypt is")
            continue
        r = subprocess.run([path], capture_output=True, text=True, timeout=300)
        for line in r.stdout.splitlines():
            if not line.startswith("{"):
                continue
            d = json.loads(line)
            if "left_out" in d:
                left_out(d["name"], d["left_out"])
            else:
                note(d["name"], d["value"], tuple(d["goal"]), d.get("unit", ""), d.get("detail", ""))
        if r.returncode:
            left_out(name, "ended with %d: %s" % (r.returncode, r.stderr.strip()[-200:]))


class Answers:
    """A program that is asked by a line and answers with a number."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.communicate()


def decoding(rounds=11):
    """Values, events and RLP, from the text that a node answers: processor time of ours, of ethers and of viem, one after the other."""
    inputs = os.path.join(HERE, "decode_inputs.json")
    try:
        if not shutil.which("node"):
            raise Skip("node is not installed")
        folders = [str(npm("ethers", ETHERS)), str(npm("viem", VIEM))]
    except Skip as why:
        left_out("decoding / ethers and viem", str(why))
        return
    if not os.path.exists(built("bench_decode")):
        left_out("decoding / ethers and viem", "bench_decode is not built: make bench builds it")
        return
    ours, theirs = Answers(built("bench_decode"), inputs), Answers("node", os.path.join(HERE, "decode.js"), *folders, inputs)
    try:
        with open(inputs) as f:
            for case in json.load(f):
                decoding_of(case, ours, theirs, rounds)
    except (ValueError, OSError) as why:
        left_out("decoding / ethers and viem", "one of the programs ended (its words are above): %s" % why)
    ours.close()
    theirs.close()


def decoding_of(case, ours, theirs, rounds):
    mine, ratios = [], {"ethers": [], "viem": []}
    for _ in range(rounds):
        mine.append(ours(case["name"]))
        for library, values in ratios.items():
            values.append(theirs("%s %s" % (library, case["name"])) / mine[-1])
    for library, values in ratios.items():
        note("%s, speed to %s" % (case["what"], library), statistics.median(values), (">=", 10), "x",
             "%.0f to %.0f over %d rounds, ours %.0f ns" % (min(values), max(values), rounds, statistics.median(mine)))


def pss_bytes(pid):
    with open("/proc/%d/smaps_rollup" % pid) as f:
        for line in f:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(x) for x in f.read().split()]


def cpu_s(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def whole_commands(one, two, rounds=60, **of_two):
    """Medians of wall time of two commands, run alternately. `of_two`: how the second one is run."""
    times = ([], [])
    for i in range(rounds):
        for n, command in enumerate((one, two)):
            began = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True, **(of_two if n else {}))
            times[n].append(time.perf_counter() - began)
    return statistics.median(times[0]), statistics.median(times[1])


def with_a_chain():
    anvil = os.environ.get("C138_ANVIL") or shutil.which("anvil")
    if not anvil:
        left_out("chain138ctl besu sync, idle memory, start", "no anvil: C138_ANVIL names its binary")
        return
    port = free_port()
    chain = subprocess.Popen([anvil, "--chain-id", "138", "--block-time", "1", "--port", str(port), "--silent"],
                             stdout=subprocess.DEVNULL)
    agent = Agent(plugins={"besu": 'enabled = true; nodes = ( { name = "dev"; url = "http://127.0.0.1:%d"; } );' % port})
    try:
        starts = []
        for _ in range(7):
            agent.start(wait=False)
            until(lambda: "ready on" in agent.log_text(), 10, 0.002)
            line = [x for x in agent.log_text().splitlines() if "ready on" in x][-1]
            starts.append(int(line.rsplit("after ", 1)[1].split()[0]))
            agent.stop()
        note("start to ready, median of 7", statistics.median(starts), ("<=", 100), "ms")
        agent.start()
        until(lambda: agent.ctl("besu", "sync")[0] == 0, 20)
        if shutil.which("curl"):
            ctl = [built("chain138ctl"), "--socket", agent.socket, "besu", "sync"]
            curl = ["curl", "-s", "-H", "Content-Type: application/json", "-d",
                    '{"jsonrpc":"2.0","id":1,"method":"eth_syncing","params":[]}', "http://127.0.0.1:%d" % port]
            a, b = whole_commands(ctl, curl)
            note("chain138ctl besu sync / curl eth_syncing, whole commands", a / b, ("<=", 0.6), "x",
                 "%.2f ms against %.2f ms" % (a * 1e3, b * 1e3))
        time.sleep(5)
        pids = [agent.process.pid] + children(agent.process.pid)
        before, began = sum(map(cpu_s, pids)), time.monotonic()
        time.sleep(20)
        used = (sum(map(cpu_s, pids)) - before) / (time.monotonic() - began) * 100
        sizes = {p: pss_bytes(p) for p in pids}
        note("idle PSS, agent and %d worker(s)" % (len(pids) - 1), sum(sizes.values()) / 1e6, ("<=", 12), "MB",
             " + ".join("%.1f" % (s / 1e6) for s in sizes.values()))
        note("idle cpu, agent and workers, 1 s blocks", used, ("<=", 0.5), "%")
    finally:
        agent.stop()
        agent.remove()
        chain.kill()
        chain.wait()


def rpc_of(url):
    """One connection that is kept, as a loop would."""
    host, port = url[7:].split(":")
    connection = http.client.HTTPConnection(host, int(port))

    def call(method, *params):
        connection.request("POST", "/", json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}),
                           {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())
    return call


def hardhat_project(folder, url, key):
    """The least that `hardhat run` takes: no contracts, so no compiler is fetched; the provider alone sends, and asks for the receipt without
    a pause. Gives the command and how to run it.
    """
    modules = npm("hardhat", HARDHAT).parent
    if not shutil.which("npx"):
        raise Skip("npx is not installed")
    os.symlink(modules, os.path.join(folder, "node_modules"))
    files = {"package.json": '{"private": true}\n',
             "hardhat.config.js": 'module.exports = {solidity: "0.8.28", networks: {localhost: {url: "%s", chainId: 138, accounts: ["0x%s"]}}};\n' % (url, key),
             "send.js": """const {network} = require("hardhat");
async function main() {
    const ask = (method, ...params) => network.provider.request({method, params});
    const [from] = await ask("eth_accounts");
    const hash = await ask("eth_sendTransaction", {from, to: "%s", value: "0x3b9aca00"});
    let receipt = null;
    while (!receipt)
        receipt = await ask("eth_getTransactionReceipt", hash);
    if (receipt.status !== "0x1")
        throw new Error("failed");
}
main().catch((e) => { console.error(e); process.exitCode = 1; });
""" % TO}
    for name, text in files.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    env = dict(os.environ, HARDHAT_DISABLE_TELEMETRY_PROMPT="true", NO_UPDATE_NOTIFIER="1",
               **{"XDG_%s_HOME" % x: os.path.join(folder, x) for x in ("DATA", "CONFIG", "CACHE")})
    return ["npx", "--no-install", "hardhat", "run", "--network", "localhost", "send.js"], {"cwd": folder, "env": env}


def against_hardhat(chain, ours):
    with tempfile.TemporaryDirectory(prefix="c138-hardhat-") as folder:
        try:
            theirs, how = hardhat_project(folder, chain.url, ACCOUNTS[2][1])
            subprocess.run(theirs, check=True, capture_output=True, text=True, timeout=120, **how)
        except Skip as why:
            left_out("chain send / npx hardhat run", str(why))
            return
        except (subprocess.SubprocessError, OSError) as why:
            left_out("chain send / npx hardhat run", "hardhat does not run: %s" % str(getattr(why, "stderr", None) or why)[-300:])
            return
        a, b = whole_commands(ours, theirs, 9, **how)
    note("chain send / npx hardhat run, command to receipt", a / b, ("<=", 0.05), "x", "%.1f and %.1f ms" % (a * 1e3, b * 1e3))


def sending():
    """A transaction from the command to its receipt, against cast and hardhat; and a thousand of one key, against a loop over bytes that
    another agent signed before.
    """
    if not os.path.exists(os.environ.get("C138_ANVIL", "")):
        left_out("chain send", "no anvil: C138_ANVIL names its binary")
        return
    with development_chain() as chain, Sender([chain.url]) as s:
        ours = [built("chain138ctl"), "--socket", s.agent.socket, "chain", "send", "--key", "treasury", "--to", TO, "--value", "1gwei"]
        try:
            cast = [cast_program(), "send", "--rpc-url", chain.url, "--private-key", ACCOUNTS[1][1], "--value", "1gwei", TO]
        except Skip as why:
            left_out("chain send / cast send", str(why))
        else:
            a, b = whole_commands(ours, cast, 30)
            note("chain send / cast send, command to receipt", a / b, ("<=", 1.0), "x", "%.1f and %.1f ms" % (a * 1e3, b * 1e3))
        against_hardhat(chain, ours)
    many = {"key": "treasury", "transactions": [{"to": TO, "value": "1"}] * 1000}
    with development_chain() as chain, Sender([chain.url]) as s:
        began = time.perf_counter()
        doc = s.agent.call("chain.send", many, wait=60)[1]
        took = time.perf_counter() - began
        equal(doc["state"], "succeeded", doc)
        raws = {}
        with open(s.agent.path("state/plugins/chain/journal.log")) as f:
            for line in f:
                record = json.loads(line)
                if record["t"] == "sign":
                    raws[record["nonce"]] = record["raw"]
    with development_chain() as chain:
        call = rpc_of(chain.url)
        began = time.perf_counter()
        for nonce in sorted(raws):
            check("result" in call("eth_sendRawTransaction", raws[nonce]))
        check(until(lambda: call("eth_getTransactionCount", ACCOUNTS[0][0], "latest")["result"] == hex(1000), 30, 0.005))
        bare = time.perf_counter() - began
    note("1,000 of one key / a loop over signed bytes, throughput", bare / took, (">=", 0.5), "x", "%.0f and %.0f a second" % (1000 / took, 1000 / bare))


def backups():
    if not os.path.exists(built("plugins/backup/.libs/backup.so")):
        left_out("backups", "the plugin is not built")
        return
    from bench_backup import figures
    figures(note, left_out)


if __name__ == "__main__":
    load = [os.getloadavg()[0]]
    parts = {"programs": programs, "decoding": decoding, "chain": with_a_chain, "sending": sending, "backups": backups}
    for part in os.environ.get("C138_BENCH", ",".join(parts)).split(","):
        parts[part]()
    load.append(os.getloadavg()[0])
    print("load of the last minute: %.2f before, %.2f after; %d processors" % (load[0], load[1], os.cpu_count()))
    out = os.environ.get("C138_BENCH_JSON", "bench.json")
    with open(out, "w") as f:
        json.dump({"machine": {"cores": os.cpu_count(), "kernel": os.uname().release, "load_before": load[0], "load_after": load[1]}, "results": results}, f, indent=1)
        f.write("\n")
    print("written to %s" % out)
