"""Starts processes, watches them, restarts what dies, stops all together."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

from django.conf import settings

log = logging.getLogger(__name__)

HEALTHY: Final = 30.0
"""Seconds after which a process counts as started well; one that dies earlier is restarted ever more slowly."""
SLOWEST: Final = 30.0
PATIENCE: Final = 20.0
"""Seconds that a process gets to finish when it is asked to stop."""


def web_command() -> list[str]:
    """The web processes, all behind one port."""
    return [
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", settings.ANLAN_HOST,
        "--port", str(settings.ANLAN_PORT), "--workers", str(settings.ANLAN_WORKERS), "--no-ws", "--backlog", "2048",
        "--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "15", "--log-level", "warning",
        "config.asgi:application",
    ]  # fmt: skip


def worker_commands() -> dict[str, list[str]]:
    """The background processes: a long encode must delay neither the clock nor the short tasks."""
    return {part: [sys.executable, "-m", "anlan", "worker", part] for part in ("schedule", "default", "media")}


@dataclass
class Child:
    """A process that should live: its command, and how it fared."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    due: float = 0.0

    def start(self) -> None:
        """Start it in a process group of its own, so that its own children can be ended with it."""
        self.process = subprocess.Popen(self.command, start_new_session=True, cwd=settings.BASE_DIR)  # noqa: S603
        self.started = time.monotonic()

    def signal(self, number: int) -> None:
        """Signal the process; SIGKILL goes to its whole group."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                if number == signal.SIGKILL:
                    os.killpg(self.process.pid, number)
                else:
                    self.process.send_signal(number)


@dataclass
class Supervisor:
    """Keeps the children alive until it is told to stop (SIGINT, SIGTERM). `note` remembers them for a successor."""

    children: list[Child]
    note: Path | None = None
    stopping: bool = field(default=False, init=False)

    def start(self) -> None:
        """Start all children and listen to signals."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        for child in self.children:
            child.start()
        self._write_note()

    def watch(self) -> None:
        """Restart what dies until asked to stop, then stop all."""
        while not self.stopping:
            self.look()
            time.sleep(0.2)
        self.stop()

    def look(self) -> None:
        """Look at every child once; restart the dead whose pause is over."""
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                child.signal(signal.SIGKILL)  # orphans of its group would keep the port
                lived = now - child.started
                child.deaths = 1 if lived > HEALTHY else child.deaths + 1
                pause = min(SLOWEST, 0.2 * 2 ** (child.deaths - 1))
                log.error(
                    "%s ended (code %s) after %.0f s; again in %.1f s",
                    child.name, child.process.returncode, lived, pause,
                )  # fmt: skip
                child.process, child.due = None, now + pause
            if child.process is None and now >= child.due:
                child.start()
                self._write_note()

    def stop(self) -> None:
        """Ask all to finish, wait, end those that do not."""
        self.stopping = True
        for child in self.children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        for child in self.children:
            if child.process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.1, deadline - time.monotonic()))
                child.signal(signal.SIGKILL)
                child.process.wait()
        if self.note is not None:
            self.note.unlink(missing_ok=True)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _write_note(self) -> None:
        if self.note is not None:
            pids = [child.process.pid for child in self.children if child.process is not None]
            draft = self.note.with_suffix(".new")
            draft.write_text(
                json.dumps({"supervisor": _identity(os.getpid()), "children": [_identity(p) for p in pids]})
            )
            draft.replace(self.note)


def end_orphans(note: Path) -> bool:
    """Return whether the supervisor that wrote the note still lives; if it was killed, end the processes it left."""
    try:
        found: dict[str, Any] = json.loads(note.read_text())
    except (FileNotFoundError, ValueError):
        return False
    if _identity(found["supervisor"][0]) == found["supervisor"]:
        return True
    left = [child for child in found["children"] if _identity(child[0]) == child]
    for pid, _started in left:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while any(_identity(child[0]) == child for child in left) and time.monotonic() < deadline:
        time.sleep(0.05)  # until they are gone they hold the port
    note.unlink(missing_ok=True)
    return False


def _identity(pid: int) -> list[Any]:
    """Process id and start time (clock ticks since boot): an id alone may have been given to someone else since."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return [pid, "" if state == "Z" else rest[18]]
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return [pid, ""]
