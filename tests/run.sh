#!/usr/bin/env bash
# Installs and starts what the tests need, builds, runs every test, stops what it started.
# bash tests/run.sh [--filter PROJECT]     last line: N passed, N failed, N skipped
set -uo pipefail
cd "$(dirname "$0")/.."
. tests/lib/servers.sh
filter=""
[ "${1:-}" = --filter ] && filter=${2:?--filter needs the name of a project under tests/}

trap servers_down EXIT
need_packages || exit 1
servers_up || exit 1
for folder in tests/langgraph tests/langgraph/old; do
  (cd $folder && npm ci --no-audit --no-fund --loglevel=error) || { echo "npm ci in $folder failed" >&2; exit 1; }
done
dotnet build Backup.Orleans.sln -c Release -v q -nologo || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }

passed=0 failed=0 skipped=0
for project in tests/*/*.csproj; do
  grep -q '"xunit.v3"' "$project" || continue
  name=$(basename "$project" .csproj)
  [ -z "$filter" ] || [ "$filter" = "$name" ] || continue
  echo "== $name"
  log=$SERVERS/$name.log
  started=$SECONDS
  assembly=$(sed -n 's/.*<AssemblyName>\(.*\)<.*/\1/p' "$project")
  "$(dirname "$project")/bin/Release/net10.0/${assembly:-$name}" -noColor -noLogo </dev/null >"$log" 2>&1
  code=$?
  totals=$(grep -E 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$log" | tail -n 1)
  if [ -z "$totals" ]; then
    echo "$name ended with exit code $code and without a summary:"; tail -n 60 "$log"
    failed=$((failed + 1))
    continue
  fi
  number() { sed -E "s/.*$1: ([0-9]+).*/\1/" <<<"$totals"; }
  bad=$(($(number Failed) + $(number Errors))) skip=$(number Skipped)
  [ "$code" -ne 0 ] && [ "$bad" -eq 0 ] && { echo "$name ended with exit code $code"; bad=1; }
  [ "$bad" -gt 0 ] && grep -vE 'Discover|Starting:|Finished:' "$log"
  passed=$((passed + $(number Total) - $(number Failed) - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
  echo "$name: $totals, $((SECONDS - started)) s"
done
[ $((passed + failed)) -gt 0 ] || { echo "no test ran"; failed=1; }
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
