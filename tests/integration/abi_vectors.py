#!/usr/bin/env python3
"""The ABI against what Solidity's compilers and another library wrote: every case of npm @ethersproject/testcases for values of both
versions of the ABI, events, signatures and packed hashes; and on random values against cast. Skips with a reason what cannot be fetched.
"""
import json
import random
import subprocess

from vectors import cases, cast_program, check, counted, run


def types_of(case):
    types = case["types"]
    return "(" + ",".join(json.loads(types) if isinstance(types, str) else types) + ")"


def value(v):
    """What the cases write as {"type","value"} as our JSON."""
    if isinstance(v, list):
        return [value(x) for x in v]
    if isinstance(v, dict):
        return value(v["value"]) if v["type"] == "tuple" else v["value"]
    return v


def same(ours, theirs):
    """Numbers are decimal text here, and 0x text or padded bytes there."""
    if isinstance(ours, list):
        return isinstance(theirs, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, str) and isinstance(theirs, str) and ours != theirs:
        if ours.lower() == theirs.lower():
            return True
        if theirs.startswith(("0x", "-0x")) and ours.lstrip("-").isdigit():
            return int(ours) == int(theirs, 16)
        return False
    return ours == theirs or str(ours) == str(theirs)


def interface_good(tool, case):
    types, values = types_of(case), value(json.loads(case["values"]))
    wanted = value(json.loads(case.get("normalizedValues", case["values"])))
    data = case["result"]
    read = tool("decode", types=types, data=data)
    again = tool("encode", types=types, values=read.get("values"))
    named = tool("encode", types=types, values=wanted)
    return (same(read.get("values"), wanted) and again.get("data") == data and named.get("data") == data and values is not None
            and tool("decode", types=types, data=data + "00").get("error") is not None
            and (len(data) < 4 or tool("decode", types=types, data=data[:-2]).get("error") is not None))


def interfaces(name):
    def test(tool):
        all_cases = cases(name)
        counted(f"@ethersproject/testcases {name}", sum(check(interface_good(tool, c), f"{name} {c['name']}") for c in all_cases),
                len(all_cases))
    test.__name__ = name
    return test


def event_good(tool, case):
    abi = json.loads(case["interface"])
    read = tool("event", abi=abi, name="testEvent", topics=case["topics"], data=case["data"]).get("values")
    return read is not None and all(
        isinstance(ours, dict) if hashed else same(ours, theirs)
        for ours, theirs, hashed in zip(read, case["normalizedValues"], case["hashed"]))


def events(tool):
    all_cases = cases("contract-events")
    counted("@ethersproject/testcases contract-events",
            sum(check(event_good(tool, c), f"event {c['name']}") for c in all_cases), len(all_cases))


def signature_good(tool, case):
    read = tool("function", abi=json.loads(case["abi"]), name="testSig")
    return read.get("signature") == case["signature"] and read.get("selector") == case["sigHash"]


def signatures(tool):
    all_cases = cases("contract-signatures")
    counted("@ethersproject/testcases contract-signatures",
            sum(check(signature_good(tool, c), f"signature {c['name']}") for c in all_cases), len(all_cases))


def packed_good(tool, case):
    return tool("encode", types=types_of(case), values=case["values"], packed=True).get("hash") == case["keccak256"]


def packed(tool):
    all_cases = cases("solidity-hashes")
    counted("@ethersproject/testcases solidity-hashes",
            sum(check(packed_good(tool, c), f"packed {c['name']}") for c in all_cases), len(all_cases))


def typed_good(tool, case):
    document = {k: case[k] for k in ("types", "primaryType", "domain")} | {"message": case["data"]}
    more = document | {"message": case["data"] | {"more": "1"}}
    return tool("typed", document=document).get("hash") == case["digest"] and tool("typed", document=more).get("error") == "typed.value"


def typed(tool):
    all_cases = cases("eip712")
    counted("@ethersproject/testcases eip712", sum(check(typed_good(tool, c), f"typed {c['name']}") for c in all_cases), len(all_cases))


# --- Random values against cast ------------------------------------------------------------------

def random_type(r, depth=0):
    kind = r.randrange(10 if depth < 3 else 7)
    if kind < 7:
        return r.choice(["uint%d" % (8 * r.randint(1, 32)), "int%d" % (8 * r.randint(1, 32)), "address", "bool",
                         "bytes%d" % r.randint(1, 32), "bytes", "string"])
    if kind == 7:
        return random_type(r, depth + 1) + "[]"
    if kind == 8:
        return random_type(r, depth + 1) + "[%d]" % r.randint(1, 3)
    return "(" + ",".join(random_type(r, depth + 1) for _ in range(r.randint(1, 4))) + ")"


def members(text):
    """What stands between the outer brackets, cut at its commas."""
    parts, depth = [""], 0
    for c in text[1:-1]:
        depth += (c == "(") - (c == ")")
        if c == "," and not depth:
            parts.append("")
        else:
            parts[-1] += c
    return [p for p in parts if p]


def random_value(r, t):
    """A value, and how cast wants it written."""
    if t.endswith("]"):
        inner, size = t[:t.rindex("[")], t[t.rindex("[") + 1:-1]
        pairs = [random_value(r, inner) for _ in range(int(size) if size else r.randint(0, 3))]
        return [p[0] for p in pairs], "[" + ",".join(p[1] for p in pairs) + "]"
    if t.startswith("("):
        pairs = [random_value(r, m) for m in members(t)]
        return [p[0] for p in pairs], "(" + ",".join(p[1] for p in pairs) + ")"
    if t.startswith("uint"):
        v = str(r.getrandbits(r.randint(1, int(t[4:]))))
    elif t.startswith("int"):
        v = str(r.getrandbits(r.randint(1, int(t[3:]))) - (1 << int(t[3:]) - 1 if r.random() < 0.5 else 0))
        v = str(max(-(1 << int(t[3:]) - 1), min((1 << int(t[3:]) - 1) - 1, int(v))))
    elif t == "address":
        v = "0x%040x" % r.getrandbits(160)
    elif t == "bool":
        return (b := r.random() < 0.5), str(b).lower()
    elif t == "string":
        v = "".join(r.choice("abcxyz") for _ in range(r.randint(1, 70)))
        return v, v
    else:
        n = int(t[5:]) if t != "bytes" else r.randint(0, 70)
        v = "0x" + r.randbytes(n).hex()
    return v, v


def against_cast(tool):
    cast, r, good, total = cast_program(), random.Random(138), 0, 200
    for n in range(total):
        types = "(" + ",".join(random_type(r) for _ in range(r.randint(1, 4))) + ")"
        pairs = [random_value(r, t) for t in members(types)]
        theirs = subprocess.run([cast, "abi-encode", "--", "f" + types, *[p[1] for p in pairs]], capture_output=True, text=True)
        ours = tool("encode", types=types, values=[p[0] for p in pairs])
        good += check(theirs.returncode == 0 and ours.get("data") == theirs.stdout.strip(),
                      f"cast {n}: {types} {[p[1] for p in pairs]}: {theirs.stderr[:200]} {str(ours)[:200]}")
        read = tool("decode", types=types, data=ours.get("data", "0x"))
        check(same([p for p in read.get("values", [])], [p[0] for p in pairs]), f"read back {n}: {types}")
    counted("random values against cast", good, total)


if __name__ == "__main__":
    run("abi_vectors", "abi_tool", (signatures, interfaces("contract-interface"), interfaces("contract-interface-abi2"), events, packed, typed,
                                    against_cast))
