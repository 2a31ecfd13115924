#!/usr/bin/env python3
"""Where backups go and what else is taken: S3 (a strict server of ours, and versitygw), restic, OpenPGP, PostgreSQL, other plugins."""
import glob
import json
import os
import shutil
import signal
import subprocess
import time

import s3_strict
from backup_rig import Host, Writer, flip, judge
from harness import Skip, built, check, equal, free_port, run, until
from postgres import PASSWORD, Postgres


# --- S3 ------------------------------------------------------------------------------------------

def bucket(url, agent_path, more=""):
    return """{ name = "bucket"; kind = "s3"; url = "%s"; bucket = "backups"; prefix = "chain 138/a+b"; access_key = "file:%s";
      secret_key = "file:%s"; part_size = "5MiB"; %s }""" % (url, agent_path("access"), agent_path("secret"), more)


class BucketHost(Host):
    def __init__(self, url, more="", access=s3_strict.ACCESS, secret=s3_strict.SECRET):
        super().__init__()
        self.agent.write("access", access + "\n", 0o600)
        self.agent.write("secret", secret + "\n", 0o600)
        targets = bucket(url, self.agent.path, more)
        section = self.section
        self.section = lambda: section().replace('targets = (', 'target = "bucket"; targets = (' + targets + ", ")
        self.agent.plugin_config("backup", self.section())

    def fill(self, mib=24):
        with open(os.path.join(self.files, "large"), "wb") as f:
            for _ in range(mib):
                f.write(os.urandom(1 << 20))


def a_bucket_holds_backups():
    with s3_strict.Server() as s3, BucketHost(s3.url) as h, Writer(h.data) as w:
        h.fill()
        made = h.create()
        equal(s3.refused, 0)
        keys = sorted(k for k in s3.objects)
        equal([k.split("/")[-1] for k in keys], ["chain.sha256", "chain.tar.zst", "files.sha256", "files.tar.zst", "manifest.json"])
        check(keys[0].startswith("chain 138/a+b/testhost/" + made["id"]), keys)
        check(len(s3.started) >= 2 and not s3.uploads, "in parts, and nothing half-made is left")
        puts = [k for c, k, q in s3.requests if c in ("PUT", "POST")]
        check(puts[-1].endswith("manifest.json"), "the manifest is last")
        check(not os.listdir(h.agent.path("state/plugins/backup/spool")), "the spool is empty")
        w.stop()
        for level in (0, 1, 2, 3):
            h.agent.json("backup", "verify", "--level", str(level))
        h.restore(made["id"], "chain")
        judge(h.database)
        second = h.create()["id"]
        equal([b["id"] for b in h.agent.json("backup", "list")["backups"]], [second, made["id"]])
        h.agent.json("backup", "forget", "--keep-last", "1", "--keep-daily", "0", "--keep-weekly", "0", "--keep-monthly", "0")
        # The one that was drilled is kept beside the newest: it is the last verified one.
        equal(len(h.agent.json("backup", "list")["backups"]), 2)
        h.agent.json("backup", "verify", "latest", "--level", "1")
        h.agent.json("backup", "forget", "--keep-last", "1", "--keep-daily", "0", "--keep-weekly", "0", "--keep-monthly", "0")
        equal({k.split("/")[3] for k in s3.objects}, {second})
        key = [k for k in s3.objects if k.endswith("files.tar.zst")][0]
        s3.objects[key] = s3.objects[key][:-1] + bytes([s3.objects[key][-1] ^ 1])
        status, out, err = h.agent.ctl("backup", "verify", "--level", "1")
        check(status != 0 and "damaged" in out + err, out + err)


