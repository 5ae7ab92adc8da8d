"""`python -m tests.providers --port 9300 --seed 1 --broken 0.05 --silent 0.02 --dropped 0.01`, until Ctrl-C."""

from argparse import ArgumentParser
from threading import Event

from tests.providers.fake import FakeProviders, duplicates
from tests.providers.weather import Fault, Weather

SHARES = {
    "too-many": Fault.TOO_MANY,
    "broken": Fault.BROKEN,
    "refused": Fault.REFUSED,
    "silent": Fault.SILENT,
    "dropped": Fault.DROPPED,
}


def main() -> None:
    parser = ArgumentParser(prog="python -m tests.providers", description=__doc__)
    parser.add_argument("--port", type=int, default=9300)
    parser.add_argument("--seed", type=int, default=0)
    for name, fault in SHARES.items():
        parser.add_argument(f"--{name}", type=float, default=0.0, help=f"share of requests: {fault}")
    asked = vars(parser.parse_args())
    weather = Weather(asked["seed"], {fault: asked[name.replace("-", "_")] for name, fault in SHARES.items()})
    with FakeProviders(weather, asked["port"]) as providers:
        for name, value in providers.environment.items():
            print(f"export {name}={value}", flush=True)
        try:
            Event().wait()
        except KeyboardInterrupt:
            print(f"requests {len(providers.requests)}, taken {len(providers.taken)},", end=" ")
            print(f"duplicates {len(duplicates(providers.taken))}, problems {len(providers.problems)}")


if __name__ == "__main__":
    main()
