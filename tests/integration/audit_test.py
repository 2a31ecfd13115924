#!/usr/bin/env python3
"""besu.audit over a real agent: in a worker and in a thread, in each form, with its exit status; on running nodes (doubles of
recorded Besus); its SARIF against OASIS's schema; and measured on what quorum-dev-quickstart writes."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import besu_double as double  # noqa: E402
import vectors  # noqa: E402
from harness import SOURCE, Agent, Skip, built, check, equal, run  # noqa: E402

FILES = os.path.join(SOURCE, "tests", "data", "audit")
VALIDATOR = "1.0.0-beta.0"  # of @microsoft/jest-sarif, which brings the schema and ajv
QUICKSTART = "0.2.4"
HOST = {"C05"}  # what this machine is like is no property of the files


def read(name):
    with open(os.path.join(SOURCE, name)) as f:
        return f.read()


class Stand:
    """A copy of the files that every rule is content with, and an agent that may read them."""

    def __init__(self, nodes="", more="", plugin=""):
        self.folder = tempfile.mkdtemp(prefix="c138-audit-")
        shutil.copytree(FILES, os.path.join(self.folder, "net"))
        self.net = os.path.join(self.folder, "net")
        for name in ("keys/nodekey", "tessera/tm.key", "tessera/passwords"):
            os.chmod(self.path(name), 0o600)
        if not nodes:  # none of them answers
            nodes = """{ name = "validator-1"; url = "http://127.0.0.1:9"; role = "validator"; compose_file = "%s/compose.yml";
                         tessera_config = "%s/tessera/tessera.json"; besu_version = "25.5.0"; }""" % (self.net, self.net)
        section = 'nodes = (%s); audit_folders = ("%s"); timeout = "500ms"; %s %s' % (nodes, self.net, more, plugin)
        self.agent = Agent(plugins={"besu": section})

    def path(self, name):
        return os.path.join(self.net, name)

    def edit(self, name, old, new):
        with open(self.path(name)) as f:
            text = f.read()
        check(old in text, "%s has no %s" % (name, old))
        with open(self.path(name), "w") as f:
            f.write(text.replace(old, new, 1))

    def audit(self, *args, fail_on="never"):
        return self.agent.json("besu", "audit", "--fail-on", fail_on, *args)

    def __enter__(self):
        self.agent.start()
        return self

    def __exit__(self, *rest):
        try:
            self.agent.__exit__(*rest)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


def found(result):
    return {f["rule"] for f in result["findings"]} - HOST


def left_out(result):
    return {rule: n["reason"] for n in result["not_checked"] for rule in n["rules"].split(", ")}


def content_in_worker_and_thread():
    results = []
    for mode in ("worker", "thread"):
        with Stand(plugin='mode = "%s";' % mode) as s:
            equal(s.agent.plugin("besu")["mode"], mode)
            r = s.audit()
            equal(found(r), {"T19"}, r["findings"])
            results.append([[{k: str(v).replace(s.net, "NET") for k, v in row.items()} for row in r[part]
                             if "C05" not in (row.get("rule"), row.get("rules"))] for part in ("findings", "not_checked")])
    equal(results[0], results[1])


def lines_and_exit_status():
    with Stand() as s:
        s.edit("config/config.toml", 'logging="INFO"', 'logging="DEBUG"')  # low
        s.edit("compose.yml", "besu:25.5.0", "besu:latest")  # high
        r = s.audit()
        place = {f["rule"]: (f["severity"], f["file"], f.get("line")) for f in r["findings"] if f["rule"] not in HOST}
        equal(place, {"B39a": ("low", s.path("config/config.toml"), 6), "B38a": ("high", s.path("compose.yml"), 4),
                      "T19": ("info", s.path("tessera/tessera.json"), None)})
        for limit, status in (("critical", 0), ("high", 1), ("medium", 1), ("low", 1), ("info", 1), ("never", 0)):
            code, out, err = s.agent.ctl("besu", "audit", "--fail-on", limit)
            equal(code, status, limit + err)
            check("B39a" in out and "latest" in out, "the findings are shown all the same: " + out)
        equal(s.agent.ctl("besu", "audit")[0], 1, "high is the default")
        code, out, _ = s.agent.ctl("--json", "besu", "audit", "--fail-on", "high")
        equal((code, json.loads(out)["ok"]), (1, False))
        equal(s.agent.ctl("besu", "audit", "--fail-on", "worst")[0], 5)


def forms():
    with Stand() as s:
        s.edit("config/config.toml", "max-peers=25", "max-peers=101")
        table = s.audit()
        code, out, _ = s.agent.ctl("besu", "audit", "--format", "json", "--fail-on", "low")
        report = json.loads(out)
        equal(code, 1)
        equal(report["findings"], table["findings"])
        equal(report["counts"], table["counts"])
        equal(report["not_checked"], table["not_checked"])
        code, out, _ = s.agent.ctl("besu", "audit", "--format", "sarif", "--fail-on", "never")
        log = json.loads(out)
        equal((code, log["version"]), (0, "2.1.0"))
        equal(s.audit("--format", "sarif")["document"]["runs"][0]["results"], log["runs"][0]["results"])
        results = log["runs"][0]["results"]
        equal(len(results), len(table["findings"]))
        peers = [r for r in results if r["ruleId"] == "B25b"][0]
        rules = log["runs"][0]["tool"]["driver"]["rules"]
        equal(rules[peers["ruleIndex"]]["id"], "B25b")
        equal(peers["level"], "note")
        where = peers["locations"][0]["physicalLocation"]
        equal((where["artifactLocation"]["uri"], where["region"]), ("file://" + s.path("config/config.toml"), {"startLine": 11}))
        notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
        equal(len(notes), len(table["not_checked"]))
        return out


def sarif_is_valid():
    """By ajv and the JSON schema of the standard; one that is not valid is refused."""
    try:
        folder = vectors.npm("@microsoft/jest-sarif", VALIDATOR)
    except vectors.Skip as why:
        raise Skip(str(why))
    program = """
        const Ajv = require("ajv");
        const ajv = new Ajv({schemaId: "auto", validateSchema: false, allErrors: true});
        ajv.addMetaSchema(require("ajv/lib/refs/json-schema-draft-04.json"));
        const validate = ajv.compile(require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"));
        validate(JSON.parse(require("fs").readFileSync(0, "utf8")));
        console.log(JSON.stringify((validate.errors || []).map(e => e.dataPath + " " + e.message)));"""

    def errors(log):
        r = subprocess.run(["node", "-e", program], input=log, capture_output=True, text=True, cwd=folder.parent.parent)
        check(r.returncode == 0, r.stderr)
        return json.loads(r.stdout)

    log = forms()
    equal(errors(log), [])
    check(errors(log.replace('"note"', '"remark"')) and errors(log.replace('"ruleIndex"', '"rule_index"')), "nothing is refused")
    print("peer: SARIF 2.1.0-rtm.5 schema of @microsoft/jest-sarif %s" % VALIDATOR)


def not_checked_is_said():
    """Nothing is passed in silence: a node of whose files nothing is known has every rule listed."""
    with Stand(nodes='{ name = "a"; url = "http://127.0.0.1:9"; }') as s:
        r = s.audit()
        rules = set(re.findall(r"^\| ([A-Z][0-9]+[a-z]?) \|", read("docs/audit-rules.md"), re.M))
        check(len(rules) > 100, rules)
        equal(set(left_out(r)) | {"B46", "C05"}, rules)  # it has no file that could be broken; and the clock is the host's
        check("config_file" in left_out(r)["B01"], left_out(r)["B01"])
        check("tessera_config" in left_out(r)["T01"], left_out(r)["T01"])
        r = s.audit("--config-file", s.path("config/config.toml"))
        check("role" in left_out(r)["B12"] and "besu_version" in left_out(r)["B41a"], left_out(r))


def only_what_is_granted_is_read():
    with Stand() as s:
        if not s.agent.plugin("besu").get("sandbox", {}).get("landlock"):
            raise Skip("this kernel has no Landlock")
        outside = os.path.join(s.folder, "outside.toml")
        shutil.copyfile(s.path("config/config.toml"), outside)
        r = s.audit("--config-file", outside)
        check("audit_folders" in left_out(r)["B01"], left_out(r)["B01"])
    with Stand(plugin='mode = "thread";') as s:
        code, _, err = s.agent.ctl("besu", "audit", "--compose-file", "/nowhere/compose.yml")
        check(code != 0 and "/nowhere/compose.yml" in err, err)
        code, _, err = s.agent.ctl("besu", "audit", "--node", "validator-2")
        check(code != 0 and "validator-1" in err, err)


def running_nodes():
    """Nodes of one recorded network agree; one of another version and genesis does not."""
    one, other = double.Network("25.5.0", "all-up"), double.Network("26.8.0", "all-up")
    try:
        node = '{ name = "%s"; url = "%s"; }'
        with Stand(nodes=", ".join(node % ("n%d" % i, url) for i, url in enumerate(one.urls()[:2]))) as s:
            r = s.audit()
            check(not {"G01b", "B38b"} & (found(r) | set(left_out(r))), (r["findings"], left_out(r)))
            r = s.audit("--genesis-file", s.path("config/genesis.json"), "--node", "n0")
            check("G01c" not in found(r) | set(left_out(r)), r)
            s.edit("config/genesis.json", '"chainId": 138', '"chainId": 139')
            s.edit("config/genesis.json", '"epochlength": 30000', '"epochlength": 3000')
            r = s.audit("--genesis-file", s.path("config/genesis.json"), "--node", "n0")
            check({"G01a", "G01c", "G05a"} <= found(r), r["findings"])
        with Stand(nodes=", ".join(node % pair for pair in (("old", one.urls()[0]), ("new", other.urls()[0])))) as s:
            r = s.audit()
            check("B38b" in found(r), r)
            by = {f["rule"]: f["nodes"] for f in r["findings"]}
            equal(by["B38b"], "new")
            equal(by["G01b"], "new", "their genesis differ, as the recordings have it")
    finally:
        one.close()
        other.close()


def rules_are_written_down():
    out = subprocess.run([built("tests/integration/audit_rules")], capture_output=True, text=True, check=True).stdout
    check(read("docs/audit-rules.md") == out, "docs/audit-rules.md is old: tests/integration/audit_rules > docs/audit-rules.md")
    count = out.split(" rules,")[0].split()[-1]
    check("[%s rules](audit-rules.md)" % count in read("docs/besu.md"), "docs/besu.md names another number than %s" % count)


def quickstart():
    """The numbers of docs/besu.md. Findings of this host (the clock) are left out."""
    try:
        package = vectors.npm("quorum-dev-quickstart", QUICKSTART)
    except vectors.Skip as why:
        raise Skip(str(why))
    with Stand() as s:
        out = os.path.join(s.net, "quickstart")
        old = os.umask(0o022)  # modes are findings, too
        try:
            r = subprocess.run(["node", str(package / "index.js"), "--clientType", "besu", "--outputPath", out, "--monitoring", "loki",
                                "--privacy", "true", "--blockscout", "false", "--chainlens", "false"],
                               capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
        finally:
            os.umask(old)
        check(r.returncode == 0 and os.path.exists(out + "/docker-compose.yml"), r.stderr)
        shutil.copyfile(out + "/config/besu/QBFTgenesis.json", out + "/config/besu/genesis.json")  # as its containers do at the start
        compose = out + "/docker-compose.yml"
        network = s.audit("--compose-file", compose)
        member = s.audit("--compose-file", compose, "--service", "member1besu", "--tessera-config",
                         out + "/config/tessera/data/tessera-config-template.json")
        lines = []
        for what, result in (("the network", network), ("member1besu with its Tessera", member)):
            count = [sum(f["severity"] == severity for f in result["findings"] if f["rule"] not in HOST)
                     for severity in ("critical", "high", "medium", "low", "info")]
            lines.append("| %s | %s | %d |" % (what, " | ".join(map(str, count)), len(found(result))))
            print(lines[-1])
        tessera = {rule for rule in found(member) if rule[0] == "T"}
        check({"T02", "T06", "T07", "T08", "T09", "T11", "T14a", "T14b", "T15a", "T15b", "T19", "T20"} <= tessera, tessera)
        check("T13" not in tessera and "T13" not in left_out(member), "its keys are pairs: " + str(left_out(member)))
        check({"B01", "B02", "B03", "B33a", "B44a", "B44c", "B45", "C02", "C09", "C10", "G01a"} <= found(network), found(network))
        for line in lines:
            check(line in read("docs/besu.md"), "docs/besu.md has not: " + line)
    print("peer: quorum-dev-quickstart %s" % QUICKSTART)


run("audit", [content_in_worker_and_thread, lines_and_exit_status, forms, sarif_is_valid, not_checked_is_said,
              only_what_is_granted_is_read, running_nodes, rules_are_written_down, quickstart])