def a_bucket_in_trouble():
    with s3_strict.Server() as s3, BucketHost(s3.url) as h:
        os.rmdir(h.database) if os.path.isdir(h.database) else None
        h.fill(12)
        args = ("--items", "files")
        times = {}

        def once(*what):
            def trouble(command, key, q):
                for name, when in what:
                    if when(command, key, q) and times.setdefault((name, key), 0) < 2:
                        times[(name, key)] += 1
                        return name
            return trouble
        part = lambda c, k, q: c == "PUT" and q.get("partNumber") == "2"
        end = lambda c, k, q: c == "POST" and "uploadId" in q
        s3.trouble = once(("SlowDown", part), ("cut", lambda c, k, q: c == "PUT" and "uploadId" not in q),
                          ("200 with an error", end))
        h.create(*args)
        check(len(times) >= 3, times)
        # Completed, and the answer was lost: the upload is not known any more, the object is there.
        times.clear()
        s3.trouble = lambda c, k, q: "done and cut" if end(c, k, q) else None
        h.create(*args)
        # Uploads that the service forgot are begun again.
        times.clear()

        def forget(command, key, q):
            if part(command, key, q) and times.setdefault("forgotten", 0) < 1:
                times["forgotten"] += 1
                s3.uploads.clear()
        s3.trouble = forget
        h.create(*args)
        equal(times["forgotten"], 1)
        s3.trouble = None
        equal(len(h.agent.json("backup", "list")["backups"]), 3)
        for b in h.agent.json("backup", "list")["backups"]:
            h.agent.json("backup", "verify", b["id"], "--level", "1")
        h.agent.write("secret", "wrong\n", 0o600)
        status, out, err = h.agent.ctl("backup", "create", *args)
        check(status != 0 and "SignatureDoesNotMatch" in out + err and "check secret_key" in out + err, out + err)
        check("wrong" not in out + err and s3_strict.SECRET not in h.agent.log_text())


def an_upload_goes_on_after_kill():
    with s3_strict.Server() as s3, BucketHost(s3.url, 'lock = "1h"; lock_mode = "COMPLIANCE";') as h:
        h.fill(40)
        seen = []

        def slowly(command, key, q):
            if command == "PUT" and "partNumber" in q:
                seen.append(q["partNumber"])
                time.sleep(0.2)
        s3.trouble = slowly
        job = h.agent.call("backup.create", {"items": ["files"]})[1]["job"]
        for kills in range(3):
            check(until(lambda: len(seen) >= 2 * (kills + 1), 60, 0.01), seen)
            os.kill(h.agent.process.pid, signal.SIGKILL)
            h.agent.kill()
            h.agent.start()
        equal(h.end_of(job)["state"], "succeeded")
        equal(len(s3.started), 1, "one upload from beginning to end")
        twice = [n for n in set(seen) if seen.count(n) > 2]
        check(not twice and len(seen) <= len(set(seen)) + 3, "parts that were there were sent again: %r" % seen)
        equal({v for v in s3.locks.values()}, {"COMPLIANCE"})
        s3.trouble = None
        equal(h.agent.json("backup", "verify", job, "--level", "1")["id"], job)


def versitygw():
    for path in (os.environ.get("C138_VERSITYGW", ""), shutil.which("versitygw") or ""):
        if path and os.path.exists(path):
            return path
    raise Skip("no versitygw (C138_VERSITYGW)")


