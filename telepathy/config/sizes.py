"""How many parameters a body trains, in closed form (a test holds it to the modules), and the width that meets a count.

Comparing bodies at equal size needs this before anything is built, and the plan imports no torch.
"""

from functools import cache

from telepathy.config import parts


def linear(d_in: int, d_out: int) -> int:
    """A linear map with bias."""
    return d_in * d_out + d_out


def attention(width: int) -> int:
    """Queries, keys, values, output."""
    return 4 * linear(width, width)


def feed_forward(width: int) -> int:
    """Hidden width 4w."""
    return linear(width, 4 * width) + linear(4 * width, width)


def perceiver_layer(width: int) -> int:
    """Three norms, two attentions, feed-forward."""
    return 6 * width + 2 * attention(width) + feed_forward(width)


def between(d_in: int, d_out: int) -> int:
    """A linear map only where widths differ."""
    return 0 if d_in == d_out else linear(d_in, d_out)


def parameters(body: parts.Body, soft_tokens: int, d_sender: int, d_receiver: int) -> int:
    """Trained parameters of a body; an absent width is the receiver's."""
    k, width = soft_tokens, int(getattr(body, "width", None) or d_receiver)
    match body:
        case parts.Perceiver():
            layers = body.depth * perceiver_layer(width)
            return k * width + between(d_sender, width) + layers + between(width, d_receiver)
        case parts.SmallPerceiver():
            return k * width + between(d_sender, width) + body.depth * attention(width) + linear(width, d_receiver)
        case parts.RecurrentPerceiver():
            own = (k + body.rounds) * width + body.depth * perceiver_layer(width)
            return own + between(d_sender, width) + between(width, d_receiver)
        case parts.Iterated():
            own = body.rounds * width + body.depth * perceiver_layer(width)
            return own + linear(d_sender, width) + linear(width, d_receiver)
        case parts.Linear():
            return linear(d_sender, d_receiver * (k if body.each else 1))
        case parts.MLP():
            return linear(d_sender, width) + linear(width, width) + linear(width, k * d_receiver)
        case parts.MeanPool() | parts.LastToken():
            return 0
        case parts.FlowPooled() | parts.FlowCross() | parts.FlowHybrid():
            return _flow(body, k, width, d_sender, d_receiver)
    raise TypeError(f"no size of {type(body).__name__}")


def _flow(body: parts.Body, k: int, width: int, d_sender: int, d_receiver: int) -> int:
    pooled = isinstance(body, parts.FlowPooled)
    modulation = 3 * linear(width, 2 * width) if pooled else linear(width, 6 * width)
    total = body.depth * (modulation + 2 * attention(width) + feed_forward(width))
    total += linear(d_sender, width) + feed_forward(width) + k * width + 2 * width + linear(width, d_receiver)
    total += linear(d_receiver, width) if body.learned_target else between(d_receiver, width)
    if pooled:
        total += 2 * linear(width, width)
    if isinstance(body, parts.FlowHybrid):
        total += width + attention(width)
    return total


@cache
def matched(body: parts.Body, wanted: int, soft_tokens: int, d_sender: int, d_receiver: int) -> parts.Body:
    """The body with the width, a multiple of its heads, whose parameters come closest to `wanted`.

    A body without a width stays as it is: its size follows from the models alone.
    """
    if "width" not in type(body).model_fields:
        return body
    unit = getattr(body, "heads", 1)

    def at(multiple: int) -> parts.Body:
        return body.model_copy(update={"width": multiple * unit})

    def size(multiple: int) -> int:
        return parameters(at(multiple), soft_tokens, d_sender, d_receiver)

    high = 1
    while size(high) < wanted:
        high *= 2
    low = max(1, high // 2)
    # Equal widths need no map between them, so the size is not quite monotonous: look at all of the last octave.
    return at(min(range(low, high + 1), key=lambda multiple: (abs(size(multiple) - wanted), multiple)))
