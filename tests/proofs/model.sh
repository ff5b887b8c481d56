#!/usr/bin/env bash
# Random lives of a store that is followed and backed up, against an oracle that knows every moment: [--minutes 60] [--steps 150] [--moments 60]
tests/Live/bin/Release/net10.0/Live model "$@"
