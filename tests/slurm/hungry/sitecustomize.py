"""On PYTHONPATH in the jobs of trainings.py only: they save often; some need much memory, or time, or hang.

Python imports this before it runs anything. It waits for the training loop to be there.
"""

import os
import sys
import threading
import time

HUNGER_MB = 2500
EATEN = []


def season(wishes: str) -> None:
    """Let a training save its state every three seconds; then grow, hang in a step, or go slowly, as files wish it."""
    while not hasattr(sys.modules.get("telepathy.training.loop"), "_stop_requests"):
        time.sleep(0.01)
    loop = sys.modules["telepathy.training.loop"]
    loop.CHECKPOINT_SECONDS = 3.0
    step = loop._step

    def slow_step(*arguments):
        time.sleep(0.2)
        return step(*arguments)

    while True:
        if os.path.exists(f"{wishes}.memory") and not EATEN:
            EATEN.append(b"x" * (HUNGER_MB << 20))
        if os.path.exists(f"{wishes}.hang"):
            os.unlink(f"{wishes}.hang")
            step = loop._step = lambda *_: time.sleep(3600)
        loop._step = slow_step if os.path.exists(f"{wishes}.slow") else step
        time.sleep(0.1)


if "telepathy.train" in sys.orig_argv and "--spec" in sys.orig_argv:
    identity = os.path.basename(sys.orig_argv[sys.orig_argv.index("--spec") + 1]).removesuffix(".json")
    threading.Thread(target=season, args=(f"{os.environ['PYTHONPATH']}/{identity}",), daemon=True).start()
