#!/usr/bin/env python3
"""The agent as a whole, with its real control, workers and files: what an operator is promised, sentence by sentence."""
import glob
import json
import os
import re
import shutil
import socket
import subprocess
import time

from harness import (SLOW, SOURCE, Agent, Skip, built, check, equal, free_port, plugin_file, run, until)

GOOD = 'enabled = true; greeting = "hello";'


# --- Start, status, config ---------------------------------------------------------------------------------

def starts_and_says_how_it_is():
    with Agent(plugins={"good": GOOD}) as a:
        status = a.json("status")
        equal(status["host"], "testhost")
        equal(status["state"], "ok")
        check({"plugin": "good", "name": "good", "state": "ok", "text": "hello"} in status["items"], status)
        out = a.ctl("status")[1]
        check("good" in out and "hello" in out, out)
        row = a.plugin("good")
        equal((row["state"], row["version"], row["mode"]), ("running", "1.2.3", "worker"))
        check(row["sandbox"]["no_new_privs"] and row["sandbox"]["seccomp"], row)
        check(row["memory_bytes"] > 0, row)
        equal(a.json("good", "echo", "--string", "x", "--wei", "1.5ether")["wei"], "1500000000000000000")
        log = a.log_text()
        check("good: started" in log, log)


def both_modes_answer_alike():
    with Agent(plugins={"good": GOOD}) as a, Agent(plugins={"good": GOOD + ' mode = "thread";'}) as b:
        equal(b.plugin("good")["mode"], "thread")
        args = ("good", "echo", "--string", "x", "--duration", "90s", "--list", "1s,2s")
        one, two = a.json(*args), b.json(*args)
        equal(one, two)
        for x in (a, b):
            equal(x.json("good", "add", "--n", "4")["total"], 4)
            equal(x.json("good", "add", "--n", "5")["total"], 9)
            x.json("good", "emit", "--count", "3")
            check(until(lambda: x.json("good", "seen")["events"] >= 3), "events arrive")


def shows_what_is_installed_and_not_enabled():
    a = Agent(plugins={"good": GOOD})
    a.install("marker")
    with a:
        equal(a.plugin("marker")["state"], "disabled")
        status, out, err = a.ctl("marker", "once")
        check(status != 0 and "marker" in out + err, out + err)


def config_errors_say_file_line_and_nearest():
    cases = [
        ('plugins: {\n good: { enabled = true; greting = "x"; };\n};\n', ("x.conf:2", "greeting")),
        ('plugins: {\n good: { enabled = true; interval = "soon"; };\n};\n', ("x.conf:2", "duration")),
        ('agnet: { log_level = "debug"; };\n', ("x.conf:1", "agent")),
        ('schedules = (\n { name = "a"; action = "good.echo"; as = "x"; cron = "61 * * * *"; } );\n', ("x.conf", "minute")),
        ('plugins: {\n good: { enabled = tru; };\n};\n', ("x.conf:2",)),
        ('jobs: { keep = "forever"; };\n', ("x.conf:1", "duration")),
    ]
    for text, wanted in cases:
        a = Agent(files={"x.conf": text})
        a.install("good")
        try:
            r = subprocess.run([built("chain138d"), "--check-config", "--config", a.config, "--plugin-host",
                                built("chain138-plugin-host")], capture_output=True, text=True)
            equal(r.returncode, 1, text + r.stdout + r.stderr)
            for word in wanted:
                check(word in r.stderr, "%r does not say %r" % (r.stderr, word))
        finally:
            a.remove()
    a = Agent(plugins={"good": GOOD})
    try:
        r = subprocess.run([built("chain138d"), "--check-config", "--config", a.config, "--plugin-host",
                            built("chain138-plugin-host")], capture_output=True, text=True)
        equal(r.returncode, 0, r.stderr)
    finally:
        a.remove()


