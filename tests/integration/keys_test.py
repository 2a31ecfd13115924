#!/usr/bin/env python3
"""The keys plugin in its worker under a real agent: what it signs is mined by anvil, what its limits forbid is not signed, its
process is closed, and key bytes are nowhere but in its secret memory.
"""
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

from harness import Agent, Skip, built, check, development_chain, equal, plugin_file, run, until
from places import files_of, found_in, places_of, snapshot

# The first account of "test test ... junk", which anvil funds.
RAW = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
TO = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
SECTION = """enabled = true; kdf = "light"; keys = (
  { name = "treasury"; password = "file:%s"; rules = (
    { name = "pay"; to = ("%s"); max_value = "1ether"; max_gas_price = "10gwei"; per_hour = %d; } ); },
  { name = "spare"; password = "file:%s"; } );"""


class Host:
    """An agent with a keys plugin and a password file."""

    def __init__(self, per_hour=10):
        self.agent = Agent()
        self.agent.write("password", "correct horse\n", 0o600)
        password = self.agent.path("password")
        self.agent.install("keys")
        self.agent.plugin_config("keys", SECTION % (password, TO, per_hour, password))
        self.folder = self.agent.path("state/plugins/keys")

    def __enter__(self):
        self.agent.start()
        check(until(lambda: os.path.isdir(os.path.join(self.folder, "inbox"))), self.agent.log_text()[-2000:])
        return self

    def __exit__(self, *_):
        self.agent.__exit__()

    def import_key(self, text=RAW):
        with open(os.path.join(self.folder, "inbox", "wallet"), "w") as f:
            f.write(text)
        return self.agent.json("keys", "import", "treasury", "--file", "wallet")

    def worker(self):
        with open("/proc/%d/task/%d/children" % (self.agent.process.pid, self.agent.process.pid)) as f:
            return int(f.read().split()[0])

    def sign(self, *values, **more):
        return self.agent.json("keys", "sign", "treasury", "--transactions", unsigned(*values, **more))["signed"][0]

    def refused(self, *values, **more):
        status, out, err = self.agent.ctl("keys", "sign", "treasury", "--transactions", unsigned(*values, **more))
        check(status != 0, out)
        return out + err


# --- RLP, enough for a transaction of type 2 ---------------------------------------------------

