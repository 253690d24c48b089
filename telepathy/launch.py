"""Run a stage in one process, or in several that train together (torchrun).

    python -m telepathy.launch 2 telepathy.train --spec results/paper/plan/runs/ID.json ...

The number of processes is `hardware.gpus / hardware.split` of the configuration; with 1 the stage is simply run. With
more, torchrun starts them on this machine and ends all of them when one fails. SIGTERM and SIGUSR1 reach every one: a
training saves its state and ends with status 143.
"""

import os
import runpy
import sys

USAGE = f"usage: python -m telepathy.launch PROCESSES MODULE [ARGUMENTS]\n\n{__doc__}"


def launch(processes: int, module: str, arguments: list[str]) -> int:
    """Run a stage under torchrun; the exit status of the first process that failed, or 0."""
    # torchrun's own default, one thread a process, comes with a warning.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import logging

    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    logging.getLogger("torch.distributed").setLevel(logging.CRITICAL)
    signals = "--signals-to-handle=SIGTERM,SIGINT,SIGUSR1"
    words = ["--standalone", f"--nproc-per-node={processes}", signals, "-m", module, *arguments]
    try:
        run.run(run.parse_args(words))
    except ChildFailedError as error:
        codes = [failure.exitcode for failure in error.failures.values()]
        # What a process said of itself comes before what followed from it (a lost connection, a signal).
        return next((code for code in codes if code in (2, 143)), next((code for code in codes if code > 0), 1))
    except SignalException:
        return 143
    return 0


def main() -> None:
    """Command line."""
    words = sys.argv[1:]
    if len(words) < 2 or not words[0].isdigit() or int(words[0]) < 1:
        print(USAGE, file=sys.stdout if words in (["-h"], ["--help"]) else sys.stderr)
        raise SystemExit(0 if words in (["-h"], ["--help"]) else 2)
    processes, module, arguments = int(words[0]), words[1], words[2:]
    if processes > 1:
        raise SystemExit(launch(processes, module, arguments))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
