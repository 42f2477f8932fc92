"""A house to measure: its own state folder, database and port. Run by `tests.load` once per database."""

import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django

MISSED = 2
"""Exit code when a figure was missed; 1 is a crash."""


@dataclass
class Figure:
    """What was measured: `value` in `unit`; `p50` and `p99` in milliseconds where they mean something.

    `target` in words and `ok` say whether the design's figure holds.
    """

    value: float
    unit: str
    target: str
    ok: bool
    p50: float | None = None
    p99: float | None = None
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class House:
    """The running house: `database` is sqlite or postgresql, `address` where it listens, `cast` who lives in it."""

    database: str
    address: tuple[str, int]
    cast: Any
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *, workers: bool = False) -> None:
        """Start the web processes (and, for paths that need them, the background processes) and wait for them."""
        from anlan.operations.supervisor import web_command, worker_commands

        commands = [web_command(), *(worker_commands().values() if workers else ())]
        for command in commands:
            self.processes.append(subprocess.Popen(command, start_new_session=True))
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(self.address, 1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """End the processes of this house."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        self.processes.clear()

    def cpu(self) -> float:
        """Return the seconds of processor that the running processes have used: a busy machine changes them least."""
        sessions, ticks = {process.pid for process in self.processes}, 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()  # from the state on, proc(5)
                ticks += int(fields[11]) + int(fields[12]) if int(fields[3]) in sessions else 0
        return ticks / os.sysconf("SC_CLK_TCK")

    def cookie(self, user: Any) -> str:
        """Return the cookie header of a signed-in browser of this person, second factor passed."""
        from django.test import Client

        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = client.session
        session["second_factor"] = True
        session.save()
        return f"sessionid={session.session_key}"


def main() -> int:
    """Lay the house, measure the paths named on the command line, print a JSON line for each."""
    database, *names = sys.argv[1:]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ["ANLAN_PORT"] = str(port)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django.core.management import call_command

    from anlan.operations.demo.cast import lay_cast

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    house = House(database, ("127.0.0.1", port), lay_cast())
    code = 0
    for name in names:
        path = importlib.import_module(f"tests.load.paths.{name}")
        if database not in path.DATABASES:
            continue
        try:
            figure: Figure = path.measure(house)
        finally:
            house.stop()
        line = {
            "path": name, "database": database, "value": round(figure.value, 1), "unit": figure.unit,
            "p50": figure.p50 and round(figure.p50, 1), "p99": figure.p99 and round(figure.p99, 1),
            "target": figure.target, "ok": figure.ok, **figure.more,
        }  # fmt: skip
        print(json.dumps(line, ensure_ascii=False), flush=True)  # noqa: T201
        code = code if figure.ok else MISSED
    return code


if __name__ == "__main__":
    sys.exit(main())
