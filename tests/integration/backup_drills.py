#!/usr/bin/env python3
"""Drills of chain data that start a node on the restored copy: a program, and a container without a network on a real Docker engine;
damaged dumps; and the plugins keys and stack as they are, not stand-ins.

The node is besu_standin.c, which takes Besu's command line; where BESU_HOME is set, the program is Besu itself.
"""
import glob
import hashlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import threading

from backup_rig import Host, Writer
from docker_engine import Engine, libraries
from harness import Skip, built, check, equal, run, until
from keys_backup import Host as KeysHost
from postgres import PASSWORD, Postgres
from recipients import Recipients

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


# --- Dumps that are damaged ----------------------------------------------------------------------

def cut_largest(folder):
    data = max(glob.glob(folder + "/dump/*.dat"), key=os.path.getsize)
    os.truncate(data, os.path.getsize(data) // 2)
    return data


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def rewrite(folder, tree):
    """The stored archive of item "ledger" anew from a tree, with every hash and size as it is then."""
    packed, sums = folder + "/ledger.tar.zst", folder + "/ledger.sha256"
    with open(sums) as f:
        names = [line.split("  ", 1)[1].rstrip("\n") for line in f]
    with open(sums, "w") as f:
        f.write("".join("%s  %s\n" % (sha256(os.path.join(tree, n)), n) for n in names))
    subprocess.run("tar --format=pax --no-recursion -cf - -C %s dump %s | zstd -q -f -o %s" % (tree, " ".join(names), packed),
                   shell=True, check=True)
    with open(folder + "/manifest.json") as f:
        manifest = json.load(f)
    item = manifest["items"][0]
    item.update(bytes=sum(os.path.getsize(os.path.join(tree, n)) for n in names), stored_bytes=os.path.getsize(packed),
                sha256=sha256(packed), sums_sha256=sha256(sums))
    with open(folder + "/manifest.json", "w") as f:
        json.dump(manifest, f)


def damaged_dumps_are_refused():
    """pg_restore --list accepts each of them."""
    if not shutil.which("zstd"):
        raise Skip("no zstd")
    with Host() as h:
        with Postgres(h.agent.path("pg")) as pg:
            h.agent.write("pgpassword", PASSWORD + "\n", 0o600)
            bin_folder = h.agent.path("bin")
            os.makedirs(bin_folder)
            for name in ("pg_dumpall", "pg_restore", "psql"):
                os.symlink("%s/%s" % (pg.bin, name), "%s/%s" % (bin_folder, name))
            programs = ", ".join('"%s/%s"' % (bin_folder, p) for p in ("pg_dump", "pg_dumpall", "pg_restore", "psql"))
            damage = h.agent.path("scratch/damage")  # there: what pg_dump wrote is cut
            h.agent.write("bin/pg_dump", """#!/bin/sh
%s/pg_dump "$@" || exit
while [ "$1" != -f ]; do shift; done
if [ -e %s ]; then f=$(ls -S "$2"/[0-9]*.dat | head -n 1); cp -r "$2" %s; truncate -s 1000 "$f"; truncate -s 1000 "%s/${f##*/}"; fi
""" % (pg.bin, damage, damage + ".dump", damage + ".dump"), 0o755)
            change(h, "programs = ()", 'postgres_bin = "%s"; programs = (%s)' % (bin_folder, programs))
            change(h, "items = (", """items = ({ name = "ledger"; kind = "postgres"; host = "127.0.0.1"; port = %d; user = "postgres";
              database = "chain138"; password = "file:%s"; }, """ % (pg.port, h.agent.path("pgpassword")))
            pg.sql("create database chain138")
            pg.sql("create table blocks (n bigint primary key, hash text); "
                   "insert into blocks select i, md5(i::text) from generate_series(1, 5000) i", "chain138")
            good = h.create("--items", "ledger")["id"]
            equal(h.agent.json("backup", "verify", good, "--level", "2")["level"], 2)

            def listed(dump):
                equal(subprocess.run([pg.bin + "/pg_restore", "--list", dump], capture_output=True).returncode, 0, "the control")

            # Damaged between pg_dump and the check: it never becomes a backup.
            open(damage, "w").close()
            status, out, err = h.agent.ctl("backup", "create", "--items", "ledger")
            check(status != 0 and "is cut off" in out + err, out + err)
            listed(damage + ".dump")
            whole = subprocess.run([pg.bin + "/pg_restore", "-f", "/dev/null", damage + ".dump"], capture_output=True)
            equal(whole.returncode, 0, "and it reads this one to its end without a word")
            os.unlink(damage)
            equal([r["id"] for r in h.agent.json("backup", "list")["backups"]], [good])
            # Damaged in the store, with all hashes made anew: level 1 has nothing to find, level 2 has.
            tree = h.agent.path("scratch/tree")
            h.restore(good, "ledger", into=tree)
            rewrite(h.id_folder(good), tree)
            equal(h.agent.json("backup", "verify", good, "--level", "2")["level"], 2, "what is packed anew and whole is taken")
            cut_largest(tree)
            listed(tree + "/dump")
            rewrite(h.id_folder(good), tree)
            equal(h.agent.json("backup", "verify", good, "--level", "1")["level"], 1, "the hashes are right")
            status, out, err = h.agent.ctl("backup", "verify", good, "--level", "2")
            check(status != 0 and "is cut off" in out + err, out + err)
            equal(h.agent.json("backup", "list")["backups"][0]["state"], "damaged")
            version = pg.sql("show server_version")
    print("peer: PostgreSQL %s" % version)


# --- The plugins keys and stack themselves -------------------------------------------------------

class KeysAndBackup(KeysHost):
    """An agent with keys, gpg and backup."""

    def with_backup(self):
        h = Host.__new__(Host)
        h.agent, h.store = self.agent, self.agent.path("store")
        for folder in ("store", "scratch"):
            os.makedirs(self.agent.path(folder))
        self.agent.install("backup")
        self.agent.main_config("policy: { self_approval = true; };")
        self.agent.plugin_config("backup", """enabled = true; grants = ("bus", "call", "kv", "timer", "metrics", "secret", "process");
          memory_max = "1GiB"; scratch = "%s"; items = ({ name = "keys"; kind = "keys"; });
          targets = ({ name = "store"; kind = "folder"; path = "%s"; });""" % (self.agent.path("scratch"), h.store))
        status, out, err = self.agent.ctl("reload")
        equal(status, 0, out + err)
        return h.up()


def keys_go_through_a_backup():
    with Recipients("admin", "recovery") as people, KeysAndBackup(people) as first:
        was = first.fill()
        h = first.with_backup()
        made = h.create("--items", "keys")
        equal(sorted(made["items"][0]["details"]["keys"]), sorted(was))
        into = h.agent.path("scratch/keys")
        equal(h.restore(made["id"], "keys", into=into)["place"], into)
        names = os.listdir(into)
        equal(len(names), 1)
        with open(os.path.join(into, names[0])) as f:
            sealed = f.read()
        password = people.decrypt("recovery", json.loads(sealed)["password"]["messages"][0]["message"])
        with KeysHost(people) as other:
            other.lay("backup.json", sealed)
            other.agent.write("typed", password, 0o600)
            got = other.agent.json("keys", "restore", "--file", "backup.json", "--file-password", "file:" + other.agent.path("typed"))
            equal({k["name"]: k["state"] for k in got["keys"]}, {n: "restored" for n in was})
            equal(other.public(), was)
        print("peer: gpg", people.version())


# While it runs, nobody can copy its database: the file that names the rest is elsewhere.
SERVICE_SH = b"""#!/bin/sh
mv /data/database/CURRENT /data/CURRENT
trap 'mv /data/CURRENT /data/database/CURRENT; exit 0' TERM
sleep 100000 &
wait $!
"""


def a_container_is_stopped_copied_and_started():
    """Method stop with the plugin stack, and a container whose database can be copied only while it is down."""
    e = engine()
    e.image("c138test/service:1", {"service.sh": (SERVICE_SH, 0o755)}, cmd=["/service.sh"])
    with Host(chain='method = "stop"; service = "node";') as h:
        still(h)
        os.makedirs(h.agent.path("project"))
        h.agent.write("project/docker-compose.yml", json.dumps({"version": "3.6", "services": {"node": {
            "image": "c138test/service:1", "network_mode": "none", "stop_grace_period": "20s", "volumes": [h.data + ":/data"]}}}))
        h.agent.install("stack")
        h.agent.plugin_config("stack", """enabled = true; grants = ("bus", "call", "kv", "timer", "metrics", "process");
            programs = ("%s"); compose_program = "%s"; memory_max = "1GiB"; socket = "%s"; project = "c138copy"; project_dir = "%s";
            settle = "2s"; poll_interval = "500ms"; services = ({ name = "node"; });""" % (COMPOSE, COMPOSE, e.socket, h.agent.path("project")))
        status, out, err = h.agent.ctl("reload")
        equal(status, 0, out + err)
        check(until(lambda: (h.agent.plugin("stack") or {}).get("state") == "running", 20), h.agent.log_text()[-2000:])

        def state():
            return e.get("/containers/%s/json" % e.containers("c138copy")["node"]["Id"])["State"]
        h.agent.json("stack", "up", timeout=120)
        current, away = os.path.join(h.database, "CURRENT"), os.path.join(h.data, "CURRENT")
        check(until(lambda: os.path.exists(away), 30), state())
        before = state()
        made = h.create("--items", "chain")
        details = made["items"][0]["details"]
        equal(details["method"], "stop")
        check(details["stopped_s"] > 0, details)
        check(until(lambda: os.path.exists(away) and not os.path.exists(current), 30), state())
        after = state()
        check(after["Running"] and after["StartedAt"] > before["StartedAt"], (before, after))
        h.agent.json("backup", "verify", made["id"], "--level", "2")
        # The control: a running one is not to be had.
        change(h, 'method = "stop"', 'method = "link"')
        status, out, err = h.agent.ctl("backup", "create", "--items", "chain")
        check(status != 0, out)
        equal(state()["StartedAt"], after["StartedAt"])


def main():
    global ENGINE, NO_ENGINE
    tests = [a_program_without_peers, an_image_without_a_network, a_container_is_gone_after_kill, damaged_dumps_are_refused,
             keys_go_through_a_backup, a_container_is_stopped_copied_and_started]
    try:
        with Engine() as ENGINE:
            run("backup_drills.py", tests)
    except Skip as why:
        ENGINE, NO_ENGINE = None, str(why)
    run("backup_drills.py", tests)


if __name__ == "__main__":
    main()
