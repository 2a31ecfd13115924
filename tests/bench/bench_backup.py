"""Backups of 1 GiB of chain data, each figure beside its peer in the same run. Called by bench.py; alone: C138_BUILD_DIR=. python3 bench_backup.py"""
import os
import random
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from backup_rig import Host  # noqa: E402
from harness import check, equal, until  # noqa: E402

MIB = int(os.environ.get("C138_BENCH_MIB", "1024"))
ROUNDS = int(os.environ.get("C138_BENCH_ROUNDS", "3"))


def fill(folder, mib, tables=500):
    """Half of it tables, half of it write-ahead logs, as a forest node has them; about as compressible as Besu's (LZ4 inside)."""
    rng = random.Random(138)
    os.makedirs(folder)
    piece = b"".join(rng.randbytes(48) + b"account/storage/" for _ in range(4096))
    each = mib * (1 << 20) // 2 // tables
    for n in range(tables):
        with open(os.path.join(folder, "%06d.sst" % n), "wb") as f:
            left = each
            while left:
                at = rng.randrange(len(piece) // 2)
                left -= f.write((rng.randbytes(4096) + piece[at:])[:left])
    with open(os.path.join(folder, "%06d.log" % tables), "wb") as f:
        for _ in range(mib // 2):
            at = rng.randrange(len(piece) // 2)
            block = rng.randbytes(1 << 19) + piece[at:] * 4
            f.write(block[:1 << 20].ljust(1 << 20, b"x"))
    for name, text in {"CURRENT": "MANIFEST-000001\n", "MANIFEST-000001": "edits" * 1000, "IDENTITY": "x",
                       "OPTIONS-000002": "recycle_log_file_num=0\n"}.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)


def timed(command, env=None):
    began = time.perf_counter()
    subprocess.run(command, shell=isinstance(command, str), check=True, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def spread(ratios):
    return "%d rounds, %.2f to %.2f" % (len(ratios), min(ratios), max(ratios))


def peak(pid):
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM"))


def archives(h, data, note):
    tarball, out = h.agent.path("peer.tar.zst"), h.agent.path("peer.out")
    pack, unpack, locked, create_s, memory = [], [], [], [], 0
    guide = timed(["tar", "-czf", h.agent.path("guide.tar.gz"), "-C", data, "."])
    os.unlink(h.agent.path("guide.tar.gz"))
    for n in range(ROUNDS):
        peer = timed("tar -cf - -C %s . | zstd -q -f -T0 -o %s && sync %s" % (data, tarball, tarball))
        made = h.create("--items", "files")
        pack.append(peer / made["seconds"])
        create_s.append(made["seconds"])
        memory = max(memory, peak(h.worker()))
        locked.append(h.create("--items", "chain")["items"][0]["details"]["locked_ms"])
        os.makedirs(out)
        peer = timed("zstd -q -dc %s | tar -xf - -C %s && sync -f %s" % (tarball, out, out))
        shutil.rmtree(out)
        into = h.agent.path("scratch/into")
        took = h.restore(made["id"], "files", into=into)["seconds"]
        memory = max(memory, peak(h.worker()))
        shutil.rmtree(into)
        unpack.append(peer / took)
        for backup in os.listdir(os.path.join(h.store, "testhost")):
            shutil.rmtree(h.id_folder(backup))
    note("node held up while %d MiB are copied" % MIB, 0.0, ("<=", 0), "s", "the guide's tar -czf: %.1f s of a database that changes" % guide)
    note("under the lock, 500 tables and %d MiB of log" % (MIB // 2), statistics.median(locked), ("<=", 50), "ms", "at most %.1f" % max(locked))
    note("archive, hashed / tar | zstd -T0, speed", statistics.median(pack), (">=", 0.9), "x",
         "%s; %.0f MiB/s" % (spread(pack), MIB / statistics.median(create_s)))
    note("restore, hashed / zstd -d | tar x, speed", statistics.median(unpack), (">=", 0.8), "x", spread(unpack))
    note("memory of the worker for %d MiB" % MIB, memory / (1 << 20), ("<=", 64), "MiB", "its highest, libraries with it")


def with_restic(h, data, note):
    env = {"RESTIC_REPOSITORY": h.agent.path("bare"), "RESTIC_PASSWORD": "x", "PATH": "/usr/bin", "HOME": "/tmp",
           "RESTIC_CACHE_DIR": h.agent.path("cache")}
    bare = ["/usr/bin/restic", "backup", "--ignore-ctime", data]
    timed(["/usr/bin/restic", "init"], env)
    timed(bare, env)
    h.create("--items", "files", "--target", "repo")
    ratios = []
    for _ in range(max(ROUNDS, 5)):
        peer = timed(bare, env)
        ratios.append(h.create("--items", "files", "--target", "repo")["seconds"] / peer)
    note("unchanged restic backup / bare restic, time", statistics.median(ratios), ("<=", 1.2), "x", spread(ratios))


def figures(note, left_out):
    h = Host(chain="prove = false;", programs=("/usr/bin/restic",))
    try:
        shutil.rmtree(h.database, ignore_errors=True)
        fill(h.database, MIB)
        data = h.database
        h.agent.write("password", "x", 0o600)
        section = h.section
        h.section = lambda: section().replace('path = "%s"; }' % h.files, 'path = "%s"; }' % data).replace(
            "targets = (", """targets = ({ name = "repo"; kind = "restic"; repository = "%s"; restic_password = "file:%s"; }, """ % (
                h.agent.path("repo"), h.agent.path("password"))) + ' target = "store";'
        h.agent.plugin_config("backup", h.section())
        with h:
            archives(h, data, note)
            if os.path.exists("/usr/bin/restic"):
                with_restic(h, data, note)
            else:
                left_out("unchanged restic backup", "no restic")
    finally:
        h.agent.remove()


if __name__ == "__main__":
    figures(lambda name, value, goal, unit="", detail="": print("%-60s %10.3f %-4s goal %s %g  %s" % (name, value, unit, *goal, detail), flush=True),
            lambda name, why: print(name, "left out:", why))
