#!/usr/bin/env python3
"""The plugin backup under a real agent: a database that is written all the time is backed up, verified, drilled and restored."""
import glob
import json
import os
import shutil
import signal
import subprocess
import time

from backup_rig import Host, Writer, flip, judge
from harness import Skip, check, equal, run, until


def a_live_database_comes_back():
    with Host() as h, Writer(h.data) as w:
        plan = h.agent.json("backup", "plan")
        check(plan["possible"] and plan["bytes"] > 0, plan)
        made = h.create()
        item = made["items"][0]
        equal((item["name"], item["details"]["method"], item["details"]["families"]), ("chain", "link", 3))
        check(not os.path.exists(os.path.join(h.data, ".chain138", "stage")), "the staging place was not cleaned")
        rows = h.agent.json("backup", "list")["backups"]
        equal([(r["id"], r["state"], r["items"]) for r in rows], [(made["id"], "made", ["chain", "files"])])
        for level in range(4):
            equal(h.agent.json("backup", "verify", "latest", "--level", str(level))["level"], level)
        equal(h.agent.json("backup", "list")["backups"][0]["state"], "drilled")
        w.stop()
        before = judge(h.database)
        h.restore(made["id"], "chain")
        after = judge(h.database)
        check(0 < after <= before, (after, before))
        old = glob.glob(os.path.join(h.data, ".chain138", "old-*", "database"))
        equal(len(old), 1)
        equal(judge(old[0]), before)
        with open(os.path.join(h.data, "key")) as f:
            equal(f.read(), "the key of this host")


# --- What goes wrong -----------------------------------------------------------------------------

def damage_is_found_and_remembered():
    with Host() as h, Writer(h.data) as w:
        w.stop()
        good, bad = h.create()["id"], h.create()["id"]
        flip(os.path.join(h.id_folder(bad), "chain.tar.zst"))
        equal(h.agent.json("backup", "verify", bad, "--level", "0")["level"], 0)
        status, out, err = h.agent.ctl("backup", "verify", bad, "--level", "1")
        check(status != 0 and "damaged" in out + err, out + err)
        rows = {r["id"]: r["state"] for r in h.agent.json("backup", "list")["backups"]}
        equal(rows, {good: "made", bad: "damaged"})
        # It is never restored, and it keeps nothing from being kept.
        job, doc = h.ask_restore(bad, "chain")
        check(doc["state"] == "failed" and "damaged" in json.dumps(doc), doc)
        rows = h.agent.json("backup", "forget", "--keep-last", "1", "--keep-daily", "0", "--keep-weekly", "0", "--keep-monthly", "0")
        equal({r["id"]: r["kept"] for r in rows["backups"]}, {good: True, bad: False})
        equal(os.listdir(os.path.join(h.store, "testhost")), [good])
        events = [e["topic"] for e in h.agent.json("events")["events"]]
        for topic in ("backup.created", "backup.damaged", "backup.forgotten", "backup.failed"):
            check(topic in events, events)
        # An object that is gone, a hash that was changed along with its file, a manifest that is cut.
        for break_it in (lambda f: os.unlink(f + "/files.tar.zst"), lambda f: flip(f + "/chain.sha256", 3),
                         lambda f: os.truncate(f + "/chain.tar.zst", 1000)):
            bad = h.create()["id"]
            break_it(h.id_folder(bad))
            status, out, err = h.agent.ctl("backup", "verify", bad, "--level", "1")
            check(status != 0 and "damaged" in out + err, out + err)
        os.truncate(os.path.join(h.id_folder(good), "manifest.json"), 100)
        check(good not in [r["id"] for r in h.agent.json("backup", "list")["backups"]])


