#!/usr/bin/env python3
"""The stack plugin on a real Docker engine with compose: what it shows, starts, follows, verifies, restarts one after the other,
upgrades and takes back. The validators are containers, the chain is stack_net.py.
"""
import json
import os
import signal
import subprocess
import sys
import time

from docker_engine import Engine
from harness import Agent, Skip, check, equal, free_port, run, until
from stack_net import NODE_SH, LiveNetwork

ROLES = {1: "validator", 2: "validator", 3: "validator", 4: "validator"}


class Host:
    """An engine, four validators and a web server in one compose project, the chain's double, and an agent over all."""

    def __init__(self, engine):
        self.engine = engine
        self.net = LiveNetwork()
        self.agent = Agent(config="policy: { self_approval = true; };")
        self.web = free_port()
        self.project = self.agent.path("project")
        os.makedirs(self.project)
        self.images = {}
        for version in ("25.5.0", "26.8.0"):
            self.images[version] = engine.image("c138test/node:" + version, {
                "node.sh": (NODE_SH, 0o755), "etc/node-version": (version.encode() + b"\n", 0o644)},
                {"org.opencontainers.image.version": version}, ["/node.sh"])
        engine.image("c138test/node:25.5.1", {
            "node.sh": (NODE_SH, 0o755), "etc/node-version": (b"25.5.1\n", 0o644), "etc/broken": (b"besu-2\n", 0o644)},
            {"org.opencontainers.image.version": "25.5.1"}, ["/node.sh"])
        engine.image("c138test/node:25.5.2", {
            "node.sh": (NODE_SH, 0o755), "etc/node-version": (b"25.5.2\n", 0o644)},
            {"org.opencontainers.image.version": "25.5.2"}, ["/node.sh"])
        self.compose_file()
        self.config()

    def compose_file(self):
        services = {}
        for n, port in self.net.ports.items():
            services["besu-%d" % n] = {
                "image": "c138test/node:25.5.0", "network_mode": "host", "stop_grace_period": "5s",
                "environment": {"NAME": "besu-%d" % n, "PORT": str(port), "BESU_CONFIG_FILE": "/config/config.toml"}}
        services["web"] = {"image": "c138test/node:25.5.0", "network_mode": "host", "depends_on": ["besu-1"],
                           "restart": "always", "environment": {"NAME": "web", "PORT": str(self.web)}}
        with open(os.path.join(self.project, "docker-compose.yml"), "w") as f:
            json.dump({"version": "3.6", "services": services}, f)
        self.toml("rpc-http-api=[\"ETH\",\"NET\"]\n")

    def toml(self, text):
        for n in self.net.ports:
            self.agent.write("project/config-%d.toml" % n, text)

    def config(self, more=""):
        nodes = "".join('{ name = "besu-%d"; url = "%s"; validator = "%s"; },' % (
            n, s.url, self.net.recording.addresses[n]) for n, s in zip((1, 2, 3, 4), self.net.servers)).rstrip(",")
        self.agent.install("besu")
        self.agent.plugin_config("besu", """enabled = true; poll_interval = "200ms"; timeout = "1s"; nodes = (%s);""" % nodes)
        services = "".join("""{ name = "besu-%d"; role = "validator"; node = "besu-%d"; port = "127.0.0.1:%d";
            health_url = "http://127.0.0.1:%d/state"; metrics_url = "http://127.0.0.1:%d/metrics";
            config_file = "%s/config-%d.toml"; },""" % (n, n, p, p, p, self.project, n) for n, p in self.net.ports.items())
        services += """{ name = "web"; port = "127.0.0.1:%d"; }""" % self.web
        self.agent.install("stack")
        self.agent.plugin_config("stack", """enabled = true; grants = ("bus", "call", "kv", "timer", "metrics", "process");
            programs = ("/usr/bin/docker", "/usr/bin/docker-compose"); compose_program = "/usr/bin/docker-compose";
            memory_max = "1GiB"; socket = "%s"; project = "c138"; project_dir = "%s"; stop_grace = "5s"; step_timeout = "60s";
            settle = "20s"; poll_interval = "500ms"; services = (%s); %s""" % (
                self.engine.socket, self.project, services, more))

    def __enter__(self):
        self.agent.start()
        return self

    def __exit__(self, *_):
        try:
            self.agent.__exit__()
        finally:
            self.net.close()

    def up(self):
        self.agent.json("stack", "up", timeout=120)
        check(until(lambda: len(self.net.states) == 4, 30), self.net.states)
        # The besu plugin must have seen each of them propose.
        check(until(self.healthy, 60), self.validators())

    def validators(self):
        return self.agent.json("besu", "validators")

    def healthy(self):
        status, out, _ = self.agent.ctl("--json", "besu", "validators")
        rows = json.loads(out)["members"] if status == 0 else []  # while all of them start, nobody answers
        return len(rows) == 4 and all(r["state"] == "ok" for r in rows)

    def refused(self, *args):
        status, out, err = self.agent.ctl(*args, timeout=180)
        check(status != 0, out)
        return out + err


    def ask(self, action, **params):
        """A dangerous action: its job and its plan, which waits for an approval; or the job's document when it was refused."""
        status, doc = self.agent.call(action, params)
        job = doc.get("job")
        check(job, doc)
        check(until(lambda: self.job(job)["state"] not in ("planning", "queued"), 60), doc)
        waits = [a for a in self.agent.json("approvals")["approvals"] if a["id"] == job]
        return job, waits[0] if waits else self.job(job)

    def approve(self, job, plan):
        status, out, err = self.agent.ctl("approve", job, plan["digest"])
        equal(status, 0, out + err)

    def job(self, job):
        return self.agent.http("GET", "/v1/jobs/" + job)[1]

    def ended(self, job, seconds=240):
        done = ("succeeded", "failed", "cancelled", "interrupted")
        check(until(lambda: self.job(job)["state"] in done, seconds, 0.2), self.job(job))
        return self.job(job)

    def steps(self, job):
        """[(service, step)] of a rolling change, as its journal has them."""
        with open(self.agent.path("state/plugins/stack/rolling.log")) as f:
            return [(o["service"], o["step"]) for o in map(json.loads, f) if o["job"] == job]

    def versions(self):
        return {n: self.net.states[n][0] for n in self.net.states}


