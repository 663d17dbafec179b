"""Starts what the suite runs and stops it again, whatever happens.

Each program runs in the foreground in a process group of its own; only groups started here are ever signalled. A program
whose port is already taken is not started: what listens there is somebody else's.
"""

import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import time

from world import VAR

_PR_SET_PDEATHSIG = 1


class StartError(Exception):
    """A program did not come up; the message says which, and what its log ends with."""


def _die_with_parent() -> None:
    """If the suite itself is killed, the kernel ends its children."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Processes:
    """The programs of one run, stopped in reverse order on leaving the `with` block."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)

    @staticmethod
    def log(name: str) -> pathlib.Path:
        return VAR / "log" / f"{name}.log"

    def start(self, name: str, command: list, *, ports: list[int], cwd: pathlib.Path | None = None,
              env: dict[str, str] | None = None, timeout: float = 30) -> None:
        """Starts a program and waits until it listens on all of `ports`."""
        for port in ports:
            if _listening(port):
                raise StartError(f"{name}: 127.0.0.1:{port} is taken; set INTEROP_PORT to the first of 40 free ports")
        self.log(name).parent.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as out:
            process = subprocess.Popen([str(c) for c in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=out, env=os.environ | (env or {}), start_new_session=True,
                                       preexec_fn=_die_with_parent)
        self._running[name] = process
        deadline = time.monotonic() + timeout
        while not all(_listening(port) for port in ports):
            if process.poll() is not None or time.monotonic() > deadline:
                tail = self.log(name).read_text(errors="replace")[-1500:]
                raise StartError(f"{name}: not listening on {ports} (exit {process.poll()}); {self.log(name)} ends:\n{tail}")
            time.sleep(0.05)

    def stop(self, name: str) -> None:
        process = self._running.pop(name)
        for sign, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            try:
                os.killpg(process.pid, sign)
                process.wait(patience)
            except ProcessLookupError:
                process.poll()
            except subprocess.TimeoutExpired:
                continue
            break
        # A group may outlive its leader.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()

    def pid(self, name: str) -> int:
        return self._running[name].pid
