"""What the tests of backups share: a host with a data path like Besu's, whose database a writer changes all the time."""
import json
import os
import shutil
import signal
import subprocess

from harness import Agent, built, check, equal, until

TORTURE = "tests/integration/rocks_torture"


class Writer:
    """rocks_torture's writer on PATH/database, until the end of the block."""

    def __init__(self, data):
        self.process = subprocess.Popen([built(TORTURE), "write", os.path.join(data, "database")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def __enter__(self):
        if not until(lambda: self.counter() > 20000, 60, 0.2):
            raise RuntimeError("the writer does not write")
        return self

    def counter(self):
        self.process.stdin.write(b"w")
        self.process.stdin.flush()
        return int.from_bytes(self.process.stdout.read(8), "little")

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def __exit__(self, *_):
        self.stop()


def judge(database):
    """The counter of a good copy; an error says what is wrong with it. Opened as it is: nothing in it changes."""
    r = subprocess.run([built(TORTURE), "judge", database], capture_output=True, text=True, timeout=120)
    check(r.returncode == 0, "%s: %s%s" % (database, r.stdout, r.stderr))
    return int(r.stdout)


def flip(path, at=None):
    """One bit of a file."""
    size = os.path.getsize(path)
    with open(path, "r+b") as f:
        f.seek(size // 2 if at is None else at)
        byte = f.read(1)
        f.seek(f.tell() - 1)
        f.write(bytes([byte[0] ^ 1]))


class Host:
    """An agent with the plugin backup, a data path, a folder of files and a folder target."""

    def __init__(self, items="", targets="", settings="", chain="", programs=(), agent_config="", data=None, memory="1GiB"):
        self.agent = Agent(config="""
policy: { self_approval = true; };
%s""" % agent_config)
        self.data = data or self.agent.path("besu")
        self.database = os.path.join(self.data, "database")
        self.store = self.agent.path("store")
        self.files = self.agent.path("config")
        for folder in (self.data, self.store, self.files):
            os.makedirs(folder, exist_ok=True)
        for name, text in () if data else {"key": "the key of this host", "DATABASE_METADATA.json": '{"v2":{"format":"BONSAI","version":3}}',
                           "static-nodes.json": "[]"}.items():
            self.agent.write(os.path.join("besu", name), text)
        self.agent.write("config/genesis.json", '{"config":{"chainId":138}}')
        self.agent.install("backup")
        self.section = lambda: """enabled = true; grants = ("bus", "call", "kv", "timer", "metrics", "secret", "process");
  memory_max = "%s"; programs = (%s); scratch = "%s";
  items = ({ name = "chain"; kind = "chain"; path = "%s"; %s }, { name = "files"; kind = "files"; path = "%s"; }%s);
  targets = ({ name = "store"; kind = "folder"; path = "%s"; }%s); %s""" % (
            memory, ", ".join('"%s"' % p for p in programs), self.agent.path("scratch"), self.data, chain, self.files,
            ", " + items if items else "", self.store, ", " + targets if targets else "", settings)
        os.makedirs(self.agent.path("scratch"), exist_ok=True)
        self.agent.plugin_config("backup", self.section())

    def store_is(self, path):
        self.agent.plugin_config("backup", self.section().replace('path = "%s"; }' % self.store, 'path = "%s"; }' % path))

    def worker(self):
        """The plugin's worker: the agent has no other."""
        def child():
            with open("/proc/%d/task/%d/children" % (self.agent.process.pid, self.agent.process.pid)) as f:
                return f.read().split()
        check(until(child, 20), "no worker")
        self.up()
        return int(child()[0])

    def kill_worker(self):
        os.kill(self.worker(), signal.SIGKILL)

    def is_traced(self):
        with open("/proc/%d/status" % self.worker()) as f:
            return "TracerPid:\t0" not in f.read()

    def __enter__(self):
        self.agent.start()
        return self.up()

    def up(self):
        check(until(lambda: (self.agent.plugin("backup") or {}).get("state") == "running", 20),
              (self.agent.plugin("backup"), self.agent.log_text()[-3000:]))
        return self

    def __exit__(self, *_):
        self.agent.__exit__()

    def create(self, *args, **more):
        return self.agent.json("backup", "create", *args, timeout=120, **more)

    def id_folder(self, backup_id):
        return os.path.join(self.store, "testhost", backup_id)

    def ask_restore(self, backup_id, item, **more):
        """The job and the plan that waits for somebody's approval."""
        status, doc = self.agent.call("backup.restore", {"id": backup_id, "item": item, **more})
        check(status in (200, 202), doc)
        job = doc["job"]
        waits = until(lambda: (lambda d: d if d["state"] not in ("queued", "planning", "running") else None)(self.job(job)), 30)
        check(waits, self.job(job))
        return job, waits

    def job(self, job):
        return self.agent.http("GET", "/v1/jobs/" + job)[1]

    def end_of(self, job, seconds=120):
        def ended_job():
            # A worker that was killed this often in a minute is kept down until somebody says otherwise.
            if (self.agent.plugin("backup") or {}).get("state") == "quarantined":
                self.agent.ctl("plugins", "restart", "backup")
            doc = self.job(job)
            return doc if doc["state"] in ("succeeded", "failed", "cancelled", "interrupted") else None
        ended = until(ended_job, seconds)
        check(ended, self.job(job))
        return ended

    def restore(self, backup_id, item, **more):
        """Planned, approved, run: the finished job's result."""
        job, waits = self.ask_restore(backup_id, item, **more)
        equal(waits["state"], "awaiting-approval", waits)
        equal(self.agent.ctl("approve", job, waits["digest"])[0], 0)
        ended = self.end_of(job)
        equal(ended["state"], "succeeded", ended)
        return ended["result"]
