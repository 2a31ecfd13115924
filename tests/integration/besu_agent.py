#!/usr/bin/env python3
"""What the besu plugin changes under a whole agent, on a network of doubles that answer as recorded Besu 25.5.0 and 26.8.0 did: plan and
approval, other actions while one waits, and an agent that is killed in the middle.
"""
import json
import os
import sys
import threading

sys.dont_write_bytecode = True
import besu_double as double  # noqa: E402
import besu_live as live  # noqa: E402
from harness import Agent, check, equal, run, until  # noqa: E402

NEW_ACCOUNT = "0x52908400098527886E0F7030069857D2E4169EE7"
FINAL = ("succeeded", "failed", "interrupted", "cancelled")


class Host:
    def __init__(self, version, watch=(1, 2, 3, 4), mode="worker"):
        self.network = live.Live(version)
        self.agent = Agent(config="policy: { self_approval = true; };")
        self.agent.install("besu")
        nodes = ", ".join('{ name = "node%d"; url = "%s"; }' % (n, self.network.url(n)) for n in watch)
        self.agent.plugin_config("besu", 'enabled = true; mode = "%s"; poll_interval = "200ms"; timeout = "2s"; '
                                 'permissions_interval = "300ms"; nodes = ( %s );' % (mode, nodes))

    def __enter__(self):
        self.agent.start()
        self.well()
        return self.agent, self.network, self

    def __exit__(self, *_):
        self.agent.__exit__()
        self.network.close()

    def well(self):
        def ok():
            status, doc = self.agent.call("besu.status")
            return status == 200 and doc["result"]["network"]["state"] == "ok"
        check(until(ok, 20), self.agent.log_text()[-2000:])

    def asked(self, action, **params):
        """The job that waits for its approval, and its plan."""
        doc = self.agent.call(action, params, wait=30)[1]
        check(doc.get("state") == "awaiting-approval", doc)
        waits = self.agent.json("approvals")["approvals"][0]
        return doc["job"], waits["digest"], waits["plan"]

    def approve(self, job, digest):
        status, out, err = self.agent.ctl("approve", job, digest)
        equal(status, 0, out + err)

    def ended(self, job, seconds=60):
        def done():
            doc = self.agent.http("GET", "/v1/jobs/" + job)[1]
            return doc if doc["state"] in FINAL else None
        doc = until(done, seconds)
        check(doc, "job %s does not end" % job)
        return doc

    def events(self, topic):
        return [e for e in self.agent.json("events", "--limit", "500")["events"] if e["topic"] == topic]


def a_vote_waits_and_others_do_not(version, mode):
    with Host(version, mode=mode) as (agent, network, host):
        joiner = network.addresses[5]
        network.stop(3)  # its turn is missed: three votes take a while longer
        network.start(3)
        job, digest, plan = host.asked("besu.vote", validator=joiner, vote="add", wait="1m", unseen=True)
        equal(plan["after"]["quorum"], 4)
        host.approve(job, digest)
        check(until(lambda: any(node.votes for node in network.nodes.values())), "the votes are cast")
        answered = 0
        while agent.http("GET", "/v1/jobs/" + job)[1]["state"] not in FINAL:
            status, doc = agent.call("besu.status")  # not held up by the one that waits
            equal(status, 200, doc)
            answered += 1
        check(answered > 2, answered)
        doc = host.ended(job)
        equal((doc["state"], doc["result"]["effective"], doc["result"]["validators"]), ("succeeded", True, 5), doc)
        equal(len(host.events("besu.vote.effective")), 1)


def without_an_approval_nothing(version, mode):
    with Host(version, mode=mode) as (agent, network, host):
        host.asked("besu.account-allow", account=NEW_ACCOUNT)
        host.asked("besu.vote", validator=network.addresses[5], vote="add", unseen=True)
        equal([node.writes for node in network.nodes.values()], [[]] * 5)


def killed_in_the_middle(version, mode):
    """The second of four nodes hangs, and the agent is killed: what was changed is put back by the next one."""
    with Host(version, mode=mode) as (agent, network, host):
        before = sorted(network.nodes[1].lists["Accounts"])
        reached, go_on = threading.Event(), threading.Event()

        def hangs(entries):
            reached.set()
            go_on.wait(30)
            return {"error": {"code": -32603, "message": "Internal error"}}
        network.nodes[2].answers["perm_addAccountsToAllowlist"] = hangs
        job, digest, plan = host.asked("besu.account-allow", account=NEW_ACCOUNT)
        host.approve(job, digest)
        check(reached.wait(30), "the second node was not reached")
        check(NEW_ACCOUNT.lower() in network.nodes[1].lists["Accounts"])
        agent.kill()
        go_on.set()
        del network.nodes[2].answers["perm_addAccountsToAllowlist"]
        agent.start()
        host.well()
        check(until(lambda: all(sorted(network.nodes[n].lists["Accounts"]) == before for n in (1, 2, 3, 4)), 20),
              [node.lists for node in network.nodes.values()])
        equal(host.ended(job)["state"], "interrupted")
        equal([e["data"]["node"] for e in host.events("besu.permission-undone")], ["node1"])
        job, digest, plan = host.asked("besu.account-allow", account=NEW_ACCOUNT)
        host.approve(job, digest)
        equal(host.ended(job)["state"], "succeeded")


def votes_outlive_the_agent(version, mode):
    with Host(version, watch=(1, 2), mode=mode) as (agent, network, host):
        joiner = network.addresses[5]
        job, digest, plan = host.asked("besu.vote", validator=joiner, vote="add", wait="0s")
        host.approve(job, digest)
        equal(host.ended(job)["result"]["effective"], False)
        agent.kill()
        network.restart(1)
        equal(network.nodes[1].votes, {})
        agent.start()
        check(until(lambda: network.nodes[1].votes == {joiner: True}, 20), network.nodes[1].votes)
        equal(agent.json("besu", "votes")["wanted"][0]["cast"], 2)


def each(test):
    for version, mode in ((double.VERSIONS[0], "worker"), (double.VERSIONS[1], "thread")):
        def one(version=version, mode=mode):
            test(version, mode)
        one.__name__ = "%s_on_%s_in_a_%s" % (test.__name__, version, mode)
        yield one


if __name__ == "__main__":
    run("besu_agent", [one for test in (a_vote_waits_and_others_do_not, without_an_approval_nothing, killed_in_the_middle,
                                        votes_outlive_the_agent) for one in each(test)])
