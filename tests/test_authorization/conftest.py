"""How many examples Hypothesis tries, and what mutation testing needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

# Few examples and always the same ones for `make test`; FUZZ_EXAMPLES new ones for `make fuzz`.
settings.register_profile(
    "test", max_examples=30, derandomize=True, database=None, deadline=None, suppress_health_check=_SLOW
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
# out before (its tables, its caches) would hide a mutant, so each run imports it anew and each test finds empty caches.
_MUTANT = "MUTANT_UNDER_TEST"
_KEPT = ("test_authorization", "test_authorization.conftest", "test_authorization.case_files")


def pytest_configure() -> None:
    """Forget the engine and its tests, but for what only reads files."""
    if _MUTANT in os.environ:
        for name in [name for name in sys.modules if name.startswith(("authorization", "test_authorization"))]:
            if name not in _KEPT:
                del sys.modules[name]


@pytest.fixture(scope="session")
def run_by_import() -> frozenset[str]:
    """The functions that mutmut has seen at work before the first test, at import."""
    if os.environ.get(_MUTANT) != "stats":
        return frozenset()
    from mutmut.state import state

    return frozenset(state()._stats)


@pytest.fixture(scope="session")
def caches() -> list[_lru_cache_wrapper[Any]]:
    """The engine's caches, if mutants are at work."""
    modules = [sys.modules[name] for name in sys.modules if name.startswith("authorization.") and _MUTANT in os.environ]
    return [value for module in modules for value in vars(module).values() if isinstance(value, _lru_cache_wrapper)]


@pytest.fixture(autouse=True)
def hide_nothing_from_mutmut(caches: list[_lru_cache_wrapper[Any]], run_by_import: frozenset[str]) -> Iterator[None]:
    """Empty the engine's caches, and count what ran at import as used by every test."""
    for cache in caches:
        cache.cache_clear()
    yield
    if run_by_import:
        from mutmut.state import state

        state()._stats.update(run_by_import)
