#!/bin/sh
# Prints the path of a Python 3.12 or 3.13 that can make virtual environments, or one line on standard error.
# $PYTHON, where it is set, is the only candidate.

usable() {
    "$1" -c 'import sys, ensurepip, venv; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

accept() {
    path=$(command -v "$1" 2>/dev/null) || return 1
    usable "$path" || return 1
    printf '%s\n' "$path"
    exit 0
}

if [ -n "${PYTHON:-}" ]; then
    accept "$PYTHON"
    echo "PYTHON=$PYTHON is not a Python 3.12 or 3.13 with venv: name one that is, or unset PYTHON." >&2
    exit 1
fi

accept python3.13
accept python3.12

# pyenv's shims answer only for the versions that are switched on; the installed ones lie beside the shims.
shim=$(command -v python3.13 || command -v python3.12 || command -v python3 || true)
for root in "${PYENV_ROOT:-}" "${HOME:-}/.pyenv" "${shim%/shims/*}"; do
    [ -d "$root/versions" ] || continue
    for path in "$root"/versions/3.13*/bin/python "$root"/versions/3.12*/bin/python; do
        accept "$path"
    done
done

if path=$(uv python find '>=3.12,<3.14' 2>/dev/null); then
    accept "$path"
fi

accept python3
accept python

echo "Python 3.12 or 3.13 is needed and none was found: install python3.13 (with venv), or run 'uv python install 3.13', or set PYTHON to one." >&2
exit 1
