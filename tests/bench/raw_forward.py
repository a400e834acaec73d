"""The network's own forward of one image, timed in a process of its own beside the window."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from types import TracebackType

LIMIT_S = 120.0


class RawForward:
    """A process that times one forward on demand and waits in between."""

    def __enter__(self) -> RawForward:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()

    def seconds(self, for_seconds: float) -> float:
        """The median of forwards that go on for a while.

        Raises TimeoutError where no answer comes.
        """
        self._connection.send(for_seconds)
        if not self._connection.poll(LIMIT_S):
            raise TimeoutError("the raw forward did not answer")
        return float(self._connection.recv())


def _serve(connection: Connection) -> None:
    # In the child alone: the window's process never imports torch.
    import torch
    from measure import take_turns
    from network import finished, noise, open_bundled

    with torch.inference_mode():
        model = open_bundled()
        x = noise(model, 1)
        forward = finished(model, lambda: model.network(x))
        while True:
            try:
                seconds = connection.recv()
            except EOFError:
                return
            times = take_turns({"raw": forward}, seconds=seconds)["raw"]
            connection.send(sorted(times)[len(times) // 2])
