#!/usr/bin/env python3
"""chain138ctl doctor: everything it checks is broken here once, and the finding, its mend and the exit status expected."""
import ctypes
import json
import os
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Agent, SLOW, Skip, built, check, equal, free_port, run, until

ROOT = os.geteuid() == 0
USER = 64123  # nobody's
GOOD = "enabled = true;"
MACHINE = ("clock", "zones", "landlock", "files", "disk")  # how this machine is, not the agent


def doctor(a, user=None, before=(), limit=None, form="--json"):
    """Without --socket, so that it is the config that says where it is: (exit status, checks) or (exit status, text)."""
    command = [*before, built("chain138ctl"), "--config", a.config, *([form] if form else []), "doctor"]
    if user:
        command = ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", *command]
    r = subprocess.run(command, capture_output=True, text=True, timeout=60 * SLOW, stdin=subprocess.DEVNULL,
                       env=dict(os.environ, NO_COLOR="1", LC_ALL="C"),
                       preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))) if limit else None)
    if r.returncode not in (0, 1) or (form and not r.stdout):
        raise AssertionError("doctor ended with %d: %s%s" % (r.returncode, r.stdout, r.stderr))
    if not form:
        return r.returncode, r.stdout
    report = json.loads(r.stdout)
    for grade in ("error", "warning"):
        equal(report[grade + "s"], len([c for c in report["checks"] if c["state"] == grade]))
    for c in report["checks"]:
        equal(bool(c["mend"]), c["state"] != "ok", "every finding has its mend, nothing else has: %r" % c)
    equal(r.returncode, 1 if report["errors"] else 0, r.stdout)
    return r.returncode, report["checks"]


def found(checks, machine=False):
    return [c for c in checks if c["state"] != "ok" and (machine or c["id"] not in MACHINE)]


def finds(a, id, state, what, mend, **more):
    """One finding of that kind, with these words in it."""
    _, checks = doctor(a, **more)
    hits = [c for c in checks if c["id"] == id and c["state"] == state and what in c["what"]]
    check(len(hits) == 1, "%s %s \"%s\" is not once in %s" % (state, id, what, json.dumps(found(checks, True), indent=1)))
    check(mend in hits[0]["mend"], "\"%s\" is not in the mend: %s" % (mend, hits[0]["mend"]))


def only(a, *ids, **more):
    """Nothing else is found."""
    equal(sorted(c["id"] for c in found(doctor(a, **more)[1])), sorted(ids))


class Scratch:
    """An agent's folder; stopped and removed in the end."""

    def __init__(self, **more):
        self.agent = Agent(**more)
        if not ROOT:  # root has its role anyway
            me = pwd.getpwuid(os.geteuid()).pw_name
            self.agent.write("etc/conf.d/me.conf", 'policy: { custodians = ( "user:%s" ); };\n' % me)

    def __enter__(self):
        return self.agent

    def __exit__(self, *_):
        try:
            if self.agent.process and self.agent.process.poll() is None:
                self.agent.process.send_signal(signal.SIGCONT)
            self.agent.stop()
        finally:
            self.agent.remove()


def listen(address="127.0.0.1", port=0, family=socket.AF_INET):
    s = socket.socket(family)
    s.bind((address, port))
    s.listen(5)
    return s, s.getsockname()[1]


def a_healthy_agent_gives_no_finding():
    tcp, metrics, own = free_port(), free_port(), free_port()
    with Scratch() as a:
        a.install("good")
        a.plugin_config("good", GOOD + ' metrics_listen = "127.0.0.1:%d";' % own)
        tokens = a.write("tokens", "ci viewer %s\n" % ("a" * 64), 0o640)
        a.api_text = 'listen = "127.0.0.1:%d";' % tcp
        a.main_config('metrics: { listen = "127.0.0.1:%d"; };\npolicy: { tokens_file = "%s"; };' % (metrics, tokens))
        only(a, "agent")  # down: that alone, and no error
        finds(a, "agent", "warning", "is not running", "systemctl start chain138d")
        a.start()
        only(a)
        for port in (tcp, metrics, own):
            check([c for c in doctor(a)[1] if c["id"] == "port" and "the agent listens on 127.0.0.1:%d" % port in c["what"]])
        status, text = doctor(a, form="")
        check("0 errors" in text and "the agent answers at " + a.socket in text, text)
        a.stop()
        only(a, "agent")
        a.process = None


