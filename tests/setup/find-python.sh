#!/bin/sh
# Usage: find-python.sh [VERSION]. Prints the path of a CPython 3.12 or 3.13 that can make virtual environments, or one
# sentence on standard error. $PYTHON, if it is set, is the only candidate. If the machine has none, uv installs one
# into the tool folder. With VERSION (3.12 or 3.13): that one, if the machine has it.

tools=$(cd "$(dirname "$0")/../.." && pwd)/.tools
versions=${1:-3.13 3.12}
without_venv=

# Prints the path of the interpreter behind a name: python3.13 can hide another version, a program for another machine,
# or a virtual environment, which make may be about to replace. Exit code 4: the version fits, venv is missing.
inspect() {
    "$1" -I -c '
import sys, sysconfig
fits = (
    sys.implementation.name == "cpython"
    and "%d.%d" % sys.version_info[:2] in sys.argv[1].split()
    and sys.maxsize > 2**32
    and not sysconfig.get_config_var("Py_GIL_DISABLED")
)
if not fits:
    sys.exit(3)
try:
    import ensurepip, venv
except ImportError:
    print("%d.%d" % sys.version_info[:2])
    sys.exit(4)
print(sys.executable if sys.prefix == sys.base_prefix else sys._base_executable)' "$versions" 2>/dev/null </dev/null
}

accept() {
    path=$(command -v "$1" 2>/dev/null) || return 1
    said=$(inspect "$path")
    case $? in
    0)
        [ -f "$said" ] && [ -x "$said" ] || return 1
        printf '%s\n' "$said"
        exit 0
        ;;
    4) without_venv=${without_venv:-"$path has no venv module (on Debian and Ubuntu: install python$said-venv)"} ;;
    esac
    return 1
}

# The uv on PATH, else one from the package index in the tool folder, fetched by any Python 3 that has pip.
find_uv() {
    for uv in "$(command -v uv 2>/dev/null)" "$tools/uv/bin/uv"; do
        "$uv" --version >/dev/null 2>&1 </dev/null && return 0
    done
    # Two environments may be made at once, each by this script.
    fetched=$tools/uv.$$
    for name in python3 python3.13 python3.12 python; do
        "$name" -m pip install --quiet --disable-pip-version-check --target "$fetched" uv >/dev/null 2>&1 </dev/null ||
            continue
        "$fetched/bin/uv" --version >/dev/null 2>&1 || continue
        rm -rf "$tools/uv"
        mv "$fetched" "$tools/uv" && return 0
    done
    rm -rf "$fetched"
    return 1
}

if [ -n "${PYTHON:-}" ]; then
    accept "$PYTHON"
    if [ -n "$without_venv" ]; then
        echo "PYTHON=$PYTHON cannot make virtual environments: $without_venv, or unset PYTHON." >&2
    else
        echo "PYTHON=$PYTHON is not a Python 3.12 or 3.13 with venv: name one that is, or unset PYTHON." >&2
    fi
    exit 1
fi

for version in $versions; do
    accept "python$version"
done

# pyenv's shims answer only for the versions that are switched on; the installed ones lie next to the shims.
shim=$(command -v python3.13 || command -v python3.12 || command -v python3 || true)
for root in "${PYENV_ROOT:-}" "${HOME:-}/.pyenv" "${shim%/shims/*}"; do
    for version in $versions; do
        for path in "$root/versions/$version"*/bin/python; do
            accept "$path"
        done
    done
done

accept python3
accept python

if [ $# -gt 0 ]; then
    echo "Python $1 (with venv) is not on this machine: install it, or leave the version out." >&2
    exit 1
fi

if find_uv; then
    accept "$("$uv" python find --system '>=3.12,<3.14' 2>/dev/null </dev/null)"
    # Nothing outside the project is written: the home folder may be missing or read-only.
    export UV_PYTHON_INSTALL_DIR="$tools/python" UV_CACHE_DIR="$tools/uv-cache.$$"
    export UV_PYTHON_INSTALL_BIN=0 UV_PYTHON_PREFERENCE=only-managed
    trap 'rm -rf "$UV_CACHE_DIR"' EXIT
    [ -t 2 ] && echo "Asking $uv for Python 3.13 ..." >&2
    "$uv" python install 3.13 >/dev/null 2>&1 </dev/null
    accept "$("$uv" python find --system 3.13 2>/dev/null </dev/null)"
    tried="$uv could not install one"
    rm -rf "$UV_PYTHON_INSTALL_DIR" "$tools/uv"
else
    tried="uv, which installs one, is neither on PATH nor to be had from a package index"
fi
rmdir "$tools" 2>/dev/null

if [ -n "$without_venv" ]; then
    echo "$without_venv; another Python 3.12 or 3.13 with venv, named in PYTHON, will do too." >&2
else
    echo "Python 3.12 or 3.13 is needed and none was found: install python3.13 (with venv), or set PYTHON to one ($tried)." >&2
fi
exit 1
