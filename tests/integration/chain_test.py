#!/usr/bin/env python3
"""The chain plugin on a live development chain: what it sends and what it refuses to, what it does when a transaction is stuck,
replaced, reorged or overtaken, and when endpoints fail or disagree.
"""
import json
import os
import socket
import threading
import time

from harness import SOURCE, check, development_chain, equal, run, until
from proxy import Proxy
from sender import ACCOUNTS, TO, TOPIC, Sender, counter, spare_url

ONE = 10 ** 9


def keccak_topic(chain, text):
    return chain.result("web3_sha3", "0x" + text.encode().hex())


def deployed(s, topic=TOPIC):
    made = s.send("--create", "--data", counter(topic))
    return s.agent.json("chain", "tx", made["id"])["contract"]


def counted(s, contract):
    return int(s.agent.json("chain", "call", "--to", contract, "--function", "count() returns (uint256)")["values"][0])


def balance(chain, address):
    return int(chain.result("eth_getBalance", address, "latest"), 16)


def a_dry_run_sends_nothing():
    with development_chain() as chain, Sender([chain.url]) as s:
        plan = s.agent.json("chain", "send", "--key", "treasury", "--to", TO, "--value", "1gwei", "--dry-run")
        equal((plan["from"], plan["nonce"]), (ACCOUNTS[0][0], 0))
        check(21000 <= plan["transactions"][0]["gas"] < 21000 + 4096, plan)
        equal((balance(chain, TO), chain.result("eth_getTransactionCount", ACCOUNTS[0][0], "pending")), (0, "0x0"))


def under_one_id_it_happens_once():
    with development_chain() as chain, Sender([chain.url]) as s:
        first = s.send("--to", TO, "--value", "1gwei", "--id", "rent")
        equal(s.send("--to", TO, "--value", "1gwei", "--id", "rent"), first)
        equal(balance(chain, TO), ONE)
        check("stands for another" in s.fails("send", "--key", "treasury", "--to", TO, "--value", "2gwei", "--id", "rent"))
        # the same over a restart of the agent
        s.agent.stop()
        s.agent.start()
        until(lambda: s.agent.plugin("chain")["state"] == "running")
        equal(s.send("--to", TO, "--value", "1gwei", "--id", "rent")["hash"], first["hash"])
        equal(balance(chain, TO), ONE)


def what_cannot_work_is_not_sent():
    with development_chain() as chain, Sender([chain.url]) as s:
        contract = deployed(s)
        for args, word in ((["--to", contract, "--function", "nothing()"], 'Error("no")'),
                           (["--to", TO, "--function", "pause()"], "no contract"),
                           (["--to", TO, "--value", "9999ether"], "9999"),
                           (["--to", TO, "--value", "11ether"], "max_value"),
                           (["--to", TO, "--max-fee", "600gwei"], "max_gas_price"),
                           (["--to", TO, "--gas-price", "1gwei", "--tip", "1"], "excludes"),
                           (["--value", "1"], "`to`")):
            text = s.fails("send", "--key", "treasury", *args)
            check(word in text, text)
        check("no key nobody" in s.fails("send", "--key", "nobody", "--to", TO))
        equal(chain.result("eth_getTransactionCount", ACCOUNTS[0][0], "pending"), "0x1")


def success_is_what_was_expected():
    with development_chain() as chain, Sender([chain.url]) as s:
        topic = keccak_topic(chain, "Counted()")
        contract = deployed(s, bytes.fromhex(topic[2:]))
        s.send("--to", contract, "--function", "increment()", "--expect-event", "Counted()")
        s.send("--to", contract, "--function", "pause()", "--expect-call", "paused() returns (bool)", "--expect-value", "true")
        text = s.fails("send", "--key", "treasury", "--to", contract, "--function", "increment()", "--expect-event", "Paused(address)")
        check("unmet" in text and "Paused" in text, text)
        text = s.fails("send", "--key", "treasury", "--to", contract, "--function", "increment()", "--expect-call",
                       "count() returns (uint256)", "--expect-value", "7")
        check("unmet" in text and "is 3, not 7" in text, text)
        equal(len(s.events("chain.failed")), 2)


