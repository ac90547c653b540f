"""Dense CRFs, their losses and joint bilateral filters for PyTorch, with gradients to every float input.

    crf = latticecrf.torch.DenseCRF(21, [Gaussian(3, weight=3), Bilateral(60, 10, weight=5)])
    marginals = crf(logits, images)                    # (B, 21, H, W), (B, 3, H, W) in 0…255
    loss = torch.nn.functional.nll_loss(marginals.clamp_min(1e-20).log(), labels, ignore_index=255)
    loss.backward()

Everything is computed on the CPU, in float32 on a lattice unless it is said otherwise; tensors of float16
and bfloat16 are converted, and tensors on another device come over the host. With filter="exact" all pairs of
points are summed, and float64 tensors then stay float64, so that `torch.autograd.gradcheck` can be used.
"""
from __future__ import annotations

import math
import warnings
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple, Union

import torch
from torch import Tensor, nn

from . import _learning
from ._learning import DOUBLE, SINGLE, Learner, Numbers

__all__ = [
    "Bilateral", "CRFasRNN", "DenseCRF", "DenseCRFLoss", "Features", "GatedCRFLoss", "Gaussian",
    "JointBilateral", "bilateralfilter", "bilateralfilter_batch",
]

_warned_of_devices = False


def _host(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """Dense on the CPU."""
    global _warned_of_devices
    if tensor.device.type != "cpu" and not _warned_of_devices:
        _warned_of_devices = True
        warnings.warn(
            f"latticecrf computes on the CPU: tensors on {tensor.device.type} are copied to the host and back",
            RuntimeWarning, stacklevel=3,
        )
    return tensor.detach().to(device="cpu", dtype=dtype).contiguous()


def _numbers(tensor: Tensor) -> Numbers:
    return Numbers(tensor, tensor.data_ptr(), tensor.numel())


def _dtype(filter: str, tensor: Tensor) -> torch.dtype:
    return torch.float64 if filter == "exact" and tensor.dtype == torch.float64 else torch.float32


def _size(dtype: torch.dtype) -> int:
    return DOUBLE if dtype == torch.float64 else SINGLE


def _like(gradient: Optional[Tensor], tensor: Tensor) -> Optional[Tensor]:
    return None if gradient is None else gradient.to(device=tensor.device, dtype=tensor.dtype)


class _Refusal(torch.autograd.Function):
    """Gradients as they are, which cannot be differentiated once more."""

    @staticmethod
    def forward(ctx: Any, *gradients: Optional[Tensor]) -> Tuple[Optional[Tensor], ...]:
        return tuple(None if gradient is None else gradient.clone() for gradient in gradients)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        raise RuntimeError(
            "latticecrf.torch has gradients, but no gradients of gradients: leave out create_graph=True, or "
            "detach what comes from its layers")


def _once(backward: Any) -> Any:
    """A backward pass whose results refuse to be differentiated."""

    def refusing(ctx: Any, *upstream: Tensor) -> Any:
        with torch.no_grad():
            results = backward(ctx, *upstream)
        if not torch.is_grad_enabled():
            return results
        return _Refusal.apply(
            *(None if result is None else result.requires_grad_() for result in results))

    return refusing


class _TermSettings(NamedTuple):
    """What of a term is not a tensor."""

    has_positions: bool
    has_features: bool
    normalization: str
    self_term: str
    unsymmetric: bool = False


class _Settings(NamedTuple):
    """What of a mean field layer is not a tensor."""

    terms: Tuple[_TermSettings, ...]
    filter: str
    recipe: str
    iterations: int
    damping: float
    recomputes: bool
    of_logits: bool
    threads: int


def _learner(
    extents: Sequence[int], labels: int, dtype: torch.dtype, filter: str, recipe: str, threads: int
) -> Learner:
    return Learner(extents, labels, _size(dtype), filter, recipe, threads)


def _term(
    settings: _TermSettings, features: Optional[Tensor], sigmas: Tensor, compatibility: Tensor,
    transform: Optional[Tensor] = None,
) -> _learning.Term:
    """`features`: (channels, …grid) of float64 on the CPU."""
    return _learning.Term(
        sigmas.detach().double().flatten().tolist(), compatibility.detach().double().flatten().tolist(),
        None if features is None else _numbers(features), 0 if features is None else features.shape[0],
        settings.has_positions, settings.normalization, settings.self_term,
        None if transform is None else transform.detach().double().flatten().tolist(),
        settings.unsymmetric,
    )


class _MeanField(torch.autograd.Function):
    """Marginals (or logits) from logits (B, L, …grid), and for each term its compatibility, sigmas, transform
    or None, and features (B, channels, …grid) or None."""

    @staticmethod
    def forward(ctx: Any, settings: _Settings, logits: Tensor, *tensors: Optional[Tensor]) -> Tensor:
        dtype = _dtype(settings.filter, logits)
        scores = _host(logits, dtype)
        result = torch.empty_like(scores)
        noting = any(ctx.needs_input_grad)
        labels, extents = scores.shape[1], scores.shape[2:]
        features = [
            None if tensor is None else _host(tensor, torch.float64) for tensor in tensors[3::4]]
        records: List[Optional[_learning.Record]] = []
        for image in range(scores.shape[0]):
            learner = _learner(
                extents, labels, dtype, settings.filter, settings.recipe, settings.threads)
            for index, term in enumerate(settings.terms):
                compatibility, sigmas, transform = tensors[4 * index:4 * index + 3]
                own = features[index]
                learner.add(_term(
                    term, None if own is None else own[image], sigmas, compatibility, transform))
            energies = -scores[image]
            target = _numbers(result[image])
            records.append(learner.run(
                _numbers(energies), settings.iterations, settings.damping, settings.recomputes,
                None if settings.of_logits else target, target if settings.of_logits else None, noting,
            ))
        ctx.settings, ctx.records, ctx.dtype = settings, records, dtype
        ctx.save_for_backward(logits, *tensors)
        return result.to(device=logits.device, dtype=logits.dtype)

    @staticmethod
    @_once
    def backward(ctx: Any, upstream: Tensor) -> Tuple[Optional[Tensor], ...]:
        logits, *tensors = ctx.saved_tensors
        needed = ctx.needs_input_grad[1:]
        terms = ctx.settings.terms
        gradient = _host(upstream, ctx.dtype)
        unary = torch.empty_like(gradient) if needed[0] else None
        # Sums over the images, in their order.
        sums: List[Optional[Tensor]] = [
            torch.zeros(tensor.shape, dtype=torch.float64) if wanted and place % 4 != 3 else None
            for place, (tensor, wanted) in enumerate(zip(tensors, needed[1:]))
        ]
        features: List[Optional[Tensor]] = [
            torch.zeros(tensors[4 * index + 3].shape, dtype=torch.float64)
            if needed[1 + 4 * index + 3] else None for index in range(len(terms))
        ]
        for image, record in enumerate(ctx.records):
            parts = record.learner.terms
            counts = {
                "weights": [part.weights for part in parts],
                "bandwidths": [
                    part.channels + (len(logits.shape) - 2 if term.has_positions else 0)
                    for part, term in zip(parts, terms)],
                "transforms": [part.transform for part in parts],
                "features": [part.channels * record.learner.points for part in parts],
            }
            wanted = {
                name: any(needed[1 + 4 * index + place] for index in range(len(terms)))
                for place, name in enumerate(("weights", "bandwidths", "transforms", "features"))
            }
            targets = {
                name: torch.zeros(sum(counts[name]), dtype=torch.float64)
                for name in counts if wanted[name]
            }
            record.differentiate(
                _numbers(gradient[image]), ctx.settings.of_logits,
                unary=None if unary is None else _numbers(unary[image]),
                **{name: _numbers(target) for name, target in targets.items()},
            )
            for place, name in enumerate(("weights", "bandwidths", "transforms")):
                if name not in targets:
                    continue
                for index, part in enumerate(targets[name].split(counts[name])):
                    total = sums[4 * index + place]
                    if total is None:
                        continue
                    # One σ for all features: their sum.
                    total += part.sum() if total.numel() == 1 else part.view(total.shape)
            if "features" in targets:
                for index, part in enumerate(targets["features"].split(counts["features"])):
                    if features[index] is not None:
                        features[index][image] = part.view(features[index][image].shape)
        results: List[Optional[Tensor]] = []
        for place, tensor in enumerate(tensors):
            value = features[place // 4] if place % 4 == 3 else sums[place]
            results.append(None if value is None else _like(value, tensor))
        # Energies are the negative logits.
        return (None, None if unary is None else _like(-unary, logits), *results)


class _KernelFilter(torch.autograd.Function):
    """K' of values (B, C, …grid) for features (B, channels, …grid) or None, and sigmas."""

    @staticmethod
    def forward(
        ctx: Any, settings: _TermSettings, filter: str, recipe: str, threads: int, values: Tensor,
        features: Optional[Tensor], sigmas: Tensor,
    ) -> Tensor:
        dtype = _dtype(filter, values)
        given = _host(values, dtype)
        compared = None if features is None else _host(features, torch.float64)
        result = torch.empty_like(given)
        channels, extents = given.shape[1], given.shape[2:]
        one = torch.ones((), dtype=torch.float64)
        learners = []
        for image in range(given.shape[0]):
            learner = _learner(extents, 1, dtype, filter, recipe, threads)
            learner.add(_term(settings, None if compared is None else compared[image], sigmas, one))
            learner.filter(0, _numbers(given[image]), channels, False, _numbers(result[image]))
            learners.append(learner)
        ctx.learners, ctx.dtype = learners, dtype
        ctx.save_for_backward(values, features, sigmas)
        return result.to(device=values.device, dtype=values.dtype)

    @staticmethod
    @_once
    def backward(ctx: Any, upstream: Tensor) -> Tuple[Optional[Tensor], ...]:
        values, features, sigmas = ctx.saved_tensors
        needs_values, needs_features, needs_sigmas = ctx.needs_input_grad[4:]
        gradient = _host(upstream, ctx.dtype)
        given = _host(values, ctx.dtype)
        by_values = torch.empty_like(gradient) if needs_values else None
        by_features = (
            torch.zeros(features.shape, dtype=torch.float64) if needs_features else None)
        by_sigmas = torch.zeros(sigmas.shape, dtype=torch.float64) if needs_sigmas else None
        for image, learner in enumerate(ctx.learners):
            channels = gradient.shape[1]
            if by_values is not None:
                learner.filter(
                    0, _numbers(gradient[image]), channels, True, _numbers(by_values[image]))
            if by_features is None and by_sigmas is None:
                continue
            own = torch.zeros_like(sigmas, dtype=torch.float64, device="cpu").contiguous()
            learner.filter_gradient(
                0, _numbers(gradient[image]), _numbers(given[image]), channels,
                None if by_sigmas is None else _numbers(own),
                None if by_features is None else _numbers(by_features[image]),
            )
            if by_sigmas is not None:
                by_sigmas += own
        return (
            None, None, None, None, _like(by_values, values),
            None if by_features is None else _like(by_features, features),
            None if by_sigmas is None else _like(by_sigmas, sigmas),
        )


def _kernel_filter(
    values: Tensor, features: Optional[Tensor], sigmas: Tensor, normalization: str, self_term: str,
    filter: str, recipe: str = "default", threads: int = 0,
) -> Tensor:
    settings = _TermSettings(True, features is not None, normalization, self_term)
    return _KernelFilter.apply(settings, filter, recipe, threads, values, features, sigmas)


def _log_parameter(values: Sequence[float], learns: bool) -> nn.Parameter:
    for value in values:
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{value} must be above 0: its logarithm is learned")
    return nn.Parameter(
        torch.tensor([math.log(value) for value in values]), requires_grad=learns)


def _list(value: Any) -> List[float]:
    return [float(value)] if isinstance(value, (int, float)) else [float(item) for item in value]


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
        self.log_weight = _log_parameter([weight], True)
        self.log_bandwidths = nn.ParameterList(
            [_log_parameter(_list(group), learns_bandwidths) for group in groups])
        self.compatibility: Optional[nn.Parameter] = None

    def _prepare(self, labels: int) -> None:
        if self.compatibility_kind == "diagonal":
            self.compatibility = nn.Parameter(-torch.ones(labels))
        elif self.compatibility_kind == "matrix":
            self.compatibility = nn.Parameter(-torch.eye(labels))

    def _settings(self) -> _TermSettings:
        return _TermSettings(self.has_positions, self.has_features, self.normalization, self.self_term)

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
        settings = _Settings(
            tuple(kernel._settings() for kernel in self.kernels), self.filter, self.recipe,
            self.iterations, self.damping, self.recomputes, self.output == "logits", self.threads)
        return _MeanField.apply(settings, logits, *tensors)


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
        self.log_alpha = _log_parameter([alpha], learns_bandwidths)
        self.log_beta = _log_parameter([beta], learns_bandwidths)
        self.log_gamma = _log_parameter([gamma], learns_bandwidths)

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
        term = _TermSettings(True, False, "after", "included", True)
        settings = _Settings(
            (term, term._replace(has_features=True)), self.filter, self.recipe,
            self.iterations if self.training else self.test_iterations, 1.0, False,
            self.output == "logits", self.threads)
        return _MeanField.apply(
            settings, logits, -matrix @ self.spatial_ker_weights.to(dtype), gamma.expand(rank), None, None,
            -matrix @ self.bilateral_ker_weights.to(dtype),
            torch.cat([alpha.expand(rank), beta.expand(channels)]), None, image)


class DenseCRFLoss(nn.Module):
    """The regularised loss of Tang et al., "On regularized losses for weakly-supervised CNN segmentation",
    ECCV 2018: −w/B Σ S·(A S), and AFA's gated form of it. Arguments as in rloss.

    Args:
        weight: w.
        sigma_rgb, sigma_xy: bandwidths of colours and, before scaling, of positions.
        scale_factor: 1.0, or 0.5 to compute at half the size.
        diagonal: whether a point is a neighbour of its own, as with the peers.
        form: "association", or "cut" for w/B Σ S·A(ROI − S), which is never negative.
        gate: how the gate of labelled points is differentiated: "constant", its gradient with the gate held;
            "peer", what the published code returns; "through", with the gate's own.
        filter: "permutohedral", "accurate" or "exact".
    """

    def __init__(
        self, weight: float = 2e-9, sigma_rgb: float = 15.0, sigma_xy: float = 100.0,
        scale_factor: float = 0.5, diagonal: bool = True, form: str = "association",
        gate: str = "constant", learns_bandwidths: bool = False, filter: str = "permutohedral",
        recipe: str = "default", threads: int = 0,
    ) -> None:
        super().__init__()
        if form not in ("association", "cut"):
            raise ValueError(f"form is {form!r}, but must be 'association' or 'cut'")
        if gate not in ("constant", "peer", "through"):
            raise ValueError(f"gate is {gate!r}, but must be 'constant', 'peer' or 'through'")
        if scale_factor not in (1.0, 0.5):
            raise ValueError(f"scale_factor is {scale_factor!r}, but must be 1.0 or 0.5")
        self.weight, self.scale_factor, self.form, self.gate = weight, scale_factor, form, gate
        self.log_sigma_rgb = _log_parameter([sigma_rgb], learns_bandwidths)
        self.log_sigma_xy = _log_parameter([sigma_xy], learns_bandwidths)
        self.self_term = "included" if diagonal else "excluded"
        self.filter, self.recipe, self.threads = filter, recipe, threads

    def forward(
        self, images: Tensor, segmentations: Tensor, ROIs: Tensor, seg_label: Optional[Tensor] = None
    ) -> Tensor:
        """The loss, a number.

        Args:
            images: (B, channels, H, W), 0…255.
            segmentations: probabilities (B, K, H, W).
            ROIs: (B, H, W), 1 where the loss counts.
            seg_label: (B, H, W) or (B, 1, H, W): with it the loss is gated as in AFA: 255 is unlabelled.
        """
        batch, _, height, width = segmentations.shape
        dtype = torch.float64 if segmentations.dtype == torch.float64 else torch.float32
        p, roi, image = segmentations.to(dtype), ROIs.to(dtype), images.to(dtype)
        labels = None if seg_label is None else seg_label.reshape(batch, height, width)
        if self.scale_factor == 0.5:
            rows, columns = height // 2 * 2, width // 2 * 2
            p = nn.functional.avg_pool2d(p[..., :rows, :columns], 2)
            image, roi = image[..., :rows:2, :columns:2], roi[..., :rows:2, :columns:2]
            labels = None if labels is None else labels[..., :rows:2, :columns:2]
        masked = p * roi.unsqueeze(1)
        sigmas = torch.cat([
            (self.log_sigma_xy.to(dtype).exp() * self.scale_factor).expand(2),
            self.log_sigma_rgb.to(dtype).exp().expand(image.shape[1])])
        factor = self.weight / batch

        def summed(values: Tensor) -> Tensor:
            return _kernel_filter(
                values, image, sigmas, "none", self.self_term, self.filter, self.recipe, self.threads)

        if self.form == "cut":
            return factor * (masked * summed(roi.unsqueeze(1) - masked)).sum()
        if labels is None:
            return -factor * self._doubled(masked, summed(masked.detach()), None)
        gate = (roi - p.max(1).values).clamp_min(0)
        gate = torch.where(labels == 255, torch.ones_like(gate), gate)
        if self.gate == "peer":
            return -factor * self._doubled(masked, summed(masked.detach()), gate.detach())
        if self.gate == "constant":
            gate = gate.detach()
        return -factor * (gate.unsqueeze(1) * masked * summed(masked)).sum()

    @staticmethod
    def _doubled(masked: Tensor, sums: Tensor, gate: Optional[Tensor]) -> Tensor:
        """Σ gate·S·(A S) with the gradient 2·gate·(A S): A is symmetric, so that nothing need be filtered once
        more. By features, sums have their gradients as ever."""
        gated = masked.detach() if gate is None else masked.detach() * gate.unsqueeze(1)
        slopes = 2 * sums.detach() if gate is None else 2 * sums.detach() * gate.unsqueeze(1)
        return (gated * sums).sum() + ((masked - masked.detach()) * slopes).sum()


class _GatedPairs(torch.autograd.Function):
    """The local sums of GatedCRFLoss with their gradient, both in one pass over the offsets."""

    @staticmethod
    def forward(
        ctx: Any, y: Tensor, weights: Tuple[Any, ...], compatibility: Optional[Tensor]
    ) -> Tensor:
        kernels, radius, modalities, source, destination = weights
        height, width = y.shape[2:]
        total = torch.zeros((), dtype=y.dtype, device=y.device)
        gradient = torch.zeros_like(y)
        for dy in range(0, radius + 1):
            for dx in range(-radius, radius + 1):
                if dy >= height or abs(dx) >= width or (dy == 0 and dx <= 0):
                    continue
                here = (slice(0, height - dy), slice(max(0, -dx), width - max(0, dx)))
                there = (slice(dy, height), slice(max(0, dx), width - max(0, -dx)))
                pairs = _pair_weights(kernels, modalities, here, there, dy, dx)
                a, b = y[(..., *here)], y[(..., *there)]
                # r from there to here, and from here to there.
                to_here = pairs * source[(..., *there)] * destination[(..., *here)]
                to_there = pairs * source[(..., *here)] * destination[(..., *there)]
                if compatibility is None:
                    both = to_here + to_there
                    total = total + (both * (1 - (a * b).sum(1, keepdim=True))).sum()
                    gradient[(..., *here)] -= both * b
                    gradient[(..., *there)] -= both * a
                    continue
                cost_b = torch.einsum("ml,blhw->bmhw", compatibility, b)
                cost_a = torch.einsum("ml,blhw->bmhw", compatibility, a)
                total = total + (to_here * a * cost_b).sum() + (to_there * b * cost_a).sum()
                gradient[(..., *here)] += to_here * cost_b + to_there * torch.einsum(
                    "ml,bmhw->blhw", compatibility, b)
                gradient[(..., *there)] += to_there * cost_a + to_here * torch.einsum(
                    "ml,bmhw->blhw", compatibility, a)
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    @_once
    def backward(ctx: Any, upstream: Tensor) -> Tuple[Optional[Tensor], ...]:
        (gradient,) = ctx.saved_tensors
        return upstream * gradient, None, None


def _pair_weights(
    kernels: Sequence[dict], modalities: dict, here: tuple, there: tuple, dy: int, dx: int
) -> Tensor:
    """Σ wₘ exp(−½‖fᵢ − fⱼ‖²) of one offset, (B, 1, h, w)."""
    total: Any = 0.0
    for kernel in kernels:
        distance: Any = 0.0
        for name, sigma in kernel.items():
            if name == "weight":
                continue
            if name == "xy":
                distance = distance + (dy * dy + dx * dx) / sigma ** 2
                continue
            values = modalities[name]
            apart = values[(..., *here)] - values[(..., *there)]
            distance = distance + (apart * apart).sum(1, keepdim=True) / sigma ** 2
        exponent = distance if isinstance(distance, Tensor) else torch.tensor(float(distance))
        total = total + kernel["weight"] * torch.exp(-0.5 * exponent)
    return total


class GatedCRFLoss(nn.Module):
    """The loss of Obukhov et al., "Gated CRF loss for weakly supervised semantic image segmentation", 2019.
    Arguments as in the published `ModelLossSemsegGatedCRF`.

    l = 1/D Σ r(i,j)·(1 − ⟨yᵢ, yⱼ⟩) over a window, or yᵢᵀV yⱼ with a compatibility V.
    """

    def forward(
        self, y_hat_softmax: Tensor, kernels_desc: Sequence[dict], kernels_radius: int, sample: dict,
        height_input: Optional[int] = None, width_input: Optional[int] = None,
        mask_src: Optional[Tensor] = None, mask_dst: Optional[Tensor] = None,
        compatibility: Optional[Tensor] = None,
    ) -> dict:
        """{"loss": a number}.

        Args:
            y_hat_softmax: (B, L, H, W).
            kernels_desc: `[{"weight": 0.9, "xy": 6, "rgb": 0.1}, {"weight": 0.1, "xy": 6}]`.
            kernels_radius: of the window.
            sample: what kernels name besides "xy", such as {"rgb": (B, 3, h, w)}; averaged down to H × W.
            height_input, width_input: the size of what is in `sample`; not needed.
            mask_src, mask_dst: (B, 1, h, w) or (B, h, w): which points send and receive.
            compatibility: (L, L).
        """
        batch, _, height, width = y_hat_softmax.shape
        y = y_hat_softmax if y_hat_softmax.dtype == torch.float64 else y_hat_softmax.float()

        def fitted(values: Tensor) -> Tensor:
            values = values.detach().to(device=y.device, dtype=y.dtype)
            if values.dim() == 3:
                values = values.unsqueeze(1)
            if values.shape[2:] == (height, width):
                return values
            return nn.functional.adaptive_avg_pool2d(values, (height, width))

        def mask(values: Optional[Tensor]) -> Tensor:
            if values is None:
                return torch.ones((batch, 1, height, width), dtype=y.dtype, device=y.device)
            return (fitted(values) >= 1).to(y.dtype)

        names = {name for kernel in kernels_desc for name in kernel if name not in ("weight", "xy")}
        source, destination = mask(mask_src), mask(mask_dst)
        count: Any = batch * height * width
        if mask_src is not None:
            count = source.sum().clamp_min(1)
        if mask_dst is not None:
            count = destination.sum().clamp_min(1)
        weights = (
            tuple(kernels_desc), kernels_radius, {name: fitted(sample[name]) for name in names}, source,
            destination)
        costs = None if compatibility is None else compatibility.detach().to(y)
        return {"loss": _GatedPairs.apply(y, weights, costs) / count}


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
        self.log_sigma_space = _log_parameter(_list(sigma_space), learns_bandwidths)
        self.log_sigma_guide = _log_parameter(_list(sigma_guide), learns_bandwidths)
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
        return _kernel_filter(
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


def bilateralfilter_batch(
    images: Any, ins: Any, outs: Any, N: int, K: int, H: int, W: int, sigmargb: float, sigmaxy: float
) -> None:
    """rloss's call: outs = A·ins for N images of K channels, A the bilateral kernel on the lattice, not
    normalised. All flat float32 arrays of numpy's: images N × 3 × H × W, ins and outs N × K × H × W."""
    import numpy as np

    values = torch.from_numpy(np.ascontiguousarray(ins, np.float32)).view(N, K, H, W)
    pictures = torch.from_numpy(np.ascontiguousarray(images, np.float32)).view(N, 3, H, W)
    sigmas = torch.tensor([sigmaxy, sigmaxy, sigmargb, sigmargb, sigmargb])
    with torch.no_grad():
        result = _kernel_filter(values, pictures, sigmas, "none", "included", "permutohedral")
    outs[:] = result.numpy().reshape(np.shape(outs))


def bilateralfilter(
    image: Any, ins: Any, outs: Any, H: int, W: int, sigmargb: float, sigmaxy: float
) -> None:
    """The same for one channel of one image."""
    bilateralfilter_batch(image, ins, outs, 1, 1, H, W, sigmargb, sigmaxy)
