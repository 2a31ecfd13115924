"""What the integration tests share: an agent of its own in a scratch folder, its control, free ports, and a runner.

Every agent has its own state, socket and plugin folder; nothing outside of the scratch folder is touched, and
everything that was started is stopped, also when a test fails. Only Python's standard library is used.
"""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

BUILD = os.path.abspath(os.environ.get("C138_BUILD_DIR", os.getcwd()))
SOURCE = os.path.abspath(os.environ.get("srcdir", os.path.join(os.path.dirname(__file__), "..", "..")))
if os.path.basename(SOURCE) == "integration":
    SOURCE = os.path.abspath(os.path.join(SOURCE, "..", ".."))
SLOW = 5 if os.environ.get("C138_SANITIZED") == "1" else 1  # sanitizers cost time: waits are longer, nothing else


def built(path):
    return os.path.join(BUILD, path)


def plugin_file(name):
    """The .so of a plugin, ours or one of the tests', in the build tree."""
    for folder in ("plugins/" + name, "tests/fault/plugins", "."):
        path = built(os.path.join(folder, ".libs", name + ".so"))
        if os.path.exists(path):
            return path
    raise RuntimeError("plugin %s is not built in %s" % (name, BUILD))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(what, seconds=10, step=0.05):
    """Waits until what() is true, and gives that value; None after the time."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)


def rpc(url, method, *params, token=None):
    """What a node answers over JSON-RPC, whole: with "result" or "error"."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    headers = dict({"Content-Type": "application/json"}, **({"Authorization": "Bearer " + token} if token else {}))
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as r:
        return json.load(r)


class Node:
    """A development node on a free port, until the end of the block. `command` takes the port and gives the command line."""

    def __init__(self, command):
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.command = command(self.port)

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not until(self.up, 30):
            self.__exit__()
            raise RuntimeError("%s does not answer" % self.command[0])
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def up(self):
        try:
            return self.rpc("eth_chainId")
        except OSError:
            return None

    def rpc(self, method, *params):
        return rpc(self.url, method, *params)

    def result(self, method, *params):
        answer = self.rpc(method, *params)
        check("error" not in answer, answer)
        return answer["result"]