def undone_by_the_chain_is_told_with_its_reason():
    """What simulates well may still be undone: the chain moves between the two."""
    with development_chain() as chain, Sender([chain.url]) as s:
        contract = deployed(s)
        chain.result("evm_setAutomine", False)
        sent = threading.Thread(target=lambda: s.agent.ctl("chain", "send", "--key", "treasury", "--to", contract, "--function",
                                                           "increment()", "--id", "undone"))
        sent.start()
        check(until(lambda: s.pending()["transactions"]))
        code = chain.result("eth_getCode", contract, "latest")
        chain.result("anvil_setCode", contract, "0x" + code[2:].replace("d09de08a", "d09de08b"))  # the function has another name now
        chain.result("evm_mine")
        sent.join()
        text = s.fails("send", "--key", "treasury", "--to", contract, "--function", "increment()", "--id", "undone")
        check("reverted" in text and 'Error("no")' in text, text)


def what_is_approved_is_what_is_sent():
    with development_chain() as chain, Sender([chain.url], config='policy: { approve = ("chain.send"); self_approval = true; };') as s:
        status, doc = s.agent.call("chain.send", {"key": "treasury", "to": TO, "value": "1000000000"}, wait=10)
        check(doc["state"] == "awaiting-approval", doc)
        waits = s.agent.json("approvals")["approvals"][0]
        check(balance(chain, TO) == 0 and waits["plan"]["transactions"][0]["value"] == "1000000000", waits)
        chain.result("anvil_setNextBlockBaseFeePerGas", hex(2 * ONE))  # the fees stay those of the plan
        chain.result("evm_mine")
        status, out, err = s.agent.ctl("approve", doc["job"], waits["digest"])
        equal(status, 0, out + err)
        check(until(lambda: balance(chain, TO) == ONE), s.agent.ctl("jobs"))
        tx = chain.result("eth_getTransactionBySenderAndNonce", ACCOUNTS[0][0], "0x0")
        equal((int(tx["maxFeePerGas"], 16), int(tx["gas"], 16)),
              (int(waits["plan"]["max_fee"]), waits["plan"]["transactions"][0]["gas"]))


def many_at_once():
    with development_chain() as chain, Sender([chain.url]) as s:
        contract = deployed(s)
        many = [{"to": contract, "function": "increment()"} if i % 2 else {"to": TO, "value": "1gwei"} for i in range(60)]
        for _ in range(2):  # the second time nothing happens
            status, doc = s.agent.call("chain.send", {"key": "treasury", "id": "many", "transactions": many}, wait=60)
            equal(status, 200, doc)
            rows = doc["result"]["transactions"]
            equal(({r["outcome"] for r in rows}, [r["nonce"] for r in rows]), ({"succeeded"}, list(range(1, 61))))
        equal((counted(s, contract), balance(chain, TO)), (30, 30 * ONE))
        status, doc = s.agent.call("chain.send", {"key": "treasury", "transactions": [{"to": TO, "valu": "1"}]}, wait=10)
        check(doc["state"] == "failed" and "value" in doc["error"]["message"], doc)


def many_from_a_file():
    """The control reads the file: the plugin's worker sees no file but its own."""
    with development_chain() as chain, Sender([chain.url]) as s:
        contract = deployed(s)
        file = s.agent.write("payroll.json", json.dumps({"key": "treasury", "id": "payroll", "transactions": [
            {"to": TO, "value": "1gwei"}, {"to": contract, "function": "increment()", "expect_call": "count() returns (uint256)",
                                           "expect_value": "1"}, {"to": TO, "value": "2gwei"}]}))
        plan = s.agent.json("chain", "send", "--params-file", file, "--dry-run")
        equal(([t["call"] for t in plan["transactions"]], [t["code"] > 0 for t in plan["transactions"]]),
              (["", "increment()", ""], [False, True, False]))
        for _ in range(2):  # under one id it happens once
            rows = s.agent.json("chain", "send", "--params-file", file)["transactions"]
            equal([(r["id"], r["outcome"]) for r in rows], [("payroll.%d" % n, "succeeded") for n in (1, 2, 3)])
        equal((balance(chain, TO), counted(s, contract)), (3 * ONE, 1))
        # what is said on the command line counts
        equal(s.agent.json("chain", "send", "--params-file", file, "--id", "again", "--dry-run")["transactions"][0]["id"], "again.1")
        for text, word in (("[1]", "JSON object"), ("{", "byte"), ('{"nobody": 1}', "nobody")):
            bad = s.agent.write("bad.json", text)
            status, out, err = s.agent.ctl("chain", "send", "--key", "treasury", "--params-file", bad)
            check(status != 0 and word in out + err, (text, out, err))
        status, out, err = s.agent.ctl("chain", "send", "--params-file", s.agent.path("none.json"))
        check(status != 0 and "none.json" in err, err)


