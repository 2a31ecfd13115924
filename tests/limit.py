#!/usr/bin/env python3
"""limit.py SECONDS PROGRAM...: runs a test, and ends it when it hangs, with its child processes. What hung says where: each of its
processes and threads, its state, and what it waits for in the kernel.
"""
import glob
import os
import signal
import subprocess
import sys


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "?"


def descendants(pid):
    found = [pid]
    for children in glob.glob("/proc/%d/task/*/children" % pid):
        for child in read(children).split():
            if child.isdigit():
                found += descendants(int(child))
    return found


def show(pid):
    print("  %d: %s" % (pid, read("/proc/%d/cmdline" % pid)[:300]))
    for task in sorted(glob.glob("/proc/%d/task/*" % pid)):
        state = read(task + "/stat").rpartition(")")[2].split()[:1]
        print("    %s %s %s wchan %s, system call %s" % (os.path.basename(task), read(task + "/comm"), " ".join(state),
                                                          read(task + "/wchan"), read(task + "/syscall")[:60]))


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def main():
    seconds = int(sys.argv[1])
    test = subprocess.Popen(sys.argv[2:])
    try:
        code = test.wait(seconds)
        return code if code >= 0 else 128 - code
    except subprocess.TimeoutExpired:
        pids = descendants(test.pid)
        print("error: this test hung: ended after %d s. Its processes:" % seconds)
        for pid in pids:
            show(pid)
        sys.stdout.flush()
        kill(pids)
        test.wait()
        return 1
    except KeyboardInterrupt:
        test.wait()
        return 130


sys.exit(main())
