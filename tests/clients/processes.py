"""Starts `corelog` as a child process, and stops only what it started."""

import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 30
STOP_SECONDS = 30
POLL_SECONDS = 0.02


def binary() -> pathlib.Path:
    """The corelog under test: CORELOG_BIN, or the development build."""
    if named := os.environ.get("CORELOG_BIN"):
        return pathlib.Path(named)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "debug" / "corelog"


def wait_for(condition, what: str, seconds: float = START_SECONDS):
    """Waits until `condition()` gives something, and returns it; fails after the bound."""
    deadline = time.monotonic() + seconds
    while True:
        if result := condition():
            return result
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(POLL_SECONDS)


class Child:
    """A corelog process that writes the address it listens on into a file."""

    def __init__(self, arguments, directory: pathlib.Path, name: str):
        self.log = directory / f"{name}.log"
        address_file = directory / f"{name}.address"
        address_file.unlink(missing_ok=True)
        command = [str(binary()), *arguments, "--listen", "127.0.0.1:0"]
        command += ["--addr-file", str(address_file)]
        # Credentials and proxies of the machine are nothing to the tests.
        hidden = ("AWS_", "OPENAI_", "ANTHROPIC_", "CORELOG_", "HTTP_PROXY", "HTTPS_PROXY")
        environment = {k: v for k, v in os.environ.items() if not k.upper().startswith(hidden)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment
            )

        def address():
            ended = self.process.poll()
            assert ended is None, f"{name} ended with {ended}:\n{self.log.read_text()[-4000:]}"
            return address_file.exists() and address_file.read_text().strip()

        try:
            self.address = wait_for(address, f"{name} to listen")
        except AssertionError:
            self.stop()
            raise

    def stop(self) -> int:
        """Asks it to end, waits, and returns its exit code; kills it if it does not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode
