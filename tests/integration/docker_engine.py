"""A Docker engine of the test's own: its own socket, data and run folders, and images made here; no registry is asked.

Needs root, dockerd and docker-compose (Debian: docker.io, docker-compose). What it started, it stops, and what it mounted, it
unmounts, also when the test fails.
"""
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
from urllib.parse import quote

from harness import Skip, UnixConnection, check, until


def program(*names):
    for name in names:
        for folder in ("/usr/sbin", "/usr/bin", "/sbin", "/bin"):
            path = os.path.join(folder, name)
            if os.path.exists(path):
                return path
    return None


def first_line(*command):
    r = subprocess.run(command, capture_output=True, text=True)
    return (r.stdout or r.stderr).strip().split("\n")[0]


class Engine:
    """dockerd with vfs and without a network of its own: containers have none, or the host's."""

    def __init__(self):
        self.dockerd, self.docker, self.compose = program("dockerd"), "/usr/bin/docker", "/usr/bin/docker-compose"
        if os.geteuid() != 0:
            raise Skip("a Docker engine needs root")
        if not self.dockerd or not os.path.exists(self.docker) or not os.path.exists(self.compose):
            raise Skip("no Docker engine (docker.io and docker-compose)")
        if not program("busybox"):
            raise Skip("no busybox for the images")
        self.folder = tempfile.mkdtemp(prefix="c138-docker-")
        self.socket = self.path("docker.sock")
        self.process = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        with open(self.path("daemon.json"), "w") as f:
            f.write("{}")
        self.log = open(self.path("dockerd.log"), "ab")
        self.process = subprocess.Popen(
            [self.dockerd, "--storage-driver=vfs", "--iptables=false", "--ip6tables=false", "--bridge=none",
             "--data-root=" + self.path("data"), "--exec-root=" + self.path("exec"),
             "-H", "unix://" + self.socket, "-p", self.path("pid"), "--config-file=" + self.path("daemon.json")],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, start_new_session=True)
        if not until(lambda: self.process.poll() is not None or self.up(), 30) or self.process.poll() is not None:
            text = self.log_text()[-600:]
            self.__exit__()
            raise Skip("the Docker engine does not start here: " + text.replace("\n", " "))
        version = self.get("/version")
        print("peer: docker %s (API %s), compose %s" % (version["Version"], version["ApiVersion"],
                                                        first_line(self.compose, "version", "--short")))
        return self

    def __exit__(self, *_):
        if self.process.poll() is None and os.path.exists(self.socket):
            try:
                for c in self.get("/containers/json?all=1"):
                    self.request("DELETE", "/containers/%s?force=1" % c["Id"])
            except (OSError, ValueError):
                pass
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.log.close()
        with open("/proc/self/mounts") as f:
            mounts = [line.split()[1] for line in f if line.split()[1].startswith(self.folder + "/")]
        for mount in sorted(mounts, key=len, reverse=True):
            subprocess.run(["umount", mount], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_text(self):
        with open(self.path("dockerd.log"), errors="replace") as f:
            return f.read()

    def up(self):
        try:
            return self.get("/version")
        except (OSError, ValueError):
            return None

    def request(self, method, path, body=None, kind="application/json"):
        c = UnixConnection(self.socket, 60)
        try:
            c.request(method, path, body, {"Content-Type": kind})
            r = c.getresponse()
            return r.status, r.read()
        finally:
            c.close()

    def get(self, path):
        status, body = self.request("GET", path)
        check(status == 200, body)
        return json.loads(body)

    def image(self, name, files=None, labels=None, cmd=None):
        """Imports an image of busybox and these files {path: (bytes, mode)}; gives its id."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            shared = libraries(program("busybox"))
            # Folders that are not named are made without the right to look into them, which only a capability makes up for.
            own = parents(["bin/busybox", *shared, *(files or {})]) | {"tmp", "www", "proc", "etc"}
            for folder in sorted(own):
                add_folder(tar, folder, 0o1777 if folder == "tmp" else 0o755)
            with open(program("busybox"), "rb") as f:
                add_file(tar, "bin/busybox", f.read(), 0o755)
            for path, data in shared.items():
                add_file(tar, path, data, 0o755)
            for link in ("sh", "httpd", "sleep", "cat", "echo", "date", "kill", "mkdir", "printf", "true", "trap", "dd"):
                info = tarfile.TarInfo("bin/" + link)
                info.type, info.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(info)
            for path, (data, mode) in (files or {}).items():
                add_file(tar, path, data, mode)
        changes = ["LABEL %s=%s" % i for i in (labels or {}).items()]
        if cmd:
            changes.append("CMD " + json.dumps(cmd))
        repo, _, tag = name.partition(":")
        query = "/images/create?fromSrc=-&repo=%s&tag=%s" % (repo, tag or "latest")
        query += "".join("&changes=" + quote(c) for c in changes)
        status, body = self.request("POST", query, out.getvalue(), "application/x-tar")
        check(status == 200 and b"error" not in body, body)
        return self.get("/images/%s/json" % quote(name, safe=""))["Id"]

    def containers(self, project):
        """{service: its container as the API lists it}"""
        label = json.dumps({"label": ["com.docker.compose.project=" + project]})
        rows = self.get("/containers/json?all=1&filters=" + quote(label))
        return {r["Labels"]["com.docker.compose.service"]: r for r in rows}


def add_file(tar, path, data, mode):
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(data), mode
    tar.addfile(info, io.BytesIO(data))


def add_folder(tar, path, mode):
    info = tarfile.TarInfo(path)
    info.type, info.mode = tarfile.DIRTYPE, mode
    tar.addfile(info)


def parents(paths):
    """All folders above these files."""
    found = set()
    for path in paths:
        while os.path.dirname(path):
            path = os.path.dirname(path)
            found.add(path)
    return found


def libraries(path):
    """What a program that is not static needs: {path in the image: bytes}."""
    r = subprocess.run(["ldd", path], capture_output=True, text=True)
    found = {}
    for word in r.stdout.split() if r.returncode == 0 else []:
        if word.startswith("/") and os.path.exists(word):
            with open(word, "rb") as f:
                found[word[1:]] = f.read()
    return found
