#!/usr/bin/env python3
"""The control as a whole command, against a double of the agent that answers what a real one would (api/api.h)."""
import http.server
import json
import os
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.path.abspath(os.environ.get("C138_BUILD_DIR", os.getcwd()))
CTL = os.path.join(BUILD, "chain138ctl")
WORK = tempfile.mkdtemp(prefix="c138-ctl-")
SOCKET = os.path.join(WORK, "s")
SYNC = {"name": "sync", "summary": "How far the node is", "effect": "read", "role": "viewer", "timeout_ns": 30000000000,
        "example": "--node a",
        "params": [{"name": "node", "type": "string", "summary": "Which node", "positional": True, "complete": "besu.status#nodes.name"},
                   {"name": "force", "type": "bool", "summary": "Ask again"},
                   {"name": "max_age", "type": "duration", "summary": "How old", "default": "5s"}],
        "results": [{"name": "head", "type": "uint", "summary": "Newest block", "unit": "blocks"}]}
BESU = {"name": "besu", "version": "1.0", "summary": "Node", "license": "MIT", "abi": [1, 0], "flags": [], "settings": [],
        "events": [], "subscribes": [], "metrics": [], "actions": [SYNC]}


def error(key, status, message):
    return {"error": {"key": key, "status": status, "message": message}}


