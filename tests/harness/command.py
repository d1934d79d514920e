"""How every command of the harness ends: with its own result, with one sentence, or stopped by a signal.

In each case the context managers that it is in have run, so that no process and no temporary folder is left.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from types import FrameType

from harness.errors import HarnessError, in_words

SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGXCPU", "SIGVTALRM")
)
"""Those that end a process which does not expect them."""

OPEN_FILES = 4096


class Stopped(KeyboardInterrupt):
    """A signal has come; the exception unwinds as Ctrl-C does. signal_number: which one."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal.Signals(signal_number).name)
        self.signal_number = signal_number


def stop_on_signals() -> None:
    """Have each of SIGNALS raise Stopped in the main thread. Later ones are ignored: they would cut the tidying short.

    A signal that the caller has this process ignore, as nohup does, stays ignored.
    """
    handled = [each for each in SIGNALS if signal.getsignal(each) != signal.SIG_IGN]

    came: list[int] = []

    def stop(signal_number: int, _: FrameType | None) -> None:
        came.append(signal_number)
        if len(came) == 1:
            raise Stopped(signal_number)

    for each in handled:
        signal.signal(each, stop)


def prepare_process() -> None:
    """Make the best of odd surroundings: closed standard streams, a narrow encoding, few open files, an odd TMPDIR.

    Raises HarnessError where no folder takes temporary files.
    """
    _open_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    try:
        folder = tempfile.gettempdir()
    except OSError as error:
        raise HarnessError(
            f"No folder takes temporary files ({error.strerror}): free some space, or set TMPDIR to a folder that has "
            "room and can be written."
        ) from error
    # Other programs take TMPDIR as it is; Python takes another folder if that one is of no use.
    os.environ["TMPDIR"] = os.path.realpath(folder)


def run(main: Callable[[], int], failed: int = 1) -> int:
    """The exit code of `main`, or `failed` with one sentence on standard error, or 128 and the signal's number."""
    try:
        stop_on_signals()
        prepare_process()
        # Only now, as their import takes a while, in which a signal may come.
        from botocore.exceptions import BotoCoreError

        from emulator import EmulatorError

        try:
            code = main()
            sys.stdout.flush()
        except BotoCoreError as error:
            raise HarnessError(f"A call to the emulator got no answer ({error}): try again.") from error
        except EmulatorError as error:
            raise HarnessError(str(error)) from error
    except Stopped as stopped:
        return _say("Stopped; nothing was left behind.", 128 + stopped.signal_number)
    except HarnessError as error:
        return _say(str(error), failed)
    except BrokenPipeError:
        # Who reads the output has gone, as in `make demo | head`. Python would try to write the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        return _say(in_words(error), failed)
    except ImportError as error:
        return _say(f"A Python package is missing or broken ({error}): run 'make clean setup'.", failed)
    return code


def _open_standard_streams() -> None:
    """Give what is closed to /dev/null: else the next pipe or file gets its number, and output goes there."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as the process


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code
