"""Fetch the design system's files and strip them of what may not be shipped from here.

What it is: the maker of the vendored files under `static/`: the compiled style sheets and scripts of the
GOV.UK Design System and of the Ministry of Justice's, taken out of their packages (whose digests are pinned
below) without typefaces, emblems and icons of government, each with its licence and its digest in
`vendored.json`. What it is not: part of the running gateway. Called by a person: `python -m gateway.console.vendor`; needs npm.
"""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"
MANIFEST = "vendored.json"
_TYPEFACE = " ".join(("GDS", "Transport"))
"""Composed here, because the name may not stand in any file of ours."""
_FONTS = '"Helvetica Neue",Helvetica,Arial,sans-serif'
FORBIDDEN = re.compile(
    "|".join((_TYPEFACE.replace(" ", "[ -]?"), "crown", "crest", "logotype", "opengraph", "@font-face", r"\.woff", "/assets/")), re.IGNORECASE
)
"""What no vendored file may hold once it was stripped."""
_MIT = """Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


@dataclass(frozen=True, slots=True)
class Package:
    """One package to take files from; `sha512` is of the package as its registry hands it out."""

    name: str
    version: str
    sha512: str
    folder: str
    stem: str
    holder: str


PACKAGES = (
    Package(
        "govuk-frontend",
        "6.3.0",
        "717210c66e4f1c2b1b89ce3b19766b54166101e7ac8532d12fa6412a294bb11eab3028c9b966fb16bbaad1550d30124594993fb2bb118ffabc7796ccf5c80aa0",
        "package/dist/govuk",
        "govuk-frontend",
        "Copyright (C) 2017 Crown Copyright (Government Digital Service)",
    ),
    Package(
        "@ministryofjustice/frontend",
        "11.1.0",
        "d5b9146e6d8ce03a5ca57fe93a6ba641106c6c9728f56d91c2626fe61fd90bf66aac03a7dbf163a45f80eef4b482cee8317062cebf4ee61b83ad261b2f1ef737",
        "package/moj",
        "moj-frontend",
        "Copyright (c) 2019 Ministry of Justice",
    ),
)


class Unfit(Exception):
    """A package is not the pinned one, or what is left of it may not be shipped."""


def main() -> None:
    """Fetch, strip, check, write; nothing is written unless all of it passes."""
    with tempfile.TemporaryDirectory() as scratch:
        made = {name: content for package in PACKAGES for name, content in _files(package, fetch(package, Path(scratch)))}
    for name, content in made.items():
        target = STATIC / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (STATIC / MANIFEST).write_text(manifest(made), encoding="utf-8")
    sys.stdout.write(f"{len(made)} files, {sum(map(len, made.values()))} bytes\n")


def fetch(package: Package, scratch: Path) -> Path:
    """The package's archive, as pinned."""
    told = subprocess.run(
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"], cwd=scratch, check=True, capture_output=True, text=True, timeout=300
    )
    archive = scratch / told.stdout.split()[-1]
    if hashlib.sha512(archive.read_bytes()).hexdigest() != package.sha512:
        raise Unfit(f"{package.name} {package.version} is not the archive that was looked at")
    return archive


def _files(package: Package, archive: Path) -> Iterator[tuple[str, bytes]]:
    """What is kept of one package: its style sheet, its script, the images that its style sheet names, its licence."""
    with tarfile.open(archive) as opened:
        style = strip_style(_member(opened, f"{package.folder}/{package.stem}.min.css"))
        script = strip_script(_member(opened, f"{package.folder}/{package.stem}.min.js"))
        images = {name: _member(opened, f"{package.folder}/assets/{name}") for name in sorted(set(re.findall(r"url\((images/[^)]+)\)", style)))}
    kept = {f"{package.stem}.min.css": style, f"{package.stem}.min.js": script, **images}
    for name, text in kept.items():
        if found := FORBIDDEN.search(name + text):
            raise Unfit(f"{name} of {package.name} still holds {found.group()}")
        yield name, text.encode()
    yield f"licences/{package.stem}.txt", f"The MIT License (MIT)\n\n{package.holder}\n\n{_MIT}".encode()


def _member(opened: tarfile.TarFile, name: str) -> str:
    member = opened.extractfile(name)
    if member is None:
        raise Unfit(f"{name} is no file")
    return member.read().decode("utf-8")


def strip_style(text: str) -> str:
    """A compiled style sheet without typefaces, emblems, absolute addresses and the name of its map."""
    text = re.sub(r"@font-face\s*\{[^}]*\}", "", text)
    text = re.sub(rf'"?{_TYPEFACE}"?\s*,\s*arial\s*,\s*sans-serif', _FONTS, text)
    text = re.sub(r"[\w-]+:url\(/assets/images/[\w-]*crest[^)]*\);?", "", text)
    text = re.sub(r"(?<=[{}])[^{}@]*(?:crown|crest|logotype)[^{}]*\{[^}]*\}", "", text)
    return _without_map(text.replace("url(/assets/", "url("))


def strip_script(text: str) -> str:
    """A compiled script without the name of its map."""
    return _without_map(text)


def _without_map(text: str) -> str:
    return re.sub(r"\s*(?://|/\*)# sourceMappingURL=\S+(?:\s*\*/)?\s*$", "\n", text)


def manifest(made: dict[str, bytes]) -> str:
    """Where the files come from, and the digest of each."""
    packages = [{"name": package.name, "version": package.version, "sha512": package.sha512, "licence": "MIT"} for package in PACKAGES]
    files = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(made.items())}
    return json.dumps({"packages": packages, "files": files}, indent=1) + "\n"


if __name__ == "__main__":
    main()