ENGINE = None
HOST = None


def host():
    if HOST is None:
        raise Skip("no Docker engine")
    return HOST


def test_ps_up_and_logs():
    h = host()
    rows = h.agent.json("stack", "ps")["services"]
    equal({r["service"]: r["state"] for r in rows}, dict({"besu-%d" % n: "absent" for n in range(1, 5)}, web="absent"))
    h.up()
    rows = {r["service"]: r for r in h.agent.json("stack", "ps")["services"]}
    equal({r["state"] for r in rows.values()}, {"running"})
    equal(rows["besu-1"]["role"], "validator")
    equal(rows["besu-1"]["digest"], h.images["25.5.0"])
    lines = h.agent.json("stack", "logs", "besu-1", "besu-2", "--tail", "10")["lines"]
    texts = [l["text"] for l in lines]
    check("node besu-1 starts as 25.5.0" in texts and "node besu-2 complains" in texts, texts)
    equal([l["time"] for l in lines], sorted(l["time"] for l in lines))
    check([l["error"] for l in lines if "complains" in l["text"]] == [True, True], lines)
    check(not any(l["service"] == "web" for l in lines), lines)


def test_follow():
    h = host()
    before = h.agent.json("stack", "logs", "web", "--tail", "1")
    # A line that comes while somebody waits for it.
    follow = subprocess.Popen([os.path.join(os.getcwd(), "chain138ctl"), "--json", "--socket", h.agent.socket, "stack", "logs",
                               "web", "--watch", "8s", "--since", before["next"]], stdout=subprocess.PIPE, text=True)
    h.agent.json("stack", "restart", "web", timeout=60)
    out = follow.communicate(timeout=60)[0]
    lines = json.loads(out).get("lines")
    check(lines, out)
    check("node web starts as 25.5.0" in [l["text"] for l in lines], lines)


def test_verify():
    h = host()
    doc = h.agent.json("stack", "verify", timeout=90)
    check(doc["ok"], doc)
    seen = {(c["service"], c["check"]) for c in doc["checks"]}
    equal({c for s, c in seen if s == "besu-1"}, {"engine", "port", "health", "metrics", "sync", "head"})
    h.agent.json("stack", "stop", "web")
    status, out, err = h.agent.ctl("--json", "stack", "verify", "web", timeout=90)
    equal(status, 1, "a script sees it")
    doc = json.loads(out)
    equal([c["check"] for c in doc["checks"] if not c["ok"]], ["engine", "port"])
    h.agent.json("stack", "start", "web")
    check(until(lambda: h.agent.ctl("stack", "verify", "web")[0] == 0, 20))
    events = [e for e in h.agent.json("events", "--limit", "200")["events"] if e["topic"].startswith("stack.service")]
    check({"stack.service-down", "stack.service-up"} <= {e["topic"] for e in events if e["data"]["service"] == "web"}, events)