def a_real_s3_service():
    program = versitygw()
    with BucketHost("http://127.0.0.1:%d" % 1, 'lock = "1h"; lock_mode = "COMPLIANCE";', "access", "secretsecret") as h:
        port = free_port()
        for folder in ("iam", "ver", "data"):
            os.makedirs(h.agent.path("s3/" + folder))
        gateway = subprocess.Popen([program, "--access", "access", "--secret", "secretsecret", "--port", "127.0.0.1:%d" % port, "--region",
                                    "us-east-1", "--iam-dir", h.agent.path("s3/iam"), "posix", "--versioning-dir",
                                    h.agent.path("s3/ver"), h.agent.path("s3/data")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            make_bucket(port)
            h.section_was = h.section
            h.agent.plugin_config("backup", h.section().replace("http://127.0.0.1:1", "http://127.0.0.1:%d" % port))
            equal(h.agent.ctl("reload")[0], 0)
            h.up()
            with Writer(h.data) as w:
                h.fill()
                made = h.create()
                w.stop()
            for level in (0, 1, 3):
                h.agent.json("backup", "verify", "--level", str(level))
            equal([b["id"] for b in h.agent.json("backup", "list")["backups"]], [made["id"]])
            h.restore(made["id"], "chain")
            judge(h.database)
            h.agent.write("secret", "wrong\n", 0o600)
            status, out, err = h.agent.ctl("backup", "list")
            check(status != 0 and "SignatureDoesNotMatch" in out + err, out + err)
        finally:
            gateway.kill()
            gateway.wait()
        version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip().splitlines()
        print("peer: versitygw %s" % (version[0] if version else ""))


def make_bucket(port):
    """PUT /backups with object lock, signed by hand: the plugin makes no buckets."""
    import datetime
    import hashlib
    import hmac
    import http.client
    empty = hashlib.sha256(b"").hexdigest()

    def put():
        date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": "127.0.0.1:%d" % port, "x-amz-bucket-object-lock-enabled": "true", "x-amz-content-sha256": empty,
                   "x-amz-date": date}
        names = ";".join(sorted(headers))
        canonical = "PUT\n/backups\n\n%s\n%s\n%s" % ("".join("%s:%s\n" % (k, headers[k]) for k in sorted(headers)), names, empty)
        scope = date[:8] + "/us-east-1/s3/aws4_request"
        key = b"AWS4secretsecret"
        for piece in (date[:8], "us-east-1", "s3", "aws4_request",
                      "AWS4-HMAC-SHA256\n%s\n%s\n%s" % (date, scope, hashlib.sha256(canonical.encode()).hexdigest())):
            key = hmac.new(key, piece.encode(), hashlib.sha256).digest()
        headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=access/%s,SignedHeaders=%s,Signature=%s" % (scope, names, key.hex())
        try:
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            c.request("PUT", "/backups", headers=headers)
            return c.getresponse().status == 200
        except OSError:
            return False
    check(until(put, 20), "the bucket cannot be made")


# --- restic --------------------------------------------------------------------------------------

def restic():
    if not os.path.exists("/usr/bin/restic"):
        raise Skip("no restic")
    return subprocess.run(["/usr/bin/restic", "version"], capture_output=True, text=True).stdout.split()[1]


class ResticHost(Host):
    def __init__(self, **more):
        super().__init__(programs=("/usr/bin/restic",), **more)
        self.repository = self.agent.path("store/restic")
        self.agent.write("password", "correct horse\n", 0o600)
        section = self.section
        self.section = lambda: section().replace('targets = (', """target = "repo"; targets = ({ name = "repo"; kind = "restic";
          repository = "%s"; restic_password = "file:%s"; }, """ % (self.repository, self.agent.path("password")))
        self.agent.plugin_config("backup", self.section())


def restic_keeps_what_did_not_change_once():
    version = restic()
    with ResticHost() as h, Writer(h.data) as w:
        first = h.create()
        check(first["stored_bytes"] > 0, first)
        w.stop()
        second = h.create()
        third = h.create()
        check(third["stored_bytes"] < third["bytes"] / 20, third)
        equal(len(h.agent.json("backup", "list")["backups"]), 3)
        stats = h.agent.json("backup", "stats")
        check(stats["backups"] == 3 and stats["stored_bytes"] < stats["bytes"], stats)
        for level in range(4):
            h.agent.json("backup", "verify", second["id"], "--level", str(level))
        h.restore(first["id"], "chain")
        judge(h.database)
        h.restore(first["id"], "files")
        h.agent.json("backup", "forget", "--keep-last", "1", "--keep-daily", "0", "--keep-weekly", "0", "--keep-monthly", "0")
        equal({b["id"] for b in h.agent.json("backup", "list")["backups"]}, {second["id"], third["id"]})
        environ = open("/proc/%d/environ" % h.agent.process.pid, "rb").read() + h.agent.log_text().encode()
        check(b"correct horse" not in environ)
        # What restic says when it is wrong.
        h.agent.write("password", "wrong\n", 0o600)
        status, out, err = h.agent.ctl("backup", "create")
        check(status != 0 and "wrong password" in out + err, out + err)
        h.agent.write("password", "correct horse\n", 0o600)
        pack = max(glob.glob(h.repository + "/data/*/*"), key=os.path.getsize)
        os.chmod(pack, 0o600)
        flip(pack)
        status, out, err = h.agent.ctl("backup", "verify", "latest", "--level", "1")
        check(status != 0, out + err)
        equal(h.agent.json("backup", "list")["backups"][0]["state"], "damaged")
    print("peer: restic %s" % version)


def restic_killed_in_the_middle():
    restic()
    with ResticHost() as h, Writer(h.data):
        first = h.create()["id"]
        with open(os.path.join(h.files, "large"), "wb") as f:
            for _ in range(200):
                f.write(os.urandom(1 << 20))
        for n in range(4):
            job = h.agent.call("backup.create")[1]["job"]
            until(lambda: h.job(job)["state"] == "running", 10, 0.005)
            time.sleep(0.2 * (n + 1))
            h.kill_worker()
            equal(h.end_of(job)["state"], "succeeded", h.job(job))
        equal(len(h.agent.json("backup", "list")["backups"]), 5)
        snapshots = json.loads(subprocess.run(["/usr/bin/restic", "-r", h.repository, "snapshots", "--json", "--no-lock"], capture_output=True,
                                              env={"RESTIC_PASSWORD": "correct horse", "HOME": "/tmp", "PATH": "/usr/bin"}).stdout)
        equal(len(snapshots), 5, "a backup is one snapshot, and a run that was cut off left none")
        h.agent.json("backup", "verify", first, "--level", "1")


# --- OpenPGP -------------------------------------------------------------------------------------

def only_recipients_can_open_it():
    if not shutil.which("gpg"):
        raise Skip("no gpg")
    with Host() as h, Writer(h.data) as w:
        w.stop()
        home, other = h.agent.path("gnupg"), h.agent.path("gnupg-other")
        for folder in (home, other):
            os.makedirs(folder, mode=0o700)
        gpg = lambda home_, *a, **m: subprocess.run(["gpg", "--batch", "--homedir", home_, "--passphrase", "", *a], check=True,
                                                    capture_output=True, **m).stdout
        gpg(home, "--quick-gen-key", "ops@example.org", "future-default", "default", "never")
        gpg(other, "--quick-gen-key", "boss@example.org", "future-default", "default", "never")
        gpg(home, "--import", input=gpg(other, "--export"))
        section = h.section
        h.section = lambda: section() + ' gnupg_home = "%s"; recipients = ("ops@example.org", "boss@example.org");' % home
        h.agent.plugin_config("backup", h.section())
        equal(h.agent.ctl("reload")[0], 0)
        h.up()
        try:
            made = h.create()
            check(made["items"][0]["encrypted"] and made["items"][0]["object"] == "chain.tar.zst.gpg", made)
            packet = os.path.join(h.id_folder(made["id"]), "chain.tar.zst.gpg")
            listing = subprocess.run(["gpg", "--batch", "--homedir", other, "--list-packets", packet], capture_output=True, text=True).stdout
            equal(listing.count(":pubkey enc packet:"), 2, listing)
            for level in (1, 2, 3):
                h.agent.json("backup", "verify", "--level", str(level))
            h.restore(made["id"], "chain")
            judge(h.database)
            # The other recipient alone, with gpg, zstd and tar alone.
            plain = gpg(other, "--decrypt", packet)
            names = subprocess.run("zstd -dc | tar -tf -", shell=True, input=plain, capture_output=True, check=True).stdout.decode()
            check("database/CURRENT" in names, names)
            flip(packet)
            status, out, err = h.agent.ctl("backup", "verify", "--level", "1")
            check(status != 0, out + err)
            h.agent.plugin_config("backup", h.section().replace("boss@", "nobody@"))
            equal(h.agent.ctl("reload")[0], 0)
            h.up()
            status, out, err = h.agent.ctl("backup", "create")
            check(status != 0 and "nobody@example.org" in out + err, out + err)
        finally:
            for folder in (home, other):
                subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], capture_output=True)
    print("peer: gpg %s" % subprocess.run(["gpg", "--version"], capture_output=True, text=True).stdout.split()[2])


