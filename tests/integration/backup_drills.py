#!/usr/bin/env python3
"""Drills of chain data that start a node on the restored copy: a program, and a container without a network on a real Docker engine;
damaged dumps; and the plugins keys and stack as they are, not stand-ins.

The node is besu_standin.c, which takes Besu's command line; where BESU_HOME is set, the program is Besu itself.
"""
import glob
import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
import time

from backup_rig import Host, Writer, judge
from docker_engine import Engine, libraries
from harness import Skip, built, check, equal, run, until

STANDIN = built("tests/integration/besu_standin")
GENESIS = "genesis.json"


class Source:
    """The node that a copy is made of: answers eth_getBlockByNumber, hashes as those of besu_standin.c."""

    def __init__(self, head):
        source = self
        self.head = head

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                tag = (request.get("params") or ["latest"])[0]
                number = source.head if tag == "latest" else int(tag, 16)
                answer = {"jsonrpc": "2.0", "id": request["id"]}
                if request["method"] == "eth_getBlockByNumber":
                    answer["result"] = {"number": hex(number), "hash": "0x%064x" % number}
                else:
                    answer["error"] = {"code": -32601, "message": "Method not found"}
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def drill_host(source, settings, programs, head=7):
    h = Host(chain='rpc_url = "%s";' % source.url, settings=settings, programs=programs)
    h.agent.write("besu/head", "%d\n" % head)
    return h


def change(h, old, new):
    section = h.section
    check(old in section(), section())
    h.section = lambda: section().replace(old, new)
    h.agent.plugin_config("backup", h.section())
    status, out, err = h.agent.ctl("reload")
    equal(status, 0, out + err)
    h.up()


def still(h):
    """A database that nobody writes any more."""
    with Writer(h.data) as w:
        w.stop()


def drill_fails(h, *args):
    status, out, err = h.agent.ctl("backup", "drill", *args, timeout=120)
    check(status != 0, out)
    return out + err


# --- The program ---------------------------------------------------------------------------------

def a_program_without_peers():
    with Source(7) as source, drill_host(source, 'drill_besu = "%s"; drill_wait = "10s"; drill_java_options = "-Xmx64m";' % STANDIN,
                                         (STANDIN,)) as h:
        still(h)
        made = h.create("--items", "chain")
        equal(made["items"][0]["details"]["head_before"]["number"], 7)
        row = h.agent.json("backup", "drill", timeout=120)["items"][0]
        equal((row["head_from"], row["head_to"]), (7, 7))
        check(not os.path.exists(h.agent.path("scratch/chain138-scratch/drill-chain")), "the copy was not thrown away")
        equal(open(h.data + "/key").read(), "the key of this host")
        # Another block where the source's head was; a copy that is behind; a node that ends.
        change(h, "-Xmx64m", "-Dstandin.fork")
        check("another chain" in drill_fails(h), "")
        equal([r["state"] for r in h.agent.json("backup", "list")["backups"]], ["drilled"], "no verdict on the bytes")
        change(h, "-Dstandin.fork", "-Xmx64m")
        source.head = 9
        behind = h.create("--items", "chain")["id"]
        text = drill_fails(h)
        check("begins at block 7" in text and "was at 9" in text, text)
        equal({r["id"]: r["state"] for r in h.agent.json("backup", "list")["backups"]}[behind], "damaged")
        change(h, '"-Xmx64m"', '"-Xmx64m"; drill_genesis = "%s"' % h.agent.path("not-there"))
        text = drill_fails(h, made["id"])
        check("gave no head" in text and "no genesis file" in h.agent.log_text(), text)
        change(h, 'programs = ("%s")' % STANDIN, 'programs = ("/bin/true")')
        text = drill_fails(h, made["id"])
        check("may not be started" in text, text)


# --- The image -----------------------------------------------------------------------------------

ENGINE = None


def engine():
    if ENGINE is None:
        raise Skip(NO_ENGINE)
    return ENGINE


NO_ENGINE = "no Docker engine"
IMAGE = "c138test/besu-standin:1"
COMPOSE = "/usr/bin/docker-compose"


def image_of(e):
    with open(STANDIN if not os.path.exists(os.path.dirname(STANDIN) + "/.libs/besu_standin")
              else os.path.dirname(STANDIN) + "/.libs/besu_standin", "rb") as f:
        files = {"bin/besu": (f.read(), 0o755)}
    for path, data in libraries(STANDIN).items():
        files[path] = (data, 0o755)
    e.image(IMAGE, files)
    # /bin/besu is what it runs; the command is its options.
    status, body = e.request("POST", "/containers/create", json.dumps({"Image": IMAGE, "Entrypoint": ["/bin/besu"]}))
    check(status == 201, body)
    made = json.loads(body)["Id"]
    repo, tag = IMAGE.split(":")
    status, body = e.request("POST", "/commit?container=%s&repo=%s&tag=%s" % (made, repo, tag), "{}")
    check(status == 201, body)
    e.request("DELETE", "/containers/%s?force=1" % made)


def image_settings(e, options="-Xmx64m"):
    return 'drill_image = "%s"; drill_compose = "%s"; drill_socket = "%s"; drill_wait = "60s"; drill_java_options = "%s";' % (
        IMAGE, COMPOSE, e.socket, options)


