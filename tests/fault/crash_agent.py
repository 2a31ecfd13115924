#!/usr/bin/env python3
"""kill -9 of agent or worker, a thousand random times in one bounded run (C138_KILLS), while jobs are submitted.

At the end: every job that was accepted is there and in a final state; none of an action that is not declared idempotent ran
twice; `succeeded` means that the mark is there, `queued` jobs were not lost, and what is `interrupted` may or may not have left its
mark but exactly as many as were possible: at most one. The audit log is whole.
"""
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from harness import Agent, check, equal, run, until  # noqa: E402

KILLS = int(os.environ.get("C138_KILLS", "1000"))
LIMIT_S = int(os.environ.get("C138_KILLS_LIMIT", "420"))


class Load(threading.Thread):
    """Submits jobs as long as it lives; keeps the ids that were acknowledged."""

    def __init__(self, agent, seed):
        super().__init__(daemon=True)
        self.agent, self.random = agent, random.Random(seed)
        self.accepted, self.halt, self.doubtful = {}, False, 0

    def run(self):
        while not self.halt:
            action = self.random.choice(["once", "once", "again", "beside"])
            try:
                status, doc = self.agent.call("marker." + action, {"tag": "t", "pause": self.random.choice(
                    ["0s", "1ms", "5ms"])}, wait=self.random.choice([0, 0, 1]))
                if status in (200, 202):
                    self.accepted[doc["job"]] = action
                time.sleep(self.random.random() * 0.004)
            except (OSError, ValueError, KeyError):
                self.doubtful += 1  # no answer: may or may not have been accepted
                time.sleep(0.005)
            except Exception:  # an answer cut in two
                self.doubtful += 1


def worker_pids(agent):
    """Children of the agent that hold a plugin."""
    try:
        with open("/proc/%d/task/%d/children" % (agent.process.pid, agent.process.pid)) as f:
            return [int(p) for p in f.read().split()]
    except OSError:
        return []


def thousand_kills():
    seed = int(os.environ.get("C138_SEED", str(random.SystemRandom().randrange(1 << 30))))
    print("seed %d" % seed)
    rng = random.Random(seed)
    agent = Agent(plugins={"marker": "enabled = true;"})
    began, kills, agents, workers = time.monotonic(), 0, 0, 0
    load = Load(agent, seed)
    try:
        agent.start()
        load.start()
        while kills < KILLS and time.monotonic() - began < LIMIT_S:
            time.sleep(rng.random() ** 2 * 0.15)
            pids = worker_pids(agent)
            if pids and rng.random() < 0.4:
                try:
                    os.kill(rng.choice(pids), signal.SIGKILL)
                except ProcessLookupError:  # it ended by itself since it was seen
                    continue
                workers += 1
            else:
                agent.kill()
                agents += 1
                # Also while it starts: not every time wait until it answers.
                agent.start(wait=rng.random() < 0.7)
            kills += 1
        load.halt = True
        load.join(60)
        if not agent.alive():
            until(agent.alive, 30) or (agent.kill(), agent.start())
        agent.ctl("plugins", "restart", "marker")
        final(agent, load)
        print("%d kills (%d of the agent, %d of a worker) in %.0f s; %d jobs accepted, %d calls without an answer" %
              (kills, agents, workers, time.monotonic() - began, len(load.accepted), load.doubtful))
        check(kills >= min(KILLS, 200), "only %d kills in %d s" % (kills, LIMIT_S))
        check(len(load.accepted) > kills // 4, "hardly any job was accepted")
    finally:
        load.halt = True
        agent.stop()
        agent.remove()


def final(agent, load):
    def open_jobs():
        return [j for s in ("queued", "running", "planning") for j in
                agent.json("jobs", "--state", s, "--limit", "10000")["jobs"]]
    until(lambda: not open_jobs(), 120, 0.2)
    equal(open_jobs(), [], "jobs that never end")
    marks = {}
    with open(agent.path("state/plugins/marker/marks")) as f:
        for line in f:
            job = line.split()[0]
            marks[job] = marks.get(job, 0) + 1
    states = {}
    for job, action in load.accepted.items():
        status, doc = agent.http("GET", "/v1/jobs/" + job)
        equal(status, 200, "accepted job %s is lost" % job)
        state, ran = doc["state"], marks.get(job, 0)
        states[state] = states.get(state, 0) + 1
        check(state in ("succeeded", "interrupted", "failed"), "%s ended as %s" % (job, state))
        if action != "again":
            check(ran <= 1, "%s ran %d times" % (job, ran))
            if state == "succeeded":
                equal(ran, 1, "%s is said to have succeeded" % job)
        elif state == "succeeded":
            check(ran >= 1, "%s left no mark" % job)
    for job, ran in marks.items():
        if job not in load.accepted:  # its answer was lost, yet it was accepted: it must be known all the same
            equal(agent.http("GET", "/v1/jobs/" + job)[0], 200, "a job that ran is not known")
    print("states: %s" % states)
    verify = agent.json("audit", "verify")
    check(verify["ok"], str(verify)[:500])


if __name__ == "__main__":
    run("crash_agent", [thousand_kills])
