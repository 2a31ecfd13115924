#!/usr/bin/env python3
"""The keys plugin in its worker under a real agent: what it signs is mined by anvil, what its limits forbid is not signed, its
process is closed, and key bytes are nowhere but in its secret memory.
"""
import json
import os
import signal
import subprocess
import time

from harness import Agent, Skip, check, development_chain, equal, run, until

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
        check(h.agent.json("keys", "list")["memory"] in ("memfd_secret", "locked memory"))


def places_of(pid):
    """Everything of a process that can be read, by mapping."""
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as memory:
        for line in maps:
            span, rights, _, _, _, *name = line.split()
            begin, end = (int(x, 16) for x in span.split("-"))
            if "r" not in rights or name[:1] in (["[vvar]"], ["[vsyscall]"], ["[vvar_vclock]"]):
                continue
            for at in range(begin, end, 1 << 20):
                try:
                    memory.seek(at)
                    yield " ".join(name) or "anonymous", memory.read(min(1 << 20, end - at))
                except OSError:
                    break


def key_bytes_are_nowhere():
    if os.environ.get("C138_SANITIZED") == "1":
        raise Skip("a sanitizer keeps freed memory")
    if os.geteuid() != 0:
        raise Skip("only root reads the memory of a process that is not dumpable")
    needles = (bytes.fromhex(RAW), RAW.encode(), RAW.upper().encode())
    with Host() as h:
        h.import_key("0x" + RAW)
        secret = h.agent.json("keys", "list")["memory"] == "memfd_secret"
        signed = h.sign(0, 1)  # last: its answer is what is found, so that the search is known to find
        pids = {"agent": h.agent.process.pid, "worker": h.worker()}
        for who, pid in pids.items():
            total, has_signed = 0, False
            for name, data in places_of(pid):
                total += len(data)
                has_signed = has_signed or bytes.fromhex(signed["hash"][2:]) in data or signed["hash"][2:].encode() in data
                for needle in needles:
                    check(needle not in data or not secret and who == "worker", "key bytes in %s of the %s" % (name, who))
            check(total > 1 << 20, "the %s could not be read: %d bytes" % (who, total))
            check(has_signed, "the search finds nothing in the %s, not even the hash" % who)
        h.agent.ctl("keys", "lock")
        h.agent.stop()
        for folder, _, files in os.walk(h.agent.folder):
            for name in files:
                with open(os.path.join(folder, name), "rb") as f:
                    data = f.read()
                for needle in needles:
                    check(needle not in data, "key bytes in %s" % os.path.join(folder, name))
        check(not os.listdir(os.path.join(h.folder, "inbox")), "the inbox is not empty")


def a_forced_core_has_no_key():
    """SIGABRT in the worker: no core at all, as the limit and the process say so."""
    with Host() as h:
        h.import_key()
        h.sign(0, 1)
        began = time.time()
        os.kill(h.worker(), signal.SIGABRT)
        check(until(lambda: (h.agent.plugin("keys") or {}).get("state") == "running", 30))
        for folder in (h.agent.folder, os.getcwd(), "/var/lib/systemd/coredump", "/var/crash"):
            for name in os.listdir(folder) if os.path.isdir(folder) else ():
                path = os.path.join(folder, name)
                check(not (name.startswith("core") and os.path.isfile(path) and os.path.getmtime(path) >= began
                           and os.path.getsize(path) > 0), "a core: %s" % path)


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
    run("keys_test", [what_it_signs_is_mined, limits_hold_whoever_asks, its_process_is_closed, key_bytes_are_nowhere,
                      a_forced_core_has_no_key, refuses_a_thread])
