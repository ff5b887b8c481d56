#!/usr/bin/env bash
# Kills and freezes who keeps the change log, the source, and both, under writers at full speed, and measures what is lost: [--kills 20] [--both 5]
postgres_make source "fsync = on" || exit 1
export SOURCE_FOLDER=$SERVERS/source SOURCE_PG="Host=127.0.0.1;Port=$POSTGRES_PORT;Username=postgres;Database=postgres"
tests/Live/bin/Release/net10.0/Live rpo "$@"
