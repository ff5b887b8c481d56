#!/usr/bin/env bash
# Random lives of a store that is followed and backed up, against an oracle that knows every moment, first of threads that silos hold
# (MEMORY_LIVES of them, 10), then of PostgreSQL: [--minutes 60] [--steps 150] [--moments 60]
for ((life = 1; life <= ${MEMORY_LIVES:-10}; life++)); do
  echo "memory, life $life: SEED=$((SEED + life))"
  SEED=$((SEED + life)) tests/Cluster/bin/Release/net10.0/Cluster -noColor -noLogo -class Backup.Tests.Cluster.Memory.MemoryLogTests || exit 1
done
tests/Live/bin/Release/net10.0/Live model "$@"
