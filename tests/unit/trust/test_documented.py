"""docs/security/verification.md names every cause that the code gives, and the same eight steps."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "security" / "verification.md").read_text()
SOURCES = [
    path
    for path in (ROOT / "gateway" / "trust").glob("*.py")
    if path.stem in {"jws", "wss", "wss_layout", "soap", "xml_guard", "strict_json", "compact", "detached", "caller"}
]
CAUSE = re.compile(r'(?:not_accepted|_unknown|_the|_base64|_too_complex)\([^"\n]*(?:"[^"]*", )?"([a-z][A-Za-z\'-]+)"|cause="([^"]+)"')


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_cause_is_documented(source: Path) -> None:
    causes = {one or other for one, other in CAUSE.findall(source.read_text())}
    assert causes
    assert {cause for cause in causes if f"`{cause}`" not in PAGE} == set()


@pytest.mark.parametrize("name", ["jws", "wss"])
def test_the_steps_are_numbered_in_the_code_as_on_the_page(name: str) -> None:
    source = (ROOT / "gateway" / "trust" / f"{name}.py").read_text()
    steps = re.findall(r"\((\d)\) ([a-z ]+)", source)
    on_page = re.findall(r"^\| (\d) \| ([a-z ]+?) \|", PAGE, re.MULTILINE)
    assert [number for number, _ in steps] == [number for number, _ in on_page] == list("12345678")
    for (_, written), (_, documented) in zip(steps, on_page, strict=True):
        assert written.startswith(documented)
