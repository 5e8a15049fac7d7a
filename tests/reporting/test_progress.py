"""Progress: plain lines where there is no terminal, a bar where there is one, stdout untouched."""

import os
import pty
import subprocess
import sys

from secantfw.training.progress import Progress

LOOP = """
import time
from secantfw.training.progress import Progress
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
    modules = "report, pictures, table, headline"
    code = f"import sys; from secantfw.reporting import {modules}; " + (
        f"import secantfw.training.progress; print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
