"""Four validators whose life is that of containers: a double that makes blocks while enough of them run.

A container says on its port which version it is and whether it speaks the old form of consensus messages. Blocks are made while
a quorum of three speaks one form (as four real nodes of 25.5.0 and 26.8.0 showed: two of each, and the chain stands); a proposer
that is away costs a round. Answers of RPC have the recorded shapes of Besu (besu_double.py says which).
"""
import hashlib
import http.client
import threading
import time

from besu_double import Recording, Server, Validator
from harness import free_port

PERIOD = 1.0
NODE_SH = b"""#!/bin/sh
mkdir -p /tmp/www
read version < /etc/node-version
if [ -e /etc/broken ]; then
  read broken < /etc/broken
  case $NAME in *${broken#besu}) echo "this version does not start"; exit 2 ;; esac
fi
echo "$version ${BESU_XBFT_LEGACY_PROTOCOL_ENCODING:-false} ${BESU_VERSION_COMPATIBILITY_PROTECTION:-unset}" > /tmp/www/state
echo '# TYPE ethereum_blockchain_height gauge
ethereum_blockchain_height 1' > /tmp/www/metrics
echo "node $NAME starts as $version"
echo "node $NAME complains" >&2
trap 'echo "node $NAME stops"; exit 0' TERM
sleep 1  # a node takes its time: who looks now and then sees that it is away
httpd -f -p 127.0.0.1:$PORT -h /tmp/www &
wait $!
"""


def old_form(version, legacy):
    return legacy == "true" or [int(x) for x in version.split(".")[:2]] < [26, 5]


class LiveTimeline:
    def __init__(self, order, first):
        self.order, self.times, self.proposers = order, {}, {}
        self.first = first


class LiveValidator(Validator):
    def web3_clientVersion(self):
        state = self.network.states.get(self.number)
        return {"result": "besu/v%s/linux-x86_64/openjdk-java-25" % (state[0] if state else "0.0.0")}


class LiveNetwork:
    def __init__(self):
        self.recording = Recording("26.8.0")
        order = sorted(self.recording.addresses.values())
        self.timeline = LiveTimeline(order, 1000)
        self.blocks, self.rounds, self.states = [], {}, {}
        self.seen_versions = set()  # of all that ran, at once
        self.history = []  # (time, frozenset of validators that run, head)
        self.ports = {n: free_port() for n in (1, 2, 3, 4)}
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.servers = [Server(LiveValidator(self, n)) for n in (1, 2, 3, 4)]
        now = time.time()
        for i in range(40):
            self.add(now - (40 - i) * PERIOD, i % 4, 0)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def add(self, when, proposer, rounds):
        number = self.timeline.first + len(self.blocks)
        self.timeline.times[number] = when
        self.timeline.proposers[number] = proposer
        self.rounds[number] = rounds
        self.blocks.append(number)

    def ask(self, n):
        """What the container of a validator says of itself; None: it is not there."""
        c = http.client.HTTPConnection("127.0.0.1", self.ports[n], timeout=1)
        try:
            c.request("GET", "/state")
            return c.getresponse().read().decode().split()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            c.close()

    def makers(self):
        """Those who make blocks together: the largest set that speaks one form, if it is a quorum."""
        forms = {True: set(), False: set()}
        for n, state in self.states.items():
            forms[old_form(state[0], state[1])].add(n)
        best = max(forms.values(), key=len)
        return best if len(best) >= 3 else set()

    def run(self):
        next_at = time.time() + PERIOD
        while not self.stopped.wait(0.1):
            states = {n: s for n in self.ports for s in [self.ask(n)] if s}
            with self.lock:
                self.states = states
                self.seen_versions.add(tuple(sorted(s[0] for s in states.values())))
                makers = self.makers()
                if makers and time.time() >= next_at:
                    turn = (self.timeline.proposers[self.blocks[-1]] + 1) % 4
                    lost = 0
                    while self.number_of(turn) not in makers:
                        turn, lost = (turn + 1) % 4, lost + 1
                    self.add(time.time(), turn, lost)
                    next_at = time.time() + PERIOD
                elif not makers:
                    next_at = time.time() + PERIOD
                self.history.append((time.time(), frozenset(states), self.head()))

    def number_of(self, index):
        """Which validator has this place in the order of addresses."""
        address = self.timeline.order[index]
        return next(n for n, a in self.recording.addresses.items() if a == address)

    def head(self):
        return self.blocks[-1]

    def up(self, n):
        return n in self.states

    def block(self, number):
        if number not in self.timeline.times:
            return None
        b = dict(self.recording.block)
        extra = self.recording.last["extraData"]
        rounds = self.rounds[number]
        b.update(number=hex(number), hash="0x" + hashlib.sha256(b"%d" % number).hexdigest(),
                 parentHash="0x" + hashlib.sha256(b"%d" % (number - 1)).hexdigest(),
                 timestamp=hex(int(self.timeline.times[number])), transactions=[], gasUsed="0x0",
                 miner=self.timeline.order[self.timeline.proposers[number]], totalDifficulty=hex(number + 1),
                 extraData=extra.replace("c080f8c9", "c0%sf8c9" % ("%02x" % rounds if rounds else "80")))
        return b

    def since(self, when):
        """How few ran at once since then, the order in which they went away, the longest pause between blocks."""
        with self.lock:
            first = next((i for i, r in enumerate(self.history) if r[0] >= when), len(self.history))
            rows = self.history[max(0, first - 1):]  # with how it was just before: the first look may come late
        fewest = min(len(r[1]) for r in rows)
        order, last = [], rows[0][1]
        for _, running, _ in rows:
            order += sorted(last - running)
            last = running
        pauses, moved = [], rows[0]
        for r in rows:
            if r[2] != moved[2]:
                pauses.append(r[0] - moved[0])
                moved = r
        pauses.append(rows[-1][0] - moved[0])
        return fewest, order, max(pauses)

    def close(self):
        self.stopped.set()
        self.thread.join()
        for s in self.servers:
            s.shutdown()
            s.server_close()
