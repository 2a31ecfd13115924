#!/usr/bin/env python3
"""The formats of the chain against cast on random inputs: transactions, RLP, typed data, messages, hashes, addresses of contracts, units;
and what either of them refuses. C138_SEED repeats a run, C138_CASES is how many of each. Skips with a reason what cannot be fetched.
"""
import concurrent.futures
import json
import os
import random
import subprocess

from vectors import Tool, cast_program, check, counted, plain, run

SEED = int(os.environ.get("C138_SEED") or random.SystemRandom().randrange(1 << 32))
CASES = int(os.environ.get("C138_CASES") or 100)
NOWHERE = "http://127.0.0.1:1"  # cast wants an endpoint, and asks nothing where all is given


def casts(commands):
    """What cast printed for each list of arguments; None where it refused."""
    def one(arguments):
        done = subprocess.run([cast_program(), *arguments], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else None
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, commands))


def compare(what, questions, commands, good):
    """Each question with what cast said to its command."""
    answers = casts(commands)
    counted(f"{what} against cast", sum(check(good(q, a), f"{what} (C138_SEED={SEED}): {q} cast: {a}") for q, a in zip(questions, answers)),
            len(questions))


def peer(_):
    version = subprocess.run([cast_program(), "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    print(f"peer: cast: {version}")


def generator(name):
    return random.Random(f"{SEED} {name}")


def hexes(r, n):
    return "0x" + r.randbytes(n).hex()


def amount(r, bits):
    return str(r.getrandbits(r.randint(1, bits)))


# --- Transactions

def access_list(r):
    return [{"address": hexes(r, 20), "storageKeys": [hexes(r, 32) for _ in range(r.randrange(3))]} for _ in range(r.randrange(4))]


def transaction(r):
    t = {"type": r.randrange(3), "chainId": r.choice([1, 138, r.getrandbits(31) + 1]), "nonce": r.choice([0, r.getrandbits(32)]),
         "gasLimit": amount(r, 63), "value": r.choice(["0", amount(r, 127), amount(r, 256)]), "to": r.choice(["", hexes(r, 20), hexes(r, 20)]),
         "data": hexes(r, r.choice([0, 1, 4, 36, 54, 55, 56, 200, 300])), "key": hexes(r, 32)}
    if t["data"] == "0x" and not t["to"]:
        t["data"] = "0x00"
    if t["type"] == 2:
        fees = sorted(r.getrandbits(r.randint(1, 100)) for _ in range(2))
        t |= {"maxPriorityFeePerGas": str(fees[0]), "maxFeePerGas": str(fees[1])}
    else:
        t["gasPrice"] = amount(r, 100)
    return t | ({"accessList": access_list(r)} if t["type"] else {})


def mktx(t):
    fees = ["--gas-price", t["maxFeePerGas"], "--priority-gas-price", t["maxPriorityFeePerGas"]] if t["type"] == 2 else \
        ["--gas-price", t["gasPrice"], "--legacy"]
    lists = ["--access-list", json.dumps(t["accessList"])] if t["type"] else []
    return ["mktx", "--rpc-url", NOWHERE, "--chain", str(t["chainId"]), "--nonce", str(t["nonce"]), "--gas-limit", t["gasLimit"], "--value",
            t["value"] + "wei", "--private-key", t["key"], *fees, *lists] + ([t["to"], t["data"]] if t["to"] else ["--create", t["data"]])


def transactions(tool):
    """Made of the same members and signed with the same key they are the same bytes, and read back as those members."""
    r = generator("transactions")

    def good(t, raw):
        made, read = tool("make", **t), tool("tx", data=raw or "0x")
        return (raw is not None and made.get("again") == plain(raw) == read.get("again") and read["sender"] == made["sender"]
                and all(read[n] == str(t[n]) for n in ("type", "chainId", "nonce", "gasLimit", "value"))
                and all(read[n] == t[n] for n in ("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas") if n in t)
                and read["to"] == plain(t["to"]) and read["data"] == plain(t["data"]))
    all_of_them = [transaction(r) for _ in range(CASES)]
    compare("transactions", all_of_them, [mktx(t) for t in all_of_them], good)


def broken(r, raw):
    """One byte changed, taken out, or put in."""
    at, how = r.randrange(len(raw)), r.randrange(4)
    return raw[:at] + (b"" if how == 0 else r.randbytes(1)) + raw[at + (how != 1):]


def decoded(text):
    """What decode-transaction printed: an object, or a text that holds one."""
    first = json.loads(text) if text else {}
    return json.loads(first) if isinstance(first, str) else first


def broken_transactions(tool):
    """Both refuse the same ones, but for what we do not take on purpose: trailing bytes, s in its upper half, and the head of a string before
    it, as peers wrap it, whose length cast does not look at. What both take has one hash and one sender.
    """
    r, raws, taken = generator("broken transactions"), [], 0
    while len(raws) < 2 * CASES:
        raws.append("0x" + broken(r, bytes.fromhex(tool("make", **transaction(r))["again"])).hex())

    def good(raw, text):
        nonlocal taken
        ours, theirs = tool("tx", data=raw), decoded(text)
        if "error" in ours:
            return text is None or ours["error"] in ("tx.trailing", "tx.high-s") or (ours["error"] == "tx.rlp" and "80" <= raw[2:4] < "c0")
        if "hash" not in ours:  # an unsigned one
            return text is None
        if text is None:  # there gas has 64 bits, and fees have 128
            return int(ours["gasLimit"]) >> 64 or any(int(ours[n]) >> 128 for n in ("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"))
        taken += 1
        return plain(theirs["hash"]) == ours["hash"] and plain(theirs.get("signer") or "") == ours.get("sender", "")
    compare("broken transactions", raws, [["decode-transaction", raw] for raw in raws], good)
    check(taken > 0, "no broken transaction is one all the same")


# --- RLP

def tree(r, depth=0):
    if depth < 4 and r.random() < 0.4:
        return [tree(r, depth + 1) for _ in range(r.choice([0, 1, 2, 3, 20 if depth == 0 else 4]))]
    return hexes(r, r.choice([0, 1, 1, 2, 20, 32, 55, 56, 60, 300]))


def rlp(tool):
    r = generator("rlp")
    trees = [tree(r) for _ in range(CASES)]

    def good(t, encoded):
        read = tool("rlp", data=encoded or "0x")
        return encoded is not None and read.get("items") == t and read.get("again") == plain(encoded)
    compare("RLP", trees, [["to-rlp", json.dumps(t)] for t in trees], good)


def broken_rlp(tool):
    """What we take, cast reads as the same; what cast refuses, we refuse."""
    r, encoded, taken = generator("broken rlp"), [], 0
    for raw in casts([["to-rlp", json.dumps([tree(r)])] for _ in range(CASES)]):
        encoded.append("0x" + broken(r, bytes.fromhex(raw[2:])).hex())

    def good(data, text):
        nonlocal taken
        read = tool("rlp", data=data)
        taken += "error" not in read
        return "error" in read if text is None else "error" in read or read["items"] == json.loads(text if text[0] in '["' else f'"{text}"')
    compare("broken RLP", encoded, [["from-rlp", data] for data in encoded], good)
    check(taken > 0, "no broken RLP is RLP all the same")


# --- Typed data and messages

def typed_value(r, kind, structs):
    if kind.endswith("]"):
        inner, size = kind[:kind.rindex("[")], kind[kind.rindex("[") + 1:-1]
        return [typed_value(r, inner, structs) for _ in range(int(size) if size else r.randrange(4))]
    if kind in structs:
        return {m["name"]: typed_value(r, m["type"], structs) for m in structs[kind]}
    if kind.startswith("uint"):
        return amount(r, int(kind[4:]))
    if kind.startswith("int"):
        bits = int(kind[3:])
        return str(r.getrandbits(bits) - (1 << bits - 1))
    if kind == "bool":
        return r.random() < 0.5
    if kind == "string":
        return "".join(r.choice("abc xyz\u00e4\u2713\"\\") for _ in range(r.randrange(50)))
    return hexes(r, 20 if kind == "address" else int(kind[5:]) if kind != "bytes" else r.randrange(70))


def typed_document(r):
    structs = {}
    for name in ["Alpha", "Beta", "Main"][r.randrange(3):]:
        plainly = ["uint%d" % (8 * r.randint(1, 32)), "int%d" % (8 * r.randint(1, 32)), "bool", "string", "bytes", "address",
                   "bytes%d" % r.randint(1, 32), *structs]
        kinds = [r.choice(plainly) + r.choice(["", "", "", "[]", "[2]", "[2][]"]) for _ in range(r.randint(1, 5))]
        structs[name] = [{"name": "m%d" % i, "type": k} for i, k in enumerate(kinds)]
    domain = [m for m in [("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"), ("salt", "bytes32")]
              if r.random() < 0.6] or [("name", "string")]
    types = structs | {"EIP712Domain": [{"name": n, "type": k} for n, k in domain]}
    return {"types": types, "primaryType": "Main", "domain": typed_value(r, "EIP712Domain", types), "message": typed_value(r, "Main", structs)}


def typed(tool):
    """The same key gives the same signature only to the same hash."""
    r, abi = generator("typed"), Tool("abi_tool")
    documents = [(typed_document(r), hexes(r, 32)) for _ in range(CASES)]

    def good(case, signature):
        ours = abi("typed", document=case[0])
        return "hash" in ours and tool("sign-hash", hash=ours["hash"], key=case[1]).get("signature") == plain(signature or "")
    compare("typed data", documents, [["wallet", "sign", "--private-key", key, "--data", json.dumps(d)] for d, key in documents], good)
    abi.close()


def messages(tool):
    r, abi = generator("messages"), Tool("abi_tool")
    texts = ["".join(r.choice("abc xyz\u00e4\u2713\n") for _ in range(n)) for n in [1, 9, 10, 99, 100, *(r.randrange(1, 200) for _ in range(CASES // 4))]]
    compare("messages", texts, [["hash-message", "--", t] for t in texts], lambda t, hash_: abi("personal", message=t)["hash"] == hash_)
    data = [(hexes(r, 20), hexes(r, r.randrange(0, 300))) for _ in range(CASES // 4)]
    compare("data for a contract", data, [["keccak", "0x1900" + plain(c) + plain(d)] for c, d in data],
            lambda case, hash_: abi("validator", contract=case[0], data=case[1])["hash"] == hash_)
    abi.close()


# --- Hashes, addresses, units

def hashes(tool):
    r = generator("hashes")
    data = [hexes(r, n) for n in [1, 135, 136, 137, 271, 272, 273, *(r.randrange(1, 2000) for _ in range(CASES // 2))]]
    compare("hashes", data, [["keccak", d] for d in data], lambda d, hash_: tool("keccak", data=d)["hash"] == plain(hash_ or ""))


def contracts(tool):
    r = generator("contracts")
    made = [{"sender": hexes(r, 20), "nonce": r.choice([0, 1, 127, 128, 255, 256, r.getrandbits(32), r.getrandbits(63)])} for _ in range(CASES // 2)]
    compare("addresses by CREATE", made, [["compute-address", m["sender"], "--nonce", str(m["nonce"])] for m in made],
            lambda m, text: text and tool("create", **m)["address"] == text.split()[-1])
    made = [{"sender": hexes(r, 20), "salt": hexes(r, 32), "code": hexes(r, r.randrange(1, 300))} for _ in range(CASES // 2)]
    compare("addresses by CREATE2", made, [["create2", "--deployer", m["sender"], "--salt", m["salt"], "--init-code", m["code"]] for m in made],
            lambda m, text: text and tool("create", **m)["address"] == text.split()[-1])


DECIMALS = {"wei": 0, "kwei": 3, "mwei": 6, "gwei": 9, "szabo": 12, "finney": 15, "ether": 18}


def units(tool):
    r, amounts = generator("units"), []
    for _ in range(CASES):
        unit = r.choice(list(DECIMALS))
        fraction = "".join(r.choice("0123456789") for _ in range(r.randint(0, DECIMALS[unit])))
        amounts.append((amount(r, 190) + ("." + fraction if fraction else ""), unit))
    compare("units", amounts, [["parse-units", text, str(DECIMALS[unit])] for text, unit in amounts],
            lambda a, wei: tool("wei", text="".join(a)).get("wei") == wei)


if __name__ == "__main__":
    print(f"C138_SEED={SEED}")
    run("cast_vectors", "evm_tool", (peer, transactions, broken_transactions, rlp, broken_rlp, typed, messages, hashes, contracts, units))
