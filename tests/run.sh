#!/usr/bin/env bash
# Installs and starts what the tests need, builds, runs every test, stops what it started.
# bash tests/run.sh [--filter PROJECT]     last line: N passed, N failed, N skipped
set -uo pipefail
cd "$(dirname "$0")/.."
. tests/lib/servers.sh
filter=""
[ "${1:-}" = --filter ] && filter=${2:?--filter needs the name of a project under tests/}

need_packages || exit 1
for folder in tests/langgraph tests/langgraph/old; do
  (cd $folder && npm ci --no-audit --no-fund --loglevel=error) || { echo "npm ci in $folder failed" >&2; exit 1; }
done
dotnet build Backup.Orleans.sln -c Release -v q -nologo || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }

# Two lanes with servers of their own: most tests of Cluster and StoreSuite wait for something, those of the others compute.
# A lane takes the next project that nobody has taken, long ones first.
projects=()
for project in tests/{EndToEnd,Cluster,Recovery,StoreSuite,Unit}/*.csproj tests/*/*.csproj; do
  [[ " ${projects[*]} " != *" $project "* ]] && grep -q '"xunit.v3"' "$project" || continue
  [ -z "$filter" ] || [ "$filter" = "$(basename "$project" .csproj)" ] && projects+=("$project")
done
shared=$(mktemp -d /tmp/backup-lanes.XXXXXX)
other=""
# Archives that tests make and throw away need no disk where there is plenty of memory: a third less time for Unit.
plenty() { [ "$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 4000000 ] && [ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt 8000000 ]; }
TMPDIR=$(mktemp -d "$(plenty 2>/dev/null && echo /dev/shm || echo /tmp)/backup-tests.XXXXXX")
chmod 755 "$TMPDIR"
export TMPDIR
end() {
  [ -z "$other" ] || { kill -- "-$other" 2>/dev/null; wait "$other" 2>/dev/null; }
  servers_down
  rm -rf "$shared" "$TMPDIR"
}

lane() {
  local project
  for project in "${projects[@]}"; do
    mkdir "$shared/$(basename "$project" .csproj)" 2>/dev/null && run "$project"
  done
}

run() {
  local name assembly log code totals bad skip passed started=$SECONDS
  name=$(basename "$1" .csproj)
  log=$SERVERS/$name.log
  assembly=$(sed -n 's/.*<AssemblyName>\(.*\)<.*/\1/p' "$1")
  "$(dirname "$1")/bin/Release/net10.0/${assembly:-$name}" -noColor -noLogo </dev/null >"$log" 2>&1
  code=$?
  totals=$(grep -E 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$log" | tail -n 1)
  number() { sed -E "s/.*$1: ([0-9]+).*/\1/" <<<"$totals"; }
  if [ -z "$totals" ]; then
    passed=0 bad=1 skip=0 totals=" exit code $code and no summary"
    tail -n 60 "$log"
  else
    bad=$(($(number Failed) + $(number Errors))) skip=$(number Skipped)
    [ "$code" -ne 0 ] && [ "$bad" -eq 0 ] && { echo "$name ended with exit code $code"; bad=1; }
    [ "$bad" -gt 0 ] && grep -vE 'Discover|Starting:|Finished:' "$log"
    passed=$(($(number Total) - $(number Failed) - skip))
  fi
  echo "$name:$totals, $((SECONDS - started)) s"
  echo "$passed $bad $skip" >"$shared/$name/totals"
}

trap end EXIT
servers_up || exit 1
if [ ${#projects[@]} -gt 1 ]; then
  set -m # a group of processes, which ends as one, and whose children hear Ctrl-C
  (
    trap servers_down EXIT
    SERVERS=""
    servers_up || exit 1
    touch "$shared/up"
    lane
  ) &
  other=$!
  set +m
  # Not before: a port that was free for a server is one that a test may get.
  while [ ! -e "$shared/up" ] && kill -0 "$other" 2>/dev/null; do sleep 0.2; done
  [ -e "$shared/up" ] || exit 1
fi
lane
[ -z "$other" ] || { wait "$other"; other=""; }

passed=0 failed=0 skipped=0
for project in "${projects[@]}"; do
  name=$(basename "$project" .csproj)
  read -r good bad skip <"$shared/$name/totals" 2>/dev/null || { echo "$name was not run to its end"; good=0 bad=1 skip=0; }
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
done
[ $((passed + failed)) -gt 0 ] || { echo "no test ran"; failed=1; }
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
