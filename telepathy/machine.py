"""What arithmetic costs on a machine: seconds and memory of a frozen model's passes, from first principles.

Every assumption is a field of `Machine`, and an option of `python -m telepathy.plan --cost`. Nothing here is measured
but `ACTIVATION` (a test counts it on small models of the same families).
"""

from dataclasses import dataclass, field
from math import ceil

GB = 1e9
ACTIVATION = 34.2
"""Bytes that autograd keeps for each token, block and hidden unit of a frozen bf16 Llama or Mistral (feed-forward 3.5d,
grouped keys d/4, fused attention): most of it are the two norms in fp32."""
NF4_BYTES = 0.56
"""Of a parameter in 4 bits, constants of its groups included; embeddings and head stay in bfloat16."""


def _option(default: float, text: str) -> float:
    made: float = field(default=default, metadata={"help": text})
    return made


@dataclass(frozen=True)
class Machine:
    """Assumptions about one GPU (or two CPU cores) and its surroundings."""

    tflops: float = _option(200.0, "sustained bf16 TFLOP/s of long passes (an A100 peaks at 312, an H100 at 989)")
    bandwidth: float = _option(1.5, "sustained TB/s of GPU memory, which bounds writing (A100 2.0, H100 3.35 at most)")
    block_ms: float = _option(0.7, "least milliseconds of a block's pass: starting its kernels, however few tokens")
    read: float = _option(0.5, "GB/s of reading and checking weights, and of writing states, on the shared disk")
    download: float = _option(0.05, "GB/s from the hub")
    start: float = _option(30.0, "seconds until a process has imported everything")
    cpu_gflops: float = _option(20.0, "sustained GFLOP/s of the two CPU cores that probes and ridge maps use")
    kv_share: float = _option(0.25, "keys and values of a token and block, in widths of the model (grouped attention)")


CPU = Machine(tflops=0.1, bandwidth=0.02, block_ms=0.2, start=12.0)
"""Two cores of a machine without a GPU."""


@dataclass(frozen=True)
class Size:
    """The facts of a frozen model that cost depends on.

    Attributes:
        bytes: of a parameter, embeddings aside.
    """

    name: str
    parameters: int
    depth: int
    width: int
    vocabulary: int
    bytes: float

    @property
    def embeddings(self) -> int:
        """Parameters of input embeddings and head, taken to be two matrices."""
        return self.parameters - self.trunk

    @property
    def trunk(self) -> int:
        """Parameters that every token passes."""
        blocks = 12 * self.depth * self.width**2
        return max(self.parameters - 2 * self.vocabulary * self.width, min(blocks, self.parameters))

    @property
    def weights(self) -> float:
        """Bytes of the loaded weights."""
        return self.trunk * self.bytes + self.embeddings * max(self.bytes, 2.0)


@dataclass(frozen=True)
class Passes:
    """Seconds of a model's passes on a machine."""

    machine: Machine

    def one(self, size: Size, rows: float, length: float, before: float = 0) -> float:
        """A forward pass of `rows` sequences of `length` tokens, each after `before` that were read already.

        2 FLOP a parameter and token and 4·width a block and pair of tokens; never faster than the weights can be read
        from memory, nor than the kernels of all blocks can be started.
        """
        tokens = rows * length
        flop = 2 * size.trunk * tokens + 4 * size.depth * size.width * tokens * (length + before)
        keys = rows * before * self.keys(size)
        moved = size.trunk * size.bytes + keys
        return max(flop / self.machine.tflops / 1e12, moved / self.machine.bandwidth / 1e12, self._start(size.depth))

    def read(self, size: Size, rows: float, length: float, batch: int) -> float:
        """Forward passes over all rows, in batches."""
        return ceil(rows / batch) * self.one(size, min(batch, rows), length)

    def write(self, size: Size, rows: float, length: float, new: float, batch: int) -> float:
        """Greedy writing of `new` tokens after `length` read ones; each new token is a pass, its head included."""
        rows_each = min(batch, rows)
        token = self.one(size, rows_each, 1, length + new / 2) + self.head(size, rows_each)
        return self.read(size, rows, length, batch) + ceil(rows / batch) * new * token

    def head(self, size: Size, tokens: float) -> float:
        """Logits over the whole vocabulary."""
        flop, moved = 2 * size.vocabulary * size.width * tokens, size.vocabulary * size.width * 2
        return max(flop / self.machine.tflops / 1e12, moved / self.machine.bandwidth / 1e12)

    def bridge(self, parameters: int, depth: int, rows: float, tokens: float) -> float:
        """A training step of a bridge: 6 FLOP a parameter and token; and what AdamW reads and writes."""
        flop = 6 * parameters * rows * tokens / self.machine.tflops / 1e12
        return max(flop, 3 * self._start(depth)) + 40 * parameters / self.machine.bandwidth / 1e12

    def load(self, *sizes: Size) -> float:
        """Start a process and load models."""
        return self.machine.start + sum(one.parameters * 2 for one in sizes) / self.machine.read / GB

    def keys(self, size: Size) -> float:
        """Bytes of the keys and values of one token."""
        return 2 * size.depth * size.width * self.machine.kv_share * 2

    def _start(self, depth: int) -> float:
        return depth * self.machine.block_ms / 1000


def activations(size: Size, tokens: float, checkpointing: bool) -> float:
    """Bytes that a backward pass through a frozen model needs for `tokens` tokens of a batch.

    With checkpointing each block keeps its input alone, and one block at a time is computed again.
    """
    wide = 1 if size.bytes <= 2 else 2
    kept = size.depth * 2 + ACTIVATION if checkpointing else size.depth * ACTIVATION
    return wide * kept * size.width * tokens


def label_nodes(labels: list[str]) -> int:
    """Passes that scoring a row takes: places where names of labels part, by their words (tokens may part earlier).

    Examples:
        >>> label_nodes(["negative", "positive"]), label_nodes(["card arrival", "card linking", "age limit"])
        (1, 2)
    """
    beginnings: dict[tuple[str, ...], set[str]] = {}
    for label in labels:
        words = label.split()
        for at, word in enumerate(words):
            beginnings.setdefault(tuple(words[:at]), set()).add(word)
        beginnings.setdefault(tuple(words), set())
    full = {tuple(label.split()) for label in labels}
    return sum(len(follow) + (node in full) > 1 for node, follow in beginnings.items())