def killed_at_any_moment():
    """The worker and then the whole agent die in the middle of a backup; what was a backup stays one, and nothing else becomes one."""
    with Host() as h, Writer(h.data):
        first = h.create()["id"]
        with open(os.path.join(h.id_folder(first), "manifest.json")) as f:
            manifest = f.read()
        with open(os.path.join(h.files, "large"), "wb") as f:
            for _ in range(96):
                f.write(os.urandom(1 << 20))
        for n in range(8):
            job = h.agent.call("backup.create")[1]["job"]
            until(lambda: h.job(job)["state"] == "running", 10, 0.005)
            time.sleep(0.03 * 2 ** n / 2)
            if n % 2:
                os.kill(h.agent.process.pid, signal.SIGKILL)
                h.agent.kill()
                h.agent.start()
            else:
                h.kill_worker()
            ended = h.end_of(job, 60)
            # It ran again by itself (its work may be repeated), under its own id.
            equal(ended["state"], "succeeded", ended)
            check(not glob.glob(h.store + "/.partial-*") and not os.path.exists(h.data + "/.chain138/stage"),
                  os.listdir(h.store))
            equal(h.agent.json("backup", "verify", job, "--level", "2")["level"], 2)
            with open(os.path.join(h.id_folder(first), "manifest.json")) as f:
                equal(f.read(), manifest)
        os.unlink(os.path.join(h.files, "large"))
        equal(len(h.agent.json("backup", "list")["backups"]), 9)
        # What a run left that nobody repeats: half-made it goes with the next run, whole it is a backup then.
        half, whole = "01M8MBHNS3DND9A8WTVE8RY83G", "01M8MBHNS3DND9A8WTVE8RY83H"
        os.makedirs(h.store + "/.partial-testhost-" + half)
        shutil.copytree(h.id_folder(first), h.store + "/.partial-testhost-" + whole)
        with open(h.store + "/.partial-testhost-" + whole + "/manifest.json", "w") as f:
            f.write(manifest.replace(first, whole))
        h.create()
        check(not glob.glob(h.store + "/.partial-*"))
        h.agent.json("backup", "verify", whole, "--level", "1")
        # A place that was left behind by a killed agent is clean at its next start.
        os.makedirs(h.data + "/.chain138/stage/database")
        h.agent.stop()
        h.agent.start()
        check(until(lambda: not os.path.exists(h.data + "/.chain138/stage"), 20))


def a_full_disk_and_a_target_that_is_gone():
    with Host() as h, Writer(h.data) as w:
        w.stop()
        good = h.create()["id"]
        small = h.agent.path("small")
        os.makedirs(small)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", small], capture_output=True).returncode:
            raise Skip("no right to mount a small file system")
        try:
            h.agent.stop()
            h.store_is(small)
            h.agent.start()
            status, out, err = h.agent.ctl("backup", "create", timeout=60)
            check(status != 0 and "No space left" in out + err, out + err)
            equal(h.agent.json("backup", "list")["backups"], [])
            check(not os.listdir(small), os.listdir(small))
        finally:
            subprocess.run(["umount", "-l", small], check=True)
        os.rmdir(small)
        status, out, err = h.agent.ctl("backup", "create", timeout=60)
        check(status != 0 and "is not there" in out + err, out + err)
        h.agent.stop()
        h.store_is(h.store)
        h.agent.start()
        equal([r["id"] for r in h.agent.json("backup", "list")["backups"]], [good])


def a_source_that_vanishes():
    with Host() as h, Writer(h.data) as w:
        w.stop()
        os.rename(h.database, h.database + ".gone")
        status, out, err = h.agent.ctl("backup", "create")
        check(status != 0 and "cannot be opened" in out + err, out + err)
        equal(h.agent.json("backup", "list")["backups"], [])
        os.rename(h.database + ".gone", h.database)
        # A damaged table is found before it becomes a backup.
        tables = [t for t in glob.glob(h.database + "/*.sst") if os.path.getsize(t)]
        check(tables)
        for table in tables:
            flip(table)
        status, out, err = h.agent.ctl("backup", "create")
        check(status != 0 and "not whole" in out + err, out + err)
        equal(h.agent.json("backup", "list")["backups"], [])


