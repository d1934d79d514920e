"""How many examples Hypothesis tries, and what mutation testing needs."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from functools import _lru_cache_wrapper, partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

# Few examples and always the same ones for `make test`, more where CI is set; FUZZ_EXAMPLES new ones for `make fuzz`.
settings.register_profile(
    "test",
    max_examples=60 if os.environ.get("CI") else 15,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=_SLOW,
)
settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("FUZZ_EXAMPLES") or 1000),
    deadline=None,
    suppress_health_check=_SLOW,
    print_blob=True,
)
settings.load_profile("fuzz" if "FUZZ_EXAMPLES" in os.environ else "test")

# mutmut imports the engine once, and runs the tests for each mutant in a fork of that process. What the engine worked
# out before (its tables, its caches) would hide a mutant: so each test finds empty caches, and where the mutant is in a
# function that runs at import, the engine is imported again.
_MUTANT = "MUTANT_UNDER_TEST"
_KEPT = ("conftest", "case_files")
_run_by_import: set[str] = set()


def pytest_configure() -> None:
    """Let mutmut's trampolines know the mutant without a look at the environment, and import again what must be."""
    mutant = os.environ.get(_MUTANT, "")
    if "__mutmut_" in mutant:
        from mutmut.mutation import trampoline

        trampoline.get_mutant_under_test = partial(str, mutant)
    if mutant == "stats" or (mutant and not _run_by_import) or mutant.partition("__mutmut_")[0] in _run_by_import:
        for name in list(sys.modules):
            parts = name.split(".")
            if ("authorization" in parts or "test_authorization" in parts[:-1]) and parts[-1] not in _KEPT:
                del sys.modules[name]
    if mutant == "stats":
        _remember_what_runs_by_import()


def _remember_what_runs_by_import() -> None:
    from mutmut.state import state

    for module in ("kms", "simulate", "sts", "validation", "explain"):
        importlib.import_module(f"plerion_kms.authorization.{module}")
    _run_by_import.update(state()._stats)


@pytest.fixture(scope="session")
def caches() -> list[Any]:
    """The engine's caches, if mutants are at work."""
    names = [name for name in sys.modules if name.startswith("plerion_kms.authorization.") and _MUTANT in os.environ]
    modules = [sys.modules[name] for name in names]
    kinds = (_lru_cache_wrapper, sys.modules["plerion_kms.authorization.documents"].Cache) if modules else ()
    return [value for module in modules for value in vars(module).values() if isinstance(value, kinds)]


@pytest.fixture(autouse=True)
def hide_nothing_from_mutmut(caches: list[Any]) -> Iterator[None]:
    """Empty the engine's caches, and record what ran at import as used by every test."""
    for cache in caches:
        cache.cache_clear()
    yield
    if os.environ.get(_MUTANT) == "stats":
        from mutmut.state import state

        state()._stats.update(_run_by_import)