def rlp(item):
    if isinstance(item, list):
        body = b"".join(rlp(i) for i in item)
        base = 0xc0
    else:
        body = item.to_bytes((item.bit_length() + 7) // 8, "big") if isinstance(item, int) else item
        if len(body) == 1 and body[0] < 0x80:
            return body
        base = 0x80
    if len(body) < 56:
        return bytes([base + len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(length)]) + length + body


def unsigned(nonce, value, to=TO, chain=138, fee=10 ** 9 * 2, gas=21000, data=b""):
    return "0x02" + rlp([chain, nonce, 0, fee, gas, bytes.fromhex(to[2:]), value, data, []]).hex()


# --- Tests ---------------------------------------------------------------------------------------

def what_it_signs_is_mined():
    with development_chain() as chain, Host() as h:
        equal(h.import_key()["address"], ADDRESS)
        before = int(chain.result("eth_getBalance", TO, "latest"), 16)
        for nonce in range(3):
            signed = h.sign(nonce, 10 ** 17)
            equal((signed["from"], signed["rule"], signed["repeated"]), (ADDRESS, "pay", False))
            equal(chain.result("eth_sendRawTransaction", signed["raw"]), signed["hash"])
            receipt = until(lambda: chain.result("eth_getTransactionReceipt", signed["hash"]))
            equal((receipt["status"], receipt["from"]), ("0x1", ADDRESS.lower()))
        equal(int(chain.result("eth_getBalance", TO, "latest"), 16) - before, 3 * 10 ** 17)


def limits_hold_whoever_asks():
    with Host(per_hour=2) as h:
        h.import_key()
        for change, word in (({"value": 10 ** 18 + 1}, "max_value"), ({"to": ADDRESS}, "among the addresses"),
                             ({"chain": 1}, "for chain 138"), ({"fee": 10 ** 11}, "max_gas_price"),
                             ({"data": b"\xa9\x05\x9c\xbb"}, "call 0xa9059cbb")):
            text = h.refused(**{**{"nonce": 0, "value": 1}, **change})
            check("rule pay" in text and word in text, text)
        first = h.sign(0, 1)
        h.sign(1, 1)
        check("per_hour" in h.refused(2, 1))
        # the same bytes again, and a new worker: neither loosens the rate
        equal(h.sign(0, 1)["raw"], first["raw"])
        os.kill(h.worker(), signal.SIGKILL)
        text = until(lambda: "per_hour" in h.refused(2, 1), 30)
        check(text, "the rate was forgotten")
        equal(h.agent.json("keys", "policy")["rules"][0]["used"], 2)


def its_process_is_closed():
    with Host() as h:
        h.import_key()
        h.sign(0, 1)
        pid = h.worker()
        row = h.agent.plugin("keys")
        with open("/proc/%d/status" % pid) as f:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        equal((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        with open("/proc/%d/limits" % pid) as f:
            limits = f.read()
        check([x for x in limits.splitlines() if x.startswith("Max core file size") and x.split()[4] in ("0", "1")], limits)
        # not dumpable: its files in /proc are root's, so that its own user cannot trace it
        equal(os.stat("/proc/%d/mem" % pid).st_uid, 0)
        check("network" in json.dumps(row.get("sandbox", row)), row)
        memory = h.agent.json("keys", "list")["memory"]
        check(memory in ("memfd_secret", "locked memory"))
        check("open keys are in %s" % memory in json.dumps(h.agent.json("status")), "the status does not say where keys are")


def who_sits_in_its_place_reaches_nothing():
    """A plugin under the signer's name and note tries everything: so little could a signer that was taken over."""
    agent = Agent()
    agent.install("keys", plugin_file("impostor"))
    agent.plugin_config("keys", "enabled = true;")
    with agent:
        check(until(lambda: (agent.plugin("keys") or {}).get("state") == "running"), agent.log_text()[-2000:])
        tried = agent.json("keys", "try", "--pid", str(agent.process.pid), "--path", agent.socket)
        equal(agent.process.poll(), None)
        landlock = agent.plugin("keys")["sandbox"]["landlock"]
        free = {k for k, v in tried.items() if v == "done"}
        # without Landlock (a kernel before 5.13) files are open to it, and `plugins` says so
        equal(free - ({"store", "passwd", "tmp_write", "path"} if not landlock else set()), {"own_write", "own_remove"}, tried)
        check(tried["core_max"] <= 1, tried)
        equal(len(tried), 18, tried)
        if os.path.exists("/tmp/chain138-impostor-was-here"):
            os.unlink("/tmp/chain138-impostor-was-here")


def a_link_leads_nowhere():
    """The inbox takes files, not ways to others."""
    with Host() as h:
        os.symlink("/etc/hostname", os.path.join(h.folder, "inbox", "wallet"))
        os.mkfifo(os.path.join(h.folder, "inbox", "fifo"))
        for name in ("wallet", "fifo", "../signed.log", ".hidden"):
            status, out, err = h.agent.ctl("keys", "import", "treasury", "--file", name)
            check(status != 0, out)


NEEDLES = {"key": bytes.fromhex(RAW), "key as text": RAW.encode(), "KEY as text": RAW.upper().encode()}


class Planted:
    """A process that holds the key in plain memory: what a search must find, or it finds nothing."""

    def __enter__(self):
        text = "import sys; key = bytes.fromhex(sys.stdin.readline()); print('held', flush=True); sys.stdin.readline()"
        self.process = subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(RAW.encode() + b"\n")
        self.process.stdin.flush()
        equal(self.process.stdout.readline(), b"held\n")
        return self.process

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def looks_through():
    if os.environ.get("C138_SANITIZED") == "1":
        raise Skip("a sanitizer keeps freed memory")
    if os.geteuid() != 0:
        raise Skip("only root reads the memory of a process that is not dumpable")


def key_bytes_are_nowhere():
    looks_through()
    with Planted() as planted:
        check("key" in found_in(places_of(planted.pid), NEEDLES)[0], "the search does not find a planted key")
    with Host() as h:
        follower = subprocess.Popen([built("chain138ctl"), "--socket", h.agent.socket, "events", "--follow"], stdout=subprocess.PIPE)
        try:
            h.import_key("0x" + RAW)
            secret = h.agent.json("keys", "list")["memory"] == "memfd_secret"
            signed = h.sign(0, 1)  # last: its answer is what is found, so that the search is known to look where data are
            pids = {"agent": h.agent.process.pid, "worker": h.worker(), "ctl": follower.pid}
            for who, pid in pids.items():
                controls = {"hash": bytes.fromhex(signed["hash"][2:]), "hash as text": signed["hash"][2:].encode(), "ctl": b"chain138ctl"}
                found, total = found_in(places_of(pid), {**NEEDLES, **controls})
                check(total > 1 << 20, "the %s could not be read: %d bytes" % (who, total))
                check(set(found) & set(controls), "the search finds nothing in the %s" % who)
                check(not set(found) & set(NEEDLES) or not secret and who == "worker", "%s: %r" % (who, found))
        finally:
            follower.kill()
            follower.wait()
            follower.stdout.close()
        h.agent.ctl("keys", "lock")
        if not secret:  # locked memory is seen by root: wiped, it holds nothing
            equal(set(found_in(places_of(h.worker()), NEEDLES)[0]), set())
        h.agent.stop()
        # log, audit, store, state folder, config: all of it lies below one folder
        found, total = found_in(files_of(h.agent.folder), {**NEEDLES, "control": b"keys.import"})
        equal(set(found), {"control"}, found)
        check(not os.listdir(os.path.join(h.folder, "inbox")), "the inbox is not empty")


def cores_of(folder, began):
    for where in {folder, os.getcwd(), "/var/lib/systemd/coredump", "/var/crash", "/"}:
        for name in os.listdir(where) if os.path.isdir(where) else ():
            path = os.path.join(where, name)
            if name.startswith("core") and os.path.isfile(path) and os.path.getmtime(path) >= began and os.path.getsize(path) > 0:
                yield path


def a_forced_core_has_no_key():
    """SIGABRT in the worker: no core at all, as the limit and the process say so, where the agent itself may write one."""
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    with Host() as h:
        h.import_key()
        h.sign(0, 1)
        began = time.time()
        os.kill(h.worker(), signal.SIGABRT)
        check(until(lambda: (h.agent.plugin("keys") or {}).get("state") == "running", 30))
        equal(list(cores_of(h.agent.folder, began)), [])


def a_debuggers_core_has_no_key():
    """A debugger of root's attaches and writes down all that it can read, as gcore does: the memory that holds keys is not in it."""
    looks_through()
    with Host() as h:
        path = h.agent.path("snapshot")
        with Planted() as planted:
            snapshot(planted.pid, path)
            check("key" in found_in(files_of(h.agent.folder), NEEDLES)[0], "a planted key is not found in a snapshot")
        h.import_key()
        h.sign(0, 1)
        if h.agent.json("keys", "list")["memory"] != "memfd_secret":
            raise Skip("the kernel has no memfd_secret: root sees locked memory, others do not")
        snapshot(h.worker(), path)
        check(os.path.getsize(path) > 1 << 20, os.path.getsize(path))
        equal(found_in(files_of(h.agent.folder), NEEDLES)[0], {})
        if shutil.which("setpriv"):  # who is not root gets nothing at all
            r = subprocess.run(["setpriv", "--reuid", "1", "--clear-groups", "cat", "/proc/%d/mem" % h.worker()], capture_output=True)
            check(r.returncode != 0)
        equal(h.sign(1, 1)["rule"], "pay", "and it works on")


def files_as_hard_as_geths():
    """The costs that are used by themselves, with the memory that the sample gives; with less it says what is missing."""
    with Host() as h:
        with open(os.path.join(h.agent.conf_d, "keys.conf")) as f:
            text = f.read()
        enough = "" if "memory_max" in text else 'memory_max = "2GiB";'  # the harness gives more for a sanitizer
        h.agent.write("etc/conf.d/keys.conf", text.replace('kdf = "light";', enough))
        h.agent.stop()
        h.agent.start()
        check(until(lambda: (h.agent.plugin("keys") or {}).get("state") == "running"))
        made = h.agent.json("keys", "generate", "treasury")
        with open(os.path.join(h.folder, "keys", "treasury.json")) as f:
            equal(json.load(f)["crypto"]["kdfparams"]["n"], 262144)
        equal(h.agent.json("keys", "unlock", "treasury")["address"], made["address"])
        if os.environ.get("C138_SANITIZED") == "1":
            return  # no limits on memory there
        h.agent.write("etc/conf.d/keys.conf", text.replace('kdf = "light";', ""))
        h.agent.stop()
        h.agent.start()
        check(until(lambda: (h.agent.plugin("keys") or {}).get("state") == "running"))
        check("memory_max" in h.agent.log_text(), "it does not say that it has too little memory")
        status, out, err = h.agent.ctl("keys", "generate", "spare")
        check(status != 0 and "memory_max" in err, out + err)


def refuses_a_thread():
    with Host() as h:
        h.agent.stop()
        with open(os.path.join(h.agent.conf_d, "keys.conf")) as f:
            text = f.read()
        h.agent.write("etc/conf.d/keys.conf", text.replace("enabled = true;", 'enabled = true; mode = "thread";'))
        h.agent.start()
        row = until(lambda: (lambda r: r if r and r["state"] != "running" else None)(h.agent.plugin("keys")))
        check(row and "thread" in json.dumps(row), row)


if __name__ == "__main__":
    run("keys_test", [what_it_signs_is_mined, limits_hold_whoever_asks, its_process_is_closed, who_sits_in_its_place_reaches_nothing,
                      a_link_leads_nowhere, key_bytes_are_nowhere, a_forced_core_has_no_key, a_debuggers_core_has_no_key, files_as_hard_as_geths,
                      refuses_a_thread])