def reload_is_all_or_nothing():
    with Agent(plugins={"good": GOOD, "marker": "enabled = true;"}) as a:
        pid = a.plugin("marker")["pid"]
        a.plugin_config("good", 'enabled = true; greeting = "new";')
        equal(a.ctl("reload")[0], 0)
        equal(a.json("good", "seen")["greeting"], "new")
        equal(a.plugin("marker")["pid"], pid, "a plugin that did not change was restarted")
        # The plugin itself refuses: nothing of the new config is taken, not even the other file's part.
        a.plugin_config("good", 'enabled = true; greeting = "refuse me";')
        a.plugin_config("marker", "enabled = false;")
        status, out, err = a.ctl("reload")
        check(status != 0, out)
        check("greeting" in out + err, out + err)
        equal(a.json("good", "seen")["greeting"], "new")
        equal(a.plugin("marker")["state"], "running")
        # And a broken file.
        a.write("etc/conf.d/broken.conf", "plugins: {")
        status, out, err = a.ctl("reload")
        check(status != 0 and "broken.conf" in out + err, out + err)
        os.unlink(a.path("etc/conf.d/broken.conf"))
        a.plugin_config("good", GOOD)
        equal(a.ctl("reload")[0], 0)
        check(until(lambda: a.plugin("marker")["state"] == "disabled"), "marker is disabled")


def one_plugin_is_upgraded_alone():
    with Agent(plugins={"good": GOOD, "marker": "enabled = true;"}) as a:
        slow = a.call("good.slow", {"steps": 20, "pause": "100ms"})[1]["job"]
        marker_pid, good_pid = a.plugin("marker")["pid"], a.plugin("good")["pid"]
        a.install("good")  # a new file in place
        equal(a.ctl("plugins", "restart", "good")[0], 0)
        check(a.plugin("good")["pid"] != good_pid, "the same process")
        equal(a.plugin("marker")["pid"], marker_pid)
        equal(a.json("good", "echo", "--string", "x")["string"], "x")
        job = until(lambda: (lambda j: j if j["state"] not in ("running", "queued") else None)(
            a.http("GET", "/v1/jobs/" + slow)[1]), 15)
        equal(job["state"], "succeeded", "the job of the old instance ran to its end")


# --- Actions ---------------------------------------------------------------------------------------------------

def bad_parameters_are_named():
    with Agent(plugins={"good": GOOD}) as a:
        for args, words in [(("--adress", "0x00"), ("adress", "address")),
                            (("--address", "0x123"), ("address", "40 hex")),
                            (("--address", "0x52908400098527886E0F7030069857D2E4169ee7"), ("checksum",)),
                            (("--enum", "blue"), ("red, green",)), (("--int", "2000"), ("int", "1000")),
                            (("--duration", "soon"), ("1h30m",)), (("--enode", "enode://x"), ("enode",))]:
            status, out, err = a.ctl("good", "echo", *args)
            equal(status, 5, out + err)
            for w in words:
                check(w in out + err, "%r is not in %r" % (w, out + err))
        status, out, err = a.ctl("good", "eco")
        check(status != 0 and "echo" in out + err, out + err)
        status, out, err = a.ctl("goood", "echo")
        check(status != 0 and "good.echo" in out + err, out + err)


def secrets_show_nowhere():
    secret = "env:SOMETHING_SECRET_XYZZY"
    with Agent(plugins={"good": GOOD}) as a:
        a.ctl("good", "echo", "--secret", secret, "--durable")
        a.http("POST", "/v1/actions/good.echo?durable=1", {"secret": secret, "string": "near"})
        a.ctl("good", "echo", "--secret", "not a reference XYZZY")
        time.sleep(0.3)
        seen = a.ctl("--json", "jobs")[1] + a.ctl("audit", "show")[1] + a.ctl("--json", "events")[1] + a.log_text()
        for job in a.json("jobs")["jobs"]:
            seen += json.dumps(a.http("GET", "/v1/jobs/" + job["id"])[1]["params"])
        with open(a.path("state/audit.log")) as f:
            seen += f.read()
        check("XYZZY" not in seen, seen[max(0, seen.find("XYZZY") - 200):][:400])


