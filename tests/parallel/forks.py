"""Processes of one job as forks of this one, which has imported torch once: a second a job."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import attrs
import torch

TIMEOUT_SECONDS = 120.0


@attrs.frozen
class Ended:
    code: int  # negative: the signal that ended it
    said: str


@attrs.define
class Job:
    """`count` forks that call `call` with torchrun's environment set."""

    call: Callable[[], int]
    folder: Path
    count: int = 2
    pids: list[int] = attrs.field(factory=list)

    def start(self) -> Job:
        self.folder.mkdir(parents=True, exist_ok=True)
        sys.stdout.flush()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        for rank in range(self.count):
            pid = os.fork()
            if pid == 0:
                self._child(rank, port)
            self.pids.append(pid)
        return self

    def send(self, rank: int, number: int) -> None:
        os.kill(self.pids[rank], number)

    def wait(self) -> list[Ended]:
        deadline, ended = time.monotonic() + TIMEOUT_SECONDS, []
        for rank, pid in enumerate(self.pids):
            while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(0.005)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            ended.append(Ended(code, self._log(rank).read_text(errors="replace")))
        return ended

    def _log(self, rank: int) -> Path:
        return self.folder / f"rank-{rank}.log"

    def _child(self, rank: int, port: int) -> None:
        code = 1
        try:
            out = os.open(self._log(rank), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.dup2(out, 1)
            os.dup2(out, 2)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            if self.count > 1:
                os.environ |= {
                    "RANK": str(rank),
                    "LOCAL_RANK": str(rank),
                    "WORLD_SIZE": str(self.count),
                    "MASTER_ADDR": "127.0.0.1",
                    "MASTER_PORT": str(port),
                }
            # The fork's thread pool is torn; torch makes a new one when it is first asked for, in
            # a way that two threads at once (this one and autograd's) do not survive.
            torch.set_num_threads(1)
            code = int(self.call())
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def run(call: Callable[[], int], folder: Path, count: int = 2) -> list[Ended]:
    return Job(call, folder, count).start().wait()
