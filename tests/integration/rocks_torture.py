#!/usr/bin/env python3
"""200 copies of a RocksDB database that is written, flushed and compacted without pause: each opens, reads with checksums, and holds
exactly what one instant held. The guide's tar and the wrong orders are in the same run and are caught.
"""
import json
import os
import shutil
import subprocess
import tempfile

from harness import SLOW, built, check, equal, run

COPIES = int(os.environ.get("C138_COPIES", "200" if SLOW == 1 else "40"))


def torture(copies, *more):
    folder = tempfile.mkdtemp(prefix="c138-rocks-")
    try:
        r = subprocess.run([built("tests/integration/rocks_torture"), folder, str(copies), *more], capture_output=True, text=True,
                           timeout=800)
        print(r.stdout, end="")
        check(r.returncode == 0, r.stderr + r.stdout)
        return [json.loads(line) for line in r.stdout.splitlines() if line.startswith("{")]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def every_copy_is_one_instant():
    rows = torture(COPIES)
    copies, controls = rows[0], {row["control"]: row for row in rows[1:]}
    equal((copies["copies"], copies["bad"]), (COPIES, 0))
    check(copies["written"] > COPIES * 16, "the writer stood still")
    equal(sorted(controls), ["links of everything", "logs, flush, tables, MANIFEST", "tables, flush, MANIFEST, logs", "tar"])
    for name, row in controls.items():
        check(row["caught"] > 0, "%s was never caught: this test could not fail" % name)
    print("peer: librocksdb, %d copies" % COPIES)


def also_where_logs_are_used_anew():
    rows = torture(COPIES // 5, "recycle")
    equal((rows[0]["copies"], rows[0]["bad"]), (COPIES // 5, 0))


if __name__ == "__main__":
    run("rocks_torture.py", [every_copy_is_one_instant, also_where_logs_are_used_anew])
