"""The vendored files are those that the script makes, are whole, and hold nothing that may not be shipped."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from gateway.console import vendor
from gateway.console.assets import Assets
from gateway.console.rendering import assets, environment

MANIFEST = json.loads((vendor.STATIC / vendor.MANIFEST).read_text(encoding="utf-8"))
FILES = sorted(path for path in vendor.STATIC.rglob("*") if path.is_file())
OWN = {"console.css", "console.js", "hiding.js", "live.js", "favicon.svg", vendor.MANIFEST}
TYPEFACE = " ".join(("GDS", "Transport"))
STYLE = (
    '@charset "UTF-8";@font-face{font-family:' + TYPEFACE + ";src:url(/assets/fonts/light.woff2)}.a{font-family:" + TYPEFACE + ",arial,sans-serif;color:red}"
    ".govuk-footer__crown{margin:0}@media print{.b__logotype{x:y}.c{d:e}}.f:before{background-image:url(/assets/images/some-crest.svg);g:h}"
    ".i{background:url(/assets/images/icon.svg)}\n/*# sourceMappingURL=x.css.map */"
)


def _name(path: Path) -> str:
    return path.relative_to(vendor.STATIC).as_posix()


def test_vendored_files_are_as_the_manifest_says() -> None:
    found = {_name(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in FILES if _name(path) not in OWN}
    assert found == MANIFEST["files"]


def test_the_manifest_is_that_of_the_pinned_packages() -> None:
    made = {name: (vendor.STATIC / name).read_bytes() for name in MANIFEST["files"]}
    assert vendor.manifest(made) == (vendor.STATIC / vendor.MANIFEST).read_text(encoding="utf-8")
    assert {package.version for package in vendor.PACKAGES} == {"6.3.0", "11.1.0"}


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_nothing_is_shipped_that_may_not_be(path: Path) -> None:
    assert path.suffix in (".css", ".js", ".svg", ".txt", ".json")
    if path.parent.name != "licences":
        assert not vendor.FORBIDDEN.search(_name(path) + path.read_text(encoding="utf-8"))
    assert "sourceMappingURL" not in path.read_text(encoding="utf-8")


def test_each_package_has_its_licence() -> None:
    for package in vendor.PACKAGES:
        text = (vendor.STATIC / f"licences/{package.stem}.txt").read_text(encoding="utf-8")
        assert package.holder in text
        assert "Permission is hereby granted, free of charge" in text


def test_what_style_sheets_name_is_there() -> None:
    for sheet in vendor.STATIC.glob("*.css"):
        named = [name for name in re.findall(r"url\(([^)]+)\)", sheet.read_text(encoding="utf-8")) if not name.startswith(("#", "data:", '"data:'))]
        assert not [name for name in named if name not in assets()], sheet.name


def test_what_scripts_import_is_there() -> None:
    for script in ("console.js", "live.js"):
        text = (vendor.STATIC / script).read_text(encoding="utf-8")
        assert not [name for name in re.findall(r"from '\./([^']+)'", text) if name not in assets()]
        assert not re.search(r"\beval\b|innerHTML|insertAdjacentHTML|document\.write", text)


def test_font_stack_is_the_one_that_may_be_used() -> None:
    for sheet in ("govuk-frontend.min.css", "moj-frontend.min.css"):
        stacks = set(re.findall(r"font-family:([^;}]+)", (vendor.STATIC / sheet).read_text(encoding="utf-8")))
        assert stacks <= {'"Helvetica Neue",Helvetica,Arial,sans-serif', "sans-serif", "inherit"}


def test_stripping_takes_what_it_must_and_leaves_the_rest() -> None:
    stripped = vendor.strip_style(STYLE)
    assert not vendor.FORBIDDEN.search(stripped)
    assert stripped == (
        '@charset "UTF-8";.a{font-family:"Helvetica Neue",Helvetica,Arial,sans-serif;color:red}@media print{.c{d:e}}.f:before{g:h}'
        ".i{background:url(images/icon.svg)}\n"
    )
    assert vendor.strip_script("a();//# sourceMappingURL=x.js.map\n") == "a();\n"


@pytest.mark.parametrize(
    "left", [TYPEFACE, TYPEFACE.replace(" ", ""), "some-CREST", "crown", "@font-face{}", "url(x.woff2)", "/assets/x.svg", "govuk-opengraph-image"]
)
def test_what_is_forbidden_is_seen(left: str) -> None:
    assert vendor.FORBIDDEN.search(f"a{left}b")


def test_a_package_that_was_changed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "npm").write_text("#!/bin/sh\necho changed > package.tgz\necho package.tgz\n", encoding="utf-8")
    (tools / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    with pytest.raises(vendor.Unfit, match="not the archive"):
        vendor.fetch(vendor.PACKAGES[0], tmp_path)


def test_the_address_changes_with_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a", encoding="utf-8")
    one = Assets(tmp_path)
    (tmp_path / "a.css").write_text("b", encoding="utf-8")
    other = Assets(tmp_path)
    assert one.url("a.css") != other.url("a.css")
    with pytest.raises(KeyError):
        one.url("b.css")


def test_no_template_names_a_file_that_is_not_there() -> None:
    folder = vendor.STATIC.parent / "templates"
    named = {name for template in environment().list_templates() for name in re.findall(r"asset\('([^']+)'\)", (folder / template).read_text(encoding="utf-8"))}
    assert {"console.css", "console.js", "favicon.svg"} <= named
    assert not [name for name in named if name not in assets()]


def test_templates_hold_no_inline_style_or_handler() -> None:
    for path in (vendor.STATIC.parent / "templates").rglob("*.html"):
        assert not re.search(r'\sstyle="|\son(?!ce=)[a-z]+="|javascript:', path.read_text(encoding="utf-8")), path.name
