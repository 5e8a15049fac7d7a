"""A headless Chromium over the DevTools pipe: what a page asks for, says, and looks like.

python tests/reporting/browser.py PAGE OUT    pictures of PAGE at 360, 1024, 1920, light and dark
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTHS = (360, 1024, 1920)


def chromium() -> str | None:
    """Where the browser is, if there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """One tab. `requests` are all addresses it asked for, `complaints` what its console said."""

    def __init__(self, send: int, receive: int) -> None:
        self._send, self._receive, self._buffer = send, receive, b""
        self._number = 0
        self._events: list[dict[str, Any]] = []
        self.session = ""
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def open_tab(self) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        found = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = found["sessionId"]
        for domain in ("Network", "Runtime", "Log", "Page"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command's result."""
        self._number += 1
        said = {"id": self._number, "method": method, "params": parameters}
        if self.session:
            said["sessionId"] = self.session
        os.write(self._send, json.dumps(said).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]

    def visit(self, address: str) -> None:
        """Load a page, to its end."""
        self._events.clear()
        self.call("Page.navigate", url=address)
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._message()

    def measure(self, script: str) -> Any:
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get(
            "value"
        )

    def look(self, width: int, dark: bool, file: Path | None = None) -> int:
        """Set the screen; returns the page's own width, and leaves a picture of all of it."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900,
                  deviceScaleFactor=1, mobile=width < 600)  # fmt: skip
        height = self.measure("document.documentElement.scrollHeight")
        if file is not None:
            clip = {"x": 0, "y": 0, "width": width, "height": min(height, 16000), "scale": 1}
            found = self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
            file.write_bytes(base64.b64decode(found["data"]))
        return int(self.measure("document.documentElement.scrollWidth"))

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            piece = os.read(self._receive, 1 << 20)
            assert piece, "the browser is gone"
            self._buffer += piece
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self._events.append(message)
            self._note(message["method"], message.get("params", {}))
        return message

    def _note(self, method: str, parameters: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            self.complaints.append(json.dumps(parameters))
        elif method == "Log.entryAdded":
            self.complaints.append(parameters["entry"]["text"])


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A browser with one tab, ended afterwards."""
    theirs_in, send = os.pipe()
    receive, theirs_out = os.pipe()
    with tempfile.TemporaryDirectory() as profile:
        flags = f"--headless --no-sandbox --disable-gpu --user-data-dir={profile}"
        flags += " --no-first-run --disable-background-networking --disable-component-update"
        pipes = f"3<&{theirs_in} 4>&{theirs_out}"
        command = f"exec {chromium()} {flags} --remote-debugging-pipe {pipes}"
        process = subprocess.Popen(
            ["bash", "-c", command], pass_fds=(theirs_in, theirs_out), stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            tab = Browser(send, receive)
            tab.open_tab()
            yield tab
            tab.session = ""
            tab.call("Browser.close")
            process.wait(timeout=20)
        finally:
            process.kill()
            process.wait()
            os.close(send)
            os.close(receive)


def main() -> None:
    page, out = Path(sys.argv[1]).absolute(), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    with browser() as tab:
        tab.visit(page.as_uri())
        for width in WIDTHS:
            for dark in (False, True):
                name = f"{page.stem}-{width}-{'dark' if dark else 'light'}.png"
                print(name, "page width", tab.look(width, dark, out / name))
        pdf = tab.call("Page.printToPDF", printBackground=True)
        (out / f"{page.stem}.pdf").write_bytes(base64.b64decode(pdf["data"]))
        asked = [address[:100] for address in tab.requests]
        print("requests:", asked, "console:", tab.complaints)


if __name__ == "__main__":
    main()