def test_resources():
    h = host()
    doc = h.agent.json("stack", "resources", timeout=60)
    check(doc["host"]["memory_bytes"] > doc["host"]["memory_available_bytes"] > 0, doc["host"])
    check(doc["disks"] and all(d["size_bytes"] >= d["used_bytes"] > 0 for d in doc["disks"]), doc["disks"])
    equal(len(doc["services"]), 5)
    # A container's memory is told where its control group is to be had.
    if any("memory_bytes" in s for s in doc["services"]):
        check(all(s["memory_bytes"] > 0 for s in doc["services"] if "memory_bytes" in s), doc["services"])
    else:
        print("skipped: stack_test stats: this host's control groups tell docker nothing")


def test_restart_is_rolling():
    h = host()
    began = time.time()
    h.agent.json("stack", "restart", timeout=240)
    fewest, order, pause = h.net.since(began)
    equal(order, [1, 2, 3, 4])
    equal(fewest, 3, "never more than one away")
    check(pause < 15, pause)
    starts = {r["service"]: r["since"] for r in h.agent.json("stack", "ps")["services"]}
    equal(sorted(starts, key=starts.get)[1:], ["besu-1", "besu-2", "besu-3", "besu-4"], "web first, validators last")


def test_quorum_is_kept():
    h = host()
    check(until(h.healthy, 60), h.validators())
    h.agent.json("stack", "stop", "besu-4", timeout=60)
    check(until(lambda: [m["state"] for m in h.validators()["members"]].count("missing") == 1, 60), h.validators())
    text = h.refused("stack", "stop", "besu-2")
    check("needs 3 of 4" in text and "1 is missing or late (besu-4), so 3 take part" in text and "2 would be left, 1 too few" in text, text)
    text = h.refused("stack", "restart", "besu-2")
    check("stack.quorum" in text or "too few" in text, text)
    text = h.refused("stack", "stop", "besu-1", "besu-2")
    check("without these 1 would be left, 2 too few" in text, text)
    equal(len(h.net.states), 3, "nothing was touched")
    # The one that is away costs nothing.
    h.agent.json("stack", "restart", "besu-4", timeout=120)
    check(until(h.healthy, 60), h.validators())


def test_restart_goes_on_after_kill():
    h = host()
    began = time.time()
    status, doc = h.agent.call("stack.restart", {"services": ["besu-1", "besu-2", "besu-3", "besu-4"]}, wait=0)
    job = doc["job"]
    check(until(lambda: ("besu-2", "touched") in h.steps(job), 60, 0.02), h.steps(job))
    h.agent.process.send_signal(signal.SIGKILL)
    h.agent.process.wait()
    h.agent.start()
    doc = h.ended(job)
    equal(doc["state"], "succeeded", doc)
    equal([s for s in h.steps(job) if s[1] == "touched"], [("besu-%d" % n, "touched") for n in (1, 2, 3, 4)], "none twice in the journal")
    fewest, order, pause = h.net.since(began)
    equal(fewest, 3)
    equal([n for i, n in enumerate(order) if n not in order[:i]], [1, 2, 3, 4])
    check(order.count(1) == 1, order)


def test_upgrade_is_refused():
    h = host()
    check(until(h.healthy, 60), h.validators())
    # What went back to the older version before is known as such, when it was asked again.
    check(until(lambda: all("25.5.0" in n["version"] for n in h.agent.json("besu", "status")["nodes"]), 60), h.agent.json("besu", "status"))
    job, doc = h.ask("stack.upgrade", image="c138test/node:26.8.0")
    equal(doc["plan"]["version"], "26.8.0", doc)
    h.agent.ctl("reject", job, "--reason", "not now")
    h.toml('# privacy\nprivacy-enabled=true\nrpc-http-api=["ETH",\n  "PRIV"]\n')
    job, doc = h.ask("stack.upgrade", image="c138test/node:26.8.0")
    equal(doc["state"], "failed", doc)
    text = json.dumps(doc)
    check("privacy-enabled in " in text and "gone since 25.6.0" in text and "rpc-http-api has PRIV" in text, text)
    # The same config to a version that still has it.
    job, doc = h.ask("stack.upgrade", image="c138test/node:25.5.2")
    check("plan" in doc, doc)
    h.agent.ctl("reject", job, "--reason", "not now")
    h.toml('rpc-http-api=["ETH","NET"]\n')
    job, doc = h.ask("stack.upgrade", image="c138test/node:99.0.0")
    check("stack pull --image" in json.dumps(doc), doc)
    equal(h.versions(), {n: "25.5.0" for n in (1, 2, 3, 4)})


