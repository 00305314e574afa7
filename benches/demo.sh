#!/bin/sh
# Index a tree and ask it three questions: sh benches/demo.sh BIN [DIR]
set -eu
bin=$1
dir=${2:-}

ask() { # QUESTION [FOLDER FILE]: for the known tree, a file that must be among the answers
    printf '\n$ rcm search "%s"%s\n' "$1" "${2:+     # expect $2-*/${3:-}}"
    status=0
    "$bin/rcm" search "$1" "$dir" -k 3 || status=$?
    if [ "$status" -gt 1 ]; then exit "$status"; fi
    if [ -n "${2:-}" ] && ! "$bin/rcm" search "$1" "$dir" -k 3 --json | grep -q "$2-[0-9.]*/$3"; then
        echo "demo: $2-*/$3 is not among the answers" >&2
        exit 1
    fi
}

if [ -n "$dir" ]; then
    "$bin/rcm" index "$dir"
    ask "where does the program start"
    ask "read the configuration"
    ask "handle errors and report them"
else
    dir=target/demo-tree
    "$bin/python" benches/corpus.py --demo "$dir"
    "$bin/rcm" index "$dir"
    ask "walk a directory tree and honour gitignore" ignore src/walk.rs
    ask "RegexBuilder" regex src/builders.rs
    ask "translate a glob pattern into a regular expression" globset src/glob.rs
fi
printf '\nindexed: %s\nask more: %s/rcm search "your question" %s\n' "$dir" "$bin" "$dir"
