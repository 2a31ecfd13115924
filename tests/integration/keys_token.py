#!/usr/bin/env python3
"""Keys on a token (PKCS #11): SoftHSM 2 holds them, signs for the keys plugin in its sandbox, and the chain takes what it signed."""
import os
import shutil
import subprocess

from harness import Agent, Skip, check, development_chain, equal, run, until
from keys_test import TO, unsigned
from sender import ACCOUNTS

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
SECTION = """enabled = true; kdf = "light"; keys = (
  { name = "vaulted"; pkcs11 = { module = "%(module)s"; token = "%(token)s"; label = "vaulted"; pin = "file:%(pin)s";
      files = ("%(conf)s"); state = ("%(tokens)s"); environment = ("SOFTHSM2_CONF=%(conf)s"); };
    rules = ( { name = "pay"; to = ("%(to)s"); max_value = "1ether"; max_gas_price = "10gwei"; per_hour = 1000; } ); },
  { name = "second"; pkcs11 = { module = "%(module)s"; token = "%(token)s"; label = "second"; pin = "file:%(pin)s";
      files = ("%(conf)s"); state = ("%(tokens)s"); environment = ("SOFTHSM2_CONF=%(conf)s"); };
    rules = ( { name = "all"; to = ("*"); max_value = "1ether"; max_gas_price = "10gwei"; } ); } );"""


class Token:
    """An agent whose keys are on a token of SoftHSM."""

    def __init__(self):
        self.module = next((m for m in MODULES if os.path.exists(m)), None)
        if not self.module or not shutil.which("softhsm2-util"):
            raise Skip("no SoftHSM 2")
        self.agent = Agent()
        self.tokens = self.agent.path("tokens")
        os.mkdir(self.tokens, 0o700)
        self.conf = self.agent.write("softhsm2.conf", "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n" % self.tokens)
        self.agent.write("pin", "123456\n", 0o600)
        self.util("--init-token", "--free", "--label", "chain138", "--so-pin", "87654321", "--pin", "123456")
        self.agent.install("keys")
        self.configure()

    def configure(self, **more):
        self.agent.plugin_config("keys", SECTION % {**{"module": self.module, "token": "chain138", "pin": self.agent.path("pin"), "conf": self.conf,
                                                       "tokens": self.tokens, "to": TO}, **more})

    def util(self, *args):
        r = subprocess.run(["softhsm2-util", *args], capture_output=True, text=True, env=dict(os.environ, SOFTHSM2_CONF=self.conf))
        check(r.returncode == 0, r.stdout + r.stderr)
        return r.stdout

    def import_known(self, label, raw):
        """A key that is known, brought onto the token with its maker's tools."""
        der = bytes.fromhex("302e0201010420" + raw + "a00706052b8104000a")  # RFC 5915
        pem = self.agent.path("known.der")
        with open(pem, "wb") as f:
            f.write(der)
        pkcs8 = subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-inform", "DER", "-in", pem], capture_output=True, text=True)
        check(pkcs8.returncode == 0, pkcs8.stderr)
        self.agent.write("known.pem", pkcs8.stdout, 0o600)
        self.util("--import", self.agent.path("known.pem"), "--token", "chain138", "--label", label, "--id", "01", "--pin", "123456")

    def __enter__(self):
        self.agent.start()
        check(until(lambda: (self.agent.plugin("keys") or {}).get("state") == "running"), self.agent.log_text()[-2000:])
        return self

    def __exit__(self, *_):
        self.agent.__exit__()

    def keys(self):
        return {k["name"]: k for k in self.agent.json("keys", "list")["keys"]}

    def sign(self, nonce, value=10 ** 15, key="vaulted"):
        return self.agent.json("keys", "sign", key, "--transactions", unsigned(nonce, value))["signed"][0]

    def fails(self, *args):
        status, out, err = self.agent.ctl("keys", *args)
        check(status != 0, out)
        return out + err


def version():
    return subprocess.run(["softhsm2-util", "--version"], capture_output=True, text=True).stdout.strip()


