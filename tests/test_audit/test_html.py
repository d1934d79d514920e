"""report.html: what it holds as text, and what a browser makes of it, where Chromium is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from harness.paths import PROJECT
from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.report import Report
from plerion_kms.audit.writers import html
from plerion_kms.guide import cross_account_additions, same_account_additions

from .chromium import Chromium, find
from .snapshots import ACCOUNT, Made

pytestmark = [pytest.mark.ci, pytest.mark.xdist_group("audit-html")]

AXE = "axe-core@4.10.3"
HOSTILE = "</pre><script>document.title='taken'</script>\"'><img src=x onerror=document.title='taken'>{{ 7*7 }}"
LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "ping", "manifest", "xlink:href"}
LOADED_BY_HREF = {"link", "base", "use", "image"}
WIDTHS = (390, 1280)
KEYS = 300


def report() -> Report:
    """Keys of every kind, with texts of others that would do harm if they were markup."""
    made = Made()
    shapes: list[tuple[list[dict[str, Any]], dict[str, Any]]] = [
        ([made.root()], {}),
        ([made.root()], {"tags": {"PlerionAccess": "Denied"}}),
        ([made.root()], {"tags": {"PlerionAccess": HOSTILE, "ManagedBy": f"Terraform {HOSTILE}"}}),
        ([made.administration()], {"aliases": (f"alias/{HOSTILE}",)}),
        ([{**made.administration(), "Sid": HOSTILE}], {"tags": {"ManagedBy": f"Terraform {HOSTILE}"}}),
        ([made.administration(), *same_account_additions()], {"version": "2008-10-17"}),
        ([made.administration(), *same_account_additions()], {"tags": {"PlerionAccess": "Denied"}}),
        ([made.administration(), *cross_account_additions("999988887777")], {}),
        ([{**made.root(), "Action": ["kms:Decrypt", "kms:DescribeKey"]}], {"aliases": ("alias/" + "long" * 60,)}),
    ]
    for number in range(KEYS):
        statements, more = shapes[number % len(shapes)]
        made.key(statements, region=("us-east-1", "ap-southeast-1")[number % 2], **more)
    return assess(made.snapshot(), Options())


@pytest.fixture(scope="module")
def text() -> str:
    return "".join(html.render(report()))


@pytest.fixture(scope="module")
def page(text: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    path = find()
    if path is None:
        pytest.skip("Chromium is not installed: install Debian's package chromium to look at the page.")
    with Chromium(path) as started:
        yield started


class Elements(HTMLParser):
    """The elements of the page, with their attributes, and the texts of styles and scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.code = ""
        self._in_code = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._in_code = tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self._in_code = False

    def handle_data(self, data: str) -> None:
        if self._in_code:
            self.code += data


def test_nothing_is_loaded_from_elsewhere(text: str) -> None:
    elements = Elements(text)
    for tag, attributes in elements.found:
        assert not LOADING & set(attributes), tag
        assert tag not in ("iframe", "object", "embed", "img", "audio", "video", "source", "frame")
        assert tag not in LOADED_BY_HREF
        assert not any(name.startswith("on") for name in attributes), tag
    assert not re.search(r"url\(|@import|https?:|fetch\(|XMLHttpRequest|import\(|WebSocket|sendBeacon", elements.code)


def test_texts_of_others_are_text(text: str) -> None:
    assert [tag for tag, _ in Elements(text).found].count("script") == 1
    assert "<img" not in text
    assert "{{ 7*7 }}" in text


def test_the_deciding_statement_is_marked() -> None:
    made = Made()
    made.key([made.administration(), made.root()])
    text = "".join(html.render(assess(made.snapshot(), Options())))
    [marked] = re.findall(r"Deciding statement</span></div><pre[^>]*>(.*?)</pre>", text, re.DOTALL)
    assert '"Sid": "Root"' in marked


def test_each_policy_stands_once(text: str) -> None:
    # The long alias and the tag values are in the rows; a policy's statements are not.
    assert text.count('"Sid": "Root"') <= 6


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scripts", [True, False])
def test_nothing_overflows_or_overlaps(browser: Chromium, page: Path, width: int, dark: bool, scripts: bool) -> None:
    browser.open(page, width=width, dark=dark, scripts=scripts)
    if scripts:
        browser.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert browser.evaluate("document.title") == "Plerion and your KMS keys"
    assert browser.evaluate(FAULTS) == []