# --- PostgreSQL ----------------------------------------------------------------------------------

def a_database_comes_back():
    with Host() as h:
        with Postgres(h.agent.path("pg")) as pg:
            h.agent.write("pgpassword", PASSWORD + "\n", 0o600)
            section = h.section
            h.section = lambda: section().replace('programs = (', 'postgres_bin = "%s"; programs = (%s' % (pg.bin, ", ".join(
                '"%s/%s"' % (pg.bin, p) for p in ("pg_dump", "pg_dumpall", "pg_restore", "psql")))).replace(
                "targets = (", "targets = (", 1).replace("items = (", """items = ({ name = "ledger"; kind = "postgres"; host = "127.0.0.1";
                  port = %d; user = "postgres"; database = "chain138"; password = "file:%s"; jobs = 2; }, """ % (
                    pg.port, h.agent.path("pgpassword")))
            h.agent.plugin_config("backup", h.section())
            equal(h.agent.ctl("reload")[0], 0)
            h.up()
            pg.sql("create database chain138")
            pg.sql("create role reader login password 'x'")
            pg.sql("create table blocks (n bigint primary key, hash text); create table \"Odd Name\" (v text); "
                   "insert into blocks select i, md5(i::text) from generate_series(1, 50000) i; insert into \"Odd Name\" values ('a')",
                   "chain138")
            items = ("--items", "ledger")
            made = h.create(*items)
            details = made["items"][0]["details"]
            equal(details["rows"], {"public.Odd Name": 1, "public.blocks": 50000})
            h.agent.json("backup", "verify", "--level", "2")
            drill = h.agent.json("backup", "drill")
            check(drill["seconds"] > 0 and drill["items"][0]["use_s"] > 0, drill)
            equal(pg.sql("select count(*) from pg_database where datname like 'c138%'"), "0")
            pg.sql("delete from blocks", "chain138")
            result = h.restore(made["id"], "ledger")
            equal(pg.sql("select count(*) from blocks", "chain138"), "50000")
            equal(pg.sql("select count(*) from blocks", result["old"]), "0", "the old one was kept")
            # The archive is whole and the dump in it is not: pg_restore --list would say it is fine.
            h.restore(made["id"], "ledger", into=h.agent.path("scratch/dump"))
            data = max(glob.glob(h.agent.path("scratch/dump/dump/*.dat")), key=os.path.getsize)
            os.truncate(data, os.path.getsize(data) // 2)
            listed = subprocess.run([pg.bin + "/pg_restore", "--list", h.agent.path("scratch/dump/dump")], capture_output=True)
            equal(listed.returncode, 0, "the control: the table of contents alone finds nothing")
            status, out, err = h.agent.ctl("backup", "list")
            log = h.agent.log_text()
            check(PASSWORD not in log and PASSWORD not in json.dumps(made))
            pg.sql("drop table blocks", "chain138")
            equal(h.agent.json("backup", "verify", "--level", "3")["level"], 3)
            # A password that is wrong, a server that is gone.
            h.agent.write("pgpassword", "wrong\n", 0o600)
            status, out, err = h.agent.ctl("backup", "create", *items)
            check(status != 0 and "password authentication failed" in out + err, out + err)
            version = pg.sql("show server_version")
        h.agent.write("pgpassword", PASSWORD + "\n", 0o600)
        status, out, err = h.agent.ctl("backup", "create", *items)
        check(status != 0 and "Connection refused" in out + err, out + err)
        equal(len(h.agent.json("backup", "list")["backups"]), 1)
    print("peer: PostgreSQL %s" % version)


# --- Other plugins -------------------------------------------------------------------------------

def another_plugin_has_items():
    """A stand-in that owns something: it writes its files, is told when they were taken, and takes them back. Its restore-item is
    dangerous, and is approved with the plan that lists it."""
    with Host(items='{ name = "groups"; kind = "plugin"; plugin = "owner"; }') as h:
        h.agent.install("owner")
        h.agent.plugin_config("owner", 'enabled = true; restore_from = "%s";' % h.agent.path("scratch"))
        equal(h.agent.ctl("reload")[0], 0)
        check(until(lambda: (h.agent.plugin("owner") or {}).get("state") == "running", 20))
        h.agent.json("owner", "put", "--text", "first")
        made = h.create("--items", "groups")
        equal(made["items"][0]["details"], {"plugin": {"kind": "a stand-in"}})
        equal(os.listdir(h.agent.path("state/plugins/owner/outbox")), [], "it was told that its files were taken")
        h.agent.json("owner", "put", "--text", "second")
        h.agent.json("backup", "verify", "--level", "3")
        job, doc = h.ask_restore(made["id"], "groups")
        equal(doc["plan"]["calls"][0]["action"], "owner.restore-item", doc)
        equal(h.agent.ctl("approve", job, doc["digest"])[0], 0)
        equal(h.end_of(job)["state"], "succeeded", h.job(job))
        equal(h.agent.json("owner", "get")["text"], "first")
        h.agent.json("owner", "put", "--text", "")  # it refuses to write nothing
        status, out, err = h.agent.ctl("backup", "create", "--items", "groups")
        check(status != 0 and "nothing to back up" in out + err, out + err)
        equal(len(h.agent.json("backup", "list")["backups"]), 1)


def stand_in(h, name, section=""):
    h.agent.install(name, built("tests/fault/plugins/.libs/standin-%s.so" % name))
    h.agent.plugin_config(name, "enabled = true; " + section)
    status, out, err = h.agent.ctl("reload")
    equal(status, 0, out + err)
    check(until(lambda: (h.agent.plugin(name) or {}).get("state") == "running", 20), h.agent.plugin(name))


def asked(h, name):
    path = h.agent.path("state/plugins/%s/asked" % name)
    return [line.split()[0] for line in open(path)] if os.path.exists(path) else []


def a_node_is_stopped_only_while_quorum_remains():
    with Host(chain='method = "stop"; service = "besu-1"; node = "validator-1";') as h, Writer(h.data) as w:
        status, out, err = h.agent.ctl("backup", "create")
        check(status != 0 and "not stopped" in out + err, out + err)
        stand_in(h, "stack")
        stand_in(h, "besu", 'answer = "[{\\"state\\":\\"missing\\"}]";')
        status, out, err = h.agent.ctl("backup", "create")
        check(status != 0 and "of 4 validators 3 are needed and 1 are missing" in out + err, out + err)
        equal(asked(h, "stack"), [])
        stand_in(h, "besu", 'answer = "[{\\"state\\":\\"ok\\"}]";')
        w.stop()  # as the stand-in does not
        made = h.create("--items", "chain")
        equal(asked(h, "stack"), ["stop", "start"])
        equal(made["items"][0]["details"]["method"], "stop")
        check(made["items"][0]["details"]["stopped_s"] > 0)
        # Restoring stops and starts it, too; what cannot be stopped is not touched.
        before = judge(h.database)
        h.restore(made["id"], "chain")
        equal(asked(h, "stack"), ["stop", "start"] * 2)
        stand_in(h, "stack", 'fails = "stop";')
        job, doc = h.ask_restore(made["id"], "chain")
        equal(h.agent.ctl("approve", job, doc["digest"])[0], 0)
        equal(h.end_of(job)["state"], "failed")
        equal(judge(h.database), before)
        stand_in(h, "stack", 'fails = "start";')
        status, out, err = h.agent.ctl("backup", "create", "--items", "chain")
        check(status != 0 and "does not start again" in out + err, out + err)


def the_ladder_goes_on_to_a_hook():
    with Host() as h, Writer(h.data) as w:
        w.stop()
        hook = h.agent.write("snapshot-hook", """#!/bin/sh
if [ "$1" = create ]; then mkdir -p "%s/snap"; cp -a "$3/." "%s/snap/"; echo "%s/snap"; else echo "$3" >>"%s/removed"; rm -rf "$3"; fi
""" % ((h.agent.path("scratch"),) * 4), 0o755)
        section = h.section
        h.section = lambda: section().replace('kind = "chain";', 'kind = "chain"; method = "hook"; hook = "%s";' % hook).replace(
            "programs = (", 'programs = ("%s"' % hook)
        h.agent.plugin_config("backup", h.section())
        equal(h.agent.ctl("reload")[0], 0)
        h.up()
        made = h.create("--items", "chain")
        equal(made["items"][0]["details"]["method"], "hook")
        check(not os.path.exists(h.agent.path("scratch/snap")) and os.path.exists(h.agent.path("scratch/removed")))
        h.agent.json("backup", "verify", "--level", "3")
        with open(os.path.join(h.id_folder(made["id"]), "chain.sha256")) as f:
            names = [line.split("  ", 1)[1].strip() for line in f]
        check("database/CURRENT" in names and "key" not in names and "database/LOCK" not in names, names)


def keys_are_taken_sealed_and_never_on_two_hosts():
    with Host(items='{ name = "keys"; kind = "keys"; }') as h:
        stand_in(h, "keys")
        made = h.create("--items", "keys")
        equal(made["items"][0]["details"]["keys"], ["validator"])
        into = h.agent.path("scratch/keys")
        equal(h.restore(made["id"], "keys", into=into)["place"], into)
        equal(json.load(open(into + "/sealed.json")), {"sealed": True})
        job, doc = h.ask_restore(made["id"], "keys")
        check(doc["state"] == "failed" and "their own plugin" in json.dumps(doc), doc)
        # The same backup seen from another host, whose validator lives, is gone, or is not known.
        address = "0x52908400098527886E0F7030069857D2E4169EE7"
        folder = h.id_folder(made["id"])
        manifest = json.load(open(folder + "/manifest.json"))
        manifest["host"] = "otherhost"
        manifest["items"][0]["details"]["node_address"] = address
        json.dump(manifest, open(folder + "/manifest.json", "w"))
        shutil.copytree(os.path.join(h.store, "testhost"), os.path.join(h.store, "otherhost"))
        ask = lambda **more: h.ask_restore(made["id"], "keys", into=h.agent.path("scratch/other"), **more)
        job, doc = ask()
        check(doc["state"] == "failed" and "whether it still runs is not known" in json.dumps(doc), doc)
        equal(ask(source_is_gone=True)[1]["state"], "awaiting-approval")
        for state, refused in (("ok", True), ("late", True), ("missing", False)):
            stand_in(h, "besu", 'answer = "[{\\"address\\":\\"%s\\",\\"state\\":\\"%s\\"}]";' % (address, state))
            job, doc = ask(source_is_gone=True)
            equal(doc["state"] == "failed", refused, doc)
            check(not refused or "makes blocks now" in json.dumps(doc), doc)


def the_stage_helper_has_one_right():
    """The agent's user may not link; the node's own user does it for the agent, and nothing else."""
    if os.geteuid() != 0:
        raise Skip("not root")
    import socket
    import threading
    with Host() as h, Writer(h.data) as w:
        w.stop()
        node = 61003
        for root, folders, files in os.walk(h.data):
            for f in [root] + [os.path.join(root, x) for x in files]:
                os.chown(f, node, node)
        os.chmod(os.path.join(h.data, "key"), 0o600)
        path = h.agent.path("run/stage.sock")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(4)
        stopping = []

        def serve():  # what systemd does with Accept=yes
            while not stopping:
                connection, _ = listener.accept()
                subprocess.run(["setpriv", "--reuid", str(node), "--regid", str(node), "--clear-groups", "--no-new-privs",
                                "--bounding-set=-all", built("chain138-stage"), "chain=%s" % h.data],
                               stdin=connection, stdout=connection)
                connection.close()
        threading.Thread(target=serve, daemon=True).start()
        section = h.section
        h.section = lambda: section().replace('kind = "chain";', 'kind = "chain"; stage_socket = "%s";' % path)
        h.agent.plugin_config("backup", h.section())
        equal(h.agent.ctl("reload")[0], 0)
        h.up()
        made = h.create("--items", "chain")
        equal(made["items"][0]["details"]["method"], "link by chain138-stage")
        check(not os.path.exists(h.data + "/.chain138/stage"), "it was asked to clean up")
        h.agent.json("backup", "verify", "--level", "3")
        # It knows one path, and takes no other from whoever asks.
        def ask(text):
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(path)
                s.sendall(text.encode())
                s.shutdown(socket.SHUT_WR)
                return json.loads(s.makefile().read())
        for text in ('{"op":"stage","name":"/etc"}', '{"op":"stage","name":"chain=x"}', '{"op":"remove","name":"chain"}', "{", ""):
            check("error" in ask(text), text)
        # And as the agent's user the kernel refuses the link: the reason that the helper is there.
        r = subprocess.run(["setpriv", "--reuid", "61004", "--regid", "61004", "--clear-groups", "ln",
                            glob.glob(h.database + "/*.sst")[0], h.agent.path("run") + "/x"], capture_output=True, text=True)
        check(r.returncode != 0, "a stranger could link: %r" % r)
        stopping.append(1)


def extents_are_shared_where_the_file_system_can():
    if os.geteuid() != 0 or not shutil.which("mkfs.btrfs"):
        raise Skip("no mkfs.btrfs, or not root")
    with Host() as h:
        image, place = h.agent.path("image"), h.agent.path("btrfs")
        os.makedirs(place)
        with open(image, "wb") as f:
            f.truncate(1 << 30)
        subprocess.run(["mkfs.btrfs", "-q", image], check=True)
        if subprocess.run(["mount", "-o", "loop", image, place], capture_output=True).returncode:
            raise Skip("no right to mount an image")
        try:
            section = h.section
            h.section = lambda: section().replace('path = "%s";' % h.data, 'path = "%s";' % place)
            h.agent.plugin_config("backup", h.section())
            equal(h.agent.ctl("reload")[0], 0)
            h.up()
            with Writer(place) as w:
                for _ in range(5):
                    made = h.create("--items", "chain")
                    equal(made["items"][0]["details"]["method"], "reflink")
                w.stop()
            h.agent.json("backup", "verify", "--level", "3")
            newest = judge(place + "/database")
            h.restore(made["id"], "chain")
            check(0 < judge(place + "/database") <= newest)
            h.agent.stop()
        finally:
            subprocess.run(["umount", "-l", place], check=True)
    print("peer: btrfs of Linux %s" % os.uname().release)


if __name__ == "__main__":
    run("backup_targets.py", [a_bucket_holds_backups, a_bucket_in_trouble, an_upload_goes_on_after_kill, a_real_s3_service,
                              restic_keeps_what_did_not_change_once, restic_killed_in_the_middle, only_recipients_can_open_it,
                              a_database_comes_back, another_plugin_has_items,
                              a_node_is_stopped_only_while_quorum_remains, the_ladder_goes_on_to_a_hook,
                              keys_are_taken_sealed_and_never_on_two_hosts, the_stage_helper_has_one_right,
                              extents_are_shared_where_the_file_system_can])
