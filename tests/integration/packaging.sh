# tests/integration/packaging.sh: what the tests of packaging share. Sourced by sh; sets $source, $build, $work.

skip() {
    echo "skipped: $name: $1"
    exit 77
}
fail() {
    echo "$name: $*" >&2
    exit 1
}
need() {
    for program in "$@"; do
        command -v "$program" >/dev/null 2>&1 || skip "$program is not installed"
    done
}
# A sanitizer changes nothing about packages, and costs minutes.
not_sanitized() {
    ! grep -q '^#define C138_SANITIZED' config.h || skip "this build has a sanitizer; the plain build runs it"
}

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
LC_ALL=C.UTF-8
export PATH LC_ALL
umask 022
source=$(cd "${srcdir:-.}" && pwd)
build=$(pwd)
work=$(mktemp -d)
trap 'status=$?; trap - EXIT; chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"; exit $status' EXIT
trap 'exit 130' INT TERM
# A make that runs us must not lend its flags to the make that we run.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
