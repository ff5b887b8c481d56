#!/usr/bin/env bash
# A fleet is upgraded silo by silo from an older commit, and taken back, while backups, restores and the change log go on: [COMMIT]
commit=$(git rev-parse --verify --quiet "${1:-HEAD~40}^{commit}") || { echo "there is no commit ${1:-HEAD~40}" >&2; exit 1; }
(cd tests/langgraph && npm ci --no-audit --no-fund --loglevel=error) || exit 1
mkdir "$SERVERS/old" && git archive "$commit" | tar -x -C "$SERVERS/old" || exit 1
for project in Silo.Host src/Backup.Cli; do dotnet build "$SERVERS/old/$project" -c Release -v q -nologo || exit 1; done
declare -A root=([old]=$SERVERS/old [new]=$PWD) silos=()
trap 'kill -KILL "${silos[@]}" 2>/dev/null; servers_down' EXIT
export PG_CONN=postgresql://postgres@127.0.0.1:$TEST_PG_PORT/postgres
fail() { grep -hE " (fail|crit): " "$SERVERS"/silo-*.log | tail -n 20 >&2; echo "FAILED: $*" >&2; exit 1; }

# configuration NAME [CLUSTER]: what all have in common, and ports of its own for a silo.
configuration() {
  cat >"$SERVERS/$1.json" <<JSON
{ "Backup": {
  "Sources": { "prod": { "Kind": "postgres", "ConnectionString": "$TEST_PG", "Schema": "agents", "Log": { "Enabled": true, "TickSeconds": 1 } },
               "copy": { "Kind": "postgres", "ConnectionString": "$TEST_PG", "Schema": "copy", "Writable": true } },
  "Archives": { "main": { "Kind": "local", "Path": "$SERVERS/archive", "KeyFile": "$SERVERS/key" } }, "Workers": "2", "StateFolder": "$SERVERS/state-$1"
  , "Cluster": { "Kind": "redis", "ConnectionString": "$TEST_REDIS", "ClusterId": "rolling" ${2:-} }, "State": { "ConnectionString": "$TEST_PG" } ${3:-}
} }
JSON
}

# silo VERSION NUMBER: starts one and waits until it is ready.
silo() {
  local http=127.0.0.1:$(free_port)
  configuration "silo-$2" ", \"SiloPort\": \"$(free_port)\", \"GatewayPort\": \"$(free_port)\"" ", \"Http\": { \"Url\": \"http://$http\" }"
  dotnet "${root[$1]}/Silo.Host/bin/Release/net10.0/Silo.Host.dll" --config "$SERVERS/silo-$2.json" >"$SERVERS/silo-$2-$1.log" 2>&1 &
  silos[$2]=$!
  until curl -fsS "http://$http/health/ready" >/dev/null 2>&1; do kill -0 "${silos[$2]}" 2>/dev/null || fail "a silo of the $1 version ended"; sleep 0.2; done
  echo "silo $2 is of the $1 version"
}

# stop NUMBER [SIGNAL]
stop() { kill "-${2:-TERM}" "${silos[$1]}"; wait "${silos[$1]}" 2>/dev/null; unset "silos[$1]"; }

# tool VERSION ARGUMENTS: a client of that version.
tool() {
  local version=$1 code
  shift
  for _ in 1 2 3 4 5 6; do # a cluster that finds out about a silo that is gone says so (8)
    BACKUP_CONFIG=$SERVERS/tool.json dotnet "${root[$version]}/src/Backup.Cli/bin/Release/net10.0/backup.dll" "$@" --json >"$SERVERS/out" 2>"$SERVERS/err"
    code=$?
    [ $code -eq 8 ] || break
  done
  [ $code -eq 0 ] || { cat "$SERVERS/out" "$SERVERS/err" >&2; fail "'$*' by the $version version ended with $code"; }
}

written=0
write() { (cd tests/langgraph && node generate.mjs --schema agents --seed "$SEED" --start "$written" --threads "$1" >/dev/null) || fail "LangGraph"; written=$((written + $1)); }
said() { node -e 'const x = JSON.parse(require("fs").readFileSync(0, "utf8")); console.log(eval("x" + process.argv[1]))' "$1" <"$SERVERS/out"; }

# round WRITES READS: one version backs up what LangGraph wrote, the other restores it; then the log has to reach the server's end.
round() {
  write 5
  tool "$1" create prod --strategy incremental
  local backup; backup=$(said .backupId)
  [ "$(said .strategy)" = incremental ] || fail "no increment: $(cat "$SERVERS/out")"
  tool "$2" restore --backup "$backup" --to copy --mirror --conflict overwrite --yes
  [ "$(said .exact)" = true ] || fail "not exact: $(cat "$SERVERS/out")"
  tool "$1" verify "$backup" --deep --against copy
  local end=$SECONDS before; before=$(date +%s%3N)
  until write 1; tool "$2" log status --source prod; [ "$(said .state)" = running ] && [ "$(said "?.lastClosed?.time > new Date($before).toISOString()")" = true ]; do
    [ $((SECONDS - end)) -lt 90 ] || fail "the log: $(cat "$SERVERS/out")"
  done
  echo "backup $backup by the $1 version, restored by the $2 version: exact; log $(said .state)"
}

configuration tool
sed -i '/"Cluster"/d' "$SERVERS/tool.json" # no silo yet
tool new archive init main
configuration tool
write 40
silo old 1; silo old 2
tool old create prod
round old old
stop 1; silo new 1
round old new
round new old
# Whatever silo drives it, and whichever of its workers are in the other.
tool old create prod --detach
run=$(said .runId)
stop 2 KILL
tool new run watch "$run"
tool new run show "$run"; [ "$(said .state)" = done ] || fail "the run: $(cat "$SERVERS/out")"
silo new 2
round new new
stop 1; silo old 1
round new old
round old new
stop 2; silo old 2
round old old
for version in old new; do tool $version verify --all --deep; [ "$(said .ok)" = true ] || fail "damage: $(cat "$SERVERS/out")"; done
echo "from ${commit:0:7} to $(git rev-parse --short HEAD) and back: every backup and every restore was exact"