FAULTS = """(() => {
  const faults = [], wide = document.documentElement;
  if (wide.scrollWidth > wide.clientWidth) faults.push('the page scrolls sideways: ' + wide.scrollWidth);
  const name = e => e.tagName + ' ' + e.textContent.trim().slice(0, 40);
  // What is laid out after one another may not lie on one another.
  const boxes = e => [...e.children].filter(c => c.offsetParent && getComputedStyle(c).position !== 'absolute');
  const scrolls = e => e.closest('.wide');
  for (const e of document.querySelectorAll('body *')) {
    if (!e.offsetParent || ['SCRIPT', 'STYLE', 'OPTION', 'BR'].includes(e.tagName)) continue;
    const r = e.getBoundingClientRect();
    if (r.width && !scrolls(e) && r.right > wide.clientWidth + 1) faults.push('out of the page: ' + name(e));
    // Text that is wider than its box, unless the box scrolls.
    const { display, overflowX } = getComputedStyle(e);
    if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth && overflowX === 'visible' && display !== 'inline'
        && !e.matches('table, thead, tbody, tr, select') && !e.querySelector('.wide'))
      faults.push('wider than its box: ' + name(e));
    if (['flex', 'grid', 'block'].includes(getComputedStyle(e).display)) {
      const children = boxes(e).filter(c => getComputedStyle(c).display !== 'inline');
      children.forEach((a, i) => { const b = children[i + 1]; if (!b) return;
        const p = a.getBoundingClientRect(), q = b.getBoundingClientRect();
        const across = Math.min(p.right, q.right) - Math.max(p.left, q.left);
        const down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
        if (across > 1 && down > 1) faults.push('overlap: ' + name(a) + ' / ' + name(b)); });
    }
  }
  return faults.slice(0, 10);
})()"""


@pytest.mark.parametrize(
    "fault",
    ["h1 { width: 600px }", ".card { margin-top: -2rem }", "pre { white-space: pre } .copyable { overflow: visible }"],
)
def test_faults_of_layout_are_seen(browser: Chromium, page: Path, fault: str, tmp_path: Path) -> None:
    broken = tmp_path / "report.html"
    broken.write_text(page.read_text().replace("</style>", f"{fault}</style>"))
    browser.open(broken, width=390)
    browser.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert browser.evaluate(FAULTS) != []


SET = """(() => { const form = document.getElementById('filters'); form.reset(); %s
  const start = performance.now();
  form.dispatchEvent(new Event('input', { bubbles: true })); document.body.offsetHeight;
  return [form.querySelector('output').textContent, performance.now() - start]; })()"""


@pytest.mark.parametrize(
    ("field", "value", "count"),
    [
        ("account", ACCOUNT, 300),
        ("region", "us-east-1", 150),
        ("verdict", "closed by tag", 34),
        ("tag", "denied", 67),
        ("tag", "none", 199),
        ("tag", "other", 34),
        ("role", "appliance", 232),
        ("text", "ALIAS/LONGLONG", 33),
        ("text", "000000000007", 1),
    ],
)
def test_filters(browser: Chromium, page: Path, field: str, value: str, count: int) -> None:
    browser.open(page, width=1280)
    said, milliseconds = browser.evaluate(SET % f"form.elements[{field!r}].value = {value!r};")
    assert said.startswith(f"{count} of {KEYS} keys")
    assert milliseconds < 200
    visible = browser.evaluate("document.querySelectorAll('#keys tbody tr:not([hidden])').length")
    assert visible == min(count, 200)


def test_a_keys_panel_shows_its_own_names_and_closes_by_keyboard(browser: Chromium, page: Path) -> None:
    browser.open(page, width=390)
    # The last key of the kind, so that it isn't the case's sample.
    last = "[...document.querySelectorAll('#keys a')].filter(a => a.textContent === 'not delegating').at(-1)"
    browser.evaluate("document.getElementById('more').click()")
    browser.evaluate(f"{last}.focus()")
    browser.press("Enter", 13)
    id_ = browser.evaluate(f"{last}.closest('tr').cells[0].lastChild.data.trim()")
    panel = browser.evaluate("document.querySelector('dialog[open]').textContent")
    arns = re.findall(r"arn:aws:kms:[\w-]+:\d+:key/[\w-]+", panel)
    assert arns
    assert {arn.rpartition("/")[2] for arn in arns} == {id_}
    assert "\u27e8" not in panel
    assert "Grant PlerionApplianceRole access to decrypt" in panel
    browser.evaluate("document.querySelectorAll('dialog details').forEach(d => { d.open = true })")
    assert browser.evaluate(FAULTS) == []
    browser.press("Escape", 27)
    assert browser.evaluate("document.querySelector('dialog').open") is False
    assert browser.evaluate(f"document.activeElement === {last}")


@pytest.mark.parametrize(("dark", "panel"), [(False, True), (True, False)])
def test_axe_finds_nothing(browser: Chromium, page: Path, axe: str, dark: bool, panel: bool) -> None:
    browser.open(page, width=1280, dark=dark)
    browser.evaluate(f"(() => {{ {axe} }})()")
    browser.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    if panel:
        browser.evaluate("document.querySelector('#keys .bad').click()")
        browser.evaluate("document.querySelectorAll('dialog details').forEach(d => { d.open = true })")
    found = browser.evaluate(
        "axe.run(document, { resultTypes: ['violations'] })"
        ".then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html + ' ' + v.nodes[0].failureSummary))"
    )
    assert found == []


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, installed once into .tools."""
    folder = PROJECT / ".tools" / AXE.replace("@", "-")
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip(f"npm is not installed: install it, so that {AXE} can look at the page.")
        command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), AXE]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            pytest.skip(f"{AXE} can't be installed with npm: {result.stderr.strip()[-200:]}")
    return script.read_text(encoding="utf-8")
