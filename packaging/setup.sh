# packaging/setup.sh: what ./quickstart and ./run-tests share: packages, anvil, the build. Sourced by sh.

say() { printf '%s\n' "==> $*"; }

# Runs as root, with sudo where we are not.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

BUILD_PACKAGES="build-essential autoconf automake libtool pkg-config libevent-dev libcurl4-openssl-dev
 libjson-c-dev libsecp256k1-dev libconfig-dev libcunit1-dev libsqlite3-dev liburcu-dev libssl-dev
 libsystemd-dev libzstd-dev libseccomp-dev libsodium-dev libargon2-dev libunistring-dev libyaml-dev libgpgme-dev libp11-kit-dev
 libarchive-dev librocksdb-dev gnupg ca-certificates npm tzdata"
TEST_PACKAGES="$BUILD_PACKAGES valgrind python3 prometheus nats-server libnats-dev libgcrypt20-dev systemd bash-completion lintian
 debhelper devscripts fakeroot procps curl rpm golang-go
 docker.io docker-compose busybox-static python3-dbus python3-gi systemd-journal-remote logrotate iproute2 dbus
 prometheus-alertmanager softhsm2 openssl restic zstd postgresql libpostgresql-jdbc-java strace btrfs-progs"

# setup_packages NAMES: installs those that are missing, in one go; says which.
setup_packages() {
    missing=
    for p in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
    done
    # npm and node may have come another way than by Debian's packages
    command -v npm >/dev/null 2>&1 && missing=$(printf '%s' "$missing" | sed 's/ npm\b//')
    command -v go >/dev/null 2>&1 && missing=$(printf '%s' "$missing" | sed 's/ golang-go\b//')
    [ -n "$missing" ] || return 0
    say "installing:$missing"
    as_root apt-get update -qq
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Options::=--force-confold $missing >/dev/null
}
setup_build_packages() { setup_packages $BUILD_PACKAGES; }
setup_test_packages() { setup_packages $TEST_PACKAGES; }

# setup_anvil BUILD: sets ANVIL to a binary of the pinned version, fetched from npm once.
ANVIL_VERSION=1.7.1
setup_anvil() {
    if [ -n "${C138_ANVIL:-}" ]; then ANVIL=$C138_ANVIL; return 0; fi
    case $(uname -m) in
    x86_64) arch=amd64 ;;
    aarch64) arch=arm64 ;;
    *) ANVIL=; return 0 ;;
    esac
    cache=$1/anvil-$ANVIL_VERSION
    ANVIL=$cache/node_modules/@foundry-rs/anvil-linux-$arch/bin/anvil
    if [ ! -x "$ANVIL" ]; then
        say "fetching anvil $ANVIL_VERSION from npm"
        mkdir -p "$cache"
        (cd "$cache" && npm install --prefix "$cache" --silent --no-audit --no-fund --no-save --ignore-scripts \
            "@foundry-rs/anvil-linux-$arch@$ANVIL_VERSION" >/dev/null)
    fi
}

# setup_build SOURCE BUILD [CONFIGURE ARGUMENTS]: configures when needed, and makes.
setup_build() {
    source=$1 into=$2
    shift 2
    [ -x "$source/configure" ] || (cd "$source" && ./bootstrap >"$source/bootstrap.log" 2>&1) ||
        { tail -20 "$source/bootstrap.log" >&2; return 1; }
    rm -f "$source/bootstrap.log"
    mkdir -p "$into"
    if [ ! -f "$into/Makefile" ] || [ "$(cat "$into/.configured" 2>/dev/null)" != "$*" ]; then
        (cd "$into" && "$source/configure" --quiet "$@" >configure.log 2>&1) ||
            { tail -30 "$into/configure.log" >&2; return 1; }
        printf '%s' "$*" >"$into/.configured"
    fi
    make -C "$into" -s -j"$(nproc)" all
}

# setup_geth BUILD: geth 1.13.15, the last that speaks clique, built from its module once; left out where Go is too old.
GETH_VERSION=v1.13.15
setup_geth() {
    if [ -n "${C138_GETH:-}" ]; then export C138_GETH; return 0; fi
    C138_GETH=$1/geth-$GETH_VERSION/geth
    if [ ! -x "$C138_GETH" ]; then
        if ! command -v go >/dev/null 2>&1; then unset C138_GETH; return 0; fi
        say "building geth $GETH_VERSION (a few minutes, once)"
        GOBIN=$(dirname "$C138_GETH") GOFLAGS=-mod=mod go install -ldflags=-checklinkname=0 \
            github.com/ethereum/go-ethereum/cmd/geth@$GETH_VERSION >"$1/geth.log" 2>&1 ||
            GOBIN=$(dirname "$C138_GETH") go install \
                github.com/ethereum/go-ethereum/cmd/geth@$GETH_VERSION >>"$1/geth.log" 2>&1 ||
            { say "geth could not be built ($(tail -1 "$1/geth.log")): its tests are skipped"; unset C138_GETH; return 0; }
    fi
    export C138_GETH
}

# setup_versitygw BUILD: a real S3 service, built from its module once; left out where Go is too old.
VERSITYGW_VERSION=v1.8.0
setup_versitygw() {
    if [ -n "${C138_VERSITYGW:-}" ]; then export C138_VERSITYGW; return 0; fi
    C138_VERSITYGW=$1/versitygw-$VERSITYGW_VERSION/versitygw
    if [ ! -x "$C138_VERSITYGW" ]; then
        if ! command -v go >/dev/null 2>&1; then unset C138_VERSITYGW; return 0; fi
        say "building versitygw $VERSITYGW_VERSION (a few minutes, once)"
        GOBIN=$(dirname "$C138_VERSITYGW") GOFLAGS=-mod=mod go install \
            github.com/versity/versitygw/cmd/versitygw@$VERSITYGW_VERSION >"$1/versitygw.log" 2>&1 ||
            { say "versitygw could not be built ($(tail -1 "$1/versitygw.log")): its test is skipped"; unset C138_VERSITYGW; return 0; }
    fi
    export C138_VERSITYGW
}
