"""R24: JSON in a run that lies: numbers that are none, depth, half characters, wrong types."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

from finished_run import copy, finished
from mutant import mutant
from small_run import Bench
from strangers import SENTRY, Verdicts

_FILES = ("plan.json", "environment.json", "outcome.json", "evaluation.json", "metrics.jsonl")
#: As text, since Python's own writer could not say some of them.
_VALUES = (
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000, "-" + "9" * 25, "1e308", "-1",
    "0", "9223372036854775807", "0.5", "true", "null", '""', '"x"', "[]", "{}", "[1, [2]]",
    '{"a": {"b": 1}}', "[" * 500 + "]" * 500, "[" * 100_000 + "]" * 100_000,
    '{"a":' * 300 + "1" + "}" * 300, '"\\ud800"', '"\\udc00x"', '"\\u001b]0;owned\\u0007"',
    '"\\u009b31m"', '"\\u202e"', '"\\u0000"', '"' + "x" * 100_000 + '"', '"</script><b>"',
    "[null]",
    '["\\ud800"]', "1979", '[{"key": 1}]', "[[]]", "[1e308, -1e308]", "-0.0", "1e-320",
)  # fmt: skip
_SCRAPS = (b"\xff", b"\0", b"}", b"{", b"]", b",", b'"', b"\\", b"\xed\xa0\x80", b"\r", b"1e9999")
_MARK = "@@here@@"


def hostile_json(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R24: report, compare and a library's reading: fine, or one line, at once."""
    source, run = finished(bench), copy(bench)
    for n in range(count):
        name = _FILES[n % len(_FILES)]
        content = (source / name).read_bytes()
        wicked = _scrambled(content, rng) if rng.random() < 0.3 else _value(content, rng)
        (run / name).write_bytes(wicked)
        wrong = SENTRY.judge(lambda: _read(run), 5.0) or _shown(run)
        shutil.copy2(source / name, run / name)
        yield f"{name}: {wrong}: {_difference(content, wicked)}" if wrong else None


def _read(run: Path) -> None:
    from secantfw.comparison.comparison import compare
    from secantfw.comparison.run_record import read_compared
    from secantfw.comparison.write import comma_separated, markdown
    from secantfw.evaluation.evaluation_file import read_evaluation
    from secantfw.reporting.report import write_report
    from secantfw.reporting.run_files import read_run
    from secantfw.reporting.table import markdown_table

    (run / "report.html").unlink(missing_ok=True)
    write_report(run)
    markdown_table(read_evaluation(json.loads((run / "evaluation.json").read_text())))
    found = compare([read_compared(run), read_compared(run)])
    markdown(found)
    comma_separated(found)
    assert read_run(run).log.entries is not None


def _shown(run: Path) -> str | None:
    """What may not be in a page whatever a file says."""
    page = run / "report.html"
    text = page.read_text() if page.exists() else ""
    return "markup of the run's" if "</script><b>" in text else None


def _value(content: bytes, rng: random.Random) -> bytes:
    """One value of it replaced by a wicked one, or one more key."""
    lines = content.splitlines()
    one = rng.randrange(len(lines)) if content.count(b"\n{") else None
    said: Any = json.loads(content if one is None else lines[one])
    places = list(_places(said))
    holder, key = rng.choice(places)
    holder[key] = _MARK
    text = json.dumps(said).replace(f'"{_MARK}"', rng.choice(_VALUES), 1).encode()
    if one is None:
        return text
    lines[one] = text
    return b"\n".join(lines) + b"\n"


def _places(value: Any):
    """(holder, key) of every value inside."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


def _scrambled(content: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(content) + 1)
        content = content[:place] + rng.choice(_SCRAPS) + content[place + rng.randrange(6) :]
    return content[: rng.randrange(len(content) + 1)] if rng.random() < 0.2 else content


def _difference(good: bytes, bad: bytes) -> str:
    start = next((n for n, (a, b) in enumerate(zip(good, bad, strict=False)) if a != b), 0)
    return repr(bad[max(0, start - 40) : start + 40])


@mutant("reporting.run_files:_known", "R24")
def values_may_be_of_any_type(known):
    return lambda folder, name, kinds: known(folder, name, {})