def the_text_has_a_line_a_check_and_its_mend():
    with Scratch(config="agent: { nothing = 1; };") as a:
        status, text = doctor(a, form="")
        equal(status, 1)
        check("error    config" in text and "-> mend the line that is named" in text, text)
        check("1 errors" in text, text)


def config_errors_are_named():
    with Scratch() as a:
        a.write("etc/conf.d/x.conf", 'jobs: { kepe = "1d"; };\n')
        finds(a, "config", "error", "conf.d/x.conf:1", "mend the line that is named")
        a.write("etc/conf.d/x.conf", 'jobs: { keep = "1d"; };\n', 0o666)
        finds(a, "config", "error", "chmod o-w", "mend")
        os.unlink(a.path("etc/conf.d/x.conf"))
        only(a, "agent")
        os.unlink(a.config)
        shutil.rmtree(a.conf_d)
        finds(a, "config", "error", "chain138.conf", "")
    if ROOT:
        with Scratch() as a:
            os.chmod(a.path("etc"), 0o700)
            finds(a, "config", "error", "ermission denied", "run doctor as root", user=USER)


def rules_that_the_agent_would_refuse():
    rules = """schedules = ( { name = "night"; action = "good.echo"; as = "ops"; }, { name = "day"; action = "good.echo"; as = "ops"; every = "1h"; } );
triggers = ( { name = "t"; topic = "good.*"; action = "good.echo"; as = "ops";
               when = ( { field = "x"; op = "~"; value = 1; } ); } );"""
    with Scratch(config=rules) as a:
        finds(a, "rule", "error", "chain138.conf:4: schedule night: give either cron or every", "the agent does not start with it")
        finds(a, "rule", "error", 'chain138.conf:5: trigger t: "~" is no operator', "mend it")
        only(a, "agent", "rule", "rule")


def folders():
    with Scratch() as a:
        os.chmod(a.path("state"), 0o777)
        finds(a, "state", "error", "mode 0777", "chmod go-w")
        os.chmod(a.path("state"), 0o755)
        os.chmod(a.path("run"), 0o775)
        finds(a, "run", "error", "mode 0775", "chmod go-w")
        os.rmdir(a.path("run"))
        finds(a, "run", "warning", "No such file", "start the agent once")
        os.rmdir(a.path("state"))
        a.write("state", "not a folder")
        finds(a, "state", "error", a.path("state"), "it must be a folder")


def owners():
    if not ROOT:
        raise Skip("needs root")
    with Scratch(plugins={"good": GOOD}) as a:
        a.start()
        a.stop()
        only(a, "agent")
        os.chown(a.path("state/audit.log"), USER, USER)
        finds(a, "owner", "error", "audit.log belongs to %d, but" % USER, "chown -R root:")
        os.chown(a.path("state/audit.log"), 0, 0)
        # Packaged: the folders are the agent's, and somebody started it once by hand as root.
        os.chown(a.path("state"), USER, USER)
        finds(a, "owner", "error", "agent.db belongs to root", "chown -R %d: %s" % (USER, a.path("state")))
        finds(a, "owner", "error", "%s belongs to root" % a.path("run"), "chown -R")
        a.process = None


def the_socket():
    with Scratch() as a:
        a.api_text = 'socket_group = "no-such-group-138";'
        a.main_config("")
        finds(a, "socket", "error", "there is no group no-such-group-138", "groupadd --system no-such-group-138")
        a.api_text = ""
        a.socket = a.path("run/" + "s" * 120)
        a.main_config("")
        finds(a, "socket", "error", "at most 107 bytes", "set a shorter")
    with Scratch() as a:
        a.start()
        a.kill()
        finds(a, "agent", "warning", "left over from one that was killed", "systemctl start chain138d")


