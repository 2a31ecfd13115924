#!/usr/bin/env python3
"""A stand-in of kubectl: answers with objects of the Kubernetes API (v1, apps/v1 as of 1.28) beside it and writes down its arguments."""
import json
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))


def workload(kind, name):
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}},
                     "template": {"spec": {"containers": [{"name": "besu", "image": "hyperledger/besu:25.5.0", "args": ["--config-file=/c"],
                                                           "env": [{"name": "BESU_LOGGING", "value": "INFO"}]}]}}}}


PODS = {
    "app=validator-1": {
        "metadata": {"name": "validator-1-0", "uid": "u1", "labels": {"app": "validator-1"}},
        "status": {"phase": "Running", "containerStatuses": [{
            "name": "besu", "ready": True, "restartCount": 0, "image": "hyperledger/besu:25.5.0",
            "imageID": "docker-pullable://hyperledger/besu@sha256:" + "a" * 64,
            "state": {"running": {"startedAt": "2026-11-29T10:00:00Z"}}, "lastState": {}}]}},
    "app=rpc": {
        "metadata": {"name": "rpc-6d4cf56db6-abcde", "uid": "u2", "labels": {"app": "rpc"}},
        "status": {"phase": "Running", "containerStatuses": [{
            "name": "besu", "ready": False, "restartCount": 7, "image": "hyperledger/besu:25.5.0", "imageID": "",
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}]}},
}


def main():
    words = sys.argv[1:]
    with open(os.path.join(FOLDER, "calls"), "a") as f:
        f.write(json.dumps(words) + "\n")
    rest = words[3:]
    if rest[0] == "get" and rest[1] == "pods":
        print(json.dumps({"apiVersion": "v1", "kind": "List", "items": [PODS[rest[rest.index("-l") + 1]]]}))
    elif rest[0] == "get":
        kind, name = rest[1].split("/")
        print(json.dumps(workload("StatefulSet" if kind == "statefulset" else "Deployment", name)))
    elif rest[0] == "logs":
        if rest[1] == "validator-1-0":
            print("2026-11-29T10:00:01.000000001Z Produced empty block #1\n2026-11-29T10:00:03.5Z Produced empty block #2")
    elif rest[0] == "top":
        print("validator-1-0   250m   512Mi\nrpc-6d4cf56db6-abcde   1   1Gi")
    elif rest[0] == "rollout" and rest[1] == "status":
        print("partitioned roll out complete: 1 new pods have been updated...")
    elif rest[0] in ("rollout", "scale", "set"):
        print("%s %s" % (rest[0], " ".join(rest[1:])))
    else:
        sys.exit("error: unknown command %r" % rest)


main()
