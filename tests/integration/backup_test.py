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


if __name__ == "__main__":
    run("backup_test.py", [a_live_database_comes_back])