def a_user_without_rights():
    if not ROOT:
        raise Skip("needs root")
    with Scratch(plugins={"good": GOOD}) as a:
        a.start()
        only(a)
        finds(a, "socket-rights", "error", "%d may not open the agent's socket" % USER, "sudo usermod -aG", user=USER)
        only(a, "socket-rights", "unseen", user=USER)  # and nothing about a store that he may not read
        finds(a, "unseen", "warning", "audit.log", "sudo chain138ctl doctor", user=USER)
        os.chmod(a.socket, 0o600)
        finds(a, "socket-rights", "error", "mode 0600", 'socket_mode = "0660"', user=USER)
        os.chmod(a.path("run"), 0o700)
        finds(a, "socket-rights", "error", "may not look into", "run doctor as root", user=USER)
        os.chmod(a.path("run"), 0o755)
        # Whom the policy gives no role, but the socket lets in.
        os.chmod(a.socket, 0o666)
        finds(a, "agent-plugins", "warning", "does not say how its plugins are", "ask for a role", user=USER)
        a.stop()
        only(a, "agent", "unseen", user=USER)
        os.chmod(a.path("state"), 0o700)
        finds(a, "agent", "warning", "whether one runs this user may not see", "doctor as root sees more", user=USER)
        a.process = None


def tokens():
    port = free_port()
    with Scratch() as a:
        a.api_text = 'listen = "127.0.0.1:%d";' % port
        a.main_config("")
        finds(a, "tokens", "warning", "nobody has a token", "set policy.tokens_file")
        path = a.path("tokens")
        a.main_config('policy: { tokens_file = "%s"; };' % path)
        finds(a, "tokens", "error", "No such file", "make it")
        a.write("tokens", "ci viewer %s\n" % ("a" * 64), 0o644)
        finds(a, "tokens", "error", "mode 0644", "chmod 0640")
        os.chmod(path, 0o640)
        only(a, "agent")
        if ROOT:
            os.chown(path, USER, USER)
            finds(a, "tokens", "error", "belongs to uid %d" % USER, "chown root")


def disk():
    if not ROOT:
        raise Skip("needs root")
    with Scratch() as a:
        # In a mount namespace of its own, so that it goes away with the process.
        before = lambda options: ("unshare", "-m", "sh", "-c", 'mount -t tmpfs -o %s none "$0" && exec "$@"' % options, a.path("state"))
        try:
            doctor(a, before=before("size=1g"))
        except AssertionError as e:
            raise Skip("no mount namespace here: %s" % e)
        finds(a, "disk", "error", "free (", "when it is full no job is accepted", before=before("size=50m"))
        finds(a, "disk", "error", "inodes 0 %", "inodes on this file system", before=before("size=1g,nr_inodes=1"))
        check([c for c in doctor(a, before=before("size=1g"))[1] if c["id"] == "disk" and c["state"] == "ok"])


def plugins():
    with Scratch(plugins={"good": GOOD}) as a:
        path = os.path.join(a.plugin_dir, "good.so")
        os.chmod(path, 0o777)
        finds(a, "plugin", "error", "good.so", "do what the text says")
        os.chmod(path, 0o755)
        a.write("plugins/junk.so", "not an ELF file", 0o755)
        finds(a, "plugin", "error", "junk.so", "does not run")
        os.unlink(a.path("plugins/junk.so"))
        a.plugin_config("besy", GOOD)
        finds(a, "plugin-absent", "error", "besy.conf:1: plugin besy is enabled", "install its package, or enabled = false")
        a.plugin_config("besy", "enabled = false;")
        only(a, "agent")
        a.plugin_config("good", GOOD + " nonsense = 1;")
        a.start()
        finds(a, "plugin-state", "error", "plugin good is refused: ", "chain138ctl plugins restart good")


def an_agent_that_hangs():
    with Scratch() as a:
        a.start()
        os.kill(a.process.pid, signal.SIGSTOP)
        finds(a, "agent", "error", "an agent (pid %d) holds the store, but does not answer" % a.process.pid,
              "systemctl restart chain138d")
        os.kill(a.process.pid, signal.SIGCONT)
        check(until(a.alive))
        only(a)


