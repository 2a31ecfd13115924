#!/bin/sh
# docs/plugin-guide.md, to the letter: an agent is built and installed into a prefix of its own, then the shell
# blocks that the document marks with <!-- test --> are run one after the other, as they stand there.
set -eu
name=plugin_guide
. "${srcdir:-.}/tests/integration/packaging.sh"
not_sanitized
need pkg-config make
guide=$source/docs/plugin-guide.md
prefix=$work/prefix
mkdir "$work/build" "$work/author"

# Paths are compiled in: what is installed under a prefix was configured for it. -O0: only behaviour counts here.
(cd "$work/build" && "$source/configure" --quiet --prefix="$prefix" CFLAGS=-O0 CPPFLAGS=-U_FORTIFY_SOURCE &&
    make -s -j2 && make -s install) >"$work/install.log" 2>&1 || { tail -40 "$work/install.log" >&2; fail "make install failed"; }

# The blocks: ```sh ... ``` behind a line <!-- test -->; <!-- test: FILE --> puts a block into that file instead.
awk '
    /^<!-- test -->$/ { take = 1; next }
    /^<!-- test: .* -->$/ { file = $3; take = 2; next }
    take && /^```/ && !inside { inside = 1; if (take == 2) printf "cat >\"%s\" <<\"END-OF-BLOCK\"\n", file; next }
    inside && /^```$/ { if (take == 2) print "END-OF-BLOCK"; inside = take = 0; blocks++; next }
    inside { print }
    END { if (blocks < 5) exit 1 }
' "$guide" >"$work/guide.sh" || fail "docs/plugin-guide.md has fewer than five blocks to run"

cd "$work/author"
# In a process group of its own, so that an agent does not outlive a guide that went wrong.
if ! timeout 300 env -i HOME="$work/author" TERM=dumb LC_ALL=C.UTF-8 USER="$(id -un)" TMPDIR="$work" \
    PATH="$prefix/bin:$prefix/sbin:$PATH" PKG_CONFIG_PATH="$prefix/lib/pkgconfig" \
    sh -eux "$work/guide.sh" >"$work/guide.log" 2>&1 </dev/null; then
    cat "$work/guide.log" >&2
    fail "the guide does not work as it is written"
fi
cat "$work/guide.log"
