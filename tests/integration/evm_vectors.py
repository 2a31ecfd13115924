#!/usr/bin/env python3
"""Ethereum's formats against what others wrote: every case of npm @ethersproject/testcases for transactions, typed transactions,
RLP, hashes, checksummed addresses, units and numbers. Skips with a reason what cannot be fetched.
"""
from vectors import cases, check, counted, plain, run


def each(tool, what, name, good):
    all_cases = cases(name)
    counted(f"@ethersproject/testcases {what}", sum(check(good(tool, c), f"{what} {c.get('name', c)}") for c in all_cases),
            len(all_cases))


def hashes(tool):
    each(tool, "hashes", "hashes", lambda t, c: t("keccak", data=c["data"]).get("hash") == plain(c["keccak256"]))


def account_good(tool, case):
    shown = case["checksumAddress"]
    wrong = "0x" + shown[2:].swapcase()
    mixed = shown[2:] != shown[2:].lower() and shown[2:] != shown[2:].upper()
    return (tool("checksum", address=case["address"]).get("text") == shown
            and tool("checksum", address=shown).get("text") == shown
            and (not mixed or tool("checksum", address=wrong).get("error") == "address.checksum"))


def accounts(tool):
    each(tool, "checksummed addresses", "accounts", account_good)


def rlp_good(tool, case):
    got = tool("rlp", data=case["encoded"])
    return got.get("items") == case["decoded"] and got.get("again") == plain(case["encoded"])


def rlp(tool):
    each(tool, "RLP", "rlp-coder", rlp_good)


def signed_good(tool, raw, unsigned, address, key):
    """It reads as the same bytes, from the right sender; and the same key signs the unsigned one to the very same bytes."""
    read, plainly = tool("tx", data=raw), tool("tx", data=unsigned)
    again = tool("sign", data=unsigned, key=key)
    return (read.get("again") == plain(raw) and read.get("sender") == plain(address)
            and plainly.get("again") == plain(unsigned) and plainly.get("sender") is None
            and again.get("again") == plain(raw) and again.get("hash") == read.get("hash"))


def transaction_good(tool, case):
    return (signed_good(tool, case["signedTransaction"], case["unsignedTransaction"], case["accountAddress"], case["privateKey"])
            and signed_good(tool, case["signedTransactionChainId5"], case["unsignedTransactionChainId5"],
                            case["accountAddress"], case["privateKey"])
            and tool("tx", data=case["signedTransactionChainId5"]).get("chainId") == "5"
            and tool("tx", data=case["signedTransaction"] + "00").get("error") == "tx.trailing")


def transactions(tool):
    each(tool, "transactions", "transactions", transaction_good)


def number(value):
    return str(int(value, 16) if isinstance(value, str) else value)


def members_good(got, tx):
    names = ("chainId", "nonce", "gasLimit", "value") + (("gasPrice",) if tx["type"] == 1 else ("maxPriorityFeePerGas", "maxFeePerGas"))
    return (got["type"] == str(tx["type"]) and all(got[n] == number(tx.get(n, 0)) for n in names)
            and got["to"] == plain(tx.get("to", "0x")) and got["data"] == plain(tx.get("data", "0x")))


def typed_good(tool, case):
    return (signed_good(tool, case["signed"], case["unsigned"], case["address"], case["key"])
            and members_good(tool("tx", data=case["unsigned"]), case["tx"]))


def typed_transactions(tool):
    each(tool, "typed transactions", "typed-transactions", typed_good)


UNITS = ("wei", "kwei", "mwei", "gwei", "szabo", "finney", "ether")


def unit_good(tool, case):
    """What is below nought, and a point without a digit before it, is no amount here."""
    return all(tool("wei", text=case[u] + u).get("wei") == (None if case[u][0] in "-." else case["wei"]) for u in UNITS if u in case)


def units(tool):
    each(tool, "units", "units", unit_good)


def number_good(tool, case):
    """An amount has no sign; and that JavaScript refuses some integers is not about the numbers."""
    value, wanted = case["value"], case["expectedValue"]
    wanted = hex(value) if isinstance(value, int) and value >= 0 else wanted and wanted[0] != "-" and hex(int(wanted, 16))
    return tool("number", text=str(value)).get("quantity") == (wanted if str(value)[0] != "-" and wanted else None)


def numbers(tool):
    each(tool, "numbers", "bignumber", number_good)


if __name__ == "__main__":
    run("evm_vectors", "evm_tool", (hashes, accounts, rlp, transactions, typed_transactions, units, numbers))