def questions_by_the_dozen():
    with development_chain() as chain, Sender([chain.url]) as s:
        contract = deployed(s)
        s.send("--to", contract, "--function", "increment()")
        count = {"to": contract, "function": "count() returns (uint256)"}
        calls = [count, {"to": contract, "function": "paused() returns (bool)"}, {"to": contract, "function": "nothing()"},
                 {"to": TO, "function": "count() returns (uint256)"}] + [count] * 100
        with Proxy(chain.url) as proxy, Sender([proxy.url]) as t:
            file = t.agent.write("calls.json", json.dumps({"calls": calls}))
            before = len(proxy.requests)
            doc = t.agent.json("chain", "call", "--params-file", file)
            asked = [b for b in proxy.requests[before:] if b"eth_call" in b]
            check(len(asked) <= 4, len(asked))  # 64 in a request
            rows = doc["calls"]
            equal((doc["block"], len(rows), rows[0]["values"], rows[1]["values"]), (2, 104, ["1"], ["false"]))
            check('Error("no")' in rows[2]["error"] and "no contract" in rows[3]["error"], rows[:4])
            equal({r["values"][0] for r in rows[4:]}, {"1"})
            # as of a block
            doc = t.agent.json("chain", "call", "--params-file", file, "--block", "1")
            equal((doc["block"], doc["calls"][0]["values"]), (1, ["0"]))
            for wrong, word in (({"calls": []}, "from 1 to 200"), ({"calls": [{"to": TO}]}, "call 1"),
                                ({"calls": [{"to": TO, "function": "f()", "arg": 1}]}, "no member"),
                                ({"calls": [count], "to": TO}, "stands alone"), ({}, "`to`")):
                status, doc = t.agent.call("chain.call", wrong, wait=10)
                check(word in json.dumps(doc.get("error", "")), (wrong, doc))


def recorded(version, method, case):
    with open(os.path.join(SOURCE, "tests/data/besu-%s/%s.json" % (version, method))) as f:
        return [r for r in json.load(f) if r["case"] == case][0]["response"]


def a_network_without_fees():
    """As Besu has them with zeroBaseFee: no base fee, no price, accounts that own nothing, and what is replaced at the same price."""
    for version in ("25.5.0", "26.8.0"):
        def besu(call, ask):
            if call["method"] in ("eth_gasPrice", "eth_maxPriorityFeePerGas"):
                return dict(recorded(version, call["method"], "normal"), id=call["id"])
            answer = ask(call)
            if call["method"] == "eth_sendRawTransaction" and "underpriced" in json.dumps(answer):
                ask({"jsonrpc": "2.0", "id": 1, "method": "anvil_dropAllTransactions", "params": []})
                answer = ask(call)
            return answer
        with development_chain("--base-fee", "0", "--gas-price", "0") as chain, Proxy(chain.url, besu) as proxy, Sender([proxy.url]) as s:
            chain.result("anvil_setBalance", ACCOUNTS[0][0], "0x0")
            contract = deployed(s)
            plan = s.agent.json("chain", "send", "--key", "treasury", "--to", contract, "--function", "increment()", "--dry-run")
            equal((plan["max_fee"], plan["tip"], plan["cost"], plan["balance"]), ("0", "0", "0", "0"))
            equal(s.send("--to", contract, "--function", "increment()")["outcome"], "succeeded")
            equal((counted(s, contract), balance(chain, ACCOUNTS[0][0])), (1, 0))
            check("the account has 0 wei" in s.fails("send", "--key", "treasury", "--to", TO, "--value", "1"))
            chain.result("evm_setAutomine", False)
            t = threading.Thread(target=lambda: s.agent.ctl("chain", "send", "--key", "treasury", "--to", contract, "--function",
                                                            "increment()", "--id", "late"))
            t.start()
            check(until(lambda: s.pending()["transactions"]))
            first = s.agent.json("chain", "tx", "late")["hash"]
            faster = threading.Thread(target=lambda: s.agent.ctl("chain", "speed-up", "late"))
            faster.start()
            check(until(lambda: s.pending()["transactions"][0]["attempts"] == 2))
            cancel = threading.Thread(target=lambda: s.agent.ctl("chain", "cancel", "late"))
            cancel.start()
            check(until(lambda: s.pending()["transactions"][0]["attempts"] == 3))
            chain.result("evm_mine")
            for x in (t, faster, cancel):
                x.join()
            doc = s.agent.json("chain", "tx", "late")
            check(doc["hash"] != first and doc["sent"]["outcome"] == "cancelled", doc)
            equal((counted(s, contract), balance(chain, ACCOUNTS[0][0])), (1, 0))
            print("peer: recorded Besu %s (eth_gasPrice, eth_maxPriorityFeePerGas)" % version, flush=True)


