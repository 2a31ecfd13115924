#!/usr/bin/env python3
"""Rotations: a role on a live development chain, a validator among validators of a double (voting.c), a key of Tessera. Each is
asked for by one, approved by another, and killed (agent, signer, the plugin that is called) at every step: it goes on, or goes back.
"""
import hashlib
import http.client
import json
import os
import random
import signal
import threading
import time

import besu_live
from harness import Agent, check, development_chain, equal, free_port, plugin_file, run, until
from sender import ACCOUNTS, Sender, assemble, push

TOKEN = "token-of-the-asker"
ADMIN = "0x" + "00" * 32
OPS = "0x" + "11" * 32
SEED = int(os.environ.get("C138_SEED", random.randrange(1 << 30)))


# --- An agent whose custodians are two ------------------------------------------------------------

def two_custodians(agent, more=""):
    """A token for who asks; who runs the test approves."""
    agent.asking_port = free_port()
    agent.api_text = 'listen = "127.0.0.1:%d";' % agent.asking_port
    tokens = agent.write("etc/tokens", "asker custodian %s\n" % hashlib.sha256(TOKEN.encode()).hexdigest(), 0o600)
    agent.main_config('policy: { tokens_file = "%s"; %s };' % (tokens, more))


def ask(agent, **params):
    """The job, when its plan is made or it failed."""
    c = http.client.HTTPConnection("127.0.0.1", agent.asking_port, timeout=60)
    c.request("POST", "/v1/actions/keys.rotate?wait=0", json.dumps(params), {"Authorization": "Bearer " + TOKEN})
    answer = json.loads(c.getresponse().read())
    c.close()
    check("job" in answer, answer)
    return until(lambda: (lambda j: j if j["state"] not in ("planning", "queued") else None)(job(agent, answer["job"])), 60)


def job(agent, name):
    return agent.http("GET", "/v1/jobs/" + name)[1]


def approve(agent, planned):
    check(planned["state"] == "awaiting-approval", planned)
    status, out, err = agent.ctl("approve", planned["id"], planned["digest"])
    equal(status, 0, out + err)
    return planned["id"]


def ended(agent, name, seconds=120):
    def look():
        try:
            j = job(agent, name)
        except OSError:
            return None
        return j if j["state"] in ("succeeded", "failed", "interrupted", "cancelled") else None
    return until(look, seconds, 0.1)


def rotate(agent, **params):
    return ended(agent, approve(agent, ask(agent, **params)))


def succeeded(j):
    check(j and j["state"] == "succeeded", j)
    return j["result"]


def refused(agent, **params):
    j = ask(agent, **params)
    equal(j["state"], "failed", j)
    return j["error"]["message"]


def journal(agent, name=None):
    folder = agent.path("state/plugins/keys/rotations")
    files = sorted(f for f in os.listdir(folder) if f.endswith(".json")) if os.path.isdir(folder) else []
    if not files:
        return None
    with open(os.path.join(folder, name or files[-1])) as f:
        return json.load(f)


def place(agent):
    """"grant begun": the step that the newest rotation is at."""
    j = journal(agent)
    here = [s for s in j["steps"] if s["state"] != "open"] if j else []
    return "%s %s" % (here[-1]["name"], here[-1]["state"]) if here else ""


def worker(agent, plugin):
    pid = agent.process.pid
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        for child in f.read().split():
            with open("/proc/%s/cmdline" % child, "rb") as c:
                if plugin.encode() in c.read().split(b"\0"):
                    return int(child)
    return None


def kill(agent, who):
    if who == "agent":
        agent.kill()
        agent.start()
    else:
        pid = worker(agent, who)
        if pid:
            os.kill(pid, signal.SIGKILL)


# --- Roles ----------------------------------------------------------------------------------------

def selector(chain, text):
    return int(chain.result("web3_sha3", "0x" + text.encode().hex())[2:10], 16)