def test_upgrade_is_rolled_back():
    """The image of 25.5.1 does not start as besu-2: it goes back, and so does besu-1, which was back already."""
    h = host()
    check(until(h.healthy, 60), h.validators())
    job, plan = h.ask("stack.upgrade", image="c138test/node:25.5.1", services=["besu-1", "besu-2", "besu-3"])
    began = time.time()
    h.approve(job, plan)
    doc = h.ended(job)
    equal(doc["state"], "failed", doc)
    check("besu-2 is not back" in json.dumps(doc) and "rolled back: 2 services" in json.dumps(doc), doc)
    fewest, order, pause = h.net.since(began)
    equal((fewest, set(order)), (3, {1, 2}), "besu-3 was not touched")
    check(("25.5.1" in {s for r in h.net.seen_versions for s in r}), "besu-1 had run it")
    equal(h.versions(), {n: "25.5.0" for n in (1, 2, 3, 4)})
    equal({n: s[2] for n, s in h.net.states.items()}, {1: "false", 2: "false", 3: "unset", 4: "unset"}, "the protection is off where it went back")
    rows = {r["service"]: r["digest"] for r in h.agent.json("stack", "ps")["services"]}
    equal(rows["besu-1"], h.images["25.5.0"])


def test_what_changed_is_taken_over_one_by_one():
    """Another environment in the file: up leaves what runs alone, restart --recreate takes it over."""
    h = host()
    check(until(h.healthy, 60), h.validators())
    path = os.path.join(h.project, "docker-compose.yml")
    with open(path) as f:
        doc = json.load(f)
    for n in (1, 2):
        doc["services"]["besu-%d" % n]["environment"]["NAME"] = "renamed-%d" % n
    with open(path, "w") as f:
        json.dump(doc, f)
    before = {s: c["Id"] for s, c in h.engine.containers("c138").items()}
    h.agent.json("stack", "up", timeout=120)
    equal({s: c["Id"] for s, c in h.engine.containers("c138").items()}, before)
    began = time.time()
    h.agent.json("stack", "restart", "besu-1", "besu-2", "--recreate", "true", timeout=180)
    fewest, order, pause = h.net.since(began)
    equal((fewest, order), (3, [1, 2]))
    lines = [l["text"] for l in h.agent.json("stack", "logs", "besu-1", "besu-2")["lines"]]
    check("node renamed-1 starts as 25.5.0" in lines and "node renamed-2 starts as 25.5.0" in lines, lines)


def test_what_dies_is_told():
    h = host()
    pid = h.engine.get("/containers/%s/json" % h.engine.containers("c138")["web"]["Id"])["State"]["Pid"]
    os.kill(pid, signal.SIGKILL)

    def told():
        return [e for e in h.agent.json("events", "--limit", "300")["events"]
                if e["topic"] == "stack.service-restarted" and e["data"]["service"] == "web"]
    check(until(told, 30), h.agent.ctl("events")[1])
    status, text = h.agent.http("GET", "/metrics")
    check('chain138_stack_service_up{service="besu-1"} 1' in text.replace("1.0", "1"), text[-2000:])


def test_a_halted_chain_is_seen():
    """Two of four stopped behind the agent's back: everything about besu-1 looks well but its head."""
    h = host()
    for n in (3, 4):
        h.engine.request("POST", "/containers/%s/stop?t=1" % h.engine.containers("c138")["besu-%d" % n]["Id"])
    check(until(lambda: len(h.net.states) == 2, 20))
    status, out, err = h.agent.ctl("--json", "stack", "verify", "besu-1", "--within", "6s", timeout=60)
    equal(status, 1)
    checks = {c["check"]: c["ok"] for c in json.loads(out)["checks"]}
    equal({c: ok for c, ok in checks.items() if c != "sync"}, {"engine": True, "port": True, "health": True, "metrics": True, "head": False})
    h.agent.json("stack", "start", "besu-3", "besu-4", timeout=60)
    check(until(h.healthy, 90), h.validators())


