#!/usr/bin/env bash
# Starts the whole store: installs and builds what is missing, then hands over to `bazar up`, which
# gets all arguments. Silent and quick when nothing is to be done.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() {
  echo "start.sh: $*" >&2
  exit 1
}

command -v node > /dev/null || fail "Node >= 20.19 is needed: https://nodejs.org"
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  fail "Node >= 20.19 is needed, this is $(node --version)"

if [[ ! -e node_modules/.package-lock.json || package-lock.json -nt node_modules/.package-lock.json ]]; then
  command -v npm > /dev/null || fail "npm is needed to install"
  echo "installing …" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
fi

# Whether what a build makes is missing, or older than what it is made from.
is_stale() {
  [[ ! -e $1 || -n $(find src scripts/bundle.mjs package.json package-lock.json tsconfig.json -newer "$1" -print -quit) ]]
}

main=dist/src/cli/main.js
page=dist/web/index.html
bundled=dist/services/LICENSES.txt
if is_stale "$main" || is_stale "$page" || is_stale "$bundled"; then
  command -v npm > /dev/null || fail "npm is needed to build"
  echo "building …" >&2
  npm run --silent build >&2
fi

exec node "$main" up "$@"
