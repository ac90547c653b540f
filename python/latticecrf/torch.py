"""Dense CRFs, their losses and edge-aware filters for PyTorch, with gradients to every float input.

    crf = latticecrf.torch.DenseCRF(21, [Gaussian(3, weight=3), Bilateral(60, 10, weight=5)])
    marginals = crf(logits, images)                    # (B, 21, H, W), (B, 3, H, W) in 0…255
    loss = torch.nn.functional.nll_loss(marginals.clamp_min(1e-20).log(), labels, ignore_index=255)
    loss.backward()

Everything is computed on the CPU, in float32 on a lattice unless it is said otherwise; tensors of float16
and bfloat16 are converted, and tensors on another device come over the host. With filter="exact" all pairs of
points are summed, and float64 tensors then stay float64, so that `torch.autograd.gradcheck` can be used.
"""
from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from ._torch_edges import DomainTransform, GuidedFilter
from ._torch_functions import MeanField, Settings, TermSettings, floats, kernel_filter, log_parameter
from ._torch_losses import DenseCRFLoss, GatedCRFLoss, bilateralfilter, bilateralfilter_batch

__all__ = [
    "Bilateral", "CRFasRNN", "DenseCRF", "DenseCRFLoss", "DomainTransform", "Features", "GatedCRFLoss",
    "Gaussian", "GuidedFilter", "JointBilateral", "bilateralfilter", "bilateralfilter_batch",
]


class _Kernel(nn.Module):
    """A term of a DenseCRF: log-weight, compatibility and log-bandwidths."""

    has_positions = True
    has_features = True

    def __init__(
        self, groups: Sequence[Any], weight: float, compatibility: str, normalization: str, self_term: str,
        learns_bandwidths: bool,
    ) -> None:
        super().__init__()
        if compatibility not in ("potts", "diagonal", "matrix"):
            raise ValueError(
                f"compatibility is {compatibility!r}, but must be 'potts', 'diagonal' or 'matrix'")
        self.compatibility_kind = compatibility
        self.normalization, self.self_term = normalization, self_term
        self.log_weight = log_parameter([weight], True)
        self.log_bandwidths = nn.ParameterList(
            [log_parameter(floats(group), learns_bandwidths) for group in groups])
        self.compatibility: Optional[nn.Parameter] = None

    def _prepare(self, labels: int) -> None:
        if self.compatibility_kind == "diagonal":
            self.compatibility = nn.Parameter(-torch.ones(labels))
        elif self.compatibility_kind == "matrix":
            self.compatibility = nn.Parameter(-torch.eye(labels))

    def _settings(self) -> TermSettings:
        return TermSettings(self.has_positions, self.has_features, self.normalization, self.self_term)

    def _counts(self, rank: int, channels: int) -> List[int]:
        """How many features each group of bandwidths is for."""
        raise NotImplementedError

    def _sigmas(self, rank: int, channels: int, dtype: torch.dtype) -> Tensor:
        groups = []
        for logs, count in zip(self.log_bandwidths, self._counts(rank, channels)):
            if logs.numel() not in (1, count):
                raise ValueError(f"{logs.numel()} bandwidths for {count} features")
            groups.append(logs.to(dtype).exp().expand(count))
        return torch.cat(groups)

    def _costs(self, dtype: torch.dtype) -> Tensor:
        weight = self.log_weight.to(dtype).exp().squeeze(0)
        return weight if self.compatibility is None else weight * self.compatibility.to(dtype)


class Gaussian(_Kernel):
    """Near points ought to share a label.

    Args:
        spatial: σ in steps of the grid: one number, or one per axis in the order x, y(, z).
        weight: w, learned as its logarithm.
        compatibility: "potts"; or "diagonal" or "matrix", which is learned too and begins as −1.
        learns_bandwidths: whether log σ is a parameter that learns.
    """

    has_features = False

    def __init__(
        self, spatial: Any, weight: float = 3.0, compatibility: str = "potts",
        normalization: str = "symmetric", self_term: str = "included", learns_bandwidths: bool = True,
    ) -> None:
        super().__init__(
            [spatial], weight, compatibility, normalization, self_term, learns_bandwidths)

    def _counts(self, rank: int, channels: int) -> List[int]:
        return [rank]


class Bilateral(_Kernel):
    """Points that are near and of like colours ought to share a label.

    Args:
        color: σ in the image's units: one number, or one per channel.
    """

    def __init__(
        self, spatial: Any, color: Any, weight: float = 5.0, compatibility: str = "potts",
        normalization: str = "symmetric", self_term: str = "included", learns_bandwidths: bool = True,
    ) -> None:
        super().__init__(
            [spatial, color], weight, compatibility, normalization, self_term, learns_bandwidths)

    def _counts(self, rank: int, channels: int) -> List[int]:
        return [rank, channels]