def access_control(chain):
    """OpenZeppelin's AccessControl as far as it goes here, and guarded(bytes32), which only holders of that role may call. Who
    deploys it has DEFAULT_ADMIN_ROLE, the admin of every role.
    """
    def case(text, name):
        return [b"\x80" + push(selector(chain, text)) + b"\x14", ("jump", name), b"\x57"]

    def slot(role, account):  # keccak(role, account) on the stack; role and account are code that pushes them
        return role + push(0) + b"\x52" + account + push(32) + b"\x52" + push(64) + push(0) + b"\x20"
    first, second = push(4) + b"\x35", push(36) + b"\x35"
    caller = b"\x33"
    only = lambda role, go: [slot(role, caller) + b"\x54", ("jump", go), b"\x57", push(0) + push(0) + b"\xfd", ("label", go)]
    answer = push(0) + b"\x52" + push(32) + push(0) + b"\xf3"
    code = assemble([push(0) + b"\x35" + push(224) + b"\x1c",
                     *case("hasRole(bytes32,address)", "has"), *case("getRoleAdmin(bytes32)", "admin"),
                     *case("grantRole(bytes32,address)", "grant"), *case("revokeRole(bytes32,address)", "revoke"),
                     *case("guarded(bytes32)", "guarded"), push(0) + push(0) + b"\xfd",
                     ("label", "has"), slot(first, second) + b"\x54" + answer,
                     ("label", "admin"), push(0) + answer,
                     ("label", "grant"), *only(push(0), "may-grant"), push(1) + slot(first, second) + b"\x55\x00",
                     ("label", "revoke"), *only(push(0), "may-revoke"), push(0) + slot(first, second) + b"\x55\x00",
                     ("label", "guarded"), *only(first, "is-holder"), b"\x00"])
    start = push(1) + slot(push(0), caller) + b"\x55"
    size = len(start) + 13
    copy = b"\x61" + len(code).to_bytes(2, "big") + b"\x80\x60" + bytes([size]) + b"\x60\x00\x39\x60\x00\xf3"
    return "0x" + ((start + copy).ljust(size, b"\0") + code).hex()


class Roles:
    """A contract with roles, and an agent with the keys admin (its deployer), old and new (which has no gas to spare, and needs none)."""

    def __init__(self, policy=""):
        self.policy = policy

    def __enter__(self):
        self.chain = development_chain().__enter__()
        self.sender = Sender([self.chain.url], keys=("admin", "old", "new"))
        self.agent = self.sender.agent
        two_custodians(self.agent, self.policy)
        self.sender.__enter__()
        made = self.sender.send("--create", "--data", access_control(self.chain), key="admin")
        self.contract = self.agent.json("chain", "tx", made["id"])["contract"]
        self.params = {"key": "old", "to": "new", "what": "role", "contract": self.contract, "role": OPS, "admin": "admin",
                       "probe": "guarded(bytes32)", "probe_args": [OPS]}
        self.sender.send("--to", self.contract, "--function", "grantRole(bytes32,address)", "--args", OPS, "--args", ACCOUNTS[1][0],
                         key="admin")
        return self

    def __exit__(self, *_):
        self.sender.__exit__()
        self.chain.__exit__()

    def has(self, account, role=OPS):
        """As the chain itself says, without any plugin."""
        data = "0x91d14854" + role[2:] + ACCOUNTS[account][0][2:].lower().rjust(64, "0")
        return int(self.chain.result("eth_call", {"to": self.contract, "data": data}, "latest"), 16) == 1

    def sent(self):
        """How many transactions of the admin are mined."""
        return int(self.chain.result("eth_getTransactionCount", ACCOUNTS[0][0], "latest"), 16)


def a_role_goes_over():
    with Roles() as r:
        planned = ask(r.agent, **r.params)
        equal([s["name"] for s in planned["plan"]["steps"]], ["grant", "prove", "revoke"])
        equal(planned["plan"]["into_address"], ACCOUNTS[2][0])
        equal((r.has(1), r.has(2)), (True, False), "a plan changes nothing")
        succeeded(ended(r.agent, approve(r.agent, planned)))
        equal((r.has(1), r.has(2)), (False, True))
        row = r.agent.json("keys", "rotations")["rotations"][0]
        equal((row["state"], row["key"], row["to"]), ("done", "old", "new"))
        # and back: the old one gets it again
        succeeded(rotate(r.agent, back=True, **r.params))
        equal((r.has(1), r.has(2)), (True, False))
        # forward again is a new rotation: nothing that was sent before stands for it
        succeeded(rotate(r.agent, **r.params))
        equal((r.has(1), r.has(2)), (False, True))
        equal(len({row["id"] for row in r.agent.json("keys", "rotations")["rotations"]}), 3)


