"""Installed from a copy of the repository into an empty environment, the console script runs without LocalStack."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import plerion_kms
from plerion_kms.audit import saved
from test_audit.account import World

pytestmark = [pytest.mark.ci, pytest.mark.xdist_group("audit-install")]

ROOT = Path(plerion_kms.__file__).parents[2]


@pytest.mark.skipif("CI" not in os.environ, reason="needs the package index, so it runs in CI alone")
def test_install(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "VERSION"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "tests" / "plerion_kms", source / "tests" / "plerion_kms")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "new"], check=True)
    programs = tmp_path / "new" / "bin"
    subprocess.run([programs / "pip", "install", "--quiet", source], check=True)
    installed = subprocess.run([programs / "pip", "list"], capture_output=True, text=True, check=True).stdout.lower()
    assert "localstack" not in installed
    assert "pytest" not in installed
    saved.save(World().snapshot(), tmp_path / "saved")
    for arguments in (["--policy"], ["--from", tmp_path / "saved", "--out", tmp_path / "out"]):
        ended = subprocess.run([programs / "plerion-kms", "audit", *arguments], capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
