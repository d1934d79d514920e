#!/bin/sh
# Usage: make-venv.sh FOLDER REQUIREMENTS. Makes a virtual environment, or does nothing if FOLDER has one that is whole:
# FOLDER/complete holds what it was made from and names what was installed, and all of that is still there.
set -eu
folder=$1
requirements=$2
log=$folder.log
child=

whole() {
    [ -f "$folder/complete" ] || return 1
    {
        read -r made_from && [ "$made_from" = "$from" ] || return 1
        while read -r path; do
            [ -e "$folder/$path" ] || return 1
        done
    } <"$folder/complete"
    # The interpreter may be gone, or be another version by now.
    "$folder/bin/python" -I -c '
import os, sys, sysconfig
assert sys.prefix != sys.base_prefix and os.path.isdir(sysconfig.get_path("purelib"))' >/dev/null 2>&1 </dev/null
}

# In the background, since the shell takes no signal while it waits for a program in the foreground.
run() {
    "$@" >"$log" 2>&1 </dev/null &
    child=$!
    wait "$child"
}

interrupted() {
    trap '' HUP INT QUIT TERM
    [ -z "$child" ] || { kill "$child" 2>/dev/null && wait "$child"; } || true
    rm -rf "$folder"
    echo "Stopped; $folder was removed." >&2
    exit 130
}

# One sentence, with the last thing that the tool said.
give_up() {
    said=$(grep -v '^ *$' "$log" | tail -n 1 || true)
    rm -rf "$folder" || true
    echo "$1${said:+ ($said)}: $2" >&2
    exit 1
}

from="$(cksum <"$requirements") $(pwd)"
if whole; then
    exit 0
fi

python=$("$(dirname "$0")/find-python.sh")
if ! { rm -rf "$folder" && : >"$log"; } 2>/dev/null; then
    echo "$(pwd) cannot be written: make it writable, free some space, or copy the project to a folder of yours." >&2
    exit 1
fi
trap 'rm -f "$log"' EXIT
trap interrupted HUP INT QUIT TERM
echo "Installing $requirements into $folder (once, about a minute) ..."
run "$python" -m venv "$folder" ||
    give_up "$python could not make the virtual environment $folder" \
        "free some space, or set PYTHON to another Python 3.12 or 3.13."
# The user's settings of pip may name an index, but not another place to install to.
run env PIP_USER=0 "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" ||
    give_up "Could not install $requirements with $python" \
        "a package index must be reachable (pip config list), and 1 GB be free."
{
    printf '%s\n' "$from"
    (cd "$folder" && printf '%s\n' bin/* lib/python3*/site-packages/*)
} >"$folder.complete"
mv "$folder.complete" "$folder/complete"