def jobs_have_progress_log_result_and_cancel():
    with Agent(plugins={"good": GOOD}) as a:
        job = a.call("good.slow", {"steps": 30, "pause": "50ms"})[1]["job"]
        doc = until(lambda: (lambda j: j if j.get("progress", {}).get("permille", 0) > 0 else None)(
            a.http("GET", "/v1/jobs/%s" % job)[1]))
        check(doc and "step" in doc["progress"]["text"], doc)
        equal(a.ctl("cancel", job)[0], 0)
        doc = until(lambda: (lambda j: j if j["state"] == "cancelled" else None)(a.http("GET", "/v1/jobs/" + job)[1]))
        check(doc, "it was not cancelled")
        check(doc["error"]["message"], doc)
        done = a.json("good", "slow", "--steps", "3")
        equal(done["steps"], 3)
        # A deadline.
        status, out, err = a.ctl("good", "slow", "--steps", "100", "--pause", "100ms", "--timeout", "300ms")
        equal(status, 8, out + err)
        out = a.ctl("job", job)[1]
        check("step 1" in out and "cancelled" in out, out)
        # One lock: never together.
        ids = [a.call("good.wait", {"steps": 5, "pause": "40ms"})[1]["job"] for _ in range(3)]
        docs = [until(lambda i=i: (lambda j: j if j["state"] == "succeeded" else None)(
            a.http("GET", "/v1/jobs/" + i)[1])) for i in ids]
        spans = sorted((d["started"], d["ended"]) for d in docs)
        check(all(x[1] <= y[0] for x, y in zip(spans, spans[1:])), spans)


def a_repeated_key_gives_the_first_job():
    with Agent(plugins={"marker": "enabled = true;"}) as a:
        head = {"Idempotency-Key": "abc"}
        one = a.http("POST", "/v1/actions/marker.once?wait=5", {}, head)
        two = a.http("POST", "/v1/actions/marker.once?wait=5", {}, head)
        equal(one[1]["job"], two[1]["job"])
        with open(a.path("state/plugins/marker/marks")) as f:
            equal(len(f.readlines()), 1)


def plugins_call_each_other_with_the_callers_rights():
    with Agent(plugins={"good": GOOD, "marker": "enabled = true;"}) as a:
        r = a.json("good", "relay", "--action", "marker.once", "--params", '{"tag":"relayed"}')
        equal((r["status"], r["answer"]["marked"]), (0, True))
        r = a.json("good", "relay", "--action", "good.wipe")
        equal(r["status"], -11, "a dangerous action needs a person")
        r = a.json("good", "relay", "--action", "no.such")
        equal(r["status"], -3)


# --- Policy, approvals, audit ---------------------------------------------------------------------------------------

ROLES = {"viewer": 1, "operator": 2, "custodian": 3}


class TokenAgent(Agent):
    """With a token for each role, and Unix users for each role where we are root."""

    def __init__(self, **more):
        import hashlib
        self.port = free_port()
        self.api_text = 'listen = "127.0.0.1:%d"; socket_group = "games"; socket_mode = "0660";' % self.port
        super().__init__(**more)
        self.tokens = {r: "token-of-the-" + r for r in ROLES}
        lines = "".join("%s-bot %s %s\n" % (r, r, hashlib.sha256(t.encode()).hexdigest())
                        for r, t in self.tokens.items())
        tokens = self.write("etc/tokens", lines, 0o600)
        self.main_config("""policy: { viewers = ("user:nobody"); operators = ("user:daemon"); custodians = ("user:bin", "user:root");
 tokens_file = "%s"; principals = ( { name = "ops"; role = "operator"; }, { name = "eyes"; role = "viewer"; } );
 approval_ttl = "2s"; };""" % tokens)

    def tcp(self, method, path, body=None, token=None, host=None):
        import http.client
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": "Bearer " + token} if token else {}
        if host:
            headers["Host"] = host
        c.request(method, path, json.dumps(body) if body is not None else None, headers)
        r = c.getresponse()
        data = r.read()
        c.close()
        return r.status, json.loads(data) if data and b"{" in data[:1] else data


