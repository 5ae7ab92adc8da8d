"""`python -m bench.campaign [CASES]`: a whole cohort's life by the commands an analyst has, recorded with its times.

Started, the first rung out, paused in the middle of it, resumed, a twelfth of the cases paid by webhook, its report and
its audit. A logical day lasts half an hour for 60,000 cases, and for fewer as much less: contacts begin while people
are still taken in, in a window that lasts half of it.
"""

import asyncio
import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from time import monotonic

from bench.figures import percentile
from bench.ground import MONDAY, RULER, Ground, child_memory, run_command
from bench.payments import pay
from bench.scale import USUAL
from embedded.home import Home
from embedded.stack import Stack, stoppable
from storage.engine import connect

CASES = 60_000
PAY_ONE_IN = 12
PAID_A_SECOND = 25
DAY_SECONDS_A_CASE = 0.03

STOPPED_SECONDS = 60
PATIENCE_SECONDS = 5_400.0

NAME = "CAMPANHA"

STARTED = "SELECT count(*) FROM cases"
SENT = "SELECT count(*) FROM notices WHERE sent_at IS NOT NULL"
CLAIMED = "SELECT count(*) FROM notices"
UNTOLD = "SELECT count(*) FROM outbox WHERE delivered_at IS NULL"


async def campaign(ground: Ground, cases: int) -> None:
    ground.debtors(NAME, cases)
    began = monotonic()

    def tell(what: str, since: float = began) -> None:
        memory = ", ".join(f"{name} {child_memory(ground.stack, name):.0f}" for name in ("worker", "web"))
        print(f"{timedelta(seconds=round(monotonic() - began))}  {what} ({monotonic() - since:.0f} s; MiB: {memory})")

    options = (
        "--ruler",
        RULER,
        "--tax",
        NAME,
        "--day-seconds",
        f"{ground.stack.day_seconds:g}",
        "--start",
        f"{MONDAY}",
    )
    _, peak = await run_command(ground, "cohort", "start", NAME, *options, "--rehearse", "--json", "--by", "bench")
    tell(f"{ground.ask(STARTED)} cases started, the command's peak {peak:.0f} MiB")

    await ground.until(lambda: ground.ask(SENT) >= cases // 4, PATIENCE_SECONDS)
    tell("a quarter of the first rung is out")
    at = monotonic()
    seconds, _ = await run_command(ground, "cohort", "pause", NAME, "--by", "bench")
    claimed = ground.ask(CLAIMED)
    tell(f"paused in {seconds:.1f} s", at)
    await asyncio.sleep(STOPPED_SECONDS)
    tell(f"notices claimed since the pause was said: {ground.ask(CLAIMED) - claimed}; untold: {ground.ask(UNTOLD)}", at)
    at = monotonic()
    seconds, _ = await run_command(ground, "cohort", "resume", NAME, "--by", "bench")
    tell(f"resumed in {seconds:.1f} s", at)
    await ground.until(lambda: ground.ask(SENT) >= cases, PATIENCE_SECONDS)
    tell("the first rung is out", at)
    await ground.until(lambda: ground.ask(UNTOLD) == 0, PATIENCE_SECONDS)
    tell("everybody was told", at)

    at = monotonic()
    accepted, resolved = await pay(ground, NAME, cases // PAY_ONE_IN, PAID_A_SECOND)
    tell(f"{len(resolved)} paid by webhook and resolved", at)
    for what, took in (("accepted", accepted), ("resolved", resolved)):
        print(f"    {what}: p50 {percentile(took, 50):.0f} ms, p99 {percentile(took, 99):.0f} ms")
    for command in (["report", NAME, "--html", str(ground.home / "report.html")], ["audit", NAME]):
        seconds, peak = await run_command(ground, *command)
        tell(f"{command[0]} in {seconds:.1f} s, peak {peak:.0f} MiB")


def main() -> None:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with (
        stoppable(),
        tempfile.TemporaryDirectory(prefix="regua-bench-") as folder,
        Stack(Home(Path(folder), "home"), cases * DAY_SECONDS_A_CASE) as stack,
    ):
        asyncio.run(campaign(Ground(stack, connect(stack.services.database, pool=4), USUAL, print), cases))


if __name__ == "__main__":
    main()
