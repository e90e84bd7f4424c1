"""The same SPG interchange in other bytes: what XML lets a writer choose, and what readers must not see.

What it is: a writer of one element tree that chooses anew, by a seed, among blanks, quotation marks, references,
CDATA sections, prefixes, orders of attributes, declarations and line ends. What it is not: a change of what the
document says: `tests.support.dialects.infoset` is the same for all.
"""

import random
from xml.sax.saxutils import quoteattr

from lxml import etree

from adapters.agencies.ndelius.documents import NAMESPACE, XSI

_BLANKS = ["", "", " ", "\n", "\t", "\r\n", "\n      ", "  \r\n\t"]
_OPENINGS = [
    b"",
    b"\xef\xbb\xbf",
    b'<?xml version="1.0" encoding="UTF-8"?>',
    b"<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n",
    b'\xef\xbb\xbf<?xml version="1.0"?>\n\n',
]
_UNUSED = ["", "", f' xmlns:spg="{NAMESPACE}"', f" xmlns:xsi='{XSI}'", ' xmlns:a="urn:nothing"\n xmlns:b="urn:nothing"']


def dressed(content: bytes, seed: int) -> bytes:
    """The document in other bytes. The same seed gives the same bytes."""
    dice = random.Random(seed)  # nothing is kept secret by it
    prefix = dice.choice(["", "", "s:"])
    root = etree.fromstring(content)
    body = _element(root, prefix, dice, _root_attributes(root, prefix, dice))
    return dice.choice(_OPENINGS) + (body + dice.choice(["", "\n", "\r\n\r\n"])).encode()


def _root_attributes(root: etree._Element, prefix: str, dice: random.Random) -> str:
    declaration = f'xmlns:s="{NAMESPACE}"' if prefix else f'xmlns="{NAMESPACE}"'
    attributes = [declaration, f'xmlns:xsi="{XSI}"']
    attributes += [f"{str(name).replace('{' + XSI + '}', 'xsi:')}={quoteattr(str(value))}" for name, value in root.items()]
    dice.shuffle(attributes)
    return "".join(dice.choice([" ", "\n  ", " \t"]) + attribute for attribute in attributes)


def _element(element: etree._Element, prefix: str, dice: random.Random, attributes: str) -> str:
    name = prefix + etree.QName(element).localname
    inner = [_element(child, prefix, dice, dice.choice(_UNUSED)) for child in element]
    content = _between(inner, dice) if inner else _text(element.text or "", dice)
    if not content:
        return dice.choice([f"<{name}{attributes}/>", f"<{name}{attributes} />", f"<{name}{attributes}></{name}\n>"])
    return f"<{name}{attributes}{dice.choice(['', ' '])}>{content}</{name}>"


def _between(inner: list[str], dice: random.Random) -> str:
    return dice.choice(_BLANKS) + "".join(one + dice.choice(_BLANKS) for one in inner)


def _text(text: str, dice: random.Random) -> str:
    if len(text) > 1000:
        return dice.choice(_BLANKS) + _escaped(text) + dice.choice(_BLANKS)
    return dice.choice(_BLANKS) + "".join(_letter(letter, dice) for letter in text) + dice.choice(_BLANKS)


def _letter(letter: str, dice: random.Random) -> str:
    """One character. Only a reference keeps a carriage return (XML 1.0 §2.11)."""
    if letter == "\r":
        return dice.choice(["&#13;", "&#xD;"])
    if letter == "\n":
        return dice.choice(["\n", "\r\n", "&#10;"])
    chosen = dice.randrange(12)
    if chosen == 0:
        return f"&#{ord(letter)};"
    if chosen == 1:
        return f"&#x{ord(letter):X};"
    if chosen == 2:
        return f"<![CDATA[{letter}]]>"
    return _escaped(letter)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
