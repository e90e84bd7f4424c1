"""What the coverage-guided fuzzers share: where corpora lie, and a run with an end.

What it is: a few lines around atheris (libFuzzer). What it is not: a part of `make test`. Called by
`tests/fuzz/atheris_*.py`, which import what they fuzz under `atheris.instrument_imports`.
"""

import hashlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris

FOLDER = Path(__file__).parents[2] / "var" / "fuzz"
SECONDS = 20
OURS = ["adapters", "broker", "gateway", "schemas"]


def fuzz(name: str, target: Callable[[bytes], None], seeds: Iterable[bytes]) -> None:
    """Fuzz for twenty seconds, or as libFuzzer's own options on the command line say. Ends the process: 0 where
    every input gave a result or a refusal; an input that did not is kept as var/fuzz/<name>/crash-…"""
    corpus, given = FOLDER / name / "corpus", FOLDER / name / "seeds"
    for folder in (corpus, given):
        folder.mkdir(parents=True, exist_ok=True)
    for old in given.iterdir():
        old.unlink()  # signed by the keys of another run
    for seed in seeds:
        (given / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    bounds = [f"-max_total_time={SECONDS}", "-timeout=10", "-rss_limit_mb=1500", "-max_len=20000", "-print_final_stats=1"]
    again = any(not argument.startswith("-") for argument in sys.argv[1:])  # a kept finding, and nothing else
    folders = [] if again else [str(corpus), str(given)]
    atheris.Setup([sys.argv[0], *bounds, f"-artifact_prefix={FOLDER / name}/", *sys.argv[1:], *folders], target)
    atheris.Fuzz()
