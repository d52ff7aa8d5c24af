#!/bin/bash
# stage.sh NAME COMMAND...
# Runs one stage of 'make check' and keeps what it printed in artifacts/test-results/NAME.log, for tests/failures.py. It succeeds
# always: what went wrong is in the stage's counts. A stage that ends badly and counted no failure has one. How long each took is
# printed at the end of all, by tests/run.sh. Each line begins with the stage's name: two run at a time.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
results=$PWD/artifacts/test-results
name=$1
shift

started=$SECONDS
mkdir -p "$results"
rm -f "$results/$name".log "$results/$name"*.counts
"$@" 2>&1 | tee "$results/$name.log" | sed -u "s/^/$name: /"
code=${PIPESTATUS[0]}
if ((code != 0)) && ! grep -qs '^[0-9]* [1-9]' "$results/$name"*.counts; then
    echo 0 1 0 >"$results/$name-end.counts"
fi
echo "$name: $((SECONDS - started)) s" >>"$results/stages.txt"