def a_chain_without_base_fees():
    with development_chain("--hardfork", "berlin") as chain, Sender([chain.url]) as s:
        plan = s.agent.json("chain", "send", "--key", "treasury", "--to", TO, "--value", "1gwei", "--dry-run")
        equal(plan["type"], 0)
        equal(int(plan["gas_price"]), int(chain.result("eth_gasPrice"), 16))
        made = s.send("--to", TO, "--value", "1gwei")
        equal((made["outcome"], chain.result("eth_getTransactionByHash", made["hash"])["type"]), ("succeeded", "0x0"))


def what_cannot_be_paid_is_not_sent():
    """Besu 26 takes it, and then blocks the account; of its estimate it makes a stack trace. So the agent counts for itself."""
    trace = recorded("26.8.0", "eth_estimateGas", "insufficient balance")["error"]

    def besu(call, ask):
        answer = ask(call)
        if call["method"] == "eth_estimateGas" and "error" in answer:
            answer["error"] = trace
        return answer
    with development_chain("--no-mining") as chain, Proxy(chain.url, besu) as proxy, Sender([proxy.url]) as s:
        chain.result("anvil_setBalance", ACCOUNTS[0][0], hex(10 ** 18))
        text = s.fails("send", "--key", "treasury", "--to", TO, "--value", "2ether")
        check("the account has 1000000000000000000 wei" in text and "java" not in text, text)
        t = threading.Thread(target=lambda: s.agent.ctl("chain", "send", "--key", "treasury", "--to", TO, "--value", "600000000gwei",
                                                        "--id", "first"))
        t.start()
        check(until(lambda: s.pending()["transactions"]))
        text = s.fails("send", "--key", "treasury", "--to", TO, "--value", "600000000gwei")
        check("under way 6000" in text, text)
        # a higher price that it cannot pay is not offered either; to take it back is cheap
        chain.result("anvil_setBalance", ACCOUNTS[0][0], hex(600000000 * ONE + 21000 * ONE))
        check("the account has" in s.fails("speed-up", "first"))
        equal(s.pending()["transactions"][0]["attempts"], 1)
        cancel = threading.Thread(target=lambda: s.agent.ctl("chain", "cancel", "first"))
        cancel.start()
        check(until(lambda: s.pending()["transactions"][0]["attempts"] == 2))
        chain.result("evm_mine")
        t.join()
        cancel.join()
        equal(s.agent.json("chain", "tx", "first")["sent"]["outcome"], "cancelled")
        print("peer: recorded Besu 26.8.0 (eth_estimateGas)", flush=True)


def speed_up_and_cancel():
    with development_chain("--no-mining") as chain, Sender([chain.url]) as s:
        def later(name, *args):
            t = threading.Thread(target=lambda: s.agent.ctl("chain", *args))
            t.start()
            return t
        sends = [later(n, "send", "--key", "treasury", "--to", TO, "--value", "1gwei", "--id", n) for n in ("a",)]
        check(until(lambda: len(s.pending()["transactions"]) == 1))
        sends.append(later("b", "send", "--key", "treasury", "--to", TO, "--value", "5gwei", "--id", "b"))
        check(until(lambda: len(s.pending()["transactions"]) == 2))
        before = s.agent.json("chain", "tx", "a")["hash"]
        changes = [later("", "speed-up", "a"), later("", "cancel", "b")]
        check(until(lambda: all(t["attempts"] == 2 for t in s.pending()["transactions"])), s.pending())
        chain.result("evm_mine")
        for t in sends + changes:
            t.join()
        after = s.agent.json("chain", "tx", "a")
        check(after["hash"] != before and after["sent"]["outcome"] == "succeeded", after)
        equal(s.agent.json("chain", "tx", "b")["sent"]["outcome"], "cancelled")
        equal(balance(chain, TO), ONE)
        check("nothing is left" in s.fails("cancel", "a"))


