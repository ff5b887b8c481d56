# shellcheck shell=bash
# Threads from PostgreSQL to Redis while LangGraph writes, through a kill, with a cut-over at a terminal: bash tests/proof.sh migrate [THREADS]
need_packages script || exit 1
(cd tests/langgraph && npm ci --no-audit --no-fund --loglevel=error) || exit 1
export MIGRATE_THREADS=${1:-10000}
tests/EndToEnd/bin/Release/net10.0/EndToEnd -noColor -noLogo -explicit only -showLiveOutput -class Backup.Tests.EndToEnd.MigrateProof </dev/null