def store_and_audit():
    with Scratch(plugins={"good": GOOD}) as a:
        a.start()
        for _ in range(3):
            a.call("good.write", {})
            a.call("agent.reload", {})
        only(a)
        a.stop()
        only(a, "agent")
        with open(a.path("state/audit.log"), "r+b") as f:
            data = f.read()
            check(data.count(b"\n") >= 3, data)
            f.seek(data.index(b"\n") + 20)
            f.write(b"~")
        finds(a, "audit", "error", "audit.log, line 2: ", "keep the file as evidence")
        with open(a.path("state/audit.log"), "wb") as f:
            f.write(data)
        only(a, "agent")
        with open(a.path("state/agent.db"), "r+b") as f:
            f.seek(4096)
            f.write(b"\xa5" * 8192)
        finds(a, "store", "error", "agent.db: ", "restore the state folder from a backup")
        with open(a.path("state/agent.db"), "r+b") as f:
            f.write(b"no database at all, but long enough to be read as one" * 20)
        finds(a, "store", "error", "agent.db: ", "stop the agent, keep the file")
        a.process = None


def endpoints():
    with Scratch(plugins={"good": ""}) as a:
        def node(url):
            a.plugin_config("good", GOOD + ' nodes = ( { name = "a"; url = "%s"; } );' % url)
        open_, port = listen()
        with open_:
            node("http://127.0.0.1:%d/rpc" % port)
            only(a, "agent")
            node("http://user:word@127.0.0.1:%d?x" % port)
            only(a, "agent")
            check("word" not in json.dumps(doctor(a)[1]), "a password is told")
        node("http://localhost:%d" % port)
        finds(a, "endpoint", "error", "localhost port %d: Connection refused" % port, "start what should listen there")
        node("http://127.0.0.1:%d" % port)
        finds(a, "endpoint", "error", "plugins.good.nodes.0.url: 127.0.0.1 port %d: Connection refused" % port, "mend the address")
        node("http://no-such-host.invalid:8545")
        _, checks = doctor(a)
        said = [c for c in checks if c["id"] == "endpoint" and c["state"] == "error"]
        check(len(said) == 1 and "no-such-host.invalid port 8545: " in said[0]["what"], checks)
        check("route" not in said[0]["what"], "a name that is not known is no missing route: %r" % said)
        a.plugin_config("good", "enabled = false; url = \"http://127.0.0.1:%d\";" % port)
        only(a, "agent")


