#!/usr/bin/env python3
"""A real Besu's chain data, copied while four validators make blocks, drilled and restored as another node: its head must move.

Needs BESU_HOME (or besu in PATH, or its image is not enough: the drill starts the program itself); skips with the reason otherwise.
"""
import json
import os
import re
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from backup_rig import Host  # noqa: E402
from besu_real import Besu, Network, environment  # noqa: E402
from harness import Skip, check, equal, rpc, run, until  # noqa: E402


def head(url):
    try:
        return int(rpc(url, "eth_blockNumber")["result"], 16)
    except (OSError, KeyError, ValueError):
        return -1


def a_live_node_is_copied_and_goes_on_elsewhere():
    try:
        besu = Besu()
    except LookupError as why:
        raise Skip(str(why))
    if besu.image:
        raise Skip("a container's Besu cannot be started by the plugin")
    folder = tempfile.mkdtemp(prefix="c138-besu-")
    network = Network(besu, folder)
    try:
        for i in range(4):
            network.start(i)
        url = "http://127.0.0.1:%d" % network.rpc[0]
        check(until(lambda: head(url) >= 5, 180, 0.5), open(network.logs[0]).read()[-2000:])
        version = rpc(url, "web3_clientVersion")["result"]
        drill(network, url, besu)
        print("peer: Besu %s" % version)
    finally:
        network.stop()
        shutil.rmtree(folder, ignore_errors=True)


def drill(network, url, besu):
    data = os.path.join(network.folder, "data1")
    settings = """drill_besu = "%s"; drill_genesis = "%s"; drill_peers = (%s); drill_wait = "4m"; drill_java_options = "%s"; %s""" % (
        besu.program, os.path.join(network.folder, "net", "genesis.json"), ", ".join('"%s"' % e for e in network.enodes),
        environment()["BESU_OPTS"], 'drill_java_home = "%s";' % os.environ["JAVA_HOME"] if os.environ.get("JAVA_HOME") else "")
    with Host(settings=settings, chain='rpc_url = "%s";' % url, programs=(besu.program,), data=data, memory="8GiB") as h:
        for _ in range(10):
            made = h.create("--items", "chain")
        details = made["items"][0]["details"]
        equal(details["genesis"], rpc(url, "eth_getBlockByNumber", "0x0", False)["result"]["hash"])
        check(details["head_after"]["number"] >= details["head_before"]["number"] > 0, details)
        equal(details["node_address"].lower(), validator_of(network, 0))
        check(details["families"] > 5 and details["keys"] > 0, details)
        with open(os.path.join(h.id_folder(made["id"]), "chain.sha256")) as f:
            check(not any(line.rstrip().endswith("  key") for line in f), "the validator's key is in the backup")
        status, out, err = h.agent.ctl("--json", "backup", "drill", timeout=600)
        check(status == 0, out + err + h.agent.log_text()[-6000:])
        row = json.loads(out)["items"][0]
        check(row["head_to"] > row["head_from"] >= details["head_before"]["number"], row)
        # The same without peers: p2p is off, and the head stays where the copy has it.
        section = h.section
        h.section = lambda: re.sub(r"drill_peers = \([^)]*\);", "", section())
        h.agent.plugin_config("backup", h.section())
        equal(h.agent.ctl("reload")[0], 0)
        h.up()
        row = h.agent.json("backup", "drill", timeout=600)["items"][0]
        check(row["head_to"] == row["head_from"] >= details["head_before"]["number"], row)
        # Into the place of another validator, which then goes on with it.
        before = head(url)
        network.kill(0)
        h.restore(made["id"], "chain")
        network.start(0)
        check(until(lambda: head(url) > before + 2, 180, 0.5), open(network.logs[0]).read()[-2000:])


def validator_of(network, i):
    """From the public key in its enode, by the folder's name that Besu itself gave."""
    return network.addresses[i].lower()


if __name__ == "__main__":
    run("backup_besu.py", [a_live_node_is_copied_and_goes_on_elsewhere])
