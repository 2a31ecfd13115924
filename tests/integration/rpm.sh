#!/bin/sh
# The RPM spec: builds from a distribution, and its packages hold what they should.
set -eu
name=rpm
. "${srcdir:-.}/tests/integration/packaging.sh"
not_sanitized
version=$(sed -n "s/^#define PACKAGE_VERSION \"\(.*\)\"/\1/p" config.h)
grep -q "^Version: *$version\$" "$source/packaging/rpm/chain138-agent.spec" ||
    fail "packaging/rpm/chain138-agent.spec names another version than configure.ac ($version)"
need rpmbuild xz
if [ -e "$source/.git" ]; then
    # a distribution needs a configure, and that is made by `make dist` alone
    make -s distdir distdir="$work/chain138-agent-$version" >"$work/dist.log" 2>&1 || { cat "$work/dist.log" >&2; fail "make distdir failed"; }
else
    mkdir "$work/chain138-agent-$version"
    tar -cf - -C "$source" --exclude=./_build --exclude=./_inst . | tar -xf - -C "$work/chain138-agent-$version"
    chmod -R u+w "$work/chain138-agent-$version"
fi
mkdir -p "$work/rpm/SOURCES"
tar -cJf "$work/rpm/SOURCES/chain138-agent-$version.tar.xz" -C "$work" "chain138-agent-$version"
# --nodeps: on a Debian host rpm's own database is empty, and pkg-config's answer in configure is what counts.
rpmbuild -bb --nodeps --define "_topdir $work/rpm" --define "_tmppath $work" --define 'debug_package %{nil}' \
    "$source/packaging/rpm/chain138-agent.spec" >"$work/rpm.log" 2>&1 ||
    { tail -40 "$work/rpm.log" >&2; fail "rpmbuild failed"; }
plugins=$(sed -n "s/^Package: chain138-agent-plugin-//p" "$source/packaging/debian/control")
for package in chain138-agent $(printf "chain138-agent-plugin-%s " $plugins) chain138-plugin-devel; do
    rpm -qpl "$work"/rpm/RPMS/*/$package-$version-*.rpm >>"$work/list"
done
for path in /usr/sbin/chain138d /usr/bin/chain138ctl /chain138/chain138-plugin-host $(printf "/chain138/plugins/%s.so " $plugins) \
    /chain138d.service /include/chain138/plugin.h /pkgconfig/chain138-plugin.pc /template/Makefile; do
    grep -q "$path\$" "$work/list" || { cat "$work/list" >&2; fail "no package holds $path"; }
done
echo "peer: rpm: $(rpmbuild --version)"
