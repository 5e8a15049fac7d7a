"""`python -m secantfw.cli.sweep_worker ARGUMENTS`: `secantfw ARGUMENTS` that outlives no sweep.

Its standard input is a pipe that nobody writes to. The kernel closes it when the sweep ends,
however it ends; the run then saves after the step at hand, as on SIGTERM, and ends.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

#: A step and a checkpoint at most; then it ends unsaved, which costs the steps since the last one.
_SECONDS_TO_SAVE = 300.0


def end_with_sweep() -> None:
    """Wait for the end of standard input; then SIGTERM to this process, and if need be its end."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SECONDS_TO_SAVE)
    os._exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=end_with_sweep, daemon=True).start()
    from secantfw.cli.main import main

    sys.exit(main())