def every_role_every_action_both_doors():
    with TokenAgent(plugins={"good": GOOD, "marker": "enabled = true;"}) as a:
        plugins = a.http("GET", "/v1/actions")[1]["plugins"]
        actions = [(p["name"] + "." + x["name"], ROLES[x["role"]]) for p in plugins for x in p["actions"]]
        check(len(actions) > 20, actions)
        users = {"viewer": 65534, "operator": 1, "custodian": 2} if os.getuid() == 0 else {}
        walked = 0
        for name, least in actions:
            for role, rank in ROLES.items():
                # A parameter that no action has: refused for its own sake only after the door was passed.
                status, _ = a.tcp("POST", "/v1/actions/" + name, {"zz": 1}, a.tokens[role])
                equal(status, 400 if rank >= least else 403, "%s %s by token" % (role, name))
                walked += 1
                if role in users:
                    status, out, err = a.ctl("--json", *name.split(".", 1), "--zz", "1", user=users[role])
                    equal(status, 5 if rank >= least else 4, "%s %s by socket: %s" % (role, name, out + err))
                    walked += 1
            equal(a.tcp("POST", "/v1/actions/" + name, {})[0], 401)
            equal(a.tcp("POST", "/v1/actions/" + name, {}, "wrong")[0], 401)
        print("%d doors tried for %d actions" % (walked, len(actions)))
        if users:
            status, out, err = a.ctl("good", "echo", user=12345)
            equal(status, 4, "an unknown user: " + out + err)
        equal(a.tcp("GET", "/v1/version", host="evil.example")[0], 403, "another Host")
        denied = [r for r in a.json("audit", "show", "--limit", "10000")["records"] if r["kind"] == "deny"]
        check(denied, "denials are audited")


def dangerous_needs_plan_and_another():
    with TokenAgent(plugins={"good": GOOD}) as a:
        asker, other = a.tokens["custodian"], None
        status, doc = a.tcp("POST", "/v1/actions/good.wipe?wait=2", {}, asker)
        equal((status, doc["state"]), (202, "awaiting-approval"))
        job = doc["job"]
        waiting = a.json("approvals")["approvals"]
        equal([w["id"] for w in waiting], [job])
        equal(waiting[0]["plan"]["done"], False, "the plan came from a dry run")
        digest = waiting[0]["digest"]
        status, doc = a.tcp("POST", "/v1/approvals/%s/approve" % job, {"digest": digest}, asker)
        equal(status, 403, "nobody approves his own: %r" % (doc,))
        status, out, err = a.ctl("approve", job, "0" * 64)
        check(status != 0 and "digest" in (out + err).lower(), out + err)
        equal(a.ctl("approve", job, digest)[0], 0)
        doc = until(lambda: (lambda j: j if j["state"] == "succeeded" else None)(a.http("GET", "/v1/jobs/" + job)[1]))
        check(doc and doc["result"]["done"] is True, doc)
        equal(doc["result"]["plan"], {"what": "everything", "done": False}, "exactly the approved plan")
        check(a.ctl("approve", job, digest)[0] != 0, "one run")
        # Expiry, reject.
        job = a.tcp("POST", "/v1/actions/good.wipe?wait=2", {}, asker)[1]["job"]
        doc = until(lambda: (lambda j: j if j["state"] == "expired" else None)(a.http("GET", "/v1/jobs/" + job)[1]), 8)
        check(doc, "it did not expire")
        job = a.tcp("POST", "/v1/actions/good.wipe?wait=2", {}, asker)[1]["job"]
        equal(a.ctl("reject", job, "--reason", "not tonight")[0], 0)
        doc = a.http("GET", "/v1/jobs/" + job)[1]
        equal(doc["state"], "rejected")
        check("not tonight" in json.dumps(doc), doc)
        kinds = [r["kind"] for r in a.json("audit", "show", "--limit", "1000")["records"]]
        for k in ("accept", "approve", "reject", "start", "end"):
            check(k in kinds, kinds)
        dry = a.json("good", "wipe", "--dry-run")
        equal(dry["done"], False)