def what_is_lost_is_handed_over_again():
    """A node forgets its pool: what was in it comes again by itself."""
    with development_chain("--no-mining") as chain, Sender([chain.url], keys=("treasury", "emergency")) as s:
        threads = []
        for n in range(3):
            threads.append(threading.Thread(target=lambda n=n: s.agent.ctl("chain", "send", "--key", "treasury", "--to", TO, "--value",
                                                                          "1gwei", "--id", "t%d" % n)))
            threads[-1].start()
            check(until(lambda: len(s.pending()["transactions"]) == n + 1))
        chain.result("evm_setAutomine", True)
        # a queue that is stuck holds up no other key
        chain.result("anvil_dropAllTransactions")
        urgent = s.send("--to", TO, "--value", "7gwei", key="emergency")
        equal((urgent["outcome"], urgent["from"]), ("succeeded", ACCOUNTS[1][0]))
        for t in threads:
            t.join()
        equal([s.agent.json("chain", "tx", "t%d" % n)["sent"]["outcome"] for n in range(3)], ["succeeded"] * 3)
        equal(balance(chain, TO), 10 * ONE)


def an_emergency_key_passes_a_stuck_queue():
    with development_chain() as chain, Sender([chain.url], keys=("treasury", "emergency")) as s:
        chain.result("evm_setAutomine", False)
        threads = [threading.Thread(target=lambda n=n: s.agent.ctl("chain", "send", "--key", "treasury", "--to", TO, "--value", "1gwei",
                                                                   "--id", "stuck%d" % n, "--max-fee", "3gwei", "--tip", "1")) for n in (0, 1)]
        for n, t in enumerate(threads):
            t.start()
            check(until(lambda: len(s.pending()["transactions"]) == n + 1))
        chain.result("anvil_setNextBlockBaseFeePerGas", hex(20 * ONE))
        chain.result("evm_mine")
        chain.result("evm_setAutomine", True)
        urgent = s.send("--to", TO, "--value", "7gwei", key="emergency")
        equal((urgent["outcome"], urgent["from"], urgent["nonce"]), ("succeeded", ACCOUNTS[1][0], 0))
        rows = {r["id"]: r for r in s.pending()["transactions"]}
        equal((sorted(rows), balance(chain, TO)), (["stuck0", "stuck1"], 7 * ONE))
        check("base fee" in rows["stuck0"]["text"], rows)
        s.agent.json("chain", "repair", "--key", "treasury")
        for t in threads:
            t.join()
        equal(balance(chain, TO), 9 * ONE)


def a_gap_is_filled_by_plan():
    """A node refuses for good what has the lowest nonce, and keeps what is behind it."""
    refused = []

    def refuse(call, ask):
        if call["method"] == "eth_sendRawTransaction":
            refused.extend(call["params"] if not refused else [])
            if call["params"] == refused:
                return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32000, "message": "Transaction fee cap exceeded"}}
        return ask(call)
    with development_chain() as chain, Proxy(chain.url, refuse) as proxy, Sender([proxy.url]) as s:
        done = {}

        def send():
            done["doc"] = s.agent.call("chain.send", {"key": "treasury", "id": "two", "transactions": [
                {"to": TO, "value": "1gwei"}, {"to": TO, "value": "2gwei"}]}, wait=60)[1]
        t = threading.Thread(target=send)
        t.start()
        check(until(lambda: s.pending()["accounts"] and s.pending()["accounts"][0]["missing"] == [0]), s.pending())
        row = s.pending()["transactions"][0]
        check(row["id"] == "two.2" and "nonce 0 before it is missing" in row["text"], row)
        plan = s.agent.json("chain", "repair", "--key", "treasury", "--dry-run")["steps"]
        equal([(x["nonce"], x["does"]) for x in plan], [(0, "fill the gap with an empty transaction")])
        equal(chain.result("eth_getTransactionCount", ACCOUNTS[0][0], "latest"), "0x0")
        s.agent.json("chain", "repair", "--key", "treasury")
        t.join()
        equal((balance(chain, TO), s.agent.json("chain", "tx", "two.2")["sent"]["outcome"]), (2 * ONE, "succeeded"))
        check("fee-limit" in json.dumps(done["doc"]) or "dropped" in json.dumps(done["doc"]), done)
        equal(s.agent.json("chain", "repair", "--key", "treasury")["steps"], [])


