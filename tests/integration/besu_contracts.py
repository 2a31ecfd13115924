#!/usr/bin/env python3
"""Permission contracts and stuck transactions, by a whole agent: the plugin besu plans, another person approves, the plugins chain and
keys send. On anvil; and on a real Besu to 25.5, which enforces the contracts (BESU_HOME). The contracts are tests/data/permissioning,
compiled with npm's solc.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import besu_real  # noqa: E402
from harness import Node, SOURCE, Skip, check, development_chain, equal, free_port, rpc, run, until  # noqa: E402
from sender import ACCOUNTS, TO, Sender  # noqa: E402
import vectors  # noqa: E402

ADMIN, OTHER = ACCOUNTS[0][0], ACCOUNTS[1][0]
ACCOUNT_INGRESS, NODE_INGRESS = "0x0000000000000000000000000000000000008888", "0x0000000000000000000000000000000000009999"
NEW_ACCOUNT = "0x52908400098527886E0F7030069857D2E4169EE7"
NEW_NODE = "enode://%s@10.0.0.9:30303" % ("ab" * 64)
SOLC = "0.8.28"
RULES = "0x" + b"rules".ljust(32, b"\0").hex()


def compiled():
    """{name: {"init", "code"}}, for a chain of London."""
    try:
        folder = vectors.npm("solc", SOLC)
    except vectors.Skip as why:
        raise Skip(str(why))
    if not shutil.which("node"):
        raise Skip("node is not installed")
    with open(os.path.join(SOURCE, "tests/data/permissioning/Rules.sol")) as f:
        source = f.read()
    request = {"language": "Solidity", "sources": {"Rules.sol": {"content": source}},
               "settings": {"evmVersion": "london", "optimizer": {"enabled": True},
                            "outputSelection": {"*": {"*": ["evm.bytecode.object", "evm.deployedBytecode.object"]}}}}
    out = subprocess.run(["node", os.path.join(folder, "solc.js"), "--standard-json"], input=json.dumps(request),
                         capture_output=True, text=True, check=True).stdout
    contracts = json.loads(out[out.index("{"):])["contracts"]["Rules.sol"]
    print("peer: solc %s" % SOLC)
    return {name: {"init": "0x" + c["evm"]["bytecode"]["object"], "code": "0x" + c["evm"]["deployedBytecode"]["object"]}
            for name, c in contracts.items()}


class Host(Sender):
    """An agent with besu, chain and keys on one node. In the tests one person may be both that ask and approve."""

    def __init__(self, urls, settings="", **more):
        super().__init__(urls, config="policy: { self_approval = true; };", **more)
        self.agent.install("besu")
        nodes = ", ".join('{ name = "node%d"; url = "%s"; }' % (i + 1, url) for i, url in enumerate(urls))
        self.agent.plugin_config("besu", 'enabled = true; poll_interval = "300ms"; nodes = ( %s ); permission_key = "treasury"; %s'
                                 % (nodes, settings))

    def __enter__(self):
        super().__enter__()
        check(until(lambda: (self.agent.plugin("besu") or {}).get("state") == "running"), self.agent.log_text()[-2000:])
        return self

    def approved(self, action, **params):
        """(plan, what the job ended with)."""
        status, doc = self.agent.call("besu." + action, params, wait=30)
        check(doc.get("state") == "awaiting-approval", doc)
        waits = self.agent.json("approvals")["approvals"][0]
        status, out, err = self.agent.ctl("approve", doc["job"], waits["digest"])
        equal(status, 0, out + err)

        def done():
            job = self.agent.http("GET", "/v1/jobs/" + doc["job"])[1]
            return job if job["state"] in ("succeeded", "failed", "interrupted") else None
        job = until(done, 120)
        check(job, "the job does not end")
        return waits["plan"], job

    def plan_fails(self, action, **params):
        status, doc = self.agent.call("besu." + action, params, wait=30)
        check(status != 200 or doc.get("state") == "failed", doc)
        return json.dumps(doc)

    def deploy(self, contracts, name, *arguments):
        made = self.send("--create", "--data", contracts[name]["init"] + "".join(a[2:].lower().rjust(64, "0") for a in arguments))
        return self.agent.json("chain", "tx", made["id"])["contract"]

    def register(self, contracts):
        accounts = self.deploy(contracts, "AccountRules", ADMIN)
        nodes = self.deploy(contracts, "NodeRules")
        for ingress, rules in ((NODE_INGRESS, nodes), (ACCOUNT_INGRESS, accounts)):
            self.send("--to", ingress, "--function", "setContractAddress(bytes32,address)", "--args", json.dumps([RULES, rules]))
        return accounts, nodes


def contracts_on_anvil():
    contracts = compiled()
    with development_chain() as chain:
        for ingress in (ACCOUNT_INGRESS, NODE_INGRESS):
            chain.result("anvil_setCode", ingress, contracts["Ingress"]["code"])
        with Host([chain.url]) as h:
            check("no rules are registered" in h.plan_fails("account-allow", account=NEW_ACCOUNT, where="contract"))
            accounts, nodes = h.register(contracts)
            plan, job = h.approved("account-allow", account=NEW_ACCOUNT, where="contract")
            equal(plan["calls"][0]["action"], "chain.send")
            equal(plan["calls"][0]["params"]["function"], "addAccount(address)")
            check(plan["calls"][0]["plan"]["transactions"], plan)
            check(any("no watched node enforces" in w for w in plan["warnings"]), plan)
            equal(job["state"], "succeeded", job)
            check(job["result"]["contract"]["done"], job)
            shown = h.agent.json("besu", "accounts")
            check(any(a["account"] == NEW_ACCOUNT and a["contract"] for a in shown["accounts"]), shown)
            mine = next(a for a in shown["accounts"] if a["account"] == ADMIN)
            equal(mine["key"], "treasury")
            # an account of ours is denied: said in the plan
            plan, job = h.approved("account-deny", account=ADMIN, where="contract")
            check(any("key treasury" in w for w in plan["warnings"]), plan)
            equal(job["state"], "succeeded", job)
            plan, job = h.approved("node-allow", enode=NEW_NODE, where="contract")
            equal(job["state"], "succeeded", job)
            read = h.agent.json("besu", "permissions")
            check(any(e["entry"] == NEW_NODE and e["contract"] for e in read["entries"]), read)
            equal([(c["state"], c["version"]) for c in read["contracts"]], [("read", 3000000)] * 2)
            plan, job = h.approved("node-deny", enode=NEW_NODE, where="contract")
            equal(job["state"], "succeeded", job)
            equal(next(c["entries"] for c in h.agent.json("besu", "permissions")["contracts"] if c["list"] == "nodes"), 0)
            h.send("--to", accounts, "--function", "enterReadOnly()")
            check("read-only" in h.plan_fails("account-allow", account=ADMIN, where="contract"))
            # a contract that somebody else governs: the simulation says so, and nothing is sent
            h.send("--to", accounts, "--function", "exitReadOnly()")
            chain.result("anvil_setStorageAt", accounts, "0x0", "0x" + OTHER[2:].lower().rjust(64, "0"))
            text = h.plan_fails("account-allow", account=ADMIN, where="contract")
            check("not authorized" in text and "nothing was changed" in text, text)
            # something else at the ingress
            chain.result("anvil_setCode", ACCOUNT_INGRESS, "0x60006000fd")
            state = next(c for c in h.agent.json("besu", "permissions")["contracts"] if c["list"] == "accounts")
            equal(state["state"], "foreign", state)


def stuck_ones_are_cleared():
    """One of ours behind a gap and one that others sent: ours are taken back, the other is named."""
    with development_chain("--no-mining") as chain, Host([chain.url], settings='stalled_after = "1d";', keys=("treasury", "spare")) as h:
        h.agent.call("chain.send", {"key": "treasury", "to": TO, "value": "7", "id": "held"}, wait=1)
        check(until(lambda: h.pending()["transactions"]))
        chain.result("eth_sendTransaction", {"from": ACCOUNTS[2][0], "to": TO, "value": "0x1", "nonce": "0x3", "gas": "0x5208"})
        status, doc = h.agent.call("besu.txpool-clear", {"what": "all"}, wait=30)
        check(doc.get("state") == "awaiting-approval", doc)
        waits = h.agent.json("approvals")["approvals"][0]
        plan = waits["plan"]
        equal([(c["action"], c["params"]) for c in plan["calls"]], [("chain.cancel", {"transaction": "held"})])
        check(len(plan["remains"]) == 1 and "not ours" in plan["remains"][0] and "fills the gap" in plan["remains"][0], plan["remains"])
        why = {(s["account"], t["nonce"]): t["why"] for s in plan["senders"] for t in s["transactions"]}
        equal(why, {(ADMIN, 0): "ready", (ACCOUNTS[2][0], 3): "gap"})
        status, out, err = h.agent.ctl("approve", doc["job"], waits["digest"])
        equal(status, 0, out + err)
        check(until(lambda: len(h.pending()["transactions"][0].get("kind", "")) and h.pending()["transactions"][0]["kind"] == "cancel", 20))
        chain.result("evm_mine")
        job = until(lambda: (lambda j: j if j["state"] in ("succeeded", "failed") else None)(
            h.agent.http("GET", "/v1/jobs/" + doc["job"])[1]), 60)
        check(job and job["state"] == "succeeded", job)
        equal([(d["action"], d["ok"]) for d in job["result"]["done"]], [("chain.cancel", True)], job)
        equal(int(chain.result("eth_getBalance", TO, "latest"), 16), 0)
        check("1 of 1 remedies went through" in job["result"]["text"], job["result"]["text"])


# --- A real Besu that enforces the contracts -------------------------------------------------------------------------------

class Permissioned:
    """One validator of a real Besu whose permissions are in contracts."""

    def __init__(self, besu, contracts):
        self.folder = tempfile.mkdtemp(prefix="besu-contracts-")
        self.port, self.p2p = free_port(), free_port()
        code = contracts["Ingress"]["code"]
        alloc = {ACCOUNT_INGRESS[2:]: {"balance": "0x0", "code": code}, NODE_INGRESS[2:]: {"balance": "0x0", "code": code},
                 ADMIN[2:]: {"balance": hex(10 ** 20)}, OTHER[2:]: {"balance": hex(10 ** 20)}}
        config = {"genesis": {"config": {"chainId": 138, "berlinBlock": 0, "londonBlock": 0, "zeroBaseFee": True,
                                         "qbft": {"blockperiodseconds": 1, "epochlength": 30000, "requesttimeoutseconds": 4}},
                              "nonce": "0x0", "timestamp": "0x0", "gasLimit": "0x1fffffff", "difficulty": "0x1",
                              "mixHash": "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365",
                              "coinbase": "0x" + 40 * "0", "alloc": alloc},
                  "blockchain": {"nodes": {"generate": True, "count": 1}}}
        path = os.path.join(self.folder, "qbft.json")
        with open(path, "w") as f:
            json.dump(config, f)
        net, data = os.path.join(self.folder, "net"), os.path.join(self.folder, "data")
        subprocess.run(besu.argv(self.folder, ["operator", "generate-blockchain-config", "--config-file=" + path, "--to=" + net,
                                               "--private-key-file-name=key"]), check=True, stdout=subprocess.DEVNULL,
                       env=besu_real.environment())
        os.mkdir(data)
        key = os.path.join(net, "keys", os.listdir(os.path.join(net, "keys"))[0], "key")
        self.argv = besu.argv(self.folder, [
            "--data-path=" + data, "--node-private-key-file=" + key, "--genesis-file=" + os.path.join(net, "genesis.json"),
            "--discovery-enabled=false", "--nat-method=NONE", "--p2p-host=127.0.0.1", "--p2p-interface=127.0.0.1",
            "--p2p-port=%d" % self.p2p, "--rpc-http-enabled", "--rpc-http-host=127.0.0.1", "--rpc-http-port=%d" % self.port,
            "--rpc-http-api=ETH,NET,WEB3,QBFT,ADMIN,TXPOOL,PERM", "--sync-mode=FULL", "--data-storage-format=FOREST",
            "--min-gas-price=0", "--permissions-accounts-contract-enabled",
            "--permissions-accounts-contract-address=" + ACCOUNT_INGRESS, "--permissions-nodes-contract-enabled",
            "--permissions-nodes-contract-address=" + NODE_INGRESS, "--permissions-nodes-contract-version=2"],
            "besu-contracts-%d" % os.getpid())
        self.url = "http://127.0.0.1:%d" % self.port

    def __enter__(self):
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(self.argv, stdout=log, stderr=log, env=besu_real.environment(), start_new_session=True)
        if not until(self.number, 120, 0.5):
            self.__exit__()
            raise RuntimeError("Besu does not make blocks")
        return self

    def number(self):
        try:
            return int(rpc(self.url, "eth_blockNumber").get("result", "0x0"), 16)
        except OSError:
            return 0

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        if os.environ.get("KEEP"):
            print("kept: " + self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def contracts_on_besu():
    try:
        besu = besu_real.Besu()
    except LookupError as why:
        raise Skip(str(why))
    if besu.image:
        raise Skip("a container is not stopped by its process")
    version = subprocess.run(besu.argv("/", ["--version"]), capture_output=True, text=True,
                             env=besu_real.environment()).stdout.strip()
    major, minor = (int(n) for n in version.split("/v")[1].split(".")[:2])
    if (major, minor) > (25, 5):
        raise Skip("%s enforces no contracts" % version)
    contracts = compiled()
    with Permissioned(besu, contracts) as node, Host([node.url], keys=("treasury", "spare"), timeout="4s") as h:
        print("peer: " + rpc(node.url, "web3_clientVersion")["result"])
        accounts, nodes = h.register(contracts)
        text = h.fails("send", "--key", "spare", "--to", TO, "--value", "1")
        check("not-permitted" in text or "not authorized" in text or "permissions" in text, text)
        shown = h.agent.json("besu", "permissions")
        equal([(c["list"], c["state"], c["enforcers"]) for c in shown["contracts"]], [("accounts", "read", 1), ("nodes", "read", 1)])
        check(any("may go by the contract" in x["text"] for x in shown["lists"]), shown["lists"])
        # by itself: the node has no list of its own and enforces the contract
        plan, job = h.approved("account-allow", account=OTHER)
        equal((plan["steps"][0]["does"], plan["contract"]["sends"]), ("nothing", True), plan)
        equal(job["state"], "succeeded", job)
        h.send("--to", TO, "--value", "1", key="spare")
        plan, job = h.approved("account-deny", account=OTHER)
        equal(job["state"], "succeeded", job)
        h.fails("send", "--key", "spare", "--to", TO, "--value", "1")


if __name__ == "__main__":
    run("besu_contracts", (contracts_on_anvil, stuck_ones_are_cleared, contracts_on_besu))
