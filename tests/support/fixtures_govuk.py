"""The design system's own fixtures: options of a component and the HTML that they must give, and how two are compared.

`python -m tests.support.fixtures_govuk FOLDER` writes them again from an unpacked package. Of what bears a mark of
government only the digest of the HTML is kept.
"""

import hashlib
import json
import re
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

KEPT = Path(__file__).parents[1] / "vectors/govuk/fixtures.json"
_MARKED = re.compile(r"crown|crest|logotype", re.IGNORECASE)


@dataclass(frozen=True)
class Fixture:
    """One example of one component; `expected` is normalised HTML or its digest."""

    component: str
    name: str
    options: dict[str, object]
    expected: str

    def matches(self, html: str) -> bool:
        """Whether this HTML is the one that the options must give."""
        found = normalised(html)
        return self.expected in (found, _digest(found))


def fixtures() -> tuple[Fixture, ...]:
    """All that are kept."""
    return tuple(Fixture(*row) for row in json.loads(KEPT.read_text(encoding="utf-8")))


class _Tokens(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        shown = sorted(f'{name}="{" ".join((value or "").split())}"' for name, value in attrs)
        self.found.append(f"<{' '.join((tag, *shown))}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if text := " ".join(data.split()):
            self.found.append(text)

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")


def normalised(html: str) -> str:
    """The same for two texts that a browser reads the same: order of attributes and white space set aside."""
    reader = _Tokens()
    reader.feed(html)
    reader.close()
    return "".join(reader.found)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _kept(html: str) -> str:
    found = normalised(html)
    return _digest(found) if _MARKED.search(found) else found


def main(folder: Path) -> None:
    """Write them again."""
    rows = []
    for path in sorted(folder.glob("components/*/fixtures.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        rows += [[told["component"], each["name"], each["options"], _kept(each["html"])] for each in told["fixtures"]]
    KEPT.write_text("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows) + "\n]\n", encoding="utf-8")
    sys.stdout.write(f"{len(rows)} fixtures\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