def test_upgrade_over_the_encoding():
    h = host()
    check(until(h.healthy, 60), h.validators())
    job, doc = h.ask("stack.upgrade", image="c138test/node:26.8.0")
    plan = doc["plan"]
    equal((plan["legacy_encoding"], plan["full_stop"], plan["quorum"]), (True, True, 3))
    equal([s["service"] for s in plan["services"]], ["besu-1", "besu-2", "besu-3", "besu-4"])
    equal({s["from"] for s in plan["services"]}, {"25.5.0"})
    equal(plan["digest"], h.images["26.8.0"])
    check("--version-compatibility-protection=false" in plan["no_return"], plan)
    check(any("full stop" in s for s in plan["stages"]) and any("legacy-protocol-encoding" in s for s in plan["stages"]), plan)
    began = time.time()
    h.approve(job, doc)
    check(until(lambda: h.net.states.get(2, ["", ""])[:2] == ["26.8.0", "true"], 180), h.net.states)
    check(h.net.makers(), "mixed, and blocks go on")
    # Killed while one is away: it goes on, and what is done stays done.
    check(until(lambda: ("besu-3", "touched") in h.steps(job), 180, 0.02), h.steps(job))
    h.agent.process.send_signal(signal.SIGKILL)
    h.agent.process.wait()
    h.agent.start()
    done = h.ended(job)
    equal(done["state"], "succeeded", done)
    equal(h.versions(), {n: "26.8.0" for n in (1, 2, 3, 4)})
    equal({s[1] for s in h.net.states.values()}, {"false"}, "the old form is off")
    rolled = [r for r in h.net.history if r[0] >= began and any(True for _ in r[1])]
    check(min(len(r[1]) for r in rolled) < 3, "one full stop")
    pins = {p["service"]: p for p in h.agent.json("stack", "pins")["pins"]}
    equal({p["image"] for p in pins.values()}, {h.images["26.8.0"]})
    equal({tuple(p["environment"]) for p in pins.values()}, {()})
    events = [e for e in h.agent.json("events", "--limit", "300")["events"] if e["topic"] == "stack.upgraded"]
    check({(e["data"]["service"], e["data"]["digest"]) for e in events} >= {("besu-%d" % n, h.images["26.8.0"]) for n in (1, 2, 3, 4)}, events)
    # Back to an older version is a restore, no upgrade.
    check(until(h.healthy, 60), h.validators())
    job, doc = h.ask("stack.upgrade", image="c138test/node:25.5.2")
    check("stack.downgrade" in json.dumps(doc), doc)


def test_the_last_step_alone():
    """--finish: the full stop without the old form, as after an upgrade whose hosts were finished by hand."""
    h = host()
    check(until(h.healthy, 60), h.validators())
    job, doc = h.ask("stack.upgrade", services=["besu-1", "besu-2", "besu-3"], finish=True)
    check("not all of them are services" in json.dumps(doc), doc)
    job, doc = h.ask("stack.upgrade", finish=True)
    equal((doc["plan"]["full_stop"], doc["plan"]["image"], len(doc["plan"]["stages"])), (True, "", 1), doc)
    began = time.time()
    h.approve(job, doc)
    equal(h.ended(job)["state"], "succeeded", h.job(job))
    fewest, order, pause = h.net.since(began)
    equal((fewest, sorted(order)), (0, [1, 2, 3, 4]), "all at once, each once")
    equal({s[1] for s in h.net.states.values()}, {"false"})
    # Killed while all of them are away, and nobody knows the chain: it goes on, for they would stay away.
    check(until(h.healthy, 60), h.validators())
    job, doc = h.ask("stack.upgrade", finish=True)
    h.approve(job, doc)
    check(until(lambda: not h.net.states, 60, 0.05), h.net.states)
    h.agent.process.send_signal(signal.SIGKILL)
    h.agent.process.wait()
    h.agent.start()
    equal(h.ended(job)["state"], "succeeded", h.job(job))
    check(until(h.healthy, 60), h.validators())


def test_down():
    h = host()
    job, doc = h.ask("stack.down")
    check(doc["plan"]["chain_stands"], doc)
    h.approve(job, doc)
    equal(h.ended(job)["state"], "succeeded")
    equal(h.engine.containers("c138"), {})


def main():
    global ENGINE, HOST
    tests = [test_ps_up_and_logs, test_follow, test_verify, test_resources, test_what_dies_is_told, test_restart_is_rolling,
             test_quorum_is_kept, test_a_halted_chain_is_seen, test_restart_goes_on_after_kill,
             test_what_changed_is_taken_over_one_by_one, test_upgrade_is_refused, test_upgrade_is_rolled_back,
             test_upgrade_over_the_encoding, test_the_last_step_alone, test_down]
    if os.environ.get("C138_SANITIZED") == "1":  # the same ways, in less time
        for test in (test_restart_is_rolling, test_what_changed_is_taken_over_one_by_one, test_a_halted_chain_is_seen):
            tests.remove(test)
    try:
        with Engine() as ENGINE, Host(ENGINE) as HOST:
            run("stack_test", tests)
    except Skip as why:
        print("skipped: stack_test: %s" % why)
        sys.exit(77)


if __name__ == "__main__":
    main()
