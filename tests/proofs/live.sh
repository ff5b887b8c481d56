#!/usr/bin/env bash
# How fast the change log is kept, what it costs who writes, how fast a moment is read: [--parts capture,put,replay] [--seconds 60]
(cd tests/langgraph && npm ci --no-audit --no-fund --loglevel=error) || exit 1
postgres_make source "fsync = on" || exit 1
export SOURCE_FOLDER=$SERVERS/source SOURCE_PG="Host=127.0.0.1;Port=$POSTGRES_PORT;Username=postgres;Database=postgres"
tests/Live/bin/Release/net10.0/Live live "$@"
