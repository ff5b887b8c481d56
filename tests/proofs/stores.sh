#!/usr/bin/env bash
# Random lives of stores in memory, Redis, S3 and of LangGraph's savers, against an oracle of every state they were in: [--minutes 20] [--turns 150]
minutes=20 turns=150
while [ $# -gt 1 ]; do case $1 in --minutes) minutes=$2;; --turns) turns=$2;; *) echo "there are --minutes and --turns" >&2; exit 2;; esac; shift 2; done
(cd tests/langgraph && npm ci --no-audit --no-fund --loglevel=error) || exit 1
for ((life = SEED, end = SECONDS + minutes * 60; SECONDS < end; life++)); do
  SEED=$((life % 2147483647)) LIFE_TURNS=$turns tests/StoreSuite/bin/Release/net10.0/StoreSuite -noColor -noLogo -showLiveOutput -class Backup.Tests.StoreSuite.Model.StoreLifeTests || exit 1
done
echo "no backup held what was not there"
