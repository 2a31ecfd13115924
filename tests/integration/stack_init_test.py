#!/usr/bin/env python3
"""What stack init writes: read by the programs that it is for (compose, promtool, amtool, logrotate, openssl, besu.audit), and, with
BESU_HOME, started: four validators of a real Besu that make blocks, watched by an agent with the token that was written.
"""
import base64
import glob
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

from harness import Agent, Skip, built, check, equal, rpc, run, until
from keys_tessera import Tessera
from keys_tessera import program as tessera_program
from postgres import Postgres

STACK = """enabled = true; read_only = true; init_dir = "%s"; poll_interval = "1h"; socket = "/nonexistent/docker.sock"; %s"""


class Made:
    """An agent that has written a network."""

    def __init__(self, *args, subnet="172.31.138"):
        self.agent = Agent()
        self.top = self.agent.path("networks")
        os.makedirs(self.top)
        self.agent.install("stack")
        self.agent.plugin_config("stack", STACK % (self.top, ""))
        self.args = ("--subnet", subnet) + args

    def __enter__(self):
        self.agent.start()
        self.answer = self.agent.json("stack", "init", "net", *self.args, timeout=120)
        self.folder = self.answer["folder"]
        return self

    def __exit__(self, *_):
        self.agent.__exit__()

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), errors="replace") as f:  # a jar is no text
            return f.read()

    def files(self):
        return [os.path.relpath(os.path.join(d, f), self.folder) for d, _, fs in os.walk(self.folder) for f in fs]


def program(name):
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if not found:
        raise Skip("no " + name)
    return found


def ran(*command, **more):
    r = subprocess.run(command, capture_output=True, text=True, timeout=120, **more)
    equal(r.returncode, 0, "%s: %s%s" % (" ".join(command), r.stdout, r.stderr))
    return r.stdout + r.stderr


def a_network_is_whole_and_closed():
    with Made("--accounts", "0x00000000000000000000000000000000000000A1") as m:
        equal(m.answer["files"], len(m.files()), m.files())
        equal([n["role"] for n in m.answer["nodes"]], ["validator"] * 4 + ["rpc"])
        secret = [f for f in m.files() if re.search(r"/key$|marker.key|tm.key|passwords|^secrets/|tessera/config.json", f)]
        equal(len(secret), 5 + 1 + 1 + 1 + 4 + 1, secret)
        for f in m.files():
            mode = stat.S_IMODE(os.stat(m.path(f)).st_mode)
            equal(mode, 0o600 if f in secret else 0o644, f)
        # What is secret is nowhere else: not in the answer, the log, the audit, the other files.
        words = [m.read(f).strip() for f in secret if f.startswith("secrets/") or f.endswith(("key", "passwords"))]
        others = json.dumps(m.answer) + m.agent.log_text() + "".join(m.read(f) for f in m.files() if f not in secret)
        for word in words:
            for part in [word] if "\n" not in word else word.split("\n")[1:3]:
                check(part.replace("0x", "") not in others, "a secret is in the open")
        genesis = json.loads(m.read("config/genesis.json"))
        equal(genesis["config"]["chainId"], 138)
        extra = genesis["extraData"]
        for n in m.answer["nodes"][:4]:
            check(n["address"][2:].lower() in extra, extra)
        for n in m.answer["nodes"]:
            static = json.loads(m.read("nodes/%s/static-nodes.json" % n["name"]))
            equal(len(static), 4)
            check(n["enode"] not in static)
            check(all(o["enode"] in m.read("nodes/%s/permissions.toml" % n["name"]) for o in m.answer["nodes"]))
        equal(len({m.read("nodes/%s/permissions.toml" % n["name"]) for n in m.answer["nodes"]}), 1)
        # A second one of the name is refused, and nothing of it is left.
        status, out, err = m.agent.ctl("stack", "init", "net")
        check(status != 0 and "never written over" in out + err, out + err)
        equal(os.listdir(m.top), ["net"])
        status, out, err = m.agent.ctl("stack", "init", "other", "--besu-version", "26.8.0")
        check(status != 0 and "since 25.6.0" in out + err, out + err)
        m.agent.json("stack", "init", "other", "--besu-version", "26.8.0", "--privacy", "false", "--validators", "7")
        check("privacy" not in "".join(open(f).read() for f in glob.glob(m.top + "/other/nodes/*/config.toml")))


