"""Web, worker and beat, as the Procfile names them: started together, ended together, each finishing what it does."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

import honcho.environ
import honcho.manager
from honcho.manager import Manager
from honcho.printer import Message, Printer
from honcho.process import Process

# A wave at a slow provider outlasts a minute; whoever cannot wait presses Ctrl-C again.
honcho.manager.KILL_WAIT = 120


class Announcer(Printer):
    """Prints the processes' lines, and the welcome as soon as the web process listens."""

    def __init__(self, welcome: str) -> None:
        super().__init__(sys.stdout)
        self._welcome = welcome

    def write(self, message: Message) -> None:
        said = message.data if isinstance(message.data, bytes) else message.data.encode()
        if message.name == "web" and b"Listening at:" in said:
            print(self._welcome, flush=True)  # noqa: T201  (the program's own output)
        elif message.name != "web" or b"[INFO]" not in said:  # not the web server's own chatter
            super().write(message)


class Child(Process):
    """One line of the Procfile. Where `up` itself was killed, it ends too, and does not stand in the way of the next start."""

    def run(self, events: object = None, ignore_signals: bool = False) -> None:
        threading.Thread(target=self._follow_parent, daemon=True).start()
        super().run(events, ignore_signals)

    def _follow_parent(self) -> None:
        parent = multiprocessing.parent_process()
        if parent is None:
            return
        multiprocessing.connection.wait([parent.sentinel])
        while self._child is None:
            time.sleep(0.05)
        os.killpg(self._child.pid, signal.SIGTERM)
        self._child.wait()
        os._exit(1)


class Processes(Manager):
    """honcho's manager, which knows whether it was asked to end; asked twice, it ends what still runs at once."""

    asked = False

    def __init__(self, printer: Printer) -> None:
        super().__init__(printer)
        self._process_ctor = Child

    def _start(self) -> None:
        signal.signal(signal.SIGINT, self._ask)
        signal.signal(signal.SIGTERM, self._ask)
        super()._start()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            self.kill()
            return
        self.asked = True
        self._system_print("ending; what is being done is finished first (Ctrl-C again ends at once)\n")
        self.terminate()


def run(root: Path, welcome: str, environment: dict[str, str]) -> int:
    """Run the Procfile until Ctrl-C, SIGTERM, or the end of one process. Returns the exit code: 0 when asked to end."""
    manager = Processes(Announcer(welcome))
    procfile = honcho.environ.parse_procfile((root / "Procfile").read_text("utf-8"))
    inherited = {
        **os.environ,
        **environment,
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    for name, command in procfile.processes.items():
        manager.add_process(name, command, env=inherited, cwd=str(root))
    manager.loop()
    return 0 if manager.asked else int(manager.returncode or 1)


def end_on_sigterm() -> None:
    """Until the manager takes over, SIGTERM ends the start as Ctrl-C does: what was begun is undone on the way out."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
