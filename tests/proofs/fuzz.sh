# shellcheck shell=bash
# 100,000 changed archives through every decoder: no crash, no hang, no allocation beyond 64 MB
# bash tests/proof.sh fuzz [INPUTS]     sourced by tests/proof.sh, which prints the seed
export FUZZ_INPUTS=${1:-100000}
tests/Unit/bin/Release/net10.0/Unit -noColor -noLogo -diagnostics -class Backup.Tests.Unit.Fuzz.FuzzTests
