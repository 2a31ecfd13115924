#!/usr/bin/env python3
"""What geth and anvil answer to transactions that are wrong, each in its way: it is taken for what it is.
"""
import os
import tempfile

from harness import Node, free_port, until
from vectors import Skip, counted, check, run

GWEI = 10 ** 9
# One of chain 1, signed with a key that is worthless, and its account.
OTHER_SENDER = "0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a"
OTHER_CHAIN = "0xf864808502540be400825208941111111111111111111111111111111111111111018025a0b44a66606d68ae320caa2699d7e2af2c5b08b0f80cb3ef29e1d9fc03fb36c196a07c11eeb8f030291ca72a048fbe3bb46d2249e7311e2ecb09f219372a6b9d9c06"


class Signing(Node):
    """One that signs by itself."""

    def send(self, **members):
        own = self.result("eth_accounts")[0]
        tx = {"from": own, "to": own, "gas": 21000, "value": 1, "gasPrice": 10 * GWEI, **members}
        return self.rpc("eth_sendTransaction", {k: hex(v) if isinstance(v, int) else v for k, v in tx.items() if v is not None})

    def raw(self, *params):
        return self.rpc("eth_sendRawTransaction", *params)


def wrong_ones(node):
    first = node.send(to=OTHER_SENDER, value=10 ** 18)["result"]
    check(until(lambda: node.rpc("eth_getTransactionReceipt", first).get("result"), 20), "the first one was not mined")
    mined = node.rpc("eth_getRawTransactionByHash", first)["result"]
    fees = {"gasPrice": None, "maxFeePerGas": 10 * GWEI, "maxPriorityFeePerGas": 100 * GWEI}
    yield "mined already", node.raw(mined), ("tx.nonce-used", "tx.known")
    yield "nonce", node.send(nonce=0), ("tx.nonce-used",)
    yield "too little gas", node.send(gas=20000), ("tx.gas-low",)
    yield "priority", node.send(**fees), ("tx.tip",)
    check("result" in node.send(nonce=9), "one that waits")
    yield "replacement", node.send(nonce=9, value=2), ("tx.replacement-underpriced",)
    yield "no transaction", node.raw("0x1234"), ("tx.malformed", "tx.type")
    yield "no hex", node.raw("0xzz"), ("tx.malformed",)
    yield "nothing", node.raw("0x"), ("tx.malformed",)
    yield "no parameter", node.raw(), ("tx.malformed",)
    yield "too large", node.send(to=None, data="0x" + "00" * 60000, gas=10 ** 7), ("tx.size",)


def all_of(tool, node, what, more):
    good = total = 0
    for name, answer, keys in list(wrong_ones(node)) + more(node):
        error = answer.get("error", {})
        key = tool("refusal", code=error.get("code", 0), message=error.get("message", ""))["key"]
        good += check(error and key in keys, "%s: %s: %s taken for %s" % (what, name, answer, key))
        total += 1
    counted("refusals of " + what, good, total)


def on_anvil(tool):
    program = os.environ.get("C138_ANVIL", "")
    if not os.path.exists(program):
        raise Skip("no anvil (C138_ANVIL)")
    with Signing(lambda port: [program, "--port", str(port), "--silent", "--chain-id", "1337"]) as node:
        all_of(tool, node, "anvil", lambda n: [
            ("funds", n.send(value=10 ** 30), ("tx.funds",)),
            ("too much gas", n.send(gas=10 ** 12, gasPrice=2 * GWEI), ("tx.gas-high", "tx.funds")),
            ("price", n.send(gasPrice=1), ("tx.price-low",))])


def on_geth(tool):
    program = os.environ.get("C138_GETH", "")
    if not os.path.exists(program):
        raise Skip("no geth (C138_GETH)")
    with tempfile.TemporaryDirectory(prefix="geth-") as folder, Signing(lambda port: [
            program, "--dev", "--datadir", folder, "--http", "--http.port", str(port), "--port", "0", "--ipcdisable",
            "--authrpc.port", str(free_port())]) as node:
        all_of(tool, node, "geth", lambda n: [
            ("fee", n.send(gasPrice=10 ** 17), ("tx.fee-limit",)),
            # anvil takes it
            ("another chain", n.raw(OTHER_CHAIN), ("tx.chain", "tx.signature"))])


if __name__ == "__main__":
    run("refusals", "evm_tool", (on_anvil, on_geth))
