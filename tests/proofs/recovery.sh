#!/usr/bin/env bash
# Silos and their servers lost at every named place, many times over: bash tests/proof.sh recovery [ROUNDS]
rounds=${1:-5}
for ((round = 1; round <= rounds; round++)); do
  echo "round $round of $rounds"
  tests/Recovery/bin/Release/net10.0/Recovery -noColor -noLogo </dev/null || exit 1
done
echo "recovery held for $rounds rounds"
