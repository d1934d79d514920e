#!/bin/sh
# Usage: release-notes.sh. Prints the section of CHANGELOG.md for the version in VERSION, without its heading.
set -eu
cd "$(dirname "$0")/../.."
version=$(cat VERSION)
notes=$(awk -v heading="## [$version]" 'index($0, "## [") == 1 { inside = index($0, heading) == 1; next } inside' CHANGELOG.md)
if [ -z "$notes" ]; then
    echo "CHANGELOG.md has no section '## [$version] - DATE' for the version in VERSION: add it." >&2
    exit 1
fi
printf '%s\n' "$notes"
