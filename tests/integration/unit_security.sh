#!/bin/sh
# The systemd unit: systemd reads it without complaint, and its exposure is at most 1.5.
set -eu
name=unit_security
. "${srcdir:-.}/tests/integration/packaging.sh"
need systemd-analyze
systemd-analyze security --help 2>/dev/null | grep -q -- --offline || skip "this systemd cannot judge a unit offline"
unit=packaging/systemd/chain138d.service
[ -f $unit ] || fail "$unit was not built"
! grep -q '@[a-z]*@' $unit || fail "$unit: a placeholder was left: $(grep '@[a-z]*@' $unit)"

# verify wants the programs at their places: a copy that names the built ones.
sed -e "s|=\(-*\)[^ =]*/chain138d|=\1$build/chain138d|" -e '/^Documentation=/d' $unit >"$work/chain138d.service"
systemd-analyze verify --man=no "$work/chain138d.service" >"$work/verify" 2>&1 || true
if grep -q 'chain138d.service' "$work/verify"; then
    cat "$work/verify" >&2
    fail "systemd-analyze verify complains"
fi

# 15: the exposure of 1.5 that is promised, in tenths.
if ! systemd-analyze security --offline=true --no-pager --threshold=15 "$work/chain138d.service" >"$work/security" 2>&1; then
    grep -v '✓' "$work/security" >&2
    fail "the unit is exposed more than 1.5"
fi
tail -1 "$work/security"

for want in NoNewPrivileges=yes User=chain138 WatchdogSec= StateDirectory=chain138 RuntimeDirectory=chain138 \
    OOMPolicy=continue KillMode=mixed; do
    grep -q "^$want" $unit || fail "the unit lacks $want"
done
# The threshold can fail: without its filters the unit is over it.
grep -v '^SystemCall\|^Protect\|^Capab' "$work/chain138d.service" >"$work/weak.service"
! systemd-analyze security --offline=true --no-pager --threshold=15 "$work/weak.service" >/dev/null 2>&1 ||
    fail "a unit without its filters passed as well"

# The stage helper's unit: as quiet, and without a single capability.
stage='packaging/systemd/chain138-stage@.service'
if [ -f "$stage" ]; then
    sed -e "s|=[^ =]*/chain138-stage|=$build/chain138-stage|" "$stage" >"$work/chain138-stage@.service"
    systemd-analyze security --offline=true --no-pager --threshold=15 "$work/chain138-stage@.service" >"$work/stage" 2>&1 ||
        { grep -v '✓' "$work/stage" >&2; fail "the stage helper's unit is exposed more than 1.5"; }
    tail -1 "$work/stage"
    grep -q '^CapabilityBoundingSet=$' "$stage" || fail "the stage helper holds capabilities"
fi
