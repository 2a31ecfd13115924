#!/bin/sh
# The OpenAPI document of every plugin that is built, judged by a validator that is not ours (npm). Skips without npm or
# without a registry. C138_NPM_CACHE: a folder to keep the validator in.
set -eu
build=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
skip() {
    echo "SKIP: $*"
    exit 77
}
command -v npm >/dev/null 2>&1 || skip "npm is not installed"
command -v node >/dev/null 2>&1 || skip "node is not installed"

set --
for so in "$build"/plugins/*/.libs/*.so "$build"/tests/fault/plugins/.libs/good.so; do
    [ -f "$so" ] || continue
    set -- "$@" "$so"
done
[ $# -gt 0 ] || skip "no plugin is built"
"$build/tests/integration/openapi_print" "$@" >"$work/openapi.json"

cache=${C138_NPM_CACHE:-$build/npm-cache}
validator=@seriousme/openapi-schema-validator
if [ ! -d "$cache/node_modules/$validator" ]; then
    mkdir -p "$cache"
    (cd "$cache" && npm install --prefix "$cache" --silent --no-audit --no-fund --no-save --ignore-scripts "$validator@2.9.1") \
        >"$work/npm.log" 2>&1 || skip "npm cannot fetch $validator: $(tail -1 "$work/npm.log")"
fi
cat >"$cache/validate.mjs" <<'END'
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
const validator = new Validator();
const result = await validator.validate(JSON.parse(readFileSync(process.argv[2], "utf8")));
console.log(`OpenAPI ${validator.version}: ${result.valid ? "valid" : JSON.stringify(result.errors, null, 1)}`);
// A validator that accepts everything would prove nothing.
const broken = JSON.parse(readFileSync(process.argv[2], "utf8"));
broken.paths["/v1/version"].get.responses = "none";
const refused = !(await new Validator().validate(broken)).valid;
process.exit(result.valid && validator.version === "3.1" && refused ? 0 : 1);
END
node "$cache/validate.mjs" "$work/openapi.json"
