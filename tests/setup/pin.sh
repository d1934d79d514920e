#!/bin/sh
# Usage: pin.sh FOLDER. Writes FOLDER/requirements.txt from FOLDER/requirements.in: for Python 3.12 and 3.13 at once,
# and without the package index's address.
set -eu
folder=$1

python=$("$(dirname "$0")/find-python.sh")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check uv
# pyproject.toml limits the resolution to these two versions.
"$work/venv/bin/uv" pip compile --quiet --universal --python-version 3.12 --no-annotate --no-header \
    --no-emit-index-url --no-emit-find-links "$folder/requirements.in" --output-file "$work/requirements.txt"
{
    echo "# Pinned from requirements.in: 'make pins' makes it again."
    # uv repeats that limit on every line.
    sed -e "s/python_full_version < '3.14' and //" -e "s/ ; python_full_version < '3.14'$//" "$work/requirements.txt"
} >"$folder/requirements.txt"
