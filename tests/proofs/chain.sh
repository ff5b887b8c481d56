# shellcheck shell=bash
# 10,000 increments with a compaction after every eight: a restore reads at most 12 layers, and takes little more than a fresh full's
# bash tests/proof.sh chain [INCREMENTS]     sourced by tests/proof.sh, which prints the seed
export CHAIN_INCREMENTS=${1:-10000}
tests/Unit/bin/Release/net10.0/Unit -noColor -noLogo -diagnostics -class Backup.Tests.Unit.Compaction.ChainProof
