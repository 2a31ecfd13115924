#!/bin/sh
# The Debian packages: built from the source tree, clean for lintian, installed into a scratch root with their
# scripts, tried there, removed and purged. The machine's own packages are not touched.
set -eu
name=deb
. "${srcdir:-.}/tests/integration/packaging.sh"
not_sanitized
need dpkg-buildpackage dh lintian fakeroot systemd-sysusers systemd-tmpfiles
lacks=$(dpkg-checkbuilddeps "$source/packaging/debian/control" 2>&1) || skip "$lacks"

"$source/packaging/build-deb" --source "$source" --into "$work/out" >"$work/build.log" 2>&1 ||
    { tail -60 "$work/build.log" >&2; fail "dpkg-buildpackage failed"; }
root_too=
[ "$(id -u)" != 0 ] || root_too=--allow-root
mkdir "$work/lintian.tmp" # where it leaves files behind
if ! TMPDIR=$work/lintian.tmp lintian $root_too --fail-on error,warning --tag-display-limit 0 "$work"/out/*.changes >"$work/lintian" 2>&1; then
    cat "$work/lintian" >&2
    fail "lintian found errors or warnings"
fi

version=$(sed -n "s/^#define PACKAGE_VERSION \"\(.*\)\"/\1/p" config.h)
deb() { ls "$work"/out/"$1"_"$version"_*.deb; }
# holds PACKAGE PATH...: each is in it.
holds() {
    package=$1
    shift
    dpkg-deb --fsys-tarfile "$(deb "$package")" | tar -t >"$work/list"
    for path in "$@"; do
        grep -q "^\./$path\$" "$work/list" || { cat "$work/list" >&2; fail "$package lacks $path"; }
    done
}
holds chain138-agent usr/sbin/chain138d usr/bin/chain138ctl usr/libexec/chain138/chain138-plugin-host \
    lib/systemd/system/chain138d.service usr/lib/sysusers.d/chain138.conf usr/lib/tmpfiles.d/chain138.conf \
    usr/share/man/man1/chain138ctl.1.gz usr/share/man/man8/chain138d.8.gz
holds chain138-agent-plugin-backup 'usr/lib/[^/]*/chain138/plugins/backup.so' usr/libexec/chain138/chain138-stage \
    lib/systemd/system/chain138-stage.socket lib/systemd/system/chain138-stage@.service
holds chain138-agent-plugin-besu 'usr/lib/[^/]*/chain138/plugins/besu.so'
holds chain138-agent-plugin-chain 'usr/lib/[^/]*/chain138/plugins/chain.so'
holds chain138-agent-plugin-stack 'usr/lib/[^/]*/chain138/plugins/stack.so'
holds chain138-agent-plugin-gpg 'usr/lib/[^/]*/chain138/plugins/gpg.so'
holds chain138-agent-plugin-keys 'usr/lib/[^/]*/chain138/plugins/keys.so'
holds chain138-plugin-dev usr/include/chain138/plugin.h usr/include/chain138/host.h usr/include/chain138/abi.h \
    'usr/lib/[^/]*/pkgconfig/chain138-plugin.pc' usr/share/chain138/template/Makefile

# A root of its own that knows this machine's packages, so that dependencies are checked for what they are.
root=$work/root
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/etc/systemd/system" "$root/var/lib" "$root/run"
dpkg-query -W -f 'Package: ${Package}\nStatus: install ok installed\nArchitecture: ${Architecture}\nMulti-Arch: ${Multi-Arch}\nVersion: ${Version}\nProvides: ${Provides}\nMaintainer: x <x@x>\nDescription: x\n\n' |
    awk -v RS= -v ORS='\n\n' '!/^Package: chain138/ { gsub(/\n(Provides|Multi-Arch): (\n|$)/, "\n"); gsub(/\n(Provides|Multi-Arch): (\n|$)/, "\n"); print }' >"$root/var/lib/dpkg/status"
: >"$root/var/lib/dpkg/available"
echo 1 >"$root/var/lib/dpkg/info/format"
awk '/^Package:/ { p = $2 } /^Architecture:/ { a = $2 } /^Multi-Arch: same/ { s = 1 }
    /^$/ { print s ? p ":" a : p; s = 0 }' "$root/var/lib/dpkg/status" |
    while read -r p; do : >"$root/var/lib/dpkg/info/$p.list"; done
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"
cp -a "$root" "$work/before"

as_root=
[ "$(id -u)" = 0 ] || as_root="fakeroot -i $work/fake -s $work/fake"
: >"$work/fake"
in_root() {
    # chrootless: the maintainer's scripts run here and work on $DPKG_ROOT
    $as_root dpkg --root="$root" --force-script-chrootless --force-not-root --log=/dev/null "$@" >"$work/dpkg.log" 2>&1 ||
        { cat "$work/dpkg.log" >&2; fail "dpkg $1 failed"; }
}
packages=$(sed -n 's/^Package: //p' "$source/packaging/debian/control")
# shellcheck disable=SC2086,SC2046
in_root --install $(for p in $packages; do deb "$p"; done)
grep -q '^chain138:' "$root/etc/passwd" || { cat "$work/dpkg.log" >&2; fail "the user chain138 was not made"; }
[ -d "$root/etc/chain138/conf.d" ] || fail "/etc/chain138/conf.d was not made"
[ -z "$(find "$root/etc/chain138" "$root/usr" -perm /022 ! -type l)" ] || fail "installed files are writable by others"
"$root/usr/sbin/chain138d" --version | grep -q "$version" || fail "the installed chain138d does not run"
"$root/usr/bin/chain138ctl" --version | grep -q "$version" || fail "the installed chain138ctl does not run"
zcat "$root/usr/share/man/man1/chain138ctl.1.gz" | grep -q '^.SH EXIT STATUS' || fail "chain138ctl(1) names no exit status"

mkdir -p "$root/var/lib/chain138" && echo kept >"$root/var/lib/chain138/agent.db"
# shellcheck disable=SC2086
in_root --remove $packages
[ -f "$root/var/lib/chain138/agent.db" ] || fail "removing the package removed the agent's state"
# shellcheck disable=SC2086
in_root --purge $packages
(cd "$work/before" && find . ! -path './var/lib/dpkg*' | sort) >"$work/was"
# The user stays (see postrm), and what sysusers and systemd's helper keep of their own.
(cd "$root" && find . ! -path './var/lib/dpkg*' ! -path './etc/*shadow*' ! -path './etc/.pwd.lock' ! -path './etc/group-' \
    ! -path './etc/passwd-' ! -path './var/lib/systemd*' | sort) >"$work/is"
diff "$work/was" "$work/is" >"$work/left" || { cat "$work/left" >&2; fail "a purge left something behind, or took too much"; }
echo "peer: deb: dpkg $(dpkg --version | sed -n '1s/.*version \([0-9.]*\).*/\1/p'), $(lintian --version | head -1)"
