#!/bin/sh
# Usage: pin.sh FOLDER. Writes FOLDER/requirements.txt from FOLDER/requirements.in, without URLs.
set -eu
folder=$1

python=$("$(dirname "$0")/find-python.sh")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$folder/requirements.in"
{
    echo "# Pinned from requirements.in: 'make pins' makes it anew."
    "$work/venv/bin/python" -m pip freeze --exclude pip --exclude setuptools
} >"$work/requirements.txt"
mv "$work/requirements.txt" "$folder/requirements.txt"
