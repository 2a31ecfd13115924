"""What the tests of the chain plugin share: an agent that may sign and send, a small contract, and the accounts of a
development chain.
"""
import os

from harness import Agent, check, free_port, until

# The first accounts of "test test ... junk", which a development chain funds.
ACCOUNTS = (("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
            ("0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"),
            ("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC", "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"))
TO = "0x00000000000000000000000000000000000a11ce"
RULE = """{ name = "all"; to = ("*"); calls = ("*"); creates = true; max_value = "10ether"; max_gas_price = "100gwei";
           per_hour = 100000; }"""


class Sender:
    """An agent with the plugins keys and chain. `urls`: its endpoints; `keys`: names of keys, each of the next account."""

    def __init__(self, urls, keys=("treasury",), settings="", accounts=ACCOUNTS, config="", timeout="2s"):
        self.agent = Agent(config=config)
        self.names = keys
        self.accounts = dict(zip(keys, accounts))
        self.agent.write("password", "correct horse\n", 0o600)
        password = self.agent.path("password")
        self.agent.install("keys")
        self.agent.install("chain")
        self.agent.plugin_config("keys", 'enabled = true; kdf = "light"; keys = (%s);' % ", ".join(
            '{ name = "%s"; password = "file:%s"; rules = ( %s ); }' % (name, password, RULE) for name in keys))
        endpoints = ", ".join('{ name = "node-%d"; url = "%s"; }' % (i + 1, url) for i, url in enumerate(urls))
        self.agent.plugin_config("chain", 'enabled = true; poll_interval = "200ms"; resend_interval = "300ms"; %s '
                                 'endpoints = ( %s ); %s' % ('timeout = "%s";' % timeout if timeout else "", endpoints, settings))
        self.inbox = self.agent.path("state/plugins/keys/inbox")

    def __enter__(self):
        self.agent.start()
        check(until(lambda: os.path.isdir(self.inbox)), self.agent.log_text()[-2000:])
        for name in self.names:
            with open(os.path.join(self.inbox, "wallet"), "w") as f:
                f.write(self.accounts[name][1])
            self.agent.json("keys", "import", name, "--file", "wallet")
        return self

    def __exit__(self, *_):
        self.agent.__exit__()

    def send(self, *args, key="treasury", **more):
        return self.agent.json("chain", "send", "--key", key, *args, **more)["transactions"][0]

    def fails(self, *args, **more):
        status, out, err = self.agent.ctl("chain", *args, **more)
        check(status != 0, out)
        return out + err

    def pending(self):
        return self.agent.json("chain", "pending")

    def events(self, topic):
        return [e for e in self.agent.json("events", "--limit", "500")["events"] if e["topic"] == topic]


# --- A contract ----------------------------------------------------------------------------------

TOPIC = bytes.fromhex("51af157c2eee40f68107a47a49c32fbbeb0a3c9e5cd37aa56e88e6be92368a81")  # any: the test gives it a name


def push(value):
    body = value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
    return bytes([0x5f + len(body)]) + body


def assemble(parts):
    """Bytes, and labels: ("label", name) marks a place, ("jump", name) pushes it in two bytes."""
    size = lambda p: len(p) if isinstance(p, bytes) else 1 if p[0] == "label" else 3
    at, places = 0, {}
    for p in parts:
        if not isinstance(p, bytes) and p[0] == "label":
            places[p[1]] = at
        at += size(p)
    return b"".join(p if isinstance(p, bytes) else b"\x5b" if p[0] == "label" else b"\x61" + places[p[1]].to_bytes(2, "big")
                    for p in parts)


def counter(event_topic):
    """increment() counts and logs; count() says how often; pause() and paused(); all else reverts with Error("no")."""
    def case(selector, name):
        return [b"\x80" + push(selector) + b"\x14", ("jump", name), b"\x57"]
    log = b"\x7f" + event_topic + push(0) + push(0) + b"\xa1"
    answer = push(0) + b"\x52" + push(32) + push(0) + b"\xf3"
    error = bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + (2).to_bytes(32, "big") + b"no".ljust(32, b"\0")
    code = assemble([push(0) + b"\x35" + push(224) + b"\x1c",
                     *case(0xd09de08a, "increment"), *case(0x06661abd, "count"), *case(0x8456cb59, "pause"),
                     *case(0x5c975abb, "paused"),
                     b"".join(b"\x7f" + error[i:i + 32].ljust(32, b"\0") + push(i) + b"\x52" for i in range(0, len(error), 32)),
                     push(len(error)) + push(0) + b"\xfd",
                     ("label", "increment"), push(0) + b"\x54" + push(1) + b"\x01" + push(0) + b"\x55" + log + b"\x00",
                     ("label", "count"), push(0) + b"\x54" + answer,
                     ("label", "pause"), push(1) + push(1) + b"\x55" + log + b"\x00",
                     ("label", "paused"), push(1) + b"\x54" + answer])
    size = len(code).to_bytes(2, "big")
    init = b"\x61" + size + b"\x80\x60\x0c\x60\x00\x39\x60\x00\xf3"
    return "0x" + (init.ljust(12, b"\x00") + code).hex()


LOGGED = "Logged(uint256 indexed id, address indexed who, uint256 value)"


def logger(topic):
    """Called with any selector and a number: logs so often Logged(id, caller, 3 * id), with ids from 0 on."""
    code = assemble([push(4) + b"\x35",
                     ("label", "loop"), b"\x80\x15", ("jump", "end"), b"\x57",
                     push(0) + b"\x54", b"\x80" + push(3) + b"\x02" + push(0) + b"\x52",
                     b"\x33\x81\x7f" + topic + push(32) + push(0) + b"\xa3",
                     push(1) + b"\x01" + push(0) + b"\x55", push(1) + b"\x90\x03",
                     ("jump", "loop"), b"\x56", ("label", "end"), b"\x00"])
    return "0x" + (b"\x61" + len(code).to_bytes(2, "big") + b"\x80\x60\x0c\x60\x00\x39\x60\x00\xf3" + code).hex()


def spare_url():
    """Where nobody listens."""
    return "http://127.0.0.1:%d" % free_port()
