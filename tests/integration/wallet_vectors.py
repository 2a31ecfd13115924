#!/usr/bin/env python3
"""Key formats against what others wrote, and what we write against what others read.

- npm @ethersproject/testcases: every case of keystores, HD wallets and mnemonics, and every account with its key
- `cast wallet` of foundry (npm): keystores both ways
- npm slip39: shares both ways
- Tessera's own default lock (1 GiB of memory), recorded from Tessera 21.1.1; and what we lock, opened by npm hash-wasm and tweetnacl

Skips with a reason what cannot be fetched. C138_NPM_CACHE keeps what npm fetched; C138_CAST names a cast.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unicodedata

from vectors import CAST, SOURCE, Skip, cases, cast_program, check, counted, npm, plain, run

SLIP39 = "0.1.9"
HASH_WASM, TWEETNACL = "4.12.0", "1.0.3"


def nfkd(text):
    return " ".join(unicodedata.normalize("NFKD", text).split())


# --- @ethersproject/testcases

def keystore_good(tool, case):
    op = "presale-open" if case["type"] == "crowdsale" else "keystore-open"
    got = tool(op, json=case["json"], password=case["password"])
    wrong = tool(op, json=case["json"], password=case["password"] + "x")
    return (got.get("key") == plain(case["privateKey"]) and plain(got.get("address", "")) == plain(case["address"])
            and got.get("mnemonic") == case["mnemonic"] and wrong.get("error") == "keystore.password")


def ethers_keystores(tool):
    all_cases = cases("wallets")
    good = sum(check(keystore_good(tool, c), f"keystore {c['name']}") for c in all_cases)
    counted("@ethersproject/testcases keystores", good, len(all_cases))


def mnemonic_good(tool, case):
    got = tool("mnemonic", mnemonic=case["mnemonic"], passphrase=case.get("password") or "")
    return (got.get("entropy") == plain(case["entropy"]) and got.get("seed") == plain(case["seed"])
            and got.get("mnemonic") == nfkd(case["mnemonic"]))


def path_good(tool, seed, node):
    got = tool("path", seed=seed, path=node["path"])
    return got.get("key") == plain(node["privateKey"]) and plain(got.get("address", "")) == plain(node["address"])


def ethers_trees(tool):
    lists = {w["locale"]: w["content"].split() for w in cases("wordlists")}
    good = total = paths_good = paths = 0
    for locale in sorted({c["locale"] for c in cases("hdnode")}):
        check("error" not in tool("words", words=None if locale == "en" else lists[locale]), f"the word list {locale}")
        for case in (c for c in cases_of(locale)):
            good += check(mnemonic_good(tool, case), f"mnemonic {case['name']}")
            total += 1
            for node in case["hdnodes"]:
                paths_good += check(path_good(tool, case["seed"], node), f"HD {case['name']} {node['path']}")
                paths += 1
    tool("words", words=None)
    counted("@ethersproject/testcases mnemonics, 8 languages", good, total)
    counted("@ethersproject/testcases HD keys", paths_good, paths)


def cases_of(locale, cache={}):
    if not cache:
        cache["all"] = cases("hdnode")
    return [c for c in cache["all"] if c["locale"] == locale]


def ethers_accounts(tool):
    with_key = [c for c in cases("accounts") if c.get("privateKey")]
    good = sum(check(tool("account", key=c["privateKey"]).get("address") == c["checksumAddress"], f"account {c['name']}")
               for c in with_key)
    counted("@ethersproject/testcases accounts with a key", good, len(with_key))


# --- cast

PASSWORDS = ["simple", "with spaces and \"quotes\"", "p\u00e4ss\u2713\u65e5\u672c", "x" * 200]


def cast_reads(tool, cast, folder):
    """What we write, cast opens, with the right address and the right key."""
    good = total = 0
    for i, password in enumerate(PASSWORDS):
        for kdf in ({"n": 8192, "r": 8, "p": 1}, {"n": 4096, "r": 8, "p": 6}, {"c": 10000}):
            key = os.urandom(32).hex()
            written = tool("keystore-write", key=key, password=password, **kdf)
            name = f"ours-{i}-{'c' if 'c' in kdf else kdf['p']}"
            (folder / name).write_text(written["json"])
            done = subprocess.run([cast, "wallet", "decrypt-keystore", name, "--keystore-dir", folder,
                                   "--unsafe-password", password], capture_output=True, text=True)
            good += check(key in done.stdout.lower(), f"cast opens {name}: {done.stdout} {done.stderr}")
            total += 1
    counted(f"keystores that cast {CAST} opens", good, total)


def cast_writes(tool, cast, folder):
    """What cast writes, we open; a wrong password is refused."""
    good = total = 0
    for i, password in enumerate(PASSWORDS):
        key = os.urandom(32).hex()
        subprocess.run([cast, "wallet", "import", f"cast-{i}", "--private-key", key, "--keystore-dir", folder,
                        "--unsafe-password", password], check=True, capture_output=True)
        text = (folder / f"cast-{i}").read_text()
        got = tool("keystore-open", json=text, password=password)
        wrong = tool("keystore-open", json=text, password=password + "x")
        address = subprocess.run([cast, "wallet", "address", "--private-key", key], check=True, capture_output=True,
                                 text=True).stdout.strip()
        good += check(got.get("key") == key and got.get("address") == address and wrong.get("error") == "keystore.password",
                      f"we open cast-{i}: {got}")
        total += 1
    counted(f"keystores of cast {CAST} that we open", good, total)


def cast_words(tool, cast):
    """Words that cast made: the same keys."""
    good = total = 0
    for count in (12, 15, 18, 21, 24):
        out = subprocess.run([cast, "wallet", "new-mnemonic", "--words", str(count), "--json"], check=True,
                             capture_output=True, text=True).stdout
        made = json.loads(out)
        seed = tool("mnemonic", mnemonic=made["mnemonic"])
        account = made["accounts"][0]
        got = tool("path", seed=seed.get("seed", ""), path="m/44'/60'/0'/0/0")
        good += check(plain(got.get("address", "?")) == plain(account["address"])
                      and got.get("key") == plain(account["private_key"]), f"cast's {count} words: {got}")
        total += 1
    counted(f"mnemonics of cast {CAST}", good, total)


def with_cast(tool):
    cast = cast_program()
    with tempfile.TemporaryDirectory(prefix="c138-cast-") as folder:
        cast_reads(tool, cast, pathlib.Path(folder))
        cast_writes(tool, cast, pathlib.Path(folder))
        cast_words(tool, cast)
    version = subprocess.run([cast, "--version"], capture_output=True, text=True).stdout.splitlines()
    print(f"peer: cast: {version[0] if version else '?'}")


# --- npm slip39

SLIP39_SCRIPT = """
const slip39 = require(process.argv[2]);
const secret = process.argv[3], passphrase = process.argv[4], lines = process.argv.slice(5);
if (lines.length) {
    console.log(Buffer.from(slip39.recoverSecret(lines, passphrase)).toString('hex'));
} else {
    const bytes = Array.from(Buffer.from(secret, 'hex'));
    const made = slip39.fromArray(bytes, {passphrase, threshold: 2, groups: [[1, 1, 'a'], [2, 3, 'b'], [3, 5, 'c']],
                                          title: 't', iterationExponent: 0});
    const of = (g, m) => made.fromPath(`r/${g}/${m}`).mnemonics[0];
    console.log(JSON.stringify([[of(0, 0), of(1, 0), of(1, 2)], [of(1, 1), of(1, 2), of(2, 0), of(2, 4), of(2, 2)]]));
}
"""


def slip39_node(script, package, *arguments):
    done = subprocess.run(["node", script, package, *arguments], capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.strip()[-300:]


def with_slip39(tool):
    package = str(npm("slip39", SLIP39))
    if not shutil.which("node"):
        raise Skip("node is not installed")
    good = total = 0
    with tempfile.TemporaryDirectory(prefix="c138-slip39-") as folder:
        script = pathlib.Path(folder) / "s.js"
        script.write_text(SLIP39_SCRIPT)
        for size, passphrase in ((16, ""), (16, "TREZOR"), (32, "correct horse"), (32, "~!@ #")):
            secret = os.urandom(size).hex()
            for shares in json.loads(slip39_node(script, package, secret, passphrase)):
                got = tool("slip39-combine", shares="\n".join(shares), passphrase=passphrase)
                good += check(got.get("secret") == secret, f"shares of npm slip39: {got}")
                total += 1
            for extendable in (0, 1):
                made = tool("slip39-split", secret=secret, passphrase=passphrase, group_threshold=2,
                            groups=[[2, 3], [1, 1], [3, 4]], exponent=1, extendable=extendable)["shares"].splitlines()
                for chosen in ((0, 2, 3), (1, 2, 4, 5, 7), (3, 5, 6, 7)):
                    got = slip39_node(script, package, secret, passphrase, *(made[i] for i in chosen))
                    good += check(got == secret, f"npm slip39 reads ours (extendable {extendable}): {got}")
                    total += 1
    counted(f"sets of shares both ways with npm slip39 {SLIP39}", good, total)


# --- Tessera

def tessera(tool):
    if os.environ.get("C138_SANITIZED"):
        raise Skip("1 GiB of Argon2 takes minutes with a sanitizer")
    data = json.loads((SOURCE / "tests/data/wallet/tessera-21.1.1-keys.json").read_text())
    good = 0
    for vector in data["vectors"]:
        got = tool("tessera-open", json=json.dumps(vector["key_file"]), password=vector["password"])
        good += check(got.get("public") == vector["public_key_b64"], f"Tessera's key {vector['public_key_b64']}: {got}")
    counted("locked keys of Tessera 21.1.1, its default of 1 GiB among them", good, len(data["vectors"]))


TESSERA_SCRIPT = """
const {argon2i, argon2d, argon2id} = require(process.argv[2]), nacl = require(process.argv[3]);
const {data, type} = JSON.parse(process.argv[4]), o = data.aopts, raw = (t) => new Uint8Array(Buffer.from(t, 'base64'));
if (type !== 'argon2sbox') throw new Error(type);
({i: argon2i, d: argon2d, id: argon2id})[o.variant]({password: process.argv[5], salt: raw(data.asalt), iterations: o.iterations,
    memorySize: o.memory, parallelism: o.parallelism, hashLength: 32, outputType: 'binary'})
    .then((key) => console.log(Buffer.from(nacl.secretbox.open(raw(data.sbox), raw(data.snonce), key)).toString('hex')));
"""


def tessera_locks(tool):
    argon, nacl = str(npm("hash-wasm", HASH_WASM)), str(npm("tweetnacl", TWEETNACL))
    good = total = 0
    with tempfile.TemporaryDirectory(prefix="c138-tessera-") as folder:
        script = pathlib.Path(folder) / "t.js"
        script.write_text(TESSERA_SCRIPT)
        for variant in ("i", "d", "id"):
            for password in ("simple", "p\u00e4ss w\u00f6rd"):
                key = os.urandom(32).hex()
                made = tool("tessera-lock", key=key, password=password, memory=1024, variant=variant)
                done = subprocess.run(["node", script, argon, nacl, made["json"], password], capture_output=True, text=True)
                good += check(done.stdout.strip() == key, f"hash-wasm and tweetnacl open ours ({variant}): {done.stderr[-300:]}")
                total += 1
    counted("Tessera keys that we lock, opened by hash-wasm and tweetnacl", good, total)


if __name__ == "__main__":
    run("wallet_vectors", "wallet_tool", (ethers_keystores, ethers_trees, ethers_accounts, with_cast, with_slip39, tessera, tessera_locks))