def its_calls_are_approved_with_it():
    """Where policy wants an approval of every chain.send, the plan's own covers those that it lists, and no others."""
    with Roles() as r:
        two_custodians(r.agent, 'approve = ("chain.send");')
        r.agent.stop()
        r.agent.start()
        check(until(lambda: all((r.agent.plugin(p) or {}).get("state") == "running" for p in ("keys", "chain"))))
        planned = ask(r.agent, **r.params)
        equal([c["action"] for c in planned["plan"]["calls"]], ["chain.send", "chain.call", "chain.send"])
        succeeded(ended(r.agent, approve(r.agent, planned)))
        equal((r.has(1), r.has(2)), (False, True))
        equal(r.agent.ctl("chain", "send", "--key", "admin", "--to", r.contract, "--function", "grantRole(bytes32,address)", "--args", OPS,
                          "--args", ACCOUNTS[1][0])[0], 6)


def the_admins_own_role_goes_over():
    """A role that is its own admin: the new account revokes it from the old one itself."""
    with Roles() as r:
        # takes the admin's place first, so that old is the one admin
        r.sender.send("--to", r.contract, "--function", "grantRole(bytes32,address)", "--args", ADMIN, "--args", ACCOUNTS[1][0], key="admin")
        r.sender.send("--to", r.contract, "--function", "revokeRole(bytes32,address)", "--args", ADMIN, "--args", ACCOUNTS[0][0], key="old")
        params = dict(r.params, role=ADMIN, probe_args=[ADMIN])
        del params["admin"]
        result = succeeded(rotate(r.agent, **params))
        equal(result["steps"][2]["params"]["key"], "new")
        equal((r.has(1, ADMIN), r.has(2, ADMIN)), (False, True))


def what_proves_nothing_is_refused():
    with Roles() as r:
        check("proves nothing" in refused(r.agent, **dict(r.params, probe="hasRole(bytes32,address) returns (bool)",
                                                          probe_args=[OPS, ACCOUNTS[1][0]])))
        check("fails as old" in refused(r.agent, **dict(r.params, probe="nothing()", probe_args=[])))
        check("--probe" in refused(r.agent, **{k: v for k, v in r.params.items() if k != "probe"}))
        check("nothing to rotate" in refused(r.agent, **dict(r.params, role="0x" + "22" * 32)))
        check("may grant" in refused(r.agent, **{k: v for k, v in r.params.items() if k != "admin"}))
        check("make the new key first" in refused(r.agent, **dict(r.params, to="nobody")))
        check("no such rotation" in refused(r.agent, **dict(r.params, back=True)))
        equal((r.has(1), r.has(2)), (True, False))


