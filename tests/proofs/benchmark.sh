#!/usr/bin/env bash
# Speed, size and memory against pg_dump, restic, borg and redis-cli: [--size 2GB] [--rounds 3] [--threads 100000] [--keys 1000000] [--parts backup,restore,memory,increment,thread,redis,redis-apps]
need_packages zstd restic borg /usr/bin/time || exit 1
PATH=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1):$PATH
(cd tests/langgraph && npm ci --no-audit --no-fund --loglevel=error) || exit 1
# Measured as it is installed: compiled ahead.
export BACKUP_TOOL=$SERVERS/tool/backup
dotnet publish src/Backup.Cli -c Release --use-current-runtime --no-self-contained -o "$SERVERS/tool" -v q -nologo || exit 1
tests/Benchmarks/bin/Release/net10.0/Benchmarks "$@"
