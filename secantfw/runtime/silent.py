"""What stands in for logs and the progress bar on every process but the main one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secantfw.runtime.event_log import EventLog
from secantfw.runtime.metrics_log import MetricsLog
from secantfw.runtime.progress import Progress


class SilentLog(MetricsLog):
    def __init__(self) -> None: ...

    def append(self, record: Mapping[str, float]) -> None: ...

    def sync(self) -> None: ...


class SilentEvents(EventLog):
    def __init__(self) -> None: ...

    def add(self, event: str, step: int, **facts: Any) -> None: ...


class SilentProgress(Progress):
    def __init__(self) -> None: ...

    def __enter__(self) -> SilentProgress:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def advance(self, step: int) -> None: ...

    def tick(self, step: int) -> None: ...

    def more(self, steps: int) -> None: ...

    def update(
        self, step: int, loss: float | None = None, images_per_second: float | None = None
    ) -> None: ...

    def note(self, text: str) -> None: ...
