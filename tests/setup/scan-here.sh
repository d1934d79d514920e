#!/bin/sh
# Usage: scan-here.sh, in a folder with Terraform. Scans that folder with the policies of the checkout that this file is
# in, which sets itself up. For pre-commit and for the GitHub Action.
set -eu
checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# The caller may be a make of its own.
unset MAKEFLAGS MFLAGS MAKELEVEL
exec make --no-print-directory -C "$checkout" scan FOLDER="$PWD"
