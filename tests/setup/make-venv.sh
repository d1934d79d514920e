#!/bin/sh
# Usage: make-venv.sh FOLDER REQUIREMENTS. Makes a virtual environment; FOLDER/complete marks one that is whole.
set -eu
folder=$1
requirements=$2

python=$("$(dirname "$0")/find-python.sh")
echo "Installing $requirements into $folder (once, about a minute) ..."
rm -rf "$folder"
"$python" -m venv "$folder"
if ! "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"; then
    rm -rf "$folder"
    echo "Could not install $requirements: see pip's message above; a package index must be reachable (pip config list)." >&2
    exit 1
fi
touch "$folder/complete"
