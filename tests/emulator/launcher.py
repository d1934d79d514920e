"""What runs in the emulator's process: checks, then LocalStack until the parent process exits.

Started as a script by `emulator.process`, with `name=value` arguments: `socket` and `status` (inherited file
descriptors), `folder`, `enforce`. It is kept readable for old Pythons, so that it can say that they are too old.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import threading

SUPPORTED = ((3, 12), (3, 13))
REQUIRED = ("localstack", "cryptography", "boto3", "moto", "typing_extensions")


def report(status: int, message: str) -> None:
    """Tell the parent, in one line, that the emulator is ready or why it cannot be."""
    os.write(status, (" ".join(message.split()) + "\n").encode("utf-8"))
    os.close(status)


def problem() -> str | None:
    """Why this interpreter cannot run LocalStack, or None."""
    import importlib.util

    version = sys.version_info[:2]
    if version not in SUPPORTED:
        return "LocalStack needs Python 3.12 or 3.13, but {} is {}.{}; use the environment that make sets up.".format(
            sys.executable, *version
        )
    for package in REQUIRED:
        if importlib.util.find_spec(package) is None:
            return "The Python package {} is missing in {}; install tests/requirements.txt there or run make.".format(
                "localstack-core[runtime]" if package == "localstack" else package, sys.executable
            )
    return None


def supply_deprecated() -> None:
    """Give Python 3.12 the name `warnings.deprecated`, which LocalStack imports: it is new in Python 3.13."""
    import warnings

    if hasattr(warnings, "deprecated"):
        return
    try:
        from typing_extensions import deprecated
    except ImportError:
        return  # `problem` says so
    warnings.deprecated = deprecated  # type: ignore[attr-defined]


def end_with_parent(folder: str) -> None:
    """Exit as soon as the parent says `stop` on standard input, or has exited.

    A parent that was killed cannot remove the folder, so that is done here unless the parent said `stop`. The parent's
    identity is checked too, for one that was killed while a fork of it still holds the pipe open.
    """
    import select

    parent = os.getppid()
    said = b""
    while os.getppid() == parent:
        ready, _, _ = select.select([0], [], [], 1.0)
        if ready:
            said = os.read(0, 1024)
            break
    if said != b"stop":
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def main() -> int:
    arguments = dict(argument.split("=", 1) for argument in sys.argv[1:])
    status = int(arguments["status"])
    os.set_inheritable(status, False)
    os.set_inheritable(int(arguments["socket"]), False)
    found = problem()
    if found:
        report(status, found)
        return 1
    threading.Thread(target=end_with_parent, args=(arguments["folder"],), daemon=True).start()
    # The script's own folder would let emulator modules hide top-level ones; the packages are one level up.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    answered = threading.Event()

    # What the start loads stays. To look for garbage in it would take a tenth of the start.
    gc.disable()

    def ready() -> None:
        gc.freeze()
        gc.enable()
        answered.set()
        report(status, "ready")

    try:
        from emulator.runtime import run

        run(int(arguments["socket"]), enforce=arguments["enforce"] == "1", on_ready=ready)
    except OSError as error:
        if not answered.is_set():
            report(status, f"LocalStack cannot start ({error}); fix that and try again.")
        raise
    return 0


supply_deprecated()

if __name__ == "__main__":
    sys.exit(main())
