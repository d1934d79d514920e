"""The one error that the harness raises for what its user can fix, and the system's own errors in such words."""

from __future__ import annotations

import errno
import os
import re

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)
IN_THE_WAY = (errno.ENOTDIR, errno.EEXIST, errno.EISDIR)
TOO_MANY = (errno.EMFILE, errno.ENFILE)
ENDED_PROCESS = (errno.ENOMEM, errno.EAGAIN)


class HarnessError(Exception):
    """One sentence: what is wrong, where, and how to fix it."""


def in_words(error: OSError) -> str:
    """What the system refused, where, and how to fix it, in one sentence."""
    number = error.errno
    # shutil.Error holds the errors of many files, as texts.
    if number is None and (found := re.search(r"\[Errno (\d+)\]", str(error))):
        number = int(found[1])
    reason = os.strerror(number) if number else " ".join(str(error).split())
    place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, (str, bytes, os.PathLike)) else ""
    return f"{place}{reason}: {_remedy(number)}."


def _remedy(number: int | None) -> str:
    if number in FULL:
        return "free some space there, raise the limit, or set TMPDIR to a folder that has room"
    if number in CLOSED:
        return "make it readable and writable, or use a copy of the project and a TMPDIR of yours"
    if number in IN_THE_WAY:
        return "move away what is in its place, and run the command again"
    if number in TOO_MANY:
        return "raise the limit of open files (ulimit -n 4096)"
    if number in ENDED_PROCESS:
        return "end other programs or raise the limit (ulimit -a)"
    return "put that right, and run the command again"
