"""Vector quantisation with a learned codebook (van den Oord et al. 2017)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from telepathy.bridge.coded import Coded
from telepathy.config.parts import VQ as VQConfig


class VQ(nn.Module):
    """Each vector becomes its nearest code; the error moves codes to vectors, and vectors (x commitment) to codes.

    `cosine` compares unit vectors and codes, where the squared distance is 2 - 2·cos; errors and entries are unit
    vectors too, and the output is the unit code times the length of x: its own, or the batch's mean as recorded, which
    lets an item's soft tokens depend on its neighbours. In fp32. Distances are an
    `[B·K, codes]` matrix; no difference vectors are made.

    Usage, for the entropy bonus, is counted, which has no gradient, or measured on softmax(-distance / temperature).

    Shapes: x `[B, K, w]` -> `Coded`, with entries `[B, K, w]`.
    """

    def __init__(self, config: VQConfig, width: int):
        super().__init__()
        self.config = config
        self.norm = nn.LayerNorm(width) if config.pre_norm else nn.Identity()
        if config.init == "uniform":
            codebook = torch.empty(config.codes, width).uniform_(-1 / config.codes, 1 / config.codes)
        else:
            codebook = F.normalize(torch.randn(config.codes, width), dim=-1)
        self.codebook = nn.Parameter(codebook)

    def forward(self, x: Tensor) -> Coded:
        """Quantise."""
        x = self.norm(x)
        with torch.autocast(x.device.type, enabled=False):
            vectors, codebook, length = x.float().flatten(0, 1), self.codebook.float(), None
            if self.config.distance == "cosine":
                length = x.detach().float().norm(dim=-1, keepdim=True)
                length = length if self.config.own_length else length.mean()
                vectors, codebook = F.normalize(vectors, dim=-1), F.normalize(codebook, dim=-1)
            with torch.set_grad_enabled(self.config.soft_usage and torch.is_grad_enabled()):
                # Without |x|², the same for all codes: neither the nearest code nor the softmax depends on it.
                distances = codebook.pow(2).sum(-1) - 2 * vectors @ codebook.T
            codes = distances.argmin(-1)
            nearest = codebook[codes]
            error = F.mse_loss(nearest, vectors.detach())
            error = error + self.config.commitment * F.mse_loss(vectors, nearest.detach())
            entries = (vectors + (nearest - vectors).detach()).view(x.shape)
            entropy = self.usage_entropy(distances, codes)
            chosen = nearest.detach().view(x.shape)
            chosen = chosen if length is None else chosen * length
        return Coded(
            vectors=x + (chosen.to(x.dtype) - x).detach(),
            codes=codes.view(x.shape[:2]),
            entries=entries,
            errors={"vq": error, "entropy": entropy},
        )

    def usage_entropy(self, distances: Tensor, codes: Tensor) -> Tensor:
        """Entropy of usage over the batch / log codes: distances `[N, codes]`, codes `[N]` -> scalar."""
        if self.config.soft_usage:
            shares = (-distances / self.config.temperature).softmax(-1).mean(0)
        else:
            shares = torch.bincount(codes, minlength=self.config.codes).float() / len(codes)
        return torch.special.entr(shares.clamp(min=torch.finfo(shares.dtype).tiny)).sum() / math.log(self.config.codes)
