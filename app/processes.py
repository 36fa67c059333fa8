"""The service's own processes, each from its start to SIGTERM. `bootstrap` makes their parts.

A thread that breaks ends its process with exit code 1, so that the supervisor starts a new one.
"""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Final

import structlog

from app import bootstrap
from app.api.serving import server
from app.settings.environment import Settings
from app.settings.surroundings import inherited_starter
from workers.confinement import starter
from workers.confinement.process_control import hide
from workers.imaging.sandbox import check_confinement
from workers.queue.actors import start_taking, stop_taking

GRACE_SECONDS: Final = 15.0
"""How long running attempts may take to end when the worker stops. After that they continue elsewhere."""
ACKNOWLEDGE_SECONDS: Final = 1.0
"""How long ended runs may take to acknowledge their messages. One that does not is sent again, and skipped."""
STOP_SECONDS: Final = 25.0
"""How long a whole stop may take, even if PostgreSQL or Redis is frozen."""
JOIN_SECONDS: Final = 10.0
SIGNAL_CHECK_SECONDS: Final = 0.5
"""How often the main thread wakes to let Python run its signal handlers."""

log = structlog.get_logger(__name__)


class Threads:
    """The threads of one process. A signal, or one that breaks, stops all of them."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._broken = False
        self._threads: list[threading.Thread] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())

    def start(self, name: str, target: Callable[[], object]) -> None:
        """Run the target in a thread of its own."""
        thread = threading.Thread(target=self._run, args=(target,), name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def wait(self) -> None:
        """Return when the process must stop. From then on it has STOP_SECONDS left, even if a thread hangs."""
        gc.freeze()  # modules stay loaded, so the garbage collector need not scan them
        # The kernel may deliver a signal to any thread, mostly after SIGCONT. Python runs the handler in this thread
        # alone, which would not wake for it.
        while not self.stopping.wait(SIGNAL_CHECK_SECONDS):
            pass
        cut_off = threading.Timer(STOP_SECONDS, _cut_off)
        cut_off.daemon = True
        cut_off.start()

    def join(self) -> None:
        """Wait JOIN_SECONDS for each. Exits with 1 if one broke."""
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
        if self._broken:
            sys.exit(1)

    def _run(self, target: Callable[[], object]) -> None:
        try:
            target()
        except BaseException:
            log.exception("thread.broken")
            self._broken = True
            self.stopping.set()


def _cut_off() -> None:
    log.warning("process.cut_off", seconds=STOP_SECONDS)  # its leases and locks expire by themselves
    os._exit(1)


def serve(settings: Settings) -> None:
    """Serve the API until told to stop. Raises ServerError."""
    hide()
    with ExitStack() as stack:
        server.serve(
            partial(bootstrap.open_api, settings, stack),
            settings.host,
            settings.port,
            per_address=settings.connections_per_address,
            trusted=settings.trusted_proxies,
            operations_port=settings.operations_port,
        )


def work(settings: Settings) -> None:
    """Take runs from the queue until told to stop. Raises ConfinementError."""
    hide()
    if (descriptor := inherited_starter()) is not None:
        starter.inherit(descriptor)
    if lacking := check_confinement(must_confine=settings.unconfined_images == "refuse"):
        log.warning("worker.unconfined", lacking=lacking)
    threads = Threads()
    with ExitStack() as stack:
        parts = bootstrap.open_worker(settings, stack)
        ended = threading.Event()
        threads.start("leases", lambda: parts.leases.keep_alive(ended))
        for worker in parts.workers:
            start_taking(worker)
        log.info("worker.started", threads=settings.worker_threads, model=parts.model.name)
        threads.wait()
        log.info("worker.stopping")
        for worker in parts.workers:
            stop_taking(worker)
        parts.pipeline.stop_taking()
        # Dramatiq's own wait is no bound: for each thread that it joins it subtracts the whole time since the start.
        parts.pipeline.wait_until_idle(GRACE_SECONDS)
        parts.pipeline.stop()
        for worker in parts.workers:
            worker.stop(timeout=int(ACKNOWLEDGE_SECONDS * 1000))
        ended.set()
        threads.join()


def project(settings: Settings) -> None:
    """Run the projector, the sealer and the reader for PostHog until told to stop."""
    hide()
    threads = Threads()
    with ExitStack() as stack:
        readers = bootstrap.open_readers(settings, stack)
        for reader in readers:
            threads.start(reader.follower.reader, reader.run_until(threads.stopping))
        log.info("readers.started", readers=[reader.follower.reader for reader in readers])
        threads.wait()
        for reader in readers:
            reader.wakeups.close()
        threads.join()


def dispatch(settings: Settings) -> None:
    """Run the dispatcher, the sweeper, the reconciler, the retention and the bulk actions until told to stop."""
    hide()
    threads = Threads()
    with ExitStack() as stack:
        readers, upkeep = bootstrap.open_dispatch(settings, stack)
        for reader in readers:
            threads.start(reader.follower.reader, reader.run_until(threads.stopping))
        for name, run in upkeep.items():
            threads.start(name, partial(run, threads.stopping))
        log.info("dispatcher.started")
        threads.wait()
        for reader in readers:
            reader.wakeups.close()
        threads.join()
