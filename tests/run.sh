#!/bin/bash
# run.sh PROJECT...
# Runs built test programs, all of them even if one fails, and ends with one line: N passed, N failed, N skipped.
# The counts are read from the runners' own reports. Those of tests of another kind are in the files that COUNTS names, as
# "PASSED FAILED SKIPPED"; what an earlier run by itself left lying about does not count.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
results=$PWD/artifacts/test-results
mkdir -p "$results"
rm -f "$results"/*.xml
passed=0 failed=0 skipped=0

add() {
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# One attribute of the report's <assembly> element.
count() {
    grep -o '<assembly [^>]*>' "$1" | grep -o " $2=\"[0-9]*\"" | tr -dc '0-9'
}

for project in "$@"; do
    echo "== $project"
    report=$results/$project.xml
    started=$SECONDS
    # Started by a script in the background, all of this ignores SIGINT; the program under test must not inherit that.
    packaging/at-work.sh "running $project" env --default-signal=INT "tests/$project/bin/Debug/net10.0/$project" -noLogo -noColor -xml "$report"
    code=$?
    echo "$project: $((SECONDS - started)) s" >>"$results/stages.txt"
    if [[ ! -s $report ]]; then
        echo "$project: no report was written; exit code $code" >&2
        add 0 1 0
        continue
    fi

    bad=$(($(count "$report" failed) + $(count "$report" errors)))
    # A runner that fails though no test did has met something it could not count.
    add "$(count "$report" passed)" $((bad > 0 || code == 0 ? bad : 1)) "$(count "$report" skipped)"
done

[[ -z ${COUNTS:-} ]] || cat "$results/stages.txt"
for counts in ${COUNTS:-}; do
    read -r p f s <"$counts"
    add "$p" "$f" "$s"
done

# shellcheck disable=SC2046 # names of ours, without spaces
tests/failures.py "$results"/*.xml ${COUNTS:+$(echo "$results"/*.log)}
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed > 0))