def what_a_token_signs_is_mined():
    token = Token()
    print("peer: SoftHSM", version())
    token.import_known("vaulted", ACCOUNTS[0][1])
    with development_chain() as chain, token:
        equal(token.keys()["vaulted"]["address"], ACCOUNTS[0][0])
        equal((token.keys()["vaulted"]["token"], token.keys()["vaulted"]["open"]), ("chain138", False))
        low = (2 ** 256 - 432420386565659656852420866394968145599) // 2
        for nonce in range(24):  # of 24 signatures a dozen come from the token with a high s
            signed = token.sign(nonce)
            equal((signed["from"], signed["rule"]), (ACCOUNTS[0][0], "pay"))
            equal(chain.result("eth_sendRawTransaction", signed["raw"]), signed["hash"])
            sent = until(lambda: chain.result("eth_getTransactionByHash", signed["hash"]))
            equal(sent["from"], ACCOUNTS[0][0].lower())
            check(int(sent["s"], 16) <= low, sent)
        check(until(lambda: int(chain.result("eth_getTransactionCount", ACCOUNTS[0][0], "latest"), 16) == 24))
        # its rules hold as for any key
        check("max_value" in token.fails("sign", "vaulted", "--transactions", unsigned(24, 10 ** 18 + 1)))


def keys_are_made_on_it():
    with Token() as token:
        made = token.agent.json("keys", "generate", "second")
        equal(made["token"], "chain138")
        equal(token.keys()["second"]["address"], made["address"])
        equal(token.sign(0, key="second")["from"], made["address"])
        check("never overwritten" in token.fails("generate", "second"))
        token.agent.write("state/plugins/keys/inbox/x", ACCOUNTS[0][1])
        check("is on a token" in token.fails("import", "vaulted", "--file", "x"))
        check("no public EC key" in token.fails("sign", "vaulted", "--transactions", unsigned(0, 1)))
        # after a lock and a new worker it is found again
        token.agent.ctl("keys", "lock")
        equal(token.keys()["second"]["open"], False)
        equal(token.sign(1, key="second")["from"], made["address"])
        token.agent.stop()
        token.agent.start()
        check(until(lambda: (token.agent.plugin("keys") or {}).get("state") == "running"))
        equal(token.sign(2, key="second")["from"], made["address"])
        # nothing of it lies in the signer's folder
        equal(os.listdir(token.agent.path("state/plugins/keys/keys")), [])


def a_wrong_pin_is_tried_once():
    with Token() as token:
        made = token.agent.json("keys", "generate", "second")
        token.agent.ctl("keys", "lock")
        token.agent.write("pin", "000000\n", 0o600)
        for _ in range(12):  # SoftHSM would not lock; a card does after three
            text = token.fails("sign", "second", "--transactions", unsigned(0, 1))
            check("PIN" in text and "not tried again" in text, text)
        token.agent.write("pin", "123456\n", 0o600)
        check("not tried again" in token.fails("sign", "second", "--transactions", unsigned(0, 1)))
        token.configure(to=ACCOUNTS[0][0])  # the section changed
        equal(token.agent.ctl("reload")[0], 0)
        equal(token.sign(0, key="second")["from"], made["address"])


def what_is_missing_is_named():
    with Token() as token:
        for change, word in (({"token": "other"}, 'no token "other"'), ({"module": "/usr/lib/nothing.so"}, "/usr/lib/nothing.so"),
                             ({"module": "/usr/lib/x86_64-linux-gnu/libc.so.6"}, "PKCS #11")):
            if change.get("module", "").endswith("libc.so.6") and not os.path.exists(change["module"]):
                continue
            token.configure(**change)
            token.agent.stop()
            token.agent.start()
            check(until(lambda: (token.agent.plugin("keys") or {}).get("state") == "running"), token.agent.log_text()[-1500:])
            text = " ".join(token.agent.json("keys", "list")["troubles"])
            check(word in text, text)
        token.agent.write("etc/conf.d/keys.conf", 'plugins: { keys: { enabled = true; keys = ({ name = "a"; }); }; };\n')
        status, out, err = token.agent.ctl("reload")
        check(status != 0 and "neither a password nor a token" in out + err, out + err)


if __name__ == "__main__":
    run("keys_token", [what_a_token_signs_is_mined, keys_are_made_on_it, a_wrong_pin_is_tried_once, what_is_missing_is_named])
