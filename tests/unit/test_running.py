"""Programs, ports and files of a stack that runs on this machine."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from localstack import disk, leash, standing
from localstack.failure import Failure
from localstack.ports import free_port, is_free, require_free
from localstack.processes import Child

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a program that its starter is gone")
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen(["sleep", "60"]).pid, flush=True)
time.sleep(60)
"""

STARTER = """
import os, subprocess, sys, time
program = subprocess.Popen([sys.executable, {leash!r}, str(os.getpid()), "sleep", "60"])
print(program.pid, flush=True)
time.sleep(60)
"""


def python(code: str, log: Path, patience: float = 5) -> Child:
    return Child("A program", [sys.executable, "-c", code], log=log, settings=dict(os.environ), patience=patience)


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_a_program_that_will_not_end_is_ended_with_all_it_started(tmp_path: Path) -> None:
    with python(STUBBORN, tmp_path / "log", patience=0.1) as child:
        eventually(lambda: child.log.read_text().endswith("\n"))
        grandchild = int(child.log.read_text())
        assert not child.stop()
    eventually(lambda: not is_alive(grandchild))


def test_a_program_that_ended_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    with python("print('out of luck'); raise SystemExit(3)", tmp_path / "log") as child:
        eventually(lambda: child.exit_code() is not None)
        with pytest.raises(Failure, match=r"A program ended with code 3(?s:.*)out of luck"):
            child.check()


def test_a_stack_is_played_on_until_its_last_play_ends_or_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "LOCAL", tmp_path)
    data = tmp_path / "4566"
    data.mkdir()
    code = (
        "import pathlib, sys, time; from localstack import standing; standing.LOCAL = pathlib.Path(sys.argv[1])\n"
        "with standing.at_play(4566):\n    print('playing', flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as play:
        assert play.stdout is not None
        assert play.stdout.readline() == "playing\n"
        with standing.at_play(4566):
            assert standing.is_played_on(data)
        assert standing.is_played_on(data)
        play.kill()
    assert not standing.is_played_on(data)


@LINUX
def test_a_program_ends_when_its_starter_is_killed() -> None:
    code = STARTER.format(leash=leash.__file__)
    starter = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with starter:
        assert starter.stdout is not None
        program = int(starter.stdout.readline())
        eventually(lambda: b"sleep" in Path(f"/proc/{program}/cmdline").read_bytes())
        starter.send_signal(signal.SIGKILL)
    eventually(lambda: not is_alive(program))


@LINUX
def test_a_taken_port_is_told_with_who_has_it_and_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taker:
        port = taker.getsockname()[1]
        with pytest.raises(Failure, match=rf"Port {port} is taken by process {os.getpid()}(?s:.*)make run PORT={port + 4}"):
            require_free(port, patience=0)
    require_free(port, patience=5)


def test_a_free_port_is_free() -> None:
    assert is_free(free_port())


def test_a_disk_without_room_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="The disk is full"):
        disk.require_space(tmp_path, 10**18)


def test_nobody_waits_for_the_deletion_of_what_a_run_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp-of-a-run-that-was-killed").mkdir()
    (tmp_path / "tmp" / "function").mkdir(parents=True)
    go_on = threading.Event()
    delete = shutil.rmtree
    monkeypatch.setattr(disk.shutil, "rmtree", lambda *args, **options: go_on.wait(10) and delete(*args, **options))
    directory = disk.emptied(tmp_path / "tmp")
    assert list(directory.iterdir()) == []
    assert len(list(tmp_path.iterdir())) == 3
    go_on.set()
    eventually(lambda: list(tmp_path.iterdir()) == [directory])


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(standing, "LOCAL", tmp_path)
    return tmp_path


def test_the_stack_file_is_there_only_while_the_stack_runs(local: Path) -> None:
    file = local / "stack.json"
    with standing.sole_runner(4566):
        assert not file.exists()
        standing.announce(4566, {"api_url": "http://127.0.0.1:4566/…"})
        assert json.loads(file.read_text()) == standing.ready_stack(4566) == {"api_url": "http://127.0.0.1:4566/…"}
        assert standing.runner(4566) == os.getpid()
    assert not file.exists()
    assert standing.runner(4566) is None


def test_what_a_killed_runner_left_is_not_a_stack(local: Path) -> None:
    (local / "stack-4570.json").write_text("{}")
    with pytest.raises(Failure, match="No stack is ready on port 4570"):
        standing.ready_stack(4570)
    with standing.sole_runner(4570):
        assert not (local / "stack-4570.json").exists()


def test_a_port_has_one_runner(local: Path) -> None:
    with (
        standing.sole_runner(4566),
        pytest.raises(Failure, match=f"runs already \\(process {os.getpid()}\\)"),
        standing.sole_runner(4566),
    ):
        pass