def boxes(e):
    return [c for c in e.get("/containers/json?all=1") if c["Labels"].get("com.docker.compose.project", "").startswith("c138-drill-")]


def left(h):
    path = h.agent.path("state/plugins/backup/drill")
    return os.listdir(path) if os.path.exists(path) else []


def an_image_without_a_network():
    e = engine()
    image_of(e)
    with Source(7) as source, drill_host(source, image_settings(e, "-Dstandin.wait=6"), (COMPOSE,)) as h:
        change(h, "drill_wait", 'drill_genesis = "%s/%s"; drill_wait' % (h.files, GENESIS))
        still(h)
        made = h.create("--items", "chain")["id"]
        job = h.agent.call("backup.drill", wait=0)[1]["job"]
        check(until(lambda: [c for c in boxes(e) if c["State"] == "running"], 60), (h.job(job), h.agent.log_text()[-3000:]))
        seen = e.get("/containers/%s/json" % boxes(e)[0]["Id"])
        equal(seen["Config"]["Labels"]["com.docker.compose.project"], "c138-drill-" + job.lower())
        host_config = seen["HostConfig"]
        equal((host_config["NetworkMode"], host_config["CapDrop"], host_config["Privileged"], host_config["PortBindings"] or {}),
              ("none", ["ALL"], False, {}))
        equal([(m["Source"], m["Destination"]) for m in seen["Mounts"]],
              [(h.agent.path("scratch/chain138-scratch/drill-chain"), "/drill")])
        check("--p2p-enabled=false" in seen["Args"] and "--discovery-enabled=false" in seen["Args"], seen["Args"])
        done = h.end_of(job)
        equal(done["state"], "succeeded", (done, h.agent.log_text()[-3000:]))
        row = [i for i in done["result"]["items"] if i["name"] == "chain"][0]
        equal((row["head_from"], row["head_to"]), (7, 7))
        equal((boxes(e), left(h)), ([], []))
        check(not os.path.exists(h.agent.path("scratch/chain138-scratch/drill-chain")), "the copy was not thrown away")
        equal(open(h.data + "/key").read(), "the key of this host")
        # A copy that is behind its source, and a node that ends at once: nothing of them is left either.
        change(h, "-Dstandin.wait=6", "-Xmx64m")
        source.head = 9
        h.create("--items", "chain")
        text = drill_fails(h)
        check("begins at block 7" in text, text)
        equal((boxes(e), left(h)), ([], []))
        change(h, "%s/%s" % (h.files, GENESIS), h.agent.path("not-there"))
        text = drill_fails(h, made)
        check("not-there" in text, text)
        equal((boxes(e), left(h)), ([], []))


def a_container_is_gone_after_kill():
    """The worker and then the agent die while the container runs. Its drill goes on anew as the same job; in the end nothing is left."""
    e = engine()
    image_of(e)
    with Source(7) as source, drill_host(source, image_settings(e, "-Dstandin.wait=5"), (COMPOSE,)) as h:
        still(h)
        h.create("--items", "chain")
        for kill in (h.kill_worker, lambda: os.kill(h.agent.process.pid, signal.SIGKILL)):
            job = h.agent.call("backup.drill", wait=0)[1]["job"]
            check(until(lambda: [c for c in boxes(e) if c["State"] == "running"], 60), (h.job(job), h.agent.log_text()[-3000:]))
            was = boxes(e)[0]["Id"]
            equal(len(left(h)), 1)
            kill()
            if kill != h.kill_worker:
                h.agent.kill()
                h.agent.start()
            check(until(lambda: was not in [c["Id"] for c in boxes(e)], 60), boxes(e))
            done = h.end_of(job)
            equal(done["state"], "succeeded", (done, h.agent.log_text()[-3000:]))
            equal((boxes(e), left(h)), ([], []))
        # Left behind by a life of which no job is known any more.
        os.makedirs(h.agent.path("state/plugins/backup/drill"), exist_ok=True)
        name = "c138-drill-01m8mbhns3dnd9a8wtve8ry83g"
        file = h.agent.write("state/plugins/backup/drill/%s.json" % name, json.dumps({"version": "3.6", "services": {"node": {
            "image": IMAGE, "network_mode": "none", "entrypoint": ["/bin/sleep", "1000"]}}}))
        subprocess.run([COMPOSE, "-p", name, "-f", file, "up", "-d"], check=True, capture_output=True,
                       env={"DOCKER_HOST": "unix://" + e.socket, "PATH": "/usr/bin:/bin", "HOME": h.agent.folder})
        equal(len(boxes(e)), 1)
        h.agent.stop()
        h.agent.start()
        check(until(lambda: not boxes(e) and not left(h), 30), (boxes(e), left(h)))


def main():
    global ENGINE, NO_ENGINE
    tests = [a_program_without_peers, an_image_without_a_network, a_container_is_gone_after_kill]
    try:
        with Engine() as ENGINE:
            run("backup_drills.py", tests)
    except Skip as why:
        ENGINE, NO_ENGINE = None, str(why)
    run("backup_drills.py", tests)


if __name__ == "__main__":
    main()
