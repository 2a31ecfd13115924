#!/bin/sh
# Runs @NAME@ in an agent of its own: the action, the setting, the event and the metric. Leaves nothing.
# Needs what is installed: chain138d, chain138ctl. C138_MODE=thread runs it in a thread of the agent.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
agent=
finish() {
    status=$?
    if [ -n "$agent" ]; then
        kill "$agent" 2>/dev/null || true
        wait "$agent" 2>/dev/null || true
    fi
    [ $status = 0 ] || cat "$work/agent.log" 2>/dev/null || true
    rm -rf "$work"
    exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

# has TEXT WHAT: fails when standard input does not hold TEXT.
has() {
    cat >"$work/answer"
    grep -qF -- "$1" "$work/answer" && return 0
    printf 'test.sh: %s: expected "%s" in:\n' "$2" "$1" >&2
    cat "$work/answer" >&2
    exit 1
}

umask 022
chmod 0755 "$work"
mkdir -p "$work/etc/conf.d" "$work/plugins" "$work/state" "$work/run"
cp "$here/@NAME@.so" "$work/plugins/"
cat >"$work/etc/chain138.conf" <<CONF
agent: { state_dir = "$work/state"; run_dir = "$work/run"; plugin_dirs = ("$work/plugins"); };
api: { socket = "$work/run/agent.sock"; };
policy: { operators = ("user:$(id -un)"); };
CONF
sed "s/enabled = true;/enabled = true; mode = \"${C138_MODE:-worker}\";/" "$here/@NAME@.conf" >"$work/etc/conf.d/@NAME@.conf"

PATH=$PATH:/usr/local/sbin:/usr/sbin
chain138d --config "$work/etc/chain138.conf" --check-config
chain138d --config "$work/etc/chain138.conf" --stderr >"$work/agent.log" 2>&1 &
agent=$!
ctl() { chain138ctl --socket "$work/run/agent.sock" "$@"; }
tries=0
until [ -S "$work/run/agent.sock" ] && ctl @NAME@ greet >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ]; then
        ctl @NAME@ greet || true
        exit 1
    fi
    sleep 0.1
done

ctl @NAME@ greet --who Ada --times 2 --json | has '"Good morning, Ada!"' "the action and the setting"
if ctl @NAME@ greet --times 1000 2>"$work/refused"; then
    echo "test.sh: times = 1000 was not refused" >&2
    exit 1
fi
has times "the message of a wrong parameter" <"$work/refused"
ctl @NAME@ greet --help | has "Whom to greet" "the help"
ctl events @NAME@.greeted --json | has '"Ada"' "the event"
ctl metrics | has "chain138_@NAME_C@_greetings_total 3" "the metric: one by the wait above, two by Ada"

sed 's/Good morning/Good night/' "$here/@NAME@.conf" |
    sed "s/enabled = true;/enabled = true; mode = \"${C138_MODE:-worker}\";/" >"$work/etc/conf.d/@NAME@.conf"
ctl reload >/dev/null
ctl @NAME@ greet Grace --json | has '"Good night, Grace!"' "the setting after a reload"
echo "@NAME@: all is well"