# --- Restoring -----------------------------------------------------------------------------------

def restoring_needs_approval_and_a_stopped_node():
    with Host() as h, Writer(h.data) as w:
        made = h.create()["id"]
        job, doc = h.ask_restore(made, "chain")
        check(doc["state"] == "failed" and "LOCK" in json.dumps(doc), doc)
        w.stop()
        before = judge(h.database)
        job, doc = h.ask_restore(made, "chain")
        equal(doc["state"], "awaiting-approval")
        steps = doc["plan"]["steps"]
        check(any("key of this host stays" in s for s in steps) and any("old-" in s for s in steps), steps)
        equal(judge(h.database), before, "nothing happens before the approval")
        equal(h.agent.ctl("reject", job, "--reason", "no")[0], 0)
        into = h.agent.path("scratch/elsewhere")
        equal(h.restore(made, "chain", into=into)["place"], into)
        check(judge(into + "/database") <= before)
        equal(judge(h.database), before, "into another folder: nothing here changes")
        job, doc = h.ask_restore(made, "chain", into=into)
        check(doc["state"] == "failed" and "is there already" in json.dumps(doc), doc)
        # Files: only what is in the backup is replaced.
        h.agent.write("config/genesis.json", "changed")
        h.agent.write("config/new", "new")
        old = h.restore(made, "files")["old"]
        equal(open(h.files + "/genesis.json").read(), '{"config":{"chainId":138}}')
        equal(open(h.files + "/new").read(), "new")
        equal(open(old + "/genesis.json").read(), "changed")


def restoring_goes_on_after_a_kill_at_every_step():
    """strace kills the worker behind the Nth call that changes names or is told to be on disk, for every N that there is."""
    if not shutil.which("strace"):
        raise Skip("no strace")
    with Host() as h, Writer(h.data) as w:
        made = h.create()["id"]
        w.stop()
        newest = judge(h.database)
        kills = 0
        for calls, most in (("rename,renameat,renameat2", 40), ("mkdir,mkdirat,syncfs,unlink,rmdir", 200)):
            n = 1
            while n <= most:
                job, doc = h.ask_restore(made, "chain")
                equal(doc["state"], "awaiting-approval", doc)
                trace = subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + calls, "-e",
                                          "inject=%s:signal=KILL:when=%d" % (calls, n), "-p", str(h.worker())])
                try:
                    if not until(lambda: h.is_traced(), 10):
                        raise Skip("strace may not trace here")
                    equal(h.agent.ctl("approve", job, doc["digest"])[0], 0)
                    ended = h.end_of(job)
                    killed = trace.poll() is not None or bool(until(lambda: trace.poll() is not None, 1))
                finally:
                    trace.terminate()
                    trace.wait()
                equal(ended["state"], "succeeded", (calls, n, ended))
                counter = judge(h.database)
                check(0 < counter <= newest, (calls, n, counter, newest))
                check(judge(ended["result"]["old"] + "/database") > 0)
                check(not glob.glob(h.data + "/.chain138/restore-*"), "a copy was left over")
                check(not os.listdir(h.agent.path("state/plugins/backup/restore")), "a journal was left over")
                for old in glob.glob(h.data + "/.chain138/old-*"):
                    shutil.rmtree(old)
                if not killed:
                    break
                kills += 1
                n += 1 if n < 12 else 20  # further on it is one unlink after the other
        print("killed %d times" % kills)
        check(kills > 10, kills)


if __name__ == "__main__":
    run("backup_test.py", [a_live_database_comes_back, damage_is_found_and_remembered, killed_at_any_moment,
                           a_full_disk_and_a_target_that_is_gone, a_source_that_vanishes,
                           restoring_needs_approval_and_a_stopped_node, restoring_goes_on_after_a_kill_at_every_step])
