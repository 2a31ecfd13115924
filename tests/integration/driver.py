"""Drives a built plugin through tests/integration/plugin_drive, one command at a time."""
import json
import os
import subprocess


def build_path(*names):
    return os.path.join(os.environ.get("top_builddir", os.environ.get("BUILD_DIR", os.getcwd())), *names)


class Driver:
    """A plugin in a process of its own. Everything is returned as parsed JSON."""

    def __init__(self, plugin, settings):
        self.others = {}  # other plugins' actions: action: function of params and dry_run, giving a result; {"key", "message"}: fails
        so = build_path("plugins", plugin, ".libs", plugin + ".so")
        program = build_path("tests", "integration", "plugin_drive")
        if not os.path.exists(so) or not os.path.exists(program):
            raise FileNotFoundError("not built: %s, %s" % (so, program))
        self.process = subprocess.Popen([program, so, json.dumps(settings), "-"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def command(self, word, argument=None):
        line = word if argument is None else "%s\t%s" % (word, argument)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        while True:
            answer = self.process.stdout.readline()
            if not answer:
                raise RuntimeError("the plugin's process ended at %r" % line)
            if answer[0] in "{[n":
                return json.loads(answer)
            if answer.startswith("call\t"):
                self.answer(*answer.rstrip("\n").split("\t")[1:])
            else:
                print(answer, end="")

    def answer(self, action, params, dry_run):
        other = self.others.get(action)
        result = other(json.loads(params), dry_run == "1") if other else {"key": "action.unknown", "message": action + " is not known"}
        status = "conflict" if other and "key" in result else "ok" if other else "not-found"
        self.process.stdin.write(json.dumps({"status": status, "result": result}) + "\n")
        self.process.stdin.flush()

    def run(self, action, **params):
        return self.command(action, json.dumps(params))

    def ok(self, action, **params):
        answer = self.run(action, **params)
        assert answer["status"] == "ok", answer
        return answer["result"]

    def plan(self, action, **params):
        """The dry run of an action; approved() runs what the last one planned."""
        answer = self.run("?" + action, **params)
        assert answer["status"] == "ok", answer
        return answer["result"]

    def approved(self, action, **params):
        return self.ok("!" + action, **params)

    def let(self, seconds):
        self.command("pass", "%.3f" % seconds)

    def events(self, topic=None):
        return [e["data"] for e in self.command("events") if topic in (None, e["topic"])]

    def topics(self):
        return [e["topic"] for e in self.command("events") if e["topic"] != "besu.head"]

    def forget(self):
        self.command("forget")

    def metrics(self):
        return self.command("metrics")

    def rows(self):
        return {row["name"]: row for row in self.command("rows")}

    def close(self):
        """True if the plugin ended cleanly and its declarations held."""
        self.process.stdin.close()
        code = self.process.wait(30)
        self.process.stdout.close()
        return code == 0
