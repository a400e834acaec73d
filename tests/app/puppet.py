"""An engine process on strings: it tells a test what the window asks, and says to the window what the test says."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection, wait

DEATH = 3
STARTED = "started"
PING, PONG = "ping", "pong"


def dance(connection: Connection, strings: Connection, _threads: int = 0) -> None:
    """What runs in place of the engine; a number ends the process with it as its exit code, as a crash would.

    PING is answered once all that the window has asked until then is told.
    """
    strings.send(STARTED)
    while True:
        for ready in wait([connection, strings]):
            try:
                message = ready.recv()
            except EOFError:
                return
            if ready is connection:
                strings.send(message)
            elif message == PING:
                while connection.poll():
                    strings.send(connection.recv())
                strings.send(PONG)
            elif isinstance(message, int):
                os._exit(message)
            else:
                connection.send(message)
