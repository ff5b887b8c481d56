#!/usr/bin/env bash
# Silos killed and frozen at every named place of a backup and of a restore, tools at every place of a collection: bash tests/proof.sh recovery [ROUNDS]
(cd tests/langgraph && npm ci --no-audit --no-fund --loglevel=error) || exit 1
rounds=${1:-1}
for ((round = 1; round <= rounds; round++)); do
  echo "round $round of $rounds"
  RECOVERY=all tests/Recovery/bin/Release/net10.0/Recovery -noColor -noLogo </dev/null || exit 1
  RECOVERY=all tests/EndToEnd/bin/Release/net10.0/EndToEnd -noColor -noLogo -class Backup.Tests.EndToEnd.PointTests -class Backup.Tests.EndToEnd.ChainTests -class Backup.Tests.EndToEnd.CollectTests -class Backup.Tests.EndToEnd.MigrateTests </dev/null || exit 1
done
echo "recovery held for $rounds rounds"