def what_was_sent_is_audited():
    with development_chain() as chain, Sender([chain.url]) as s:
        s.send("--to", TO, "--value", "1gwei", "--id", "rent")
        rows = [r for r in s.agent.json("audit", "show", "--limit", "1000")["records"] if "chain.send" in json.dumps(r)]
        check(len({r["kind"] for r in rows}) >= 2, rows)  # before and after
        metrics = s.agent.http("GET", "/metrics")[1]
        check(until(lambda: 'chain138_chain_transactions_total{outcome="succeeded"} 1' in s.agent.http("GET", "/metrics")[1]), metrics)


def underpriced_is_mended_by_plan():
    with development_chain() as chain, Sender([chain.url]) as s:
        chain.result("evm_setAutomine", False)
        chain.result("anvil_setNextBlockBaseFeePerGas", hex(ONE))
        chain.result("evm_mine")
        t = threading.Thread(target=lambda: s.agent.ctl("chain", "send", "--key", "treasury", "--to", TO, "--value", "1gwei", "--id",
                                                        "cheap", "--max-fee", "2gwei", "--tip", "1"))
        t.start()
        check(until(lambda: s.pending()["transactions"]))
        chain.result("anvil_setNextBlockBaseFeePerGas", hex(20 * ONE))
        chain.result("evm_mine")
        row = s.pending()["transactions"][0]
        check("base fee" in row["text"], row)
        plan = s.agent.json("chain", "repair", "--key", "treasury", "--dry-run")
        equal([(x["nonce"], x["does"]) for x in plan["steps"]], [(0, "offer a higher price")])
        equal(s.pending()["transactions"][0]["attempts"], 1)
        s.agent.json("chain", "repair", "--key", "treasury")
        chain.result("evm_mine")
        t.join()
        equal(s.agent.json("chain", "tx", "cheap")["sent"]["outcome"], "succeeded")


def a_reorg_takes_back_and_it_comes_again():
    with development_chain() as chain, Sender([chain.url], settings="confirmations = 3;") as s:
        contract = deployed_without_waiting(s, chain)
        t = threading.Thread(target=lambda: s.agent.ctl("chain", "send", "--key", "treasury", "--to", contract, "--function",
                                                        "increment()", "--id", "again"))
        t.start()
        check(until(lambda: "confirmations" in json.dumps(s.pending()["transactions"])))
        equal(counted(s, contract), 1)
        chain.result("anvil_reorg", 1, [])
        check(until(lambda: counted(s, contract) == 1 and s.events("chain.reorged")), s.pending())
        chain.result("anvil_mine", "0x3")
        t.join()
        equal((s.agent.json("chain", "tx", "again")["sent"]["outcome"], counted(s, contract)), ("succeeded", 1))
        # and one that had counted already
        chain.result("anvil_reorg", 4, [])
        check(until(lambda: counted(s, contract) == 1 and [e for e in s.events("chain.reorged") if e["data"]["counted"]]))


def deployed_without_waiting(s, chain):
    t = threading.Thread(target=lambda: s.agent.ctl("chain", "send", "--key", "treasury", "--create", "--data", counter(TOPIC), "--id", "c"))
    t.start()
    check(until(lambda: s.pending()["transactions"]))
    chain.result("anvil_mine", "0x3")
    t.join()
    return s.agent.json("chain", "tx", "c")["contract"]


def somebody_else_has_the_key():
    with development_chain() as chain, Sender([chain.url]) as s, Sender([chain.url]) as other:
        s.send("--to", TO, "--value", "1gwei")
        text = other.send("--to", TO, "--value", "1gwei")  # it does not know the account yet: what is there is taken as given
        equal(text["nonce"], 1)
        text = s.fails("send", "--key", "treasury", "--to", TO, "--value", "1gwei")
        check("somebody else has the key" in text, text)
        check(until(lambda: s.events("chain.foreign")))
        check("critical" in json.dumps(s.agent.json("status")), s.agent.json("status"))
        s.agent.json("chain", "adopt", "--key", "treasury")
        equal(s.send("--to", TO, "--value", "1gwei")["nonce"], 2)
        # both at once for one nonce: one is mined, the other is told so, and is not sent again
        chain.result("evm_setAutomine", False)
        other.agent.json("chain", "adopt", "--key", "treasury")
        said = {}

        def ask(name, sender):
            said[name] = sender.agent.ctl("chain", "send", "--key", "treasury", "--to", TO, "--value", "3gwei", "--id", name)
        threads = [threading.Thread(target=ask, args=x) for x in (("mine", s), ("theirs", other))]
        for t in threads:
            t.start()
        time.sleep(1)
        until(lambda: chain.result("evm_mine") and not [t for t in threads if t.is_alive()], 20, 0.3)
        for t in threads:
            t.join()
        won = [n for n, r in said.items() if r[0] == 0]
        check(len(won) == 1, said)
        lost = [r[1] + r[2] for r in said.values() if r[0] != 0][0]
        check("somebody else" in lost or "chain.overtaken" in lost or "underpriced" in lost or "dropped" in lost, lost)
        equal(balance(chain, TO), 6 * ONE)