class Double(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = []
    polls = 0
    cancelled = False

    def log_message(self, *_):
        pass

    def answer(self, code, document):
        data = json.dumps(document).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        Double.seen.append(("GET", self.path, None))
        if self.path == "/v1/actions/besu.sync":
            self.answer(200, {"action": SYNC})
        elif self.path == "/v1/actions/besu":
            self.answer(200, {"plugin": BESU})
        elif self.path.startswith("/v1/actions?brief=1"):
            self.answer(200, {"plugins": [{"name": "besu", "actions": [{"name": "sync", "summary": "x"}]}]})
        elif self.path == "/v1/actions":
            self.answer(200, {"plugins": [BESU]})
        elif self.path.startswith("/v1/complete"):
            self.answer(200, {"kind": "values", "values": ["alpha", "beta"]})
        elif self.path.startswith("/v1/jobs/J"):
            Double.polls += 1
            if self.path.startswith("/v1/jobs/JSLOW") and not Double.cancelled:
                time.sleep(0.2)
                return self.answer(200, {"id": "JSLOW", "state": "running", "version": Double.polls,
                                         "progress": {"permille": 500, "text": "half way"}})
            if Double.cancelled:
                return self.answer(200, {"id": "JSLOW", "state": "cancelled", "version": 99,
                                         "error": {"key": "cancelled", "status": "cancelled", "message": "somebody cancelled it"}})
            state = "running" if Double.polls < 3 else "succeeded"
            self.answer(200, {"id": "J1", "state": state, "version": Double.polls, "result": {"head": 7},
                              "log": [{"n": Double.polls, "text": "line %d" % Double.polls}]})
        else:
            self.answer(404, error("path.unknown", "not-found", "not here"))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Double.seen.append(("POST", self.path, json.loads(body) if body else None))
        name = self.path.split("?")[0].rsplit("/", 1)[-1]
        answers = {
            "besu.sync": (200, {"job": "J1", "state": "succeeded", "result": {"head": 7}, "columns": SYNC["results"]}),
            "besu.report": (200, {"job": "J1", "state": "succeeded", "result": {"ok": False, "document": {"version": "2.1.0"}}}),
            "besu.long": (202, {"job": "J1", "state": "running", "version": 0, "columns": SYNC["results"]}),
            "besu.slow": (202, {"job": "JSLOW", "state": "running", "version": 0}),
            "besu.fail": (200, {"job": "J2", "state": "failed", "error": {"key": "node.x", "status": "conflict", "message": "it failed"}}),
            "besu.down": (200, {"job": "J2", "state": "failed", "error": {"key": "http.refused", "status": "unavailable", "message": "no node"}}),
            "besu.late": (200, {"job": "J2", "state": "failed", "error": {"key": "timeout", "status": "timeout", "message": "too late"}}),
            "besu.gone": (200, {"job": "J2", "state": "interrupted", "error": {"key": "x", "status": "unavailable", "message": "unknown"}}),
            "besu.denied": (403, error("policy.denied", "denied", "you may not")),
            "besu.bad": (400, error("param.invalid", "invalid", "n: expected a number")),
            "besu.busy": (429, error("jobs.full", "busy", "queue is full")),
            "besu.wipe": (202, {"job": "J3", "state": "awaiting-approval", "plan": {"delete": "everything"}, "digest": "abc123",
                                "expires": "2030-01-01T00:00:00.000Z"}),
            "agent.audit-verify": (200, {"job": "J4", "state": "succeeded", "result": {"ok": False}}),
        }
        if name == "cancel":
            Double.cancelled = True
            return self.answer(200, {"state": "cancelled"})
        code, document = answers.get(name, (404, error("action.unknown", "not-found", "no such action; did you mean besu.sync?")))
        self.answer(code, document)


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def handle_error(self, *_):  # a client that was interrupted
        pass

    def get_request(self):
        request, _ = super().get_request()
        return request, ("local", 0)


def ctl(*args, env=None):
    Double.seen.clear()
    Double.polls = 0
    r = subprocess.run([CTL, "--socket", SOCKET, *args], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL,
                       env=dict(os.environ, NO_COLOR="1", **(env or {})))
    return r.returncode, r.stdout, r.stderr


def equal(a, b, what=""):
    assert a == b, "%r is not %r %s" % (a, b, what)


def one_round_trip():
    equal(ctl("besu", "sync", "--node", "a")[:2], (0, "head  7 blocks\n"))
    equal(Double.seen, [("POST", "/v1/actions/besu.sync?text=1&wait=2&columns=1", {"node": "a"})])
    equal(json.loads(ctl("--json", "besu", "sync")[1]), {"head": 7})
    equal(len(Double.seen), 1)


def a_document_is_printed_alone():
    status, out, _ = ctl("besu", "report")
    equal((status, json.loads(out)), (1, {"version": "2.1.0"}), "for a file; the status says what it found")
    status, out, _ = ctl("--json", "besu", "report")
    equal((status, json.loads(out)), (1, {"ok": False, "document": {"version": "2.1.0"}}))


def words_need_the_declaration():
    equal(ctl("besu", "sync", "--force", "a")[0], 0)
    equal(Double.seen[-1][2], {"force": "a"}, "without a word nothing is asked: the agent says what is wrong")
    equal(ctl("besu", "sync", "a")[0], 0)
    equal([s[0] for s in Double.seen], ["GET", "POST"])
    equal(Double.seen[-1][2], {"node": "a"})
    equal(ctl("besu", "sync", "a", "b")[0], 2)


def exit_statuses():
    for action, status in (("fail", 1), ("nothing", 2), ("denied", 4), ("bad", 5), ("wipe", 6), ("gone", 7), ("late", 8),
                           ("busy", 9), ("down", 9)):
        got, out, err = ctl("besu", action)
        equal(got, status, action + out + err)
        got, out, err = ctl("--json", "besu", action)
        equal(got, status)
        assert "error" in json.loads(out) or action == "wipe", out
        equal(err, "")
    equal(ctl("--frobnicate")[0], 2)
    equal(ctl()[0], 2)
    equal(ctl("audit", "verify")[0], 1, "a broken chain")
    status, out, err = subprocess.run([CTL, "--socket", WORK + "/none", "status"], capture_output=True, text=True).returncode, "", ""
    equal(status, 3)


def a_long_job_is_followed():
    status, out, err = ctl("besu", "long")
    equal((status, out), (0, "head  7 blocks\n"))
    assert "line 1\n" in err and "line 3\n" in err, err
    equal(ctl("besu", "long", "--detach")[:2], (0, "J1\n"))
    assert "wait=0" in Double.seen[0][1]
    status, out, err = ctl("besu", "slow", "--wait", "1s")
    equal(status, 8, err)


def a_plan_says_what_the_approver_types():
    out = ctl("besu", "wipe")[1]
    assert "delete  everything" in out and "chain138ctl approve J3 abc123" in out, out


def ctrl_c_asks():
    import pty
    for key, status in (("d", 7), ("c", 7)):
        Double.cancelled = False
        pid, fd = pty.fork()
        if pid == 0:
            os.execv(CTL, [CTL, "--socket", SOCKET, "besu", "slow"])
        seen = b""
        state = 0
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                seen += os.read(fd, 1000)
            except OSError:
                break
            if state == 0 and b"half way" in seen:
                os.write(fd, b"\x03")
                state = 1
            elif state == 1 and b"[d/c]" in seen:
                os.write(fd, key.encode() + b"\n")
                state = 2
        _, wait = os.waitpid(pid, 0)
        os.close(fd)
        equal(os.waitstatus_to_exitcode(wait), status, repr(seen))
        equal(Double.cancelled, key == "c")
    Double.cancelled = False


def help_comes_from_the_declaration():
    out = " ".join(ctl("besu", "sync", "--help")[1].split())
    for word in ("--max-age DURATION", "default 5s", "least role viewer", "also as a plain word", "chain138ctl besu sync --node a"):
        assert word in out, word + " is not in " + out
    assert "sync" in ctl("besu")[1]
    equal(ctl("besu", "nothing", "--help")[0], 2)
    assert "besu sync" in ctl("help")[1]
    man = ctl("--man")[1]
    assert man.startswith(".TH CHAIN138CTL 1"), man[:80]


def completion():
    def complete(*words):
        return subprocess.run([CTL, "--complete", *words], capture_output=True, text=True, timeout=10,
                              env=dict(os.environ, CHAIN138_SOCKET=SOCKET)).stdout.split()
    assert "status" in complete("") and "besu" in complete("")
    equal(complete("be"), ["besu"])
    equal(complete("besu", ""), ["sync"])
    equal(complete("besu", "sync", "--ma"), ["--max-age"])
    equal(complete("besu", "sync", "--node", ""), ["alpha", "beta"])
    equal(complete("besu", "sync", "--node=al"), ["--node=alpha"])
    equal(complete("besu", "sync", ""), ["alpha", "beta"])
    equal(complete("plugins", "re"), ["restart"])
    equal(complete("--socket", ""), [":file"])
    if shutil.which("bash"):
        script = subprocess.run([CTL, "completion", "bash"], capture_output=True, text=True).stdout
        r = subprocess.run(["bash", "-c", script + "\nCOMP_WORDS=(%s besu sync --node '') COMP_CWORD=4\n_chain138ctl\n"
                            'echo "${COMPREPLY[@]}"' % CTL], capture_output=True, text=True, env=dict(os.environ, CHAIN138_SOCKET=SOCKET))
        equal(r.stdout.split(), ["alpha", "beta"], r.stderr)


def plugin_new():
    template = os.path.join(WORK, "template")
    os.makedirs(os.path.join(template, "tests"))
    with open(os.path.join(template, "@NAME@.c"), "w") as f:
        f.write("static int @NAME_C@_x; /* @NAME@ @OTHER@ */\n")
    with open(os.path.join(template, "tests", "run"), "w") as f:
        f.write("@NAME@")
    os.chmod(os.path.join(template, "tests", "run"), 0o755)
    to = os.path.join(WORK, "new")
    env = {"C138_TEMPLATE_DIR": template}
    equal(ctl("plugin-new", "my-disks", to, env=env)[0], 0)
    with open(os.path.join(to, "my-disks.c")) as f:
        equal(f.read(), "static int my_disks_x; /* my-disks @OTHER@ */\n")
    assert os.access(os.path.join(to, "tests", "run"), os.X_OK)
    equal(ctl("plugin-new", "my-disks", to, env=env)[0], 2, "not empty")
    equal(ctl("plugin-new", "../x", to + "2", env=env)[0], 2, "a bad name")
    assert ctl("plugin-new", "ok", to + "3", env={"C138_TEMPLATE_DIR": WORK + "/none"})[0] != 0


def reference():
    out = ctl("reference")[1]
    for word in ("### besu.sync", "| `max_age` | duration |", "default `5s`", "least role viewer"):
        assert word in out, word + " is not in " + out
    path = os.path.join(WORK, "besu.json")
    with open(path, "w") as f:
        json.dump(BESU, f)
    equal(ctl("reference", "--from", path)[1], out)
    equal(ctl("reference", "--from", WORK + "/none")[0], 1)


def main():
    server = Server(SOCKET, Double)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    failed = 0
    try:
        for test in (one_round_trip, a_document_is_printed_alone, words_need_the_declaration, exit_statuses, a_long_job_is_followed,
                     a_plan_says_what_the_approver_types, ctrl_c_asks, help_comes_from_the_declaration, completion, plugin_new,
                     reference):
            try:
                test()
                print("ok   " + test.__name__)
            except Exception as e:  # every test is tried
                failed += 1
                print("FAIL %s: %s: %s" % (test.__name__, type(e).__name__, e))
    finally:
        server.shutdown()
        shutil.rmtree(WORK, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
