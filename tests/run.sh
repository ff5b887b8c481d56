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
(cd tests/langgraph && npm ci --no-audit --no-fund --loglevel=error) || { echo "npm ci in tests/langgraph failed" >&2; exit 1; }
dotnet build Backup.Orleans.sln -c Release -v q -nologo || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }

# Recovery waits for silos to be declared dead most of its time: it runs beside the others, on servers of its own.
aside=Recovery
projects=()
for project in tests/*/*.csproj; do
  grep -q '"xunit.v3"' "$project" || continue
  name=$(basename "$project" .csproj)
  [ -z "$filter" ] || [ "$filter" = "$name" ] || continue
  projects+=("$project")
done
run() { # PROJECT
  local assembly; assembly=$(sed -n 's/.*<AssemblyName>\(.*\)<.*/\1/p' "$1")
  "$(dirname "$1")/bin/Release/net10.0/${assembly:-$(basename "$1" .csproj)}" -noColor -noLogo </dev/null
}
logs=$SERVERS started_aside=$SECONDS
beside=""
for project in "${projects[@]}"; do
  [ "$(basename "$project" .csproj)" = "$aside" ] || continue
  ( trap servers_down EXIT; servers_up && run "$project"; code=$?; echo $((SECONDS - started_aside)) >"$logs/$aside.seconds"; exit $code ) >"$logs/$aside.log" 2>&1 &
  beside=$!
done

passed=0 failed=0 skipped=0
report() { # NAME CODE SECONDS
  local log=$logs/$1.log totals bad skip
  echo "== $1"
  totals=$(grep -E 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$log" | tail -n 1)
  if [ -z "$totals" ]; then
    echo "$1 ended with exit code $2 and without a summary:"; tail -n 60 "$log"
    failed=$((failed + 1))
    return
  fi
  number() { sed -E "s/.*$1: ([0-9]+).*/\1/" <<<"$totals"; }
  bad=$(($(number Failed) + $(number Errors))) skip=$(number Skipped)
  [ "$2" -ne 0 ] && [ "$bad" -eq 0 ] && { echo "$1 ended with exit code $2"; bad=1; }
  [ "$bad" -gt 0 ] && grep -vE 'Discover|Starting:|Finished:' "$log"
  passed=$((passed + $(number Total) - $(number Failed) - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
  echo "$1: $totals, $3 s"
}
for project in "${projects[@]}"; do
  name=$(basename "$project" .csproj)
  [ "$name" = "$aside" ] && continue
  started=$SECONDS
  run "$project" >"$logs/$name.log" 2>&1
  report "$name" $? $((SECONDS - started))
done
if [ -n "$beside" ]; then
  wait "$beside"
  report "$aside" $? "$(cat "$logs/$aside.seconds" 2>/dev/null)"
fi
[ $((passed + failed)) -gt 0 ] || { echo "no test ran"; failed=1; }
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