def a_role_survives_every_kill():
    """At each step, as soon as it is seen in the journal: kill -9. The job runs again by itself and ends well; nothing is sent twice."""
    print("seed %d" % SEED)
    chance = random.Random(SEED)
    with Roles() as r:
        places = [(who, where) for who in ("agent", "keys", "chain") for where in
                  ("grant begun", "grant done", "prove begun", "prove done", "revoke begun")]
        struck = 0
        for n, (who, where) in enumerate(places):
            back = n % 2 == 1
            r.agent.stop()  # a plugin that dies five times in ten minutes of one agent is put away
            r.agent.start()
            check(until(lambda: all((r.agent.plugin(p) or {}).get("state") == "running" for p in ("keys", "chain"))))
            before = r.sent()
            planned = ask(r.agent, **dict(r.params, back=back))
            name = approve(r.agent, planned)
            seen = until(lambda: (lambda p, i: p if i == planned["plan"]["id"] and (p == where or p == "revoke done") else None)(
                place(r.agent), (journal(r.agent) or {}).get("id")), 60, 0)
            time.sleep(chance.random() * 0.02)
            kill(r.agent, who)
            struck += seen == where
            end = ended(r.agent, name)
            check(end and end["state"] == "succeeded", (who, where, end))
            equal((r.has(1), r.has(2)), (back, not back), "%s at %s" % (who, where))
            equal(r.sent() - before, 2, "%s at %s: a grant and a revoke, each once" % (who, where))
        print("struck %d of %d at the very step" % (struck, len(places)))
        check(struck >= len(places) // 3, "the kills came too late: %d" % struck)
        equal({row["state"] for row in r.agent.json("keys", "rotations")["rotations"]}, {"done"})


def one_that_stopped_goes_on_or_back():
    """The new key may not be proved: its role is taken away in between. The old one keeps its own."""
    with Roles() as r:
        r.chain.result("evm_setAutomine", False)
        name = approve(r.agent, ask(r.agent, **r.params))
        check(until(lambda: place(r.agent) == "grant begun" and r.chain.result("txpool_status")["pending"] != "0x0", 60), place(r.agent))
        equal((r.has(1), r.has(2)), (True, False))
        # killed while its transaction waits, the agent too: after that it is one transaction still
        kill(r.agent, "keys")
        kill(r.agent, "agent")
        stop = threading.Event()
        threading.Thread(target=lambda: [r.chain.result("evm_mine") for _ in iter(lambda: stop.wait(0.2), True)], daemon=True).start()
        try:
            succeeded(ended(r.agent, name))
        finally:
            stop.set()
            time.sleep(0.3)
        r.chain.result("evm_setAutomine", True)
        equal((r.has(1), r.has(2)), (False, True))
        # a rotation that cannot go on says where it stands, and goes back
        with open(os.path.join(r.agent.conf_d, "keys.conf")) as f:
            text = f.read()
        poor = text.replace('calls = ("*");', 'calls = ("grantRole(bytes32,address)");')
        succeeded(rotate(r.agent, back=True, **r.params))
        r.agent.write("etc/conf.d/keys.conf", poor)
        equal(r.agent.ctl("reload")[0], 0)
        end = rotate(r.agent, **r.params)
        equal(end["state"], "failed", end)
        check("step revoke" in end["error"]["message"], end)
        equal((r.has(1), r.has(2)), (True, True))
        row = [x for x in r.agent.json("keys", "rotations")["rotations"] if x["state"] != "done"]
        equal([(x["state"], x["step"]) for x in row], [("stopped", "revoke")])
        r.agent.write("etc/conf.d/keys.conf", text)
        equal(r.agent.ctl("reload")[0], 0)
        planned = ask(r.agent, **r.params)
        equal(planned["plan"]["id"], row[0]["id"], "asked for again it goes on")
        succeeded(ended(r.agent, approve(r.agent, planned)))
        equal((r.has(1), r.has(2)), (False, True))


# --- Validators -----------------------------------------------------------------------------------

def address(n):
    return "0x" + "%040x" % (0xa0 + n)


class Validators:
    """An agent with keys and the double; `count` validators that propose, the first of which is the key old's."""

    def __init__(self, count=4):
        self.agent = Agent()
        self.agent.write("password", "correct horse\n", 0o600)
        self.agent.install("keys")
        self.agent.install("besu", plugin_file("voting"))
        self.agent.plugin_config("besu", "enabled = true;")
        self.agent.plugin_config("keys", 'enabled = true; kdf = "light"; keys = (%s);' % ", ".join(
            '{ name = "%s"; password = "file:%s"; }' % (n, self.agent.path("password")) for n in ("old", "new")))
        two_custodians(self.agent)
        self.folder = self.agent.path("state/plugins/besu")
        self.count = count

    def __enter__(self):
        self.agent.start()
        check(until(lambda: all((self.agent.plugin(p) or {}).get("state") == "running" for p in ("keys", "besu"))),
              self.agent.log_text()[-2000:])
        self.old = self.agent.json("keys", "generate", "old", "--kind", "node")["address"]
        self.new = self.agent.json("keys", "generate", "new", "--kind", "node")["address"]
        self.write([(self.old, 9, "ok")] + [(address(n), 9, "ok") for n in range(1, self.count)])
        return self

    def __exit__(self, *_):
        self.agent.__exit__()

    def write(self, members):
        with open(os.path.join(self.folder, "set.test"), "w") as f:
            f.write("".join("%s %d %s\n" % m for m in members))
        os.rename(os.path.join(self.folder, "set.test"), os.path.join(self.folder, "set"))

    def members(self):
        with open(os.path.join(self.folder, "set")) as f:
            return [(a, int(n), s) for a, n, s in (line.split() for line in f)]

    def state(self, who, last_block, state):
        self.write([(a, last_block, state) if a.lower() == who.lower() else (a, n, s) for a, n, s in self.members()])

    def is_in(self, who):
        return who.lower() in [a.lower() for a, _, _ in self.members()]

    def votes(self):
        try:
            with open(os.path.join(self.folder, "votes")) as f:
                return [line.split() for line in f]
        except OSError:
            return []

    def flag(self, name, on=True):
        path = os.path.join(self.folder, name)
        if on:
            open(path, "w").close()
        elif os.path.exists(path):
            os.unlink(path)

    def wakes(self, who):
        """Its node starts: it proposes as soon as it is in the set."""
        check(until(lambda: self.is_in(who), 60), self.members())
        self.state(who, max(n for _, n, _ in self.members()) + 1, "ok")


PARAMS = {"key": "old", "to": "new", "what": "validator", "wait": "60s"}


def a_validator_goes_over():
    with Validators() as v:
        name = approve(v.agent, ask(v.agent, **PARAMS))
        check(until(lambda: place(v.agent) == "see-it-propose begun", 60), place(v.agent))
        time.sleep(1)
        check(v.is_in(v.old) and place(v.agent) == "see-it-propose begun", "in the set is not yet proposing")
        v.wakes(v.new)
        succeeded(ended(v.agent, name))
        equal((v.is_in(v.old), v.is_in(v.new)), (False, True))
        equal([(vote, who.lower()) for vote, who, _ in v.votes()],
              [("add", v.new.lower()), ("remove", v.old.lower()), ("discard", v.new.lower()), ("discard", v.old.lower())])
        check(min(int(size) for _, _, size in v.votes()) >= 4, "never fewer than before: %r" % v.votes())


def the_quorum_is_kept():
    with Validators() as v:
        v.state(address(1), 9, "missing")  # of five four must take part, and three do
        check("bring the missing ones back" in refused(v.agent, **PARAMS))
        v.state(address(1), 9, "ok")
        name = approve(v.agent, ask(v.agent, **PARAMS))
        check(until(lambda: place(v.agent) == "see-it-propose begun", 60))
        # another one dies meanwhile, two of five: four must take part, and three would
        v.state(address(1), 9, "missing")
        v.state(address(2), 9, "missing")
        v.wakes(v.new)
        end = ended(v.agent, name)
        equal(end["state"], "failed", end)
        check("step vote-out" in end["error"]["message"] and "stand" in end["error"]["message"], end)
        check(v.is_in(v.old) and v.is_in(v.new))
        v.state(address(1), 9, "ok")
        v.state(address(2), 9, "ok")
        planned = ask(v.agent, **PARAMS)
        says = [s["does"] for s in planned["plan"]["steps"]]
        check("a validator already" in says[0] and "the 5 become 4, of which 3 must take part" in says[2], says)
        name = approve(v.agent, planned)
        check(until(lambda: place(v.agent) == "see-it-propose begun", 60))
        v.wakes(v.new)
        succeeded(ended(v.agent, name))
        equal((v.is_in(v.old), v.is_in(v.new)), (False, True))


def a_vote_that_was_taken_proves_nothing():
    with Validators() as v:
        v.flag("deaf")
        end = rotate(v.agent, **dict(PARAMS, wait="2s"))
        equal(end["state"], "failed", end)
        check("step vote-in" in end["error"]["message"], end)
        check(v.is_in(v.old) and not v.is_in(v.new))
        v.flag("deaf", False)
        # in, but its node never starts: back
        end = rotate(v.agent, **dict(PARAMS, wait="2s"))
        check("step see-it-propose" in end["error"]["message"], end)
        check(v.is_in(v.old) and v.is_in(v.new))
        equal(v.agent.json("keys", "rotations")["rotations"][0]["step"], "see-it-propose")
        v.agent.ctl("status")  # asks the plugins how they are
        check("not at its end" in v.agent.plugin("keys")["health"], v.agent.plugin("keys"))
        name = approve(v.agent, ask(v.agent, back=True, **PARAMS))
        check(until(lambda: place(v.agent) == "see-it-propose begun", 60), place(v.agent))
        time.sleep(1)
        equal(place(v.agent), "see-it-propose begun", "what it proposed before it was planned proves nothing")
        v.wakes(v.old)
        succeeded(ended(v.agent, name))
        equal((v.is_in(v.old), v.is_in(v.new)), (True, False))


def blocks_of_other_days_prove_nothing():
    """Back to one that is remembered as proposing, and does not."""
    with Validators() as v:
        name = approve(v.agent, ask(v.agent, **PARAMS))
        v.wakes(v.new)
        succeeded(ended(v.agent, name))
        name = approve(v.agent, ask(v.agent, back=True, **PARAMS))
        check(until(lambda: v.is_in(v.old), 60), v.members())
        v.state(v.old, 9, "ok")
        time.sleep(1)
        equal(place(v.agent), "see-it-propose begun")
        check(v.is_in(v.new))
        v.wakes(v.old)
        succeeded(ended(v.agent, name))
        equal((v.is_in(v.old), v.is_in(v.new)), (True, False))


def a_lost_round_is_waited_for():
    """A network that makes no blocks for a while, as after a proposer that let its turn pass, ends no rotation."""
    with Validators() as v:
        v.flag("halted")
        name = approve(v.agent, ask(v.agent, **PARAMS))
        check(until(lambda: place(v.agent) == "vote-in begun", 60), place(v.agent))
        time.sleep(1)
        equal((job(v.agent, name)["state"], v.votes()), ("running", []))
        v.flag("halted", False)
        v.wakes(v.new)
        succeeded(ended(v.agent, name))
        equal((v.is_in(v.old), v.is_in(v.new)), (False, True))


def one_that_misses_a_turn_is_waited_for():
    """Between the proof and the vote: the old one stays as long as that lasts."""
    with Validators() as v:
        v.flag("hold-after")
        name = approve(v.agent, ask(v.agent, **PARAMS))
        v.wakes(v.new)
        v.flag("hold")
        v.flag("hold-after", False)
        check(until(lambda: place(v.agent) == "vote-out begun", 60), place(v.agent))
        check(until(lambda: worker(v.agent, "besu"), 30))
        v.state(v.new, 11, "late")
        kill(v.agent, "besu")
        v.flag("hold", False)
        time.sleep(1)
        check(v.is_in(v.old) and job(v.agent, name)["state"] == "running", job(v.agent, name))
        v.wakes(v.new)
        succeeded(ended(v.agent, name))
        equal((v.is_in(v.old), v.is_in(v.new)), (False, True))


def a_validator_survives_every_kill():
    """Before a vote takes effect, after that and before its answer, and while the new one is waited for."""
    for who in ("agent", "keys", "besu"):
        with Validators() as v:
            v.flag("hold")
            name = approve(v.agent, ask(v.agent, **PARAMS))
            check(until(lambda: place(v.agent) == "vote-in begun", 60), place(v.agent))
            kill(v.agent, who)
            v.flag("hold-after")
            v.flag("hold", False)
            check(until(lambda: v.is_in(v.new), 60), "%s: the vote never took effect" % who)
            kill(v.agent, who)
            v.flag("hold-after", False)
            check(until(lambda: place(v.agent) == "see-it-propose begun", 60), (who, place(v.agent)))
            kill(v.agent, who)
            v.flag("hold")
            v.wakes(v.new)
            check(until(lambda: place(v.agent) == "vote-out begun", 60), (who, place(v.agent)))
            kill(v.agent, who)
            v.flag("hold", False)
            succeeded(ended(v.agent, name))
            equal((v.is_in(v.old), v.is_in(v.new)), (False, True))
            order = [vote for vote, _, _ in v.votes()]
            check(order.index("add") < order.index("remove") < order.index("discard"), order)
            check(min(int(size) for _, _, size in v.votes()) >= 4, v.votes())


def besu_votes_for_it():
    """The real besu plugin, on networks of doubles that answer as recorded Besu did: votes, blocks and who makes them. The agent is
    killed while the votes are counted, and while the new one is waited for.
    """
    for version in ("25.5.0", "26.8.0"):
        network = besu_live.Live(version)
        agent = Agent()
        try:
            old, new = network.addresses[1], network.addresses[5]
            agent.install("keys")
            agent.install("besu")
            agent.plugin_config("keys", "enabled = true;")
            agent.plugin_config("besu", 'enabled = true; poll_interval = "200ms"; timeout = "2s"; nodes = ( %s );' % ", ".join(
                '{ name = "node%d"; url = "%s"; }' % (n, network.url(n)) for n in range(1, 6)))
            two_custodians(agent)
            with agent:
                well = lambda: agent.call("besu.status")[1].get("result", {}).get("network", {}).get("state") == "ok"
                check(until(well, 30), agent.log_text()[-2000:])
                network.stop(3)
                check(until(lambda: agent.call("besu.validators")[1]["result"]["missing"] == 1, 60))
                check("bring the missing ones back" in refused(agent, key=old, to=new, what="validator"))
                network.start(3)
                check(until(well, 60), agent.log_text()[-2000:])
                planned = ask(agent, key=old, to=new, what="validator", wait="2m")
                check("before" in planned["plan"]["calls"][0]["plan"], "the plan of the vote is part of it: %r" % planned)
                name = approve(agent, planned)
                check(until(lambda: place(agent) == "vote-in begun", 60))
                kill(agent, "agent")
                check(until(lambda: place(agent) == "see-it-propose begun", 120), place(agent))
                kill(agent, "agent")
                succeeded(ended(agent, name, 180))
                now = [a.lower() for a in network.validators()]
                equal((old.lower() in now, new.lower() in now, len(now)), (False, True, 4))
                check(until(lambda: not any(node.votes for node in network.nodes.values()), 60), "votes are left")
            print("peer: recorded Besu", version)
        finally:
            network.close()


# --- Tessera --------------------------------------------------------------------------------------

def a_key_of_tessera_keeps_the_old_ones():
    names = ("tm-1", "tm-2", "tm-3")
    agent = Agent()
    agent.write("password", "correct horse\n", 0o600)
    agent.install("keys")
    agent.plugin_config("keys", 'enabled = true; kdf = "light"; keys = (%s);' % ", ".join(
        '{ name = "%s"; password = "file:%s"; }' % (n, agent.path("password")) for n in names))
    two_custodians(agent)
    with agent:
        until(lambda: (agent.plugin("keys") or {}).get("state") == "running")
        public = {n: agent.json("keys", "generate", n, "--kind", "tessera")["public_key"] for n in names}
        params = {"key": "tm-2", "to": "tm-3", "what": "tessera"}
        check("called tm-4" in refused(agent, **dict(params, to="tm-4")))
        result = succeeded(rotate(agent, **params))
        fragment = agent.path("state/plugins/keys/outbox/tessera-%s.json" % result["id"])
        equal(os.stat(fragment).st_mode & 0o777, 0o600)
        with open(fragment) as f:
            data = json.load(f)["keys"]["keyData"]
        equal([d["publicKey"] for d in data], [public["tm-3"], public["tm-2"], public["tm-1"]])
        equal({d["config"]["type"] for d in data}, {"argon2sbox"})
        check(all(set(d["config"]["data"]) == {"snonce", "asalt", "sbox", "aopts"} for d in data), data)
        # each opens again as what it is, from the fragment alone
        agent.write("state/plugins/keys/inbox/again", json.dumps(data[0]["config"]))
        os.unlink(agent.path("state/plugins/keys/keys/tm-3.json"))
        agent.stop()
        agent.start()
        until(lambda: (agent.plugin("keys") or {}).get("state") == "running")
        got = agent.json("keys", "import", "tm-3", "--kind", "tessera", "--file", "again", "--file-password", "file:" + agent.path("password"))
        equal(got["public_key"], public["tm-3"])


if __name__ == "__main__":
    run("keys_rotate", [a_role_goes_over, its_calls_are_approved_with_it, the_admins_own_role_goes_over, what_proves_nothing_is_refused, a_role_survives_every_kill,
                        one_that_stopped_goes_on_or_back, a_validator_goes_over, the_quorum_is_kept,
                        a_vote_that_was_taken_proves_nothing, blocks_of_other_days_prove_nothing,
                        a_lost_round_is_waited_for, one_that_misses_a_turn_is_waited_for, a_validator_survives_every_kill, besu_votes_for_it,
                        a_key_of_tessera_keeps_the_old_ones])
