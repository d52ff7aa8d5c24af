#!/bin/bash
# at-work.sh WHAT COMMAND...: runs a command that may be silent for long, and prints a line every eight seconds while it runs.
# The command's output and exit code are its own.
set -uo pipefail

what=$1 started=$SECONDS
shift

# Ends when this script does, however that ends: then there is nothing more to read.
say_so() {
    local code
    while read -r -t 8; code=$?; ((code > 128)); do
        echo "$what: $((SECONDS - started)) s"
    done
}

echo "$what"
exec 3> >(exec 3>&-; say_so)
ticker=$!
"$@" 3>&-
code=$?
exec 3>&-
wait "$ticker"
exit "$code"
