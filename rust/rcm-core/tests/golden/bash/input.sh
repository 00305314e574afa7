#!/usr/bin/env bash
# Backs the photo library up.
set -euo pipefail

VERSION="1.4"
readonly TARGET=/mnt/backup
declare -A sizes=([small]=1 [large]=2)
export LANG=de_DE.UTF-8

# Prints a message to standard error.
log() {
  printf '%s\n' "$*" >&2
}

# Copies one folder.
# Arguments: source, destination.
function copy_folder {
  local source="$1" destination="$2"
  if ! rsync -a "$source" "$destination"; then
    log "failed: $source"
    return 1
  fi
}

function backup::all() {
  local folder
  for folder in "${HOME}"/Photos/*; do
    copy_folder "$folder" "$TARGET"
  done
}

prüfe() {
  test -d "$TARGET"
}

usage() {
  cat <<EOF
Usage: backup [--dry-run]
not_a_function() { }
EOF
}

in_subshell() (
  cd /tmp && ls
)

retry() {
  attempt() {
    "$@"
  }
  attempt "$@" || attempt "$@"
}

main() {
  case "${1:-}" in
    --help) usage ;;
    *)
      prüfe
      retry backup::all
      ;;
  esac
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  COUNT=1
  main "$@"
fi
