"""Faces of a report: JUnit XML for machines that build, one HTML page for people who act.

What it is: two ways of writing a `Report`. What it is not: the report (`play`). The page is self-contained: no script, no
address outside. What was sent and what came back is shown, since everybody in it is made up. JUnit: the schema that
Jenkins and GitLab read.
"""

from collections.abc import Iterator
from html import escape
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from gateway.rehearsal.conformance.cases import Group, Level
from gateway.rehearsal.conformance.play import Report, Result, Verdict

_UNPRINTABLE = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535), "�")
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1d1d1b; }
.passed { color: #00612e; } .failed { color: #b10e1e; } .should { color: #7a4b00; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #ddd; vertical-align: top; }
article { border-left: .4rem solid #b10e1e; padding: .1rem 0 .1rem 1rem; margin: 1.5rem 0; } article.should { border-color: #f47738; }
pre { background: #f3f3f2; padding: .6rem; overflow-x: auto; white-space: pre-wrap; word-break: break-all; font-size: .8rem; }
"""


def junit(report: Report) -> bytes:
    """One test suite per group."""
    root = Element("testsuites", name=f"conformance {report.party}", tests=str(len(report.results)), failures=str(report.count(Verdict.FAILED)))
    for group in Group:
        results = [result for result in report.results if result.case.group is group]
        if results:
            _suite(root, group, results, report)
    indent(root)
    text: str = tostring(root, encoding="unicode")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode()


def page(report: Report) -> str:
    """What failed, what was sent, what came back, who has to act, and what to do."""
    return "\n".join(_page(report))


def _suite(root: Element, group: Group, results: list[Result], report: Report) -> None:
    failed = sum(result.verdict is Verdict.FAILED for result in results)
    skipped = sum(result.verdict is Verdict.NOT_HERE for result in results)
    facts = {"name": group.value, "tests": str(len(results)), "failures": str(failed), "skipped": str(skipped)}
    suite = SubElement(root, "testsuite", facts | {"timestamp": report.began_at.replace(tzinfo=None).isoformat(timespec="seconds")})
    for result in results:
        named = {"classname": f"{report.party}.{group.value}", "name": f"{result.case.id} {result.case.title}"}
        case = SubElement(suite, "testcase", named | {"time": f"{result.seconds:.3f}"})
        if result.verdict is Verdict.FAILED:
            failure = SubElement(case, "failure", type=result.case.level.value, message=result.found.translate(_UNPRINTABLE))
            failure.text = "\n".join([result.todo, *(f"- {step.what}" for step in result.trail)]).translate(_UNPRINTABLE)
        if result.verdict is Verdict.NOT_HERE:
            SubElement(case, "skipped", message=result.found.translate(_UNPRINTABLE))


def _page(report: Report) -> Iterator[str]:
    word = "passed" if report.passed else "failed"
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Conformance of {escape(report.party)}: {word}</title>'
    yield f"<style>{_STYLE}</style></head><body>"
    yield f'<h1>{escape(report.party)} ({escape(report.organisation)}) <span class="{word}">{word}</span></h1>'
    how = "a simulator of the same profile" if report.simulated else "the partner's own system"
    yield f"<p>{escape(report.dialect)} over {escape(report.mode)} in {escape(report.packaging)}, {how}, {report.began_at:%d %B %Y %H:%M} UTC, "
    yield f"{report.seconds:.0f} s. {report.count(Verdict.PASSED)} cases passed, {report.count(Verdict.FAILED)} failed, "
    yield f"{report.count(Verdict.NOT_HERE)} do not apply here. A partner can be live when no must-case failed. "
    yield "All people and cases in the messages shown are made up.</p>"
    failed = [result for result in report.results if result.verdict is Verdict.FAILED]
    if failed:
        yield "<h2>What to do</h2>"
    for result in sorted(failed, key=lambda one: one.case.level is Level.SHOULD):
        yield from _failure(result)
    yield "<h2>All cases</h2><table><tr><th>Case</th><th></th><th>Level</th><th>Result</th><th>Seconds</th></tr>"
    for result in report.results:
        yield _row(result)
    yield f"</table><p>Agreement {escape(report.profile)}.</p></body></html>"


def _failure(result: Result) -> Iterator[str]:
    case = result.case
    yield f'<article class="{case.level.value}"><h3>{escape(case.id)}: {escape(case.title)} ({case.level.value})</h3>'
    yield f"<p><strong>What was seen.</strong> {escape(result.found)}</p><p><strong>What to do.</strong> {escape(result.todo)}</p>"
    yield f"<p><strong>Who.</strong> {escape(result.whose.value)}. <strong>Why it matters.</strong> {escape(case.proves)}</p>"
    for step in result.trail:
        shown = f"<pre>{escape(step.text.translate(_UNPRINTABLE))}</pre>" if step.text else ""
        yield f"<details><summary>{escape(step.what)}</summary>{shown}</details>" if shown else f"<p>{escape(step.what)}</p>"
    yield "</article>"


def _row(result: Result) -> str:
    case, colour = result.case, {Verdict.PASSED: "passed", Verdict.FAILED: "failed"}.get(result.verdict, "")
    found = f" <small>{escape(result.found)}</small>" if result.verdict is Verdict.NOT_HERE else ""
    cells = f"<td>{escape(case.id)}</td><td>{escape(case.title)}{found}</td><td>{case.level.value}</td>"
    return f'<tr>{cells}<td class="{colour}">{result.verdict.value}</td><td>{result.seconds:.2f}</td></tr>'
