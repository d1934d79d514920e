"""Lint: a tool that is missing is a failure, a link that leads nowhere is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.paths import PROJECT
from harness.tools import lint, tflint
from harness.tools.links import broken
from harness.tools.lint import Result

UNUSED_VARIABLE = """
variable "unused" {
  description = "Nothing reads it."
  type        = string
}
"""


def test_tflint_and_go_missing_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tflint, "BUILT", tmp_path / "tflint")
    with pytest.raises(
        HarnessError, match=r"^tflint is not on PATH, .* install tflint 0\.64\.0 or Go, and try again\.$"
    ):
        tflint.ensure({"PATH": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_go_that_cannot_build_is_said(tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho no module proxy >&2\nexit 1\n", encoding="utf-8")
    go.chmod(0o755)
    with pytest.raises(HarnessError, match="no module proxy"):
        tflint.build(tmp_path / "tools" / "tflint", {"PATH": f"{tmp_path}:/bin:/usr/bin"})


def test_tflint_on_the_path_is_taken(tmp_path: Path) -> None:
    own = tmp_path / "tflint"
    own.touch()
    own.chmod(0o755)
    assert tflint.ensure({"PATH": str(tmp_path)}) == own


def test_the_aws_ruleset_is_found_where_tflint_looks(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    assert tflint.aws_plugin(home) is None
    plugin = tmp_path / ".tflint.d/plugins/github.com/terraform-linters/tflint-ruleset-aws/0.44.0/tflint-ruleset-aws"
    plugin.parent.mkdir(parents=True)
    plugin.touch()
    assert tflint.aws_plugin(home) == plugin
    assert tflint.aws_plugin({**home, "TFLINT_PLUGIN_DIR": str(tmp_path / "other")}) is None


@pytest.mark.skipif(not tflint.BUILT.is_file(), reason="'make lint' has not built tflint here")
def test_tflint_reports_with_the_projects_configuration(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(UNUSED_VARIABLE, encoding="utf-8")
    result = lint.run([tflint.BUILT, "--config", PROJECT / lint.TFLINT_CONFIGURATION], tmp_path)
    assert "terraform_unused_declarations" in result.problems
    assert "terraform_required_version" in result.problems


def test_a_tool_that_is_missing_fails_lint(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(lint, "LINTERS", {"there": Result, "missing": lambda: lint.run(["no-such-tool"])})
    assert lint.main() == 1
    assert capsys.readouterr().out.startswith("there: ok\nmissing: FAILED\nno-such-tool cannot be run")


def test_a_note_does_not_fail_lint(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(lint, "LINTERS", {"tool": lambda: Result(note="half of it is not installed")})
    assert lint.main() == 0
    assert capsys.readouterr().out == "tool: ok (half of it is not installed)\n"


def test_shellcheck_reads_scripts_by_name_and_by_first_line() -> None:
    scripts = {path.relative_to(PROJECT).as_posix() for path in lint.files() if path.suffix == ".sh"}
    assert "tests/setup/find-python.sh" in scripts
    assert lint._is_shell(PROJECT / ".ci" / "run")
    assert not lint._is_shell(PROJECT / "LICENSE")


def test_links_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# The mode's name, twice\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n[a](there.md) [b](there.md#the-modes-name-twice) [c](https://example.com/x) [d](#page)\n\n"
        "```\n[in code](gone.md)\n```\n\n"
        "[e](gone.md)\n\n| a |\n|---|\n| [f](there.md#gone) |\n",
        encoding="utf-8",
    )
    assert [line.split(":", 2)[1:] for line in broken([page])] == [
        ["8", " the link 'gone.md' leads to gone.md, which is not there: fix or remove it."],
        ["12", " the link 'there.md#gone' leads to a heading that is not there: fix or remove it."],
    ]
