#!/usr/bin/env python3
"""The stack plugin over its other two engines: systemd by D-Bus (a double, and journal files of the real systemd-journal-remote),
and Kubernetes (a stand-in of kubectl that replays JSON of the API).
"""
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time

from harness import SOURCE, Agent, Skip, check, equal, run, until

HERE = os.path.join(SOURCE, "tests", "integration")
PYTHON = "/usr/bin/python3"  # the one that Debian's python3-dbus and python3-gi belong to
REMOTE = "/lib/systemd/systemd-journal-remote"


class Bus:
    """A bus of its own with the double on it."""

    def __init__(self, *units):
        self.units = units
        self.folder = tempfile.mkdtemp(prefix="c138-bus-")
        self.address = "unix:path=%s/bus" % self.folder
        self.log = self.folder + "/jobs"

    def __enter__(self):
        if not shutil.which("dbus-daemon") or subprocess.run([PYTHON, "-c", "import dbus, gi"], capture_output=True).returncode:
            self.__exit__()
            raise Skip("no dbus-daemon, or no python3-dbus and python3-gi")
        # Without the services that a session would start by itself: a systemd among them.
        with open(self.folder + "/bus.conf", "w") as f:
            f.write("""<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>""" % self.address)
        self.daemon = subprocess.Popen(["dbus-daemon", "--config-file=" + self.folder + "/bus.conf", "--nofork"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        check(until(lambda: os.path.exists(self.folder + "/bus")), "the bus does not come up")
        self.double = subprocess.Popen([PYTHON, os.path.join(HERE, "systemd_double.py"), self.address, self.log, *self.units],
                                       stdout=subprocess.PIPE, text=True)
        equal(self.double.stdout.readline().strip(), "ready")
        return self

    def __exit__(self, *_):
        for p in (getattr(self, "double", None), getattr(self, "daemon", None)):
            if p:
                p.kill()
                p.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def jobs(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log) as f:
            return f.read().split("\n")[:-1]


def agent(section):
    a = Agent()
    a.install("stack")
    a.plugin_config("stack", "enabled = true; poll_interval = \"300ms\"; " + section)
    return a


def systemd(bus, more="", units=("besu.service", "tessera.service")):
    services = ", ".join('{ name = "%s"; unit = "%s"; }' % (u.split(".")[0], u) for u in units)
    return agent('driver = "systemd"; bus_address = "%s"; stop_grace = "2s"; step_timeout = "5s"; services = (%s); %s' % (
        bus.address, services, more))


def units_start_stop_and_restart():
    with Bus("besu.service", "tessera.service") as bus, systemd(bus) as a:
        rows = {r["service"]: r for r in a.json("stack", "ps")["services"]}
        equal({n: r["state"] for n, r in rows.items()}, {"besu": "stopped", "tessera": "stopped"})
        a.json("stack", "up")
        rows = {r["service"]: r for r in a.json("stack", "ps")["services"]}
        equal({r["state"] for r in rows.values()}, {"running"})
        equal(rows["besu"]["instance"], "besu.service")
        check(rows["besu"]["since"] and rows["besu"]["text"] == "active (running)", rows)
        a.json("stack", "restart", "tessera", "besu")
        a.json("stack", "stop", "besu")
        equal(bus.jobs(), ["start besu.service replace", "start tessera.service replace", "restart tessera.service replace",
                           "restart besu.service replace", "stop besu.service replace"])
        doc = a.json("stack", "resources")
        stats = {s["service"]: s for s in doc["services"]}
        equal(stats["tessera"]["memory_bytes"], 64 << 20)
        check(0 < float(stats["tessera"]["cpu_percent"]) < 100 and "memory_limit_bytes" not in stats["tessera"], stats)
        check("memory_bytes" not in stats["besu"], stats)
        print("peer: a double of systemd 252 on dbus-daemon")


def in_a_thread_it_is_the_same():
    with Bus("besu.service") as bus, systemd(bus, 'mode = "thread";', ("besu.service",)) as a:
        equal(a.plugin("stack")["mode"], "thread")
        a.json("stack", "up")
        equal(a.json("stack", "ps")["services"][0]["state"], "running")
        equal(bus.jobs(), ["start besu.service replace"])


def what_systemd_refuses_is_said():
    with Bus("broken.service", "denied.service") as bus, systemd(bus, units=("broken.service", "denied.service", "nowhere.service")) as a:
        states = {r["service"]: r["state"] for r in a.json("stack", "ps")["services"]}
        equal(states["nowhere"], "absent")
        status, out, err = a.ctl("stack", "start", "broken")
        check(status != 0 and 'ended as "failed"' in out + err, out + err)
        equal({r["service"]: r["state"] for r in a.json("stack", "ps")["services"]}["broken"], "failed")
        status, out, err = a.ctl("stack", "start", "denied")
        check(status != 0 and "polkit" in out + err, out + err)
        status, out, err = a.ctl("stack", "start", "nowhere")
        check(status != 0 and "not found" in out + err, out + err)
        status, doc = a.call("stack.upgrade", {"image": "x:1"}, wait=10)
        check("no images" in json.dumps(doc), doc)
    with Bus("besu.service") as bus, systemd(bus, "read_only = true;", ("besu.service",)) as a:
        status, out, err = a.ctl("stack", "start", "besu")
        check(status != 0 and "read_only" in out + err, out + err)
        equal(bus.jobs(), [])
        bus.double.kill()
        bus.double.wait()
        status, out, err = a.ctl("stack", "ps")
        check(status != 0 and "systemd at" in out + err, out + err)
        check(until(lambda: [e for e in a.json("events")["events"] if e["topic"] == "stack.engine-down"]))


def the_journal_is_one_time_line():
    if not os.path.exists(REMOTE):
        raise Skip("no systemd-journal-remote to write a journal with")
    with Bus("besu.service", "tessera.service") as bus:
        journal = os.path.join(bus.folder, "journal")
        os.mkdir(journal)
        now = int(time.time()) * 1000000
        entries = ""
        for i in range(20):
            unit = ("besu", "tessera", "other")[i % 3]
            entries += "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%032x\nPRIORITY=%d\n_SYSTEMD_UNIT=%s.service\nMESSAGE=line %d of %s\n\n" % (
                now - (20 - i) * 1000000, 1000000 + i * 1000000, 7, 3 if i == 3 else 6, unit, i, unit)
        r = subprocess.run([REMOTE, "-o", os.path.join(journal, "a.journal"), "-"], input=entries, text=True, capture_output=True)
        equal(r.returncode, 0, r.stderr)
        print("peer: journal of " + subprocess.run([REMOTE, "--version"], capture_output=True, text=True).stdout.split("\n")[0])
        with systemd(bus, 'journal_dir = "%s";' % journal) as a:
            lines = a.json("stack", "logs", "--tail", "0")["lines"]
            equal([l["text"] for l in lines], ["line %d of %s" % (i, ("besu", "tessera")[i % 3]) for i in range(20) if i % 3 < 2])
            equal([l["text"] for l in lines if l["error"]], ["line 3 of besu"])
            lines = a.json("stack", "logs", "besu", "--tail", "3")["lines"]
            equal([l["text"] for l in lines], ["line %d of besu" % i for i in (12, 15, 18)])
            since = a.json("stack", "logs", "--tail", "0", "--since", lines[0]["time"])["lines"]
            equal([l["text"] for l in since], ["line %d of %s" % (i, ("besu", "tessera")[i % 3]) for i in range(12, 20) if i % 3 < 2])
            equal([l["text"] for l in a.json("stack", "logs", "--grep", "line 1")["lines"]],
                  ["line %d of %s" % (i, ("besu", "tessera")[i % 3]) for i in (1, 10, 12, 13, 15, 16, 18, 19)])


# --- Kubernetes --------------------------------------------------------------------------------

class Cluster:
    """kubectl for the plugin: a program that replays tests/data/kubernetes and remembers what it was asked."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="c138-kube-")
        self.kubectl = os.path.join(self.folder, "kubectl")
        self.log = os.path.join(self.folder, "calls")
        shutil.copy(os.path.join(HERE, "kubectl_double.py"), self.kubectl)
        os.chmod(self.kubectl, 0o755)
        self.put(replicas=1)

    def put(self, **state):
        with open(os.path.join(self.folder, "state.json"), "w") as f:
            json.dump(state, f)

    def calls(self):
        with open(self.log) as f:
            return [json.loads(line) for line in f]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def agent(self):
        return agent("""driver = "kubernetes"; kubectl = "%s"; programs = ("%s"); grants = ("bus", "kv", "timer", "process");
            context = "test"; namespace = "chain138"; stop_grace = "2s"; step_timeout = "10s"; memory_max = "1GiB";
            services = ({ name = "validator-1"; workload = "statefulset/validator-1"; }, { name = "rpc"; }); """ % (
                self.kubectl, self.kubectl))


def pods_are_services():
    with Cluster() as c, c.agent() as a:
        rows = {r["instance"]: r for r in a.json("stack", "ps")["services"]}
        equal({i: (r["service"], r["state"]) for i, r in rows.items()},
              {"validator-1-0": ("validator-1", "running"), "rpc-6d4cf56db6-abcde": ("rpc", "restarting")})
        equal(rows["rpc-6d4cf56db6-abcde"]["restarts"], 7)
        check(rows["rpc-6d4cf56db6-abcde"]["out_of_memory"], rows)
        check(rows["validator-1-0"]["digest"].endswith("a" * 64), rows)
        lines = a.json("stack", "logs", "validator-1", "--tail", "5")["lines"]
        equal([l["text"] for l in lines], ["Produced empty block #1", "Produced empty block #2"])
        stats = {s["service"]: s for s in a.json("stack", "resources")["services"]}
        equal((stats["validator-1"]["memory_bytes"], float(stats["validator-1"]["cpu_percent"])), (512 << 20, 25.0))
        a.json("stack", "restart", "validator-1")
        a.json("stack", "stop", "rpc")
        words = [w for w in c.calls()]
        check(all(w[:3] == ["--context=test", "-n", "chain138"] for w in words), words)
        changes = [w[3:] for w in words if w[3] in ("rollout", "scale")]
        equal(changes, [["rollout", "restart", "statefulset/validator-1"], ["rollout", "status", "statefulset/validator-1", "--timeout=600s"],
                        ["scale", "deployment/rpc", "--replicas=0"], ["rollout", "status", "deployment/rpc", "--timeout=600s"]])


def a_pod_gets_another_image():
    with Cluster() as c:
        a = c.agent()
        a.main_config('policy: { self_approval = true; };')
        with a:
            status, doc = a.call("stack.upgrade", {"services": ["validator-1"], "image": "hyperledger/besu:25.5.0"}, wait=20)
            check("by its digest" in json.dumps(doc), doc)
            image = "hyperledger/besu:25.5.0@sha256:" + "b" * 64
            status, doc = a.call("stack.upgrade", {"services": ["validator-1"], "image": image}, wait=20)
            equal(doc["state"], "awaiting-approval", doc)
            waits = a.json("approvals")["approvals"][0]
            equal(a.ctl("approve", doc["job"], waits["digest"])[0], 0)
            job = lambda: a.http("GET", "/v1/jobs/" + doc["job"])[1]
            check(until(lambda: job()["state"] == "succeeded", 30), job())
            changes = [w[3:] for w in c.calls() if w[3] == "set"]
            equal(changes[-1], ["set", "image", "statefulset/validator-1", "*=" + image])


if __name__ == "__main__":
    run("stack_engines", [units_start_stop_and_restart, in_a_thread_it_is_the_same, what_systemd_refuses_is_said, the_journal_is_one_time_line, pods_are_services,
                          a_pod_gets_another_image])