def an_approval_covers_the_calls_of_its_plan():
    """What a plan lists is approved with it, with its own plan; another call of that run is not, nor is any for who may not ask."""
    for mode in ("worker", "thread"):
        with TokenAgent(plugins={"good": GOOD + ' mode = "%s";' % mode}) as a:
            def run(params, who="custodian"):
                job = a.tcp("POST", "/v1/actions/good.combine?wait=5", params, a.tokens[who])[1]["job"]
                doc = a.http("GET", "/v1/jobs/" + job)[1]
                if doc["state"] == "awaiting-approval":
                    equal(a.ctl("approve", job, doc["digest"])[0], 0)
                    doc = until(lambda: (lambda j: j if j["state"] in ("succeeded", "failed") else None)(
                        a.http("GET", "/v1/jobs/" + job)[1]))
                return doc

            doc = run({"action": "good.wipe"})
            listed = {"action": "good.wipe", "params": {}, "plan": {"what": "everything", "done": False}}
            equal(doc["plan"], {"calls": [listed]})
            equal(doc["result"]["status"], 0, doc)
            equal(doc["result"]["answer"], {"what": "everything", "done": True, "plan": listed["plan"]},
                  "it ran by the plan that was approved")
            inner = [j for j in a.json("jobs", "--limit", "50")["jobs"] if j["source"] == "call:" + doc["id"] and j["action"] == "good.wipe"]
            equal([j["state"] for j in inner], ["succeeded"] * 2, "its plan, and its one run")
            check(inner[0]["principal"].startswith("token:custodian"), inner)
            # The same, nested: an approval covers what the plan of a plan lists.
            doc = run({"action": "good.combine", "params": {"action": "good.wipe"}})
            equal(doc["result"]["answer"]["answer"]["done"], True, doc)
            # Another call than the one that was approved.
            doc = run({"action": "good.combine", "params": {"action": "good.wipe"}, "other": {"action": "good.wipe", "params": {}, "other": {}}})
            equal((doc["result"]["status"], doc["result"]["answer"]["key"]), (-11, "approval.needed"), doc)
            # Who may not ask for the one may not ask for it in a plan.
            doc = run({"action": "good.wipe"}, "operator")
            equal((doc["state"], doc["error"]["key"]), ("failed", "good.plan"), doc)
            # Outside of an approved run nothing is covered.
            doc = a.tcp("POST", "/v1/actions/good.relay?wait=5", {"action": "good.wipe", "params": {}}, a.tokens["custodian"])[1]
            check("approval.needed" in json.dumps(doc), doc)