class Features(_Kernel):
    """Points of like features ought to share a label: those that are given in place of an image.

    Args:
        sigma: one number, or one per feature.
    """

    has_positions = False

    def __init__(
        self, sigma: Any = 1.0, weight: float = 3.0, compatibility: str = "potts",
        normalization: str = "symmetric", self_term: str = "included", learns_bandwidths: bool = True,
    ) -> None:
        super().__init__([sigma], weight, compatibility, normalization, self_term, learns_bandwidths)

    def _counts(self, rank: int, channels: int) -> List[int]:
        return [channels]


class DenseCRF(nn.Module):
    """Mean field updates of a dense CRF whose weights, compatibilities and bandwidths learn.

    Args:
        labels: L.
        kernels: `Gaussian`, `Bilateral` and `Features` terms.
        iterations: T, at least 0.
        filter: "permutohedral", "accurate" or "exact".
        recipe: how gradients by features are computed: "default", "consistent", "pairs" or "lattice".
        damping: how much of each update is made, above 0 and at most 1.
        recomputes: keeps √T states alone, and computes the others again in the backward pass.
        output: "marginals", or "logits" for what the last softmax takes.
        threads: 0 for one per processor.
    """

    def __init__(
        self, labels: int, kernels: Optional[Sequence[_Kernel]] = None, iterations: int = 5,
        filter: str = "permutohedral", recipe: str = "default", damping: float = 1.0,
        recomputes: bool = False, output: str = "marginals", threads: int = 0,
    ) -> None:
        super().__init__()
        if output not in ("marginals", "logits"):
            raise ValueError(f"output is {output!r}, but must be 'marginals' or 'logits'")
        chosen = [Gaussian(3), Bilateral(60, 10)] if kernels is None else list(kernels)
        for kernel in chosen:
            kernel._prepare(labels)
        self.labels, self.iterations = labels, iterations
        self.kernels = nn.ModuleList(chosen)
        self.filter, self.recipe, self.damping = filter, recipe, damping
        self.recomputes, self.output, self.threads = recomputes, output, threads

    def forward(
        self, logits: Tensor, image: Optional[Tensor] = None,
        features: Optional[Sequence[Optional[Tensor]]] = None,
    ) -> Tensor:
        """Marginals, or logits, of the shape of `logits`.

        Args:
            logits: (B, L, …grid): the negative unary energies.
            image: (B, channels, …grid) for `Bilateral` terms, in the units of their σ.
            features: (B, channels, …grid) for each `Features` term, in their order.
        """
        if logits.dim() < 3 or logits.shape[1] != self.labels:
            raise ValueError(
                f"logits have shape {tuple(logits.shape)}, but must be (batch, {self.labels}, …grid)")
        rank = logits.dim() - 2
        own = iter(features or ())
        tensors: List[Optional[Tensor]] = []
        for kernel in self.kernels:
            compared = None
            if kernel.has_features:
                compared = image if kernel.has_positions else next(own, None)
                if compared is None:
                    raise ValueError("a kernel compares an image or features, but none are given")
                if compared.shape[0] != logits.shape[0] or compared.shape[2:] != logits.shape[2:]:
                    raise ValueError(
                        f"the image or features have shape {tuple(compared.shape)}, but the logits "
                        f"{tuple(logits.shape)}")
            channels = 0 if compared is None else compared.shape[1]
            dtype = torch.float64 if logits.dtype == torch.float64 else torch.float32
            tensors += [
                kernel._costs(dtype), kernel._sigmas(rank, channels, dtype), None, compared]
        settings = Settings(
            tuple(kernel._settings() for kernel in self.kernels), self.filter, self.recipe,
            self.iterations, self.damping, self.recomputes, self.output == "logits", self.threads)
        return MeanField.apply(settings, logits, *tensors)


