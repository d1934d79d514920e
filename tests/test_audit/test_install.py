"""Installed from a copy of the repository into an empty environment, the console script runs without LocalStack.

The account that it reads is on the emulator, which is of another environment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import plerion_kms
from emulator import Emulator
from test_emulator.aws import REGION, Account

pytestmark = [pytest.mark.ci, pytest.mark.xdist_group("audit-install")]

ROOT = Path(plerion_kms.__file__).parents[2]


@pytest.mark.skipif("CI" not in os.environ, reason="needs the package index, so it runs in CI alone")
def test_install(emulator: Emulator, tmp_path: Path) -> None:
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
    account = Account.make(emulator.endpoint_url)
    key = account.key()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": emulator.endpoint_url,
        "AWS_ACCESS_KEY_ID": account.id,
        "AWS_SECRET_ACCESS_KEY": "any",
        "NO_PROXY": "*",
    }
    read = ["--regions", REGION, "--save", str(tmp_path / "saved")]
    again = ["--from", str(tmp_path / "saved"), "--out", str(tmp_path / "out")]
    for arguments in (["--policy"], read, again):
        command = [str(programs / "plerion-kms"), "audit", *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert ended.returncode == 0, ended.stderr
    (found,) = json.loads((tmp_path / "out" / "report.json").read_text())["keys"]
    assert (found["arn"], found["verdict"]) == (key, "open")