def audit_finds_every_change():
    a = Agent(plugins={"marker": "enabled = true;"})
    with a:
        for i in range(8):
            a.json("marker", "once", "--tag", "t%d" % i)
        check(a.json("audit", "verify")["ok"])
        a.stop()
        path = a.path("state/audit.log")
        status, out, _ = a.ctl("--json", "--config", a.config, "audit", "verify")
        equal(status, 0, "without an agent: " + out)
        with open(path, "rb") as f:
            whole = f.read()
        lines = whole.splitlines(True)
        check(len(lines) > 16, len(lines))

        def verify(data):
            with open(path, "wb") as f:
                f.write(data)
            status, out, err = a.ctl("--json", "--config", a.config, "audit", "verify")
            doc = json.loads(out)
            return doc.get("ok"), [p["line"] for p in doc.get("problems", [])]
        for n in (0, 3, len(lines) - 1):
            ok, where = verify(b"".join(lines[:n] + lines[n + 1:]))
            check(ok is False and (n + 1 in where or n in where), "dropped %d: %r" % (n + 1, where))
            flipped = bytearray(lines[n])
            flipped[len(flipped) // 2] ^= 1
            ok, where = verify(b"".join(lines[:n] + [bytes(flipped)] + lines[n + 1:]))
            check(ok is False and n + 1 in where, "flipped in %d: %r" % (n + 1, where))
        equal(verify(whole)[0], True)


# --- Schedule, triggers, events ---------------------------------------------------------------------------------------

def schedules_run_and_triggers_fire():
    rules = """
schedules = ( { name = "often"; action = "good.emit"; params = { topic = "good.kept"; count = 1; }; as = "ops"; every = "1s"; },
              { name = "nightly"; action = "good.add"; as = "ops"; cron = "15 3 * * *"; zone = "Europe/Berlin"; },
              { name = "not-allowed"; action = "good.add"; as = "eyes"; every = "1s"; } );
triggers = ( { name = "on-note"; topic = "good.kept"; when = ( { field = "number"; op = "=="; value = 0; } );
               action = "good.add"; params = { n = 7; }; as = "ops"; rate = "2/1h"; },
             { name = "loop"; topic = "good.note"; action = "good.emit"; params = { topic = "good.note"; }; as = "ops"; rate = "100/1h"; } );
"""
    a = TokenAgent(plugins={"good": GOOD}, files={"rules.conf": rules})
    with a:
        check(until(lambda: [t for t in a.json("triggers")["triggers"] if t["name"] == "on-note" and t["fired"] == 2
                             and t["suppressed"] >= 1], 12), a.json("triggers"))
        rows = {s["name"]: s for s in a.json("schedule", "list")["schedules"]}
        check(rows["often"]["last"] and rows["often"]["next"], rows)
        check(" 03:15" in rows["nightly"]["next_local"] or "T03:15" in rows["nightly"]["next_local"], rows["nightly"])
        check(until(lambda: a.json("good", "add", "--n", "0")["total"] == 14, 5), "the trigger ran twice")
        check(all(j["principal"].find("eyes") < 0 or j["state"] != "succeeded" for j in a.json("jobs")["jobs"]))
        # A trigger that causes its own event fires once, not for ever.
        a.json("good", "emit", "--topic", "good.note")
        time.sleep(1.5)
        loop = [t for t in a.json("triggers")["triggers"] if t["name"] == "loop"][0]
        equal(loop["fired"], 1, loop)
        replay = a.json("triggers", "replay", "on-note")
        check(replay["matched"] >= 3, replay)
        events = a.json("events", "good.kept")["events"]
        check(events and events[0]["topic"] == "good.kept", events)
        before = len(a.json("jobs", "--limit", "1000")["jobs"])
        n = rows["often"]["next"]
        a.stop()
        a.start()
        check(a.json("schedule", "list")["schedules"][0]["next"] >= n, "next runs live over a restart")
        check(len(a.json("jobs", "--limit", "1000")["jobs"]) >= before)


def events_are_followed():
    with Agent(plugins={"good": GOOD}) as a:
        p = subprocess.Popen([built("chain138ctl"), "--socket", a.socket, "--json", "events", "--follow", "good.kept"],
                             stdout=subprocess.PIPE, text=True)
        try:
            time.sleep(0.5 * SLOW)
            a.json("good", "emit", "--topic", "good.kept", "--count", "3")
            import select
            check(select.select([p.stdout], [], [], 5 * SLOW)[0], "nothing came")
            line = json.loads(p.stdout.readline())
            equal((line["topic"], line["data"]["number"]), ("good.kept", 0))
        finally:
            p.kill()
            p.wait()


# --- Numbers and logs ----------------------------------------------------------------------------------------------------

def metrics_pass_promtool_and_have_their_own_port():
    port, own = free_port(), free_port()
    a = Agent(plugins={"good": GOOD + ' metrics_listen = "127.0.0.1:%d";' % own, "marker": "enabled = true;"},
              config='metrics: { listen = "127.0.0.1:%d"; };' % port)
    with a:
        a.json("good", "echo", "--string", "x")
        a.json("marker", "once")

        def get(p):
            import urllib.request
            return urllib.request.urlopen("http://127.0.0.1:%d/metrics" % p, timeout=5).read().decode()
        check(until(lambda: 'chain138_good_calls_total{action="echo"} 1' in get(port)), get(port)[:2000])
        text = get(port)
        for name in ("chain138_agent_jobs", "chain138_agent_worker_memory_bytes", "chain138_agent_worker_cpu_seconds_total",
                     "chain138_agent_bus_published_total", "chain138_agent_mailbox_depth", "chain138_agent_info"):
            check(name in text, name + " is not in\n" + text)
        mine = get(own)
        check("chain138_good_level 1" in mine and "chain138_agent_" not in mine, mine)
        if not shutil.which("promtool"):
            raise Skip("promtool is not installed (package prometheus)")
        r = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        equal((r.returncode, r.stdout + r.stderr), (0, ""), "promtool")


def daemon_speaks_sd_notify():
    a = Agent(plugins={"good": GOOD})
    path = a.path("notify")
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path)
    os.chmod(path, 0o777)
    s.settimeout(10 * SLOW)
    try:
        a.start(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "300000"})
        seen = ""
        while "READY=1" not in seen or "WATCHDOG=1" not in seen:
            seen += s.recv(4096).decode() + "\n"
        a.process.send_signal(1)
        while "RELOADING=1" not in seen:
            seen += s.recv(4096).decode() + "\n"
        check("MONOTONIC_USEC=" in seen, seen)
    finally:
        a.stop()
        s.close()
        a.remove()