def a_name_with_two_addresses():
    """localhost is [::1] and 127.0.0.1 on most hosts, and a node listens on the second one only."""
    if not ROOT:
        raise Skip("needs root")
    open_, port = listen()
    with open_, Scratch(plugins={"good": GOOD + ' url = "http://two-addresses:%d";' % port}) as a:
        hosts = a.write("hosts", "::1 two-addresses\n127.0.0.1 two-addresses\n")
        before = ("unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts)
        try:
            listen("::1", 0, socket.AF_INET6)[0].close()
            doctor(a, before=before)
        except (AssertionError, OSError) as e:
            raise Skip("no mount namespace or no IPv6 here: %s" % e)
        only(a, "agent", before=before)
        only(a, "agent", "endpoint")


def ports_that_others_have():
    taken, port = listen()
    address = "127.0.0.1:%d" % port
    with taken, Scratch(plugins={"good": GOOD}) as a:
        # Down: each door.
        a.api_text = 'listen = "%s";' % address
        a.main_config('policy: { tokens_file = "%s"; };' % a.write("tokens", "", 0o640))
        finds(a, "port", "error", "api.listen (chain138.conf:", "ss -ltnp 'sport = :%d'" % port)
        a.api_text = ""
        a.main_config('metrics: { listen = "%s"; };' % address)
        finds(a, "port", "error", address + " is taken by another program", "ss -ltnp")
        a.main_config('metrics: { listen = "0.0.0.0:%d"; };' % port)
        finds(a, "port", "error", "0.0.0.0:%d is taken by another program" % port, "set another port there")
        a.main_config("")
        a.plugin_config("good", GOOD + ' metrics_listen = "%s";' % address)
        finds(a, "port", "error", "plugins.good.metrics_listen (", "ss -ltnp")
        # Up: the agent goes on without that door, and doctor says so.
        a.start()
        finds(a, "port", "error", "plugins.good.metrics_listen (conf.d/good.conf:1): %s is taken by another program" % address,
              "ss -ltnp")
        only(a, "port")
        taken.close()
        finds(a, "port", "error", "does not listen on " + address, "systemctl reload chain138d")
        a.process.send_signal(signal.SIGHUP)
        check(until(lambda: not found(doctor(a)[1])), "a reload did not open it")
        # A plugin that is not enabled has no door.
        a.plugin_config("good", 'enabled = false; metrics_listen = "127.0.0.1:%d";' % free_port())
        only(a)


def a_port_that_another_agent_has():
    port = free_port()
    door = 'metrics: { listen = "127.0.0.1:%d"; };' % port
    with Scratch(config=door) as first, Scratch(config=door) as second:
        first.start()
        only(first)
        finds(second, "port", "error", "is taken by another agent", "ss -ltnp")


def a_door_that_a_restart_would_open():
    with Scratch() as a:
        a.start()
        a.api_text = 'listen = "127.0.0.1:%d";' % free_port()
        a.main_config('policy: { tokens_file = "%s"; };' % a.write("tokens", "", 0o640))
        finds(a, "port", "error", "does not listen on", "systemctl restart chain138d")


def addresses_that_cannot_be():
    port = free_port()
    with Scratch() as a:
        a.main_config('metrics: { listen = "192.0.2.1:%d"; };' % port)
        finds(a, "port", "error", "192.0.2.1:%d is no address of this host" % port, "ip address")
        a.api_text = 'listen = "0.0.0.0:%d";' % port
        a.main_config("")
        finds(a, "config", "error", "api.listen", "mend the line")
        finds(a, "config", "error", "expected one such as 127.0.0.1:9138", "mend the line")
        a.api_text = 'listen = "127.0.0.1:%d";' % port
        for other in ("127.0.0.1:%d", "0.0.0.0:%d", "[::]:%d", "127.0.0.1:0%d"):
            a.main_config('metrics: { listen = "%s"; };' % (other % port))
            finds(a, "config", "error", "is taken by api.listen already, at chain138.conf:", "mend the line")
        if ROOT:
            a.api_text = ""
            a.main_config('metrics: { listen = "127.0.0.1:81"; };')
            with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as f:
                first = int(f.read())
            for folder in ("state", "run"):
                os.chown(a.path(folder), USER, USER)
            if first > 81:
                finds(a, "port", "error", "only root may listen on 127.0.0.1:81", "CAP_NET_BIND_SERVICE")


class Timex(ctypes.Structure):
    _fields_ = [("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
                ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("room", ctypes.c_char * 256)]


def the_clock():
    t = Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(t))
    right = 0 <= state < 5 and not t.status & 0x40 and t.maxerror < 4900000
    with Scratch(plugins={"good": GOOD}) as a:
        said = [c for c in doctor(a)[1] if c["id"] == "clock"]
        equal([c["state"] for c in said], ["ok" if right else "warning"], "%r %d %d %d" % (said, state, t.status, t.maxerror))
        if not right:
            check("timedatectl" in said[0]["mend"], said)
        a.start()
        only(a)
        a.stop()
        ahead = time.time() + 86400
        os.utime(a.path("state/audit.log"), (ahead, ahead))
        finds(a, "clock-back", "error", "but the agent wrote to", "set the clock right")
        a.process = None


def open_files():
    with Scratch() as a:
        finds(a, "files", "warning", "only 512 open files", "LimitNOFILE", limit=512)


if __name__ == "__main__":
    run("doctor_test", [
        a_healthy_agent_gives_no_finding, the_text_has_a_line_a_check_and_its_mend, config_errors_are_named,
        rules_that_the_agent_would_refuse, folders, owners, the_socket, a_user_without_rights, tokens, disk, plugins,
        an_agent_that_hangs, store_and_audit, endpoints, a_name_with_two_addresses, ports_that_others_have,
        a_port_that_another_agent_has, a_door_that_a_restart_would_open, addresses_that_cannot_be, the_clock, open_files])
