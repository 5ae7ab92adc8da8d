"""The ports on which the servers of a stack listen: on this machine alone, on ports that nobody else has."""

import random
import socket
from dataclasses import asdict, dataclass

from models.errors import Refusal

# below the ports that the system hands out, so that none is taken while a process that ended starts again
PORT_RANGE = range(15_000, 32_000)


@dataclass(frozen=True)
class Ports:
    """The ports of a stack's servers; 0 is any free one."""

    temporal: int = 0
    ui: int = 0
    web: int = 0
    database: int = 0
    temporal_http: int = 0
    temporal_metrics: int = 0
    worker_metrics: int = 0
    web_metrics: int = 0
    https_metrics: int = 0

    def settled(self) -> "Ports":
        asked = asdict(self)
        for name, port in asked.items():
            if port and not is_free(port):
                raise Refusal(f"port {port} is in use; choose another --{name}-port, or none to have a free one found")
        free = free_ports(len(asked), besides=set(asked.values()))
        return Ports(**{name: port or free.pop() for name, port in asked.items()})


def must_have_loopback() -> None:
    """Check that this machine reaches itself by IPv4, as all parts of a stack do. Raises Refusal when it doesn't."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            socket.create_connection(listening.getsockname(), timeout=2.0).close()
    except OSError:
        raise Refusal(
            "nothing can be reached at 127.0.0.1 here; the embedded stack needs this machine's IPv4 loopback"
        ) from None


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # as the servers do: a port whose last connections are only being forgotten is free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int, besides: set[int]) -> list[int]:
    """Free ports, chosen at random, so that two stacks that start together look in different places."""
    candidates = random.SystemRandom().sample(PORT_RANGE, len(PORT_RANGE))
    free = (port for port in candidates if port not in besides and is_free(port))
    return [next(free) for _ in range(count)]