def json_log_lines_name_plugin_action_and_job():
    a = Agent(plugins={"good": GOOD})
    with open(a.config) as f:
        a.write("etc/chain138.conf", f.read().replace('log_level = "debug";', 'log_level = "debug"; log_format = "json";'))
    with a:
        a.json("good", "slow", "--steps", "2")
        lines = [json.loads(x) for x in a.log_text().splitlines() if x.startswith("{")]
        check([x for x in lines if x.get("plugin") == "good" and "slow" in x.get("action", "") and x.get("job")], lines)


def doctor_says_what_is_wrong():
    a = Agent(plugins={"good": GOOD})
    try:
        status, out, err = a.ctl("--config", a.config, "doctor")
        check("agent" in out and "not" in out, out + err)
        a.start()
        status, out, err = a.ctl("--config", a.config, "doctor")
        check("good" in out or status == 0, out + err)
        os.chmod(os.path.join(a.plugin_dir, "good.so"), 0o777)
        status, out, err = a.ctl("--config", a.config, "doctor")
        check(status == 1 and "good.so" in out and "chmod" in out, out + err)
    finally:
        a.stop()
        a.remove()


def a_second_agent_is_refused():
    with Agent(plugins={"good": GOOD}) as a:
        r = subprocess.run([built("chain138d"), "--config", a.config, "--stderr"], capture_output=True, text=True, timeout=20)
        check(r.returncode == 1 and str(a.process.pid) in r.stderr, r.stderr)
        check(a.alive())


def stopping_ends_workers_and_leaves_nothing():
    with Agent(plugins={"good": GOOD}) as a:
        pid = a.plugin("good")["pid"]
        equal(a.stop(), 0)
        check(not os.path.exists("/proc/%d" % pid), "the worker lives on")
        check(not os.path.exists(a.socket), "the socket is left")
        a.start()
        pid = a.plugin("good")["pid"]
        a.kill()
        check(until(lambda: not os.path.exists("/proc/%d" % pid), 3), "a worker outlived its killed agent")
        a.start()