def the_token_is_signed():
    with Made() as m:
        head, claims, signature = m.read("secrets/agent.jwt").split(".")
        with tempfile.TemporaryDirectory() as t:
            with open(t + "/s", "wb") as f:
                f.write(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
            with open(t + "/d", "w") as f:
                f.write(head + "." + claims)
            out = ran(program("openssl"), "dgst", "-sha256", "-verify", m.path("config/jwt.pub"), "-signature", t + "/s", t + "/d")
            check("Verified OK" in out, out)
        doc = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        check(doc["exp"] > time.time() + 300 * 86400 and doc["permissions"] == ["*:*"], doc)


def compose_reads_it():
    with Made() as m:
        compose = program("docker-compose")
        out = ran(compose, "-f", m.path("docker-compose.yml"), "config", "--services")
        equal(set(out.split()), {"validator-1", "validator-2", "validator-3", "validator-4", "rpc-1", "tessera-1", "postgres",
                                 "prometheus", "alertmanager", "grafana"})
        check("0.0.0.0" not in m.read("docker-compose.yml") and "latest" not in m.read("docker-compose.yml"))
        print("peer: " + ran(compose, "version", "--short").strip())


def monitoring_reads_it():
    with Made("--alert-url", "http://127.0.0.1:9/alerts") as m:
        promtool = program("promtool")
        print("peer: " + ran(promtool, "--version").split("\n")[0])
        with open(m.path("monitoring/prometheus.yml")) as f:
            text = f.read().replace("/etc/prometheus/", m.path("monitoring") + "/")
        with open(m.path("monitoring/prometheus-here.yml"), "w") as f:
            f.write(text)
        ran(promtool, "check", "config", m.path("monitoring/prometheus-here.yml"))
        check("4 rules found" in ran(promtool, "check", "rules", m.path("monitoring/rules/chain138.yml")))
        json.loads(m.read("monitoring/grafana/dashboards/chain138.json"))


def alertmanager_reads_it():
    with Made("--alert-url", "http://127.0.0.1:9/alerts") as m:
        amtool = program("amtool")
        out = ran(amtool, "check-config", m.path("monitoring/alertmanager.yml"))
        check("1 receivers" in out, out)


def logrotate_reads_it():
    with Made() as m:
        with open(m.path("logs/validator-1/besu.log"), "w") as f:
            f.write("line\n" * 100)
        if os.geteuid() != 0:
            raise Skip("logrotate reads files of root alone")
        shutil.copy(m.path("logrotate/chain138"), m.path("as-root"))
        out = ran(program("logrotate"), "-d", "-f", "-s", m.path("state"), m.path("as-root"))
        check("besu.log" in out and "error" not in out.lower().replace("error:0", ""), out)


def the_agent_reads_its_own_config():
    with Made() as m:
        with Agent() as a:
            for name in ("besu", "stack"):
                a.install(name)
                shutil.copy(m.path("agent/%s.conf" % name), os.path.join(a.conf_d, name + ".conf"))
            a.stop()
            a.start()
            check(until(lambda: all(a.plugin(n) and a.plugin(n)["state"] == "running" for n in ("besu", "stack"))), a.log_text()[-2000:])
            equal([n["name"] for n in a.json("besu", "nodes")["nodes"]], [n["name"] for n in m.answer["nodes"]])


def every_audit_rule_passes():
    """All rules of besu.audit, with the agent's own configuration as it was written; the one rule that says of any Tessera that it
    is not supported any more is an information."""
    for more in ((), ("--privacy", "false", "--besu-version", "26.8.0", "--validators", "7")):
        with Made(*more) as m:
            m.agent.install("besu")
            shutil.copy(m.path("agent/besu.conf"), os.path.join(m.agent.conf_d, "besu.conf"))
            m.agent.stop()
            m.agent.start()
            status, doc = m.agent.call("besu.audit", {"fail_on": "info"}, wait=120)
            doc = doc.get("result", doc)
            findings = [f for f in doc["findings"] if f["rule"] != "C05"]  # the clock is the host's
            equal([f for f in findings if f["rule"] != "T19"], [], json.dumps(findings, indent=1))
            equal([f["severity"] for f in findings], ["info"])
            names = " ".join(r["rules"] if isinstance(r.get("rules"), str) else json.dumps(r) for r in doc["not_checked"])
            print("besu.audit: %d nodes, no finding but T19; %d reasons why something was not checked: %s" % (
                len(m.answer["nodes"]), len(doc["not_checked"]), names[:1500]))


class Validators:
    """The four validators of a network as processes of a real Besu."""

    def __init__(self, made):
        self.made, self.processes = made, []
        home = os.environ["BESU_HOME"]
        for n in made.answer["nodes"][:4]:
            d = made.path("nodes/" + n["name"])
            log = open(made.path("logs/%s/besu.log" % n["name"]), "w")
            self.processes.append(subprocess.Popen([
                os.path.join(home, "bin", "besu"), "--config-file=%s/config.toml" % d, "--data-path=" + made.path("data/" + n["name"]),
                "--genesis-file=" + made.path("config/genesis.json"), "--node-private-key-file=%s/key" % d,
                "--static-nodes-file=%s/static-nodes.json" % d, "--permissions-nodes-config-file=%s/permissions.toml" % d,
                "--permissions-accounts-config-file=%s/permissions.toml" % d,
                "--rpc-http-authentication-jwt-public-key-file=" + made.path("config/jwt.pub"),
                "--color-enabled=false"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                env=dict(os.environ, BESU_OPTS=os.environ.get("BESU_OPTS", "-Xmx512m -XX:TieredStopAtLevel=1"))))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for p in self.processes:
            try:
                os.killpg(p.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        for p in self.processes:
            try:
                p.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()


def in_a_network_of_its_own(test, *last):
    """Runs `test` of this program in a network namespace, whose loopback gets these addresses, so that no port of the host is taken;
    False within it.
    """
    if os.geteuid() != 0:
        raise Skip("a network namespace needs root")
    unshare, ip = program("unshare"), program("ip")
    if "C138_NETNS" not in os.environ:
        r = subprocess.run([unshare, "--net", sys.executable, os.path.abspath(__file__)], text=True, stdout=subprocess.PIPE,
                           env=dict(os.environ, C138_NETNS="1", ONLY=test))
        print("".join(line + "\n" for line in r.stdout.split("\n") if line.startswith(("peer:", "skipped:"))), end="")
        equal(r.returncode, 0, r.stdout[-4000:])
        return True
    subprocess.run([ip, "link", "set", "lo", "up"], check=True)
    for n in last:
        subprocess.run([ip, "addr", "add", "172.31.138.%d/24" % n, "dev", "lo"], check=True)
    return False


class WrittenTessera(Tessera):
    """A Tessera with the config that was written, in the place that a container would give it, and the driver beside it."""

    def __init__(self, made):
        self.made, self.folder, self.process = made, made.path("tessera"), None
        self.p2p, self.q2t, self.third = 9000, 9101, 9080
        home = os.path.dirname(os.path.dirname(os.path.realpath(tessera_program())))
        apps = glob.glob(os.path.join(home, "lib", "tessera-app-*.jar"))
        # to 21.4 one jar, which takes no folder of others: then the driver goes into its class path
        self.command = ["java", "-cp", "%s:%s/postgresql.jar" % (apps[0], self.folder), "com.quorum.tessera.launcher.Main"] if apps else \
            [os.path.join(self.with_driver(home), "bin", "tessera")]

    def with_driver(self, home):
        copy = self.made.path("tessera-home")
        shutil.copytree(home, copy)
        shutil.copy(os.path.join(self.folder, "postgresql.jar"), os.path.join(copy, "lib", "postgresql.jar"))
        return copy

    @staticmethod
    def url(port):
        return "http://172.31.138.61:%d" % port

    def begin(self):
        with open(os.path.join(self.folder, "config.json")) as f:
            text = f.read().replace('"/config/', '"%s/' % self.folder)
        path = self.made.agent.write("tessera.json", text, 0o600)
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "-configfile", path], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                start_new_session=True, env=dict(os.environ, JAVA_TOOL_OPTIONS="-Xmx256m -XX:TieredStopAtLevel=1"))


def a_real_tessera_runs_it():
    """With the database that was written: what it is sent lies in PostgreSQL, and is read again after a restart."""
    tessera_program()
    if in_a_network_of_its_own("a_real_tessera_runs_it", 61, 62, 51):
        return
    with Made() as m, Postgres(m.agent.path("pg"), "172.31.138.62", 5432) as pg:
        password = m.read("secrets/postgres-password").strip()
        pg.sql("create role tessera login password '%s'" % password)
        pg.sql("create database tessera owner tessera")
        pg.sql(m.read("postgres/tessera.sql"), "tessera", "tessera", password)
        key = m.read("tessera/tm.pub").strip()
        with WrittenTessera(m) as t:
            print("peer: Tessera %s on PostgreSQL" % t.version())
            equal(t.own(), {key})
            sent = t.sent("what only we know", key, key)
            equal(pg.sql("select count(*) from encrypted_transaction where hash = decode('%s', 'base64')" % sent, "tessera"), "1")
            t.stop()
            t.start()
            equal(t.read(sent), "what only we know")
            with_a_besu(m, pg, key, t)
            stranger = t.send("x", key, "A" * 43 + "=")
            check(not isinstance(stranger, str), "nobody else is known: %r" % (stranger,))


class UserNode:
    """The node for users, with the config that was written, in the place that a container would give it."""

    def __init__(self, made):
        text = made.read("nodes/rpc-1/config.toml")
        for inside, here in (("/config/network/", "config/"), ("/config/node/", "nodes/rpc-1/"), ("/config/tessera.pub", "tessera/tm.pub")):
            text = text.replace('"' + inside, '"' + made.path(here))
        path = made.agent.write("rpc-1.toml", text.replace('"/data"', '"%s"' % made.path("data/rpc-1")))
        self.token, self.logged = made.read("secrets/agent.jwt").strip(), made.path("logs/rpc-1/besu.log")
        with open(self.logged, "wb") as log:
            self.process = subprocess.Popen(
                [os.path.join(os.environ["BESU_HOME"], "bin", "besu"), "--config-file=" + path, "--color-enabled=false"], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True, env=dict(os.environ, BESU_OPTS="-Xmx512m -XX:TieredStopAtLevel=1"))

    def ask(self, method, *params):
        """Its answer; None: there is none."""
        try:
            return rpc("http://172.31.138.51:8545", method, *params, token=self.token)
        except OSError:
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def with_a_besu(m, pg, key, tessera):
    """A Besu that still has private transactions comes up with it, and makes a privacy group, which Tessera keeps in PostgreSQL."""
    besu = os.path.join(os.environ.get("BESU_HOME", "/nonexistent"), "bin", "besu")
    version = subprocess.run([besu, "--version"], capture_output=True, text=True).stdout if os.path.exists(besu) else ""
    number = re.search(r"v?(\d+)\.(\d+)\.\d+", version)
    if not number or (int(number.group(1)), int(number.group(2))) > (25, 5):
        print("skipped: stack_init_test a_real_tessera_runs_it: no Besu to 25.5.0 for its users' node (BESU_HOME)")
        return
    with UserNode(m) as node:
        check(until(lambda: (node.ask("eth_chainId") or {}).get("result") == "0x8a", 120, 1), open(node.logged).read()[-3000:])
        print("peer: " + version.strip().split("\n")[-1] + " with Tessera")
        if tessera.ask(tessera.q2t, "/createPrivacyGroup", {"addresses": [key]})[0] == 404:
            print("skipped: stack_init_test a privacy group: Tessera %s has none, 21.1.1 has" % tessera.version())
            return
        group = node.ask("priv_createPrivacyGroup", {"addresses": [key], "name": "ours"})
        check("result" in group, "%s\n%s" % (group, tessera.log()))
        equal(pg.sql("select count(*) from privacy_group where id = decode('%s', 'base64')" % group["result"], "tessera"), "1")


def the_driver_is_looked_for():
    with Made() as m:
        check(m.read("docker-compose.yml").count("./tessera/postgresql.jar:/tessera/lib/postgresql.jar:ro") == 1)
        with open("/usr/share/java/postgresql.jar", "rb") as mine, open(m.path("tessera/postgresql.jar"), "rb") as theirs:
            equal(mine.read(), theirs.read())
        for more, words in ((("--jdbc-driver", "/usr/share/java/none.jar"), "libpostgresql-jdbc-java"),
                            (("--jdbc-driver", "/usr/bin/env"), "no jar"), (("--tessera-version", "21.4.1"), "21.7.0")):
            status, out, err = m.agent.ctl("stack", "init", "other", *more)
            check(status != 0 and words in err, out + err)
        check(not os.path.exists(os.path.join(m.top, "other")), os.listdir(m.top))


def a_real_besu_runs_it():
    """In a network namespace of its own, whose loopback has the addresses that were written: no port of the host is taken."""
    if not os.path.exists(os.path.join(os.environ.get("BESU_HOME", "/nonexistent"), "bin", "besu")):
        raise Skip("no Besu (BESU_HOME)")
    if in_a_network_of_its_own("a_real_besu_runs_it", 11, 12, 13, 14):
        return
    version = subprocess.run([os.path.join(os.environ["BESU_HOME"], "bin", "besu"), "--version"], capture_output=True, text=True)
    print("peer: " + version.stdout.strip().split("\n")[-1])
    number = re.search(r"v?(\d+\.\d+\.\d+)", version.stdout).group(1)
    more = ("--privacy", "false") if [int(x) for x in number.split(".")[:2]] >= [25, 6] else ()
    with Made("--besu-version", number, *more) as m, Validators(m):
        m.agent.install("besu")
        text = m.read("agent/besu.conf")
        rpc = re.search(r",?\s*\{ name = \"rpc-1\".*?\}", text, re.S).group(0)
        m.agent.write("etc/conf.d/besu.conf", text.replace(rpc, ""))
        m.agent.stop()
        m.agent.start()

        def moving():
            try:
                v = m.agent.json("besu", "validators")
            except AssertionError:
                return None
            return v if len(v.get("members", [])) == 4 and all(x["state"] == "ok" for x in v["members"]) else None
        seen = until(moving, 420, 1)  # round timers double: validators that start slowly meet after minutes
        check(seen, m.agent.ctl("besu", "status")[1] + m.read("logs/validator-1/besu.log")[-3000:])
        head = m.agent.json("besu", "status")["network"]["head"]
        check(until(lambda: m.agent.json("besu", "status")["network"]["head"] > head + 2, 30), "blocks go on")
        equal(seen["quorum"], 3)
        check(all(x["proposed"] > 0 for x in seen["members"]), seen)


if __name__ == "__main__":
    run("stack_init_test", [a_network_is_whole_and_closed, the_token_is_signed, compose_reads_it, monitoring_reads_it,
                            alertmanager_reads_it, logrotate_reads_it, the_agent_reads_its_own_config, every_audit_rule_passes,
                            the_driver_is_looked_for, a_real_tessera_runs_it, a_real_besu_runs_it])
