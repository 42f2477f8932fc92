"""Starting the house: what is refused is said with its remedy, what dies is started again, nothing runs twice."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from anlan.operations.management.commands.up import look_at_port
from anlan.operations.preparation import fingerprint
from anlan.operations.supervisor import Child, Supervisor, end_orphans

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


def wait_until(holds: object, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def test_a_port_in_use_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=rf"端口 {port} .*ANLAN_PORT={port + 1}"):
            look_at_port("127.0.0.1", port)
    look_at_port("127.0.0.1", port)


def test_a_killed_child_is_started_again_and_all_stop_together(tmp_path: Path) -> None:
    house = Supervisor([Child("a", SLEEPER), Child("b", SLEEPER)], note=tmp_path / "up.json")
    for child in house.children:
        child.start()
    try:
        first = house.children[0].process
        other = house.children[1].process
        assert first is not None
        assert other is not None
        first.kill()

        def is_back() -> bool:
            house.look()
            again = house.children[0].process
            return again is not None and again.pid != first.pid

        assert wait_until(is_back)
        assert house.children[1].process is other
        noted = json.loads((tmp_path / "up.json").read_text())
        assert noted["children"][0][0] == house.children[0].process.pid  # type: ignore[union-attr]
    finally:
        house.stop()
    assert all(child.process is not None and child.process.poll() is not None for child in house.children)
    assert not (tmp_path / "up.json").exists()


def test_a_child_that_keeps_dying_is_started_ever_more_slowly(tmp_path: Path) -> None:
    child = Child("dies", [sys.executable, "-c", "raise SystemExit(3)"])
    house = Supervisor([child])
    child.start()
    pauses = []
    for _death in range(4):
        assert child.process is not None
        child.process.wait()
        now = time.monotonic()
        house.look()
        pauses.append(child.due - now)
        child.due = 0
        house.look()
    house.stop()
    assert pauses == sorted(pauses)
    assert pauses[3] > 1.4


def test_a_killed_supervisor_leaves_a_house_that_the_next_one_ends(tmp_path: Path) -> None:
    note = tmp_path / "up.json"
    script = (
        "import django, os, signal, pathlib; django.setup();"
        "from anlan.operations.supervisor import Child, Supervisor; import sys;"
        f"house = Supervisor([Child('a', {SLEEPER!r})], note=pathlib.Path({str(note)!r})); house.start();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run([sys.executable, "-c", script], env=environment, check=False)
    orphan = json.loads(note.read_text())["children"][0][0]
    os.kill(orphan, 0)  # it lives on
    assert end_orphans(note) is False
    assert wait_until(lambda: not is_alive(orphan))
    assert not note.exists()


def test_a_living_supervisor_is_left_alone(tmp_path: Path) -> None:
    house = Supervisor([Child("a", SLEEPER)], note=tmp_path / "up.json")
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        house.start()
        assert end_orphans(tmp_path / "up.json") is True
        assert house.children[0].process is not None
        assert house.children[0].process.poll() is None
    finally:
        house.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_step_is_done_again_only_when_a_file_changed(tmp_path: Path) -> None:
    file = tmp_path / "a.css"
    file.write_text("a")
    first = fingerprint(iter([file]))
    assert fingerprint(iter([file])) == first
    file.write_text("ab")
    assert fingerprint(iter([file])) != first
