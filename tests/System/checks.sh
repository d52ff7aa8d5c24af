# shellcheck shell=bash
# Named checks and their totals. Sourced by run.sh.

passed=0 failed=0 skipped=0

# check NAME COMMAND...: passes when the command succeeds; otherwise shows what it said.
check() {
    local name=$1 said
    shift
    if said=$("$@" 2>&1); then
        passed=$((passed + 1))
        echo "  ok    $name"
    else
        failed=$((failed + 1))
        echo "  FAIL  $name"
        printf '%s\n' "$*" "$said" | sed 's/^/        | /' | head -n 40
    fi
}

# skip NAME REASON
skip() {
    skipped=$((skipped + 1))
    echo "  skip  $1: $2"
}

# equal WHAT EXPECTED ACTUAL
equal() {
    [ "$2" = "$3" ] || {
        printf '%s is:\n%s\nand should be:\n%s\n' "$1" "$3" "$2"
        return 1
    }
}

# matches TEXT PATTERN: an extended regular expression finds a line of the text.
matches() {
    grep -Eq -- "$2" <<< "$1" || {
        printf 'nothing matches %s in:\n%s\n' "$2" "$1"
        return 1
    }
}

not() {
    ! "$@"
}

# totals [SUITE]: the last line, and the same for tests/run.sh, which sums up.
totals() {
    mkdir -p "$root/artifacts/test-results"
    echo "$passed $failed $skipped" > "$root/artifacts/test-results/${1:-System}.counts"
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ]
}