class CRFasRNN(nn.Module):
    """The layer of Zheng et al., "Conditional random fields as recurrent neural networks", ICCV 2015.

    U = z + M (W_s S(Q) + W_b B(Q)) with filters that are normalised afterwards. Parameters have the names and
    signs of crfasrnn_pytorch, whose checkpoints can be loaded: `spatial_ker_weights`,
    `bilateral_ker_weights`, `compatibility_matrix`. Any batch, any number of channels.

    Args:
        labels: L.
        iterations: T in training.
        test_iterations: T in evaluation; `None` for the same.
        alpha, beta, gamma: σ of the bilateral kernel's positions and colours, and of the spatial kernel.
        learns_bandwidths: whether their logarithms learn.
        output: "logits", as the published layers, or "marginals".
    """

    def __init__(
        self, labels: int, iterations: int = 5, test_iterations: Optional[int] = 10, alpha: float = 160.0,
        beta: float = 3.0, gamma: float = 3.0, spatial_weight: float = 3.0, bilateral_weight: float = 5.0,
        learns_bandwidths: bool = False, filter: str = "permutohedral", recipe: str = "default",
        output: str = "logits", threads: int = 0,
    ) -> None:
        super().__init__()
        self.labels, self.iterations = labels, iterations
        self.test_iterations = iterations if test_iterations is None else test_iterations
        self.filter, self.recipe, self.output, self.threads = filter, recipe, output, threads
        self.spatial_ker_weights = nn.Parameter(spatial_weight * torch.eye(labels))
        self.bilateral_ker_weights = nn.Parameter(bilateral_weight * torch.eye(labels))
        self.compatibility_matrix = nn.Parameter(torch.eye(labels))
        self.log_alpha = log_parameter([alpha], learns_bandwidths)
        self.log_beta = log_parameter([beta], learns_bandwidths)
        self.log_gamma = log_parameter([gamma], learns_bandwidths)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *arguments: Any) -> None:
        # Published checkpoints have no bandwidths: those of the layer stay.
        for name in ("log_alpha", "log_beta", "log_gamma"):
            state_dict.setdefault(prefix + name, getattr(self, name).detach())
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def forward(self, image: Tensor, logits: Tensor) -> Tensor:
        """U after the last update, or the marginals, of the shape of `logits`.

        Args:
            image: (B, channels, …grid), 0…255.
            logits: (B, L, …grid).
        """
        dtype = torch.float64 if logits.dtype == torch.float64 else torch.float32
        rank, channels = logits.dim() - 2, image.shape[1]
        matrix = self.compatibility_matrix.to(dtype)
        alpha, beta, gamma = (
            logs.to(dtype).exp() for logs in (self.log_alpha, self.log_beta, self.log_gamma))
        term = TermSettings(True, False, "after", "included", True)
        settings = Settings(
            (term, term._replace(has_features=True)), self.filter, self.recipe,
            self.iterations if self.training else self.test_iterations, 1.0, False,
            self.output == "logits", self.threads)
        return MeanField.apply(
            settings, logits, -matrix @ self.spatial_ker_weights.to(dtype), gamma.expand(rank), None, None,
            -matrix @ self.bilateral_ker_weights.to(dtype),
            torch.cat([alpha.expand(rank), beta.expand(channels)]), None, image)


class JointBilateral(nn.Module):
    """y = Σ k(i,j)·x(j) / Σ k(i,j), k of positions and a guide; the bandwidths learn.

    Args:
        sigma_space: one number, or one per axis in the tensor's order: (y, x), (z, y, x).
        sigma_guide: one number, or one per channel of the guide.
        radius: of a window of (2r + 1) points along each axis; `None` for all points.
        filter: "permutohedral", "accurate" or "exact", for all points.
    """

    def __init__(
        self, sigma_space: Any, sigma_guide: Any, radius: Optional[int] = None,
        learns_bandwidths: bool = True, filter: str = "permutohedral", recipe: str = "default",
        threads: int = 0,
    ) -> None:
        super().__init__()
        self.log_sigma_space = log_parameter(floats(sigma_space), learns_bandwidths)
        self.log_sigma_guide = log_parameter(floats(sigma_guide), learns_bandwidths)
        self.radius, self.filter, self.recipe, self.threads = radius, filter, recipe, threads

    def forward(self, x: Tensor, guide: Optional[Tensor] = None) -> Tensor:
        """Of the shape of `x`.

        Args:
            x: (B, channels, …grid).
            guide: (B, channels, …grid); `None` for x itself.
        """
        guide = x if guide is None else guide
        rank, channels = x.dim() - 2, guide.shape[1]
        dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
        space = self.log_sigma_space.to(dtype).exp().expand(rank)
        colors = self.log_sigma_guide.to(dtype).exp().expand(channels)
        if self.radius is not None:
            return self._windowed(x.to(dtype), guide.to(dtype), space, colors).to(x.dtype)
        return kernel_filter(
            x, guide, torch.cat([space.flip(0), colors]), "after", "included", self.filter, self.recipe,
            self.threads)

    def _windowed(self, x: Tensor, guide: Tensor, space: Tensor, colors: Tensor) -> Tensor:
        extents = x.shape[2:]
        sigma = colors.view(1, -1, *(1 for _ in extents))
        sums, weights = x, torch.ones_like(x[:, :1])
        for offset in _offsets(len(extents), self.radius):
            if not any(offset) or any(abs(o) >= extent for o, extent in zip(offset, extents)):
                continue
            here = tuple(slice(max(0, -o), extent - max(0, o)) for o, extent in zip(offset, extents))
            there = tuple(slice(max(0, o), extent - max(0, -o)) for o, extent in zip(offset, extents))
            apart = (guide[(..., *here)] - guide[(..., *there)]) / sigma
            steps = torch.tensor(offset, dtype=x.dtype, device=x.device) / space
            k = torch.exp(-0.5 * ((apart * apart).sum(1, keepdim=True) + (steps * steps).sum()))
            padding = [
                size for o, extent in reversed(list(zip(offset, extents)))
                for size in (max(0, -o), max(0, o))]
            sums = sums + nn.functional.pad(k * x[(..., *there)], padding)
            weights = weights + nn.functional.pad(k, padding)
        return sums / weights


def _offsets(rank: int, radius: int) -> List[Tuple[int, ...]]:
    offsets: List[Tuple[int, ...]] = [()]
    for _ in range(rank):
        offsets = [offset + (step,) for offset in offsets for step in range(-radius, radius + 1)]
    return offsets