def besu_watches_anvil_in_both_modes():
    anvil = os.environ.get("C138_ANVIL") or shutil.which("anvil")
    if not anvil:
        raise Skip("no anvil: C138_ANVIL names its binary")
    port = free_port()
    section = 'enabled = true; poll_interval = "500ms"; nodes = ( { name = "dev"; url = "http://127.0.0.1:%d"; } );' % port
    chain = subprocess.Popen([anvil, "--chain-id", "138", "--block-time", "1", "--port", str(port), "--silent"],
                             stdout=subprocess.DEVNULL)
    try:
        with Agent(plugins={"besu": section}) as a, Agent(plugins={"besu": section + ' mode = "thread";'}) as b:
            for x in (a, b):
                check(until(lambda: x.ctl("--json", "besu", "sync")[0] == 0 and "138" in str(x.json("besu", "status")), 15),
                      x.log_text()[-2000:])
                check(until(lambda: [i for i in x.json("status")["items"] if i["name"] == "dev" and i["state"] == "ok"], 15),
                      x.json("status"))
            chain.kill()
            chain.wait()
            for x in (a, b):
                check(until(lambda: [e for e in x.json("events", "besu.unreachable")["events"]], 20), "no event tells of it")
                equal(x.json("status")["state"] in ("warning", "critical"), True)
                check(x.plugin("besu")["state"] in ("running", "degraded"), x.plugin("besu"))
    finally:
        chain.kill()
        chain.wait()


def our_plugins():
    """Those of the source tree, which all are built where every library is there."""
    return sorted(os.path.basename(os.path.dirname(p)) for p in glob.glob(os.path.join(SOURCE, "plugins", "*", "local.mk")))


def reference_is_what_the_programs_say():
    with Agent(plugins={name: "enabled = true;" for name in our_plugins()}) as a:
        status, out, err = a.ctl("reference")
        equal(status, 0, err)
    path = os.path.join(SOURCE, "docs", "reference.md")
    if os.environ.get("C138_WRITE_REFERENCE"):
        with open(path, "w") as f:
            f.write(out)
    with open(path) as f:
        check(f.read() == out, "docs/reference.md is old: C138_WRITE_REFERENCE=1 make check TESTS=tests/integration/agent_test.py")


def samples_are_taken_by_their_plugins():
    for name in our_plugins():
        with open(os.path.join(SOURCE, "conf.d", name + ".conf")) as f:
            a = Agent(files={name + ".conf": f.read()})
        try:
            a.install(name)
            r = subprocess.run([built("chain138d"), "--check-config", "--config", a.config, "--plugin-host",
                                built("chain138-plugin-host")], capture_output=True, text=True)
            equal(r.returncode, 0, r.stdout + r.stderr)
        finally:
            a.remove()


def no_export_and_no_helper_needed():
    out = subprocess.run(["nm", "-D", "--defined-only", plugin_file("good")], capture_output=True, text=True).stdout
    equal([x.split()[-1] for x in out.splitlines() if x and not re.search(r"__(asan|ubsan|tsan|odr)", x)], ["c138_plugin_entry"])


if __name__ == "__main__":
    run("agent_test", [
        starts_and_says_how_it_is, both_modes_answer_alike, shows_what_is_installed_and_not_enabled,
        config_errors_say_file_line_and_nearest, reload_is_all_or_nothing, one_plugin_is_upgraded_alone,
        bad_parameters_are_named, secrets_show_nowhere, jobs_have_progress_log_result_and_cancel,
        a_repeated_key_gives_the_first_job, plugins_call_each_other_with_the_callers_rights,
        every_role_every_action_both_doors, dangerous_needs_plan_and_another, an_approval_covers_the_calls_of_its_plan, audit_finds_every_change,
        schedules_run_and_triggers_fire, events_are_followed, metrics_pass_promtool_and_have_their_own_port,
        daemon_speaks_sd_notify, json_log_lines_name_plugin_action_and_job, doctor_says_what_is_wrong,
        a_second_agent_is_refused, stopping_ends_workers_and_leaves_nothing, besu_watches_anvil_in_both_modes,
        reference_is_what_the_programs_say, samples_are_taken_by_their_plugins, no_export_and_no_helper_needed])
