"""What counting saves a paired bootstrap: the closed-form BCa interval against scipy's, both sides in one run.

    .venv/bin/python benchmarks/bootstrap.py [--comparisons 200] [--resamples 10000] [--rows 300]

The largest difference of an end between the two is Monte Carlo error; scipy against itself, with other draws, is
printed beside it.
"""

import argparse
import time

import numpy as np
from scipy import stats

from analysis import statistics
from analysis.statistics import Interval


def of_scipy(first: np.ndarray, second: np.ndarray, resamples: int, seed: int) -> Interval:
    """The same interval by resampling rows."""
    found = stats.bootstrap(
        ((first - second),),
        np.mean,
        n_resamples=resamples,
        batch=min(resamples, 500),
        method="BCa",
        vectorized=True,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(found.low), float(found.high))


def apart(one: list[Interval], other: list[Interval]) -> float:
    """Largest difference of two intervals' ends, in percentage points."""
    return 100 * max(max(abs(a.low - b.low), abs(a.high - b.high)) for a, b in zip(one, other, strict=True))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comparisons", type=int, default=200)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=300)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    # The first method is right on 80 % of the rows; the second agrees with it on 80 %.
    firsts = (rng.random((options.comparisons, options.rows)) < 0.8).astype(float)
    seconds = np.where(rng.random(firsts.shape) < 0.2, 1 - firsts, firsts)
    pairs = list(zip(firsts, seconds, strict=True))
    started = time.perf_counter()
    fast = [
        statistics.paired_bootstrap(a, b, 0.95, options.resamples, np.random.default_rng(i))
        for i, (a, b) in enumerate(pairs)
    ]
    counted = time.perf_counter() - started
    started = time.perf_counter()
    slow = [of_scipy(a, b, options.resamples, i) for i, (a, b) in enumerate(pairs)]
    drawn = time.perf_counter() - started
    again = [of_scipy(a, b, options.resamples, i + len(pairs)) for i, (a, b) in enumerate(pairs)]
    print(f"{options.comparisons} comparisons of {options.rows} rows, {options.resamples} resamples each")
    print(f"counted {counted:7.2f} s    scipy {drawn:7.2f} s    {drawn / counted:.1f} x")
    print(f"largest difference of an end, points: to scipy {apart(fast, slow):.2f}, scipy to itself "
          f"{apart(slow, again):.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
