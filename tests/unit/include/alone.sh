#!/bin/sh
# Each public header compiles alone, as C99 and as C++11, without a warning; and so does the frozen copy of contract 1.0.
set -e
: "${srcdir:=.}" "${CC:=cc}" "${CXX:=c++}"
try() {
    include=$1 header=$2
    printf '#include <%s>\n' "$header" | $CC -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only -I"$include" -x c -
    printf '#include <%s>\n' "$header" | $CXX -std=c++11 -pedantic -Wall -Wextra -Werror -fsyntax-only -I"$include" -x c++ -
    echo "ok $include/$header"
}
for include in "$srcdir/include" "$srcdir/tests/fault/plugins/old-1.0/include"; do
    for header in "$include"/chain138/*.h; do
        try "$include" "chain138/${header##*/}"
    done
done
# They bring in nothing of ours and nothing of the system but the two that C promises everywhere.
if grep -h '^ *# *include' "$srcdir"/include/chain138/*.h | grep -vE '<(stddef|stdint)\.h>|<chain138/'; then
    echo "a public header includes something else" >&2
    exit 1
fi
