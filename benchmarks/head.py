"""What the shortcuts around a large output head save, both sides measured in one run.

    python benchmarks/head.py --vocabulary 262144 --width 640 --rows 128

Four pairs: label rows against the full head; frozen-head cross-entropy against autograd through the head, in
float32 and bfloat16; and a bfloat16 head on a contiguous against a strided slice of states (as decoding takes it).
"""

import argparse
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F

from telepathy.losses import frozen_head_cross_entropy


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Median wall time of a call, after one warm-up."""
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return sorted(times)[len(times) // 2]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vocabulary", type=int, default=262_144)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--rows", type=int, default=128, help="target positions of a batch")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.manual_seed(0)
    head = torch.randn(options.vocabulary, options.width)
    low = head.bfloat16()
    states = torch.randn(options.rows, options.width)
    gold = torch.randint(options.vocabulary, (options.rows,))
    labels = torch.arange(8)

    def autograd(weight: torch.Tensor) -> Callable[[], object]:
        def work() -> None:
            leaf = states.to(weight.dtype).requires_grad_()
            F.cross_entropy((leaf @ weight.T).float(), gold).backward()

        return work

    def frozen(weight: torch.Tensor) -> Callable[[], object]:
        def work() -> None:
            leaf = states.to(weight.dtype).requires_grad_()
            frozen_head_cross_entropy(leaf, weight, gold).backward()

        return work

    few = torch.randn(4, 8, options.width).bfloat16()
    strided = few[:, -1:, :]
    pairs = [
        ("scores of 8 labels: label rows / full head", lambda: states @ head[labels].T, lambda: states @ head.T),
        ("cross-entropy, float32: frozen head / autograd", frozen(head), autograd(head)),
        ("cross-entropy, bfloat16: frozen head / autograd", frozen(low), autograd(low)),
        (
            "head on 4 states, bfloat16: contiguous / strided",
            lambda: F.linear(strided.contiguous(), low),
            lambda: F.linear(strided, low),
        ),
    ]
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, vocabulary {options.vocabulary}, "
          f"width {options.width}, {options.rows} rows")  # fmt: skip
    for name, ours, plain in pairs:
        a, b = seconds(ours, options.repeats), seconds(plain, options.repeats)
        print(f"{name:52s} {a * 1e3:9.1f} ms {b * 1e3:9.1f} ms   {b / a:7.1f} x")


if __name__ == "__main__":
    main()
