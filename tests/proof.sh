#!/usr/bin/env bash
# Proves a promise at its full size: bash tests/proof.sh NAME [arguments]. Without a name, lists them.
set -uo pipefail
cd "$(dirname "$0")/.."
name=${1:-}
if [ -z "$name" ] || [ ! -f "tests/proofs/$name.sh" ]; then
  [ -n "$name" ] && echo "there is no proof '$name'" >&2
  for script in tests/proofs/*.sh; do printf '%-12s %s\n' "$(basename "$script" .sh)" "$(sed -n '2s/^# //p' "$script")"; done
  [ -z "$name" ]; exit $?
fi
shift
. tests/lib/servers.sh
trap servers_down EXIT
need_packages || exit 1
servers_up || exit 1
export SEED=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
echo "seed $SEED (run again with SEED=$SEED)"
dotnet build Backup.Orleans.sln -c Release -v q -nologo || exit 1
. "tests/proofs/$name.sh"