def endpoints_fail_and_disagree():
    with development_chain() as one, development_chain() as two, Sender([spare_url(), one.url]) as s:
        equal(s.send("--to", TO, "--value", "1gwei")["outcome"], "succeeded")
        equal([e["state"] for e in s.agent.json("chain", "endpoints")["endpoints"]], ["unreachable", "ok"])
        with Sender([one.url, two.url]) as torn:  # two chains of one id
            two.result("evm_mine")
            check(until(lambda: torn.events("chain.disagreement")))
            check("do not have the same chain" in torn.fails("send", "--key", "treasury", "--to", TO, "--value", "1gwei"))


def nodes_that_hang_hold_up_nothing():
    """They take connections and say nothing. The plugin is not killed for it, and the one that answers is used."""
    deaf = []
    try:
        for _ in range(3):
            deaf.append(socket.create_server(("127.0.0.1", 0)))
        urls = ["http://127.0.0.1:%d" % d.getsockname()[1] for d in deaf]
        with development_chain() as chain, Sender(urls + [chain.url], settings='timeout = "4s";', timeout=None) as s:
            equal(s.send("--to", TO, "--value", "1gwei")["outcome"], "succeeded")
            time.sleep(14)  # a callback may take 10 s
            row = s.agent.plugin("chain")
            equal((row["state"], row["restarts"]), ("running", 0))
            equal(s.send("--to", TO, "--value", "1gwei")["outcome"], "succeeded")
    finally:
        for d in deaf:
            d.close()


def another_chain_is_never_believed():
    with development_chain() as chain, Sender([chain.url], settings="chain_id = 1337;") as s:
        text = s.fails("send", "--key", "treasury", "--to", TO, "--value", "1gwei")
        check("chain 138, not of chain 1337" in text, text)
        equal(chain.result("eth_getTransactionCount", ACCOUNTS[0][0], "pending"), "0x0")


def decodes_without_a_node():
    with Sender([spare_url()]) as s:
        approve = "0x095ea7b3" + "%064x" % int(TO, 16) + "%064x" % 5
        doc = s.agent.json("chain", "decode", approve)
        equal((doc["signature"], doc["args"][1], doc["known"]), ("approve(address,uint256)", "5", True))
        doc = s.agent.json("chain", "decode", approve, "--function", "approve(address,uint256)")
        equal(doc["known"], False)
        error = "0x08c379a0" + "%064x" % 32 + "%064x" % 2 + "6e6f".ljust(64, "0")
        check('Error("no")' in s.agent.json("chain", "decode", error, "--what", "error")["text"])


if __name__ == "__main__":
    run("chain_test", [a_dry_run_sends_nothing, under_one_id_it_happens_once, what_cannot_work_is_not_sent,
                       success_is_what_was_expected, undone_by_the_chain_is_told_with_its_reason,
                       what_is_approved_is_what_is_sent, what_was_sent_is_audited, many_at_once, many_from_a_file,
                       questions_by_the_dozen, a_network_without_fees, a_chain_without_base_fees, what_cannot_be_paid_is_not_sent,
                       speed_up_and_cancel, what_is_lost_is_handed_over_again, a_gap_is_filled_by_plan,
                       an_emergency_key_passes_a_stuck_queue, underpriced_is_mended_by_plan,
                       a_reorg_takes_back_and_it_comes_again, somebody_else_has_the_key, endpoints_fail_and_disagree,
                       nodes_that_hang_hold_up_nothing,
                       another_chain_is_never_believed, decodes_without_a_node])
