"""Progress: plain lines where there is no terminal, a bar where there is one, stdout untouched."""

import os
import pty
import subprocess
import sys

from secantfw.runtime.progress import Progress

LOOP = """
import time
from secantfw.runtime.progress import Progress
with Progress(20, 0, "training") as progress:
    for step in range(1, 21):
        time.sleep(0.02)
        progress.advance(step)
        if step % 5 == 0:
            progress.update(step, 0.5 / step, 1234.0)
    progress.note("a [note] that stays")
    print("a result")
"""


def test_plain_lines_one_a_log_interval_and_nothing_on_stdout(capsys):
    with Progress(300, 100, "training") as progress:
        for step in range(101, 301):
            progress.advance(step)
            if step % 100 == 0:
                progress.update(step, 0.12345678, 812.4)
        progress.note("saved")
    out, err = capsys.readouterr()
    assert out == ""
    first, last, note = err.splitlines()
    assert first.startswith("training 200/300  loss 0.1235  812 images/s  0:00:0")
    assert first.endswith(" left")
    assert last == "training 300/300  loss 0.1235  812 images/s"
    assert note == "saved"


def test_what_is_not_known_is_left_out(capsys):
    with Progress(4, 0, "sampling") as progress:
        progress.update(4)
    assert capsys.readouterr().err == "sampling 4/4\n"


def test_figures_that_come_fast_are_said_now_and_then_and_at_the_end(capsys):
    with Progress(1000) as progress:
        for step in range(1, 1001):
            progress.update(step, 0.5)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["1/1000", "1000/1000"]


def test_without_figures_there_is_a_line_now_and_then(capsys, monkeypatch):
    now = iter(range(0, 10_000, 3))
    monkeypatch.setattr("secantfw.runtime.progress.time.monotonic", lambda: next(now))
    with Progress(100, description="samples") as progress:
        for _ in range(12):
            progress.more(5)
    lines = capsys.readouterr().err.splitlines()
    assert 2 <= len(lines) <= 5
    assert lines[-1].startswith("samples ")
    assert lines[-1].endswith(" left")


def test_a_notebook_has_one_line_that_is_written_over(capsys, monkeypatch):
    monkeypatch.setattr("secantfw.runtime.progress._in_notebook", lambda: True)
    monkeypatch.setattr("secantfw.runtime.progress._SECONDS_BETWEEN_FIGURES", 0.0)
    with Progress(3) as progress:
        for step in (1, 2, 3):
            progress.update(step, 0.5)
            if step == 2:
                progress.note("saved")
    said = capsys.readouterr().err.strip("\n").split("\n")
    assert [line.rpartition("\r")[2].split("  ")[0] for line in said] == [
        "saved",
        "training 3/3",
    ]


def test_a_bar_on_a_terminal_and_results_on_stdout():
    here, there = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    done = subprocess.run(
        [sys.executable, "-c", LOOP], stdout=subprocess.PIPE, stderr=there, env=environment
    )
    os.close(there)
    drawn = os.read(here, 1 << 20).decode()
    os.close(here)
    assert done.returncode == 0
    assert done.stdout == b"a result\n"
    for part in ("training", "20/20", "loss 0.025", "1,234 images/s", "a [note] that stays"):
        assert part in drawn


def test_an_error_leaves_the_terminal_as_it_was(capsys):
    try:
        with Progress(2):
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert capsys.readouterr().err == ""


def test_no_heavy_import_before_there_is_something_to_show():
    heavy = ("matplotlib", "jinja2", "PIL", "rich", "numpy", "torch")
    code = (
        "import sys; from secantfw.reporting import report, table, headline; "
        "import secantfw.pictures.pictures, secantfw.runtime.progress; "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