def development_chain(*options, port=None):
    """anvil as chain 138; skips where there is none."""
    anvil = os.environ.get("C138_ANVIL", "")
    if not os.path.exists(anvil):
        raise Skip("no anvil (C138_ANVIL)")
    return Node(lambda free: [anvil, "--chain-id", "138", "--port", str(port or free), "--silent", *options])


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Agent:
    """An agent in a scratch folder. `plugins`: {name: its section as libconfig text}; `config`: more top-level text."""

    def __init__(self, plugins=None, config="", files=None, folder=None):
        self.folder = folder or tempfile.mkdtemp(prefix="c138-")
        os.chmod(self.folder, 0o755)
        self.process = None
        self.socket = os.path.join(self.folder, "run", "agent.sock")
        self.plugin_dir = os.path.join(self.folder, "plugins")
        self.conf_d = os.path.join(self.folder, "etc", "conf.d")
        for folder_ in (self.plugin_dir, self.conf_d, self.path("state"), self.path("run")):
            os.makedirs(folder_, exist_ok=True)
            os.chmod(folder_, 0o755)
        self.config = self.path("etc/chain138.conf")
        self.main_config(config)
        for name, section in (plugins or {}).items():
            self.install(name)
            self.plugin_config(name, section)
        for name, text in (files or {}).items():
            self.write(os.path.join("etc/conf.d", name), text)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        with open(path + ".new", "w") as f:
            f.write(text)
        os.chmod(path + ".new", mode)
        os.rename(path + ".new", path)
        return path

    def main_config(self, text):
        self.write("etc/chain138.conf", """
agent: { host_name = "testhost"; state_dir = "%s"; run_dir = "%s"; plugin_dirs = ("%s"); log_level = "debug"; };
api: { socket = "%s"; %s };
%s
""" % (self.path("state"), self.path("run"), self.plugin_dir, self.socket, getattr(self, "api_text", ""), text))

    def install(self, name, source=None):
        to = os.path.join(self.plugin_dir, name + ".so")
        shutil.copyfile(source or plugin_file(name), to + ".new")
        os.chmod(to + ".new", 0o755)
        os.rename(to + ".new", to)

    def plugin_config(self, name, section):
        if SLOW > 1 and "memory_max" not in section:
            section += ' memory_max = "4GiB";'  # a sanitizer multiplies what a plugin needs
        self.write("etc/conf.d/%s.conf" % name, "plugins: { %s: { %s } };\n" % (name, section))

    def start(self, wait=True, env=None):
        self.log = open(self.path("agent.log"), "ab")
        self.process = subprocess.Popen(
            [built("chain138d"), "--config", self.config, "--stderr", "--plugin-host", built("chain138-plugin-host")],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=dict(os.environ, **(env or {})))
        if wait and not until(lambda: self.process.poll() is not None or self.alive(), 15, 0.01):
            raise RuntimeError("the agent did not come up:\n" + self.log_text()[-3000:])
        if wait and self.process.poll() is not None:
            raise RuntimeError("the agent ended with %d:\n%s" % (self.process.returncode, self.log_text()[-3000:]))
        return self

    def alive(self):
        try:
            return self.http("GET", "/v1/version")[0] == 200
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20 * SLOW)
            except subprocess.TimeoutExpired:
                self.kill()
                raise RuntimeError("the agent did not stop:\n" + self.log_text()[-3000:])
        if self.process:
            self.log.close()
        return self.process.returncode if self.process else 0

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_text(self):
        with open(self.path("agent.log"), errors="replace") as f:
            return f.read()

    def ctl(self, *args, user=None, env=None, timeout=60, stdin=None):
        """Runs the control: (exit status, standard output, standard error)."""
        command = [built("chain138ctl"), "--socket", self.socket, *args]
        if user:
            # In the group of the socket, so that it is the policy that decides.
            command = ["setpriv", "--reuid", str(user), "--regid", str(user), "--groups", "60", *command]
        r = subprocess.run(command, capture_output=True, text=True, timeout=timeout * SLOW, input=stdin,
                           env=dict(os.environ, NO_COLOR="1", **(env or {})))
        return r.returncode, r.stdout, r.stderr

    def json(self, *args, **more):
        status, out, err = self.ctl("--json", *args, **more)
        if status != 0:
            raise AssertionError("%s ended with %d: %s%s" % (" ".join(args), status, out, err))
        return json.loads(out)

    def http(self, method, path, body=None, headers=None, timeout=30):
        c = UnixConnection(self.socket, timeout)
        try:
            c.request(method, path, json.dumps(body) if body is not None else None, headers or {})
            r = c.getresponse()
            data = r.read()
            kind = r.getheader("Content-Type") or ""
            return r.status, json.loads(data) if "json" in kind and data else data.decode("utf-8", "replace")
        finally:
            c.close()

    def call(self, action, params=None, **query):
        """POST an action over the socket: (HTTP status, document)."""
        q = "&".join("%s=%s" % i for i in query.items())
        return self.http("POST", "/v1/actions/%s%s" % (action, "?" + q if q else ""), params or {})

    def plugin(self, name):
        for row in self.json("plugins")["plugins"]:
            if row["name"] == name:
                return row
        return None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            self.remove()


class Skip(Exception):
    pass


def run(program, tests):
    """Runs the tests, prints one line each and the closing line; exit status 0, 1, or 77 if all were skipped."""
    only = os.environ.get("ONLY")
    passed = failed = skipped = 0
    for test in tests:
        if only and only not in test.__name__:
            continue
        began = time.monotonic()
        try:
            test()
            passed += 1
            print("ok %s (%.1f s)" % (test.__name__, time.monotonic() - began), flush=True)
        except Skip as why:
            skipped += 1
            print("skipped: %s %s: %s" % (program, test.__name__, why), flush=True)
        except Exception as e:
            failed += 1
            import traceback
            print("not ok %s: %s" % (test.__name__, e), flush=True)
            traceback.print_exc(file=sys.stdout)
    print("%s: %d passed, %d failed, %d skipped" % (program, passed, failed, skipped), flush=True)
    sys.exit(1 if failed else 77 if skipped and not passed else 0)


def check(condition, text=""):
    if not condition:
        raise AssertionError(text or "not so")


def equal(a, b, text=""):
    if a != b:
        raise AssertionError("%r is not %r %s" % (a, b, text))
