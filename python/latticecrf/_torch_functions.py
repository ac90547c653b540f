"""The autograd functions of `latticecrf.torch`: mean field and bare kernels, with their reverse passes."""
from __future__ import annotations

import math
import warnings
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from . import _learning
from ._learning import DOUBLE, SINGLE, Learner, Numbers

_warned_of_devices = False


def host(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """Dense on the CPU."""
    global _warned_of_devices
    if tensor.device.type != "cpu" and not _warned_of_devices:
        _warned_of_devices = True
        warnings.warn(
            f"latticecrf computes on the CPU: tensors on {tensor.device.type} are copied to the host and back",
            RuntimeWarning, stacklevel=3,
        )
    return tensor.detach().to(device="cpu", dtype=dtype).contiguous()


def numbers(tensor: Tensor) -> Numbers:
    return Numbers(tensor, tensor.data_ptr(), tensor.numel())


def _dtype(filter: str, tensor: Tensor) -> torch.dtype:
    return torch.float64 if filter == "exact" and tensor.dtype == torch.float64 else torch.float32


def _size(dtype: torch.dtype) -> int:
    return DOUBLE if dtype == torch.float64 else SINGLE


def like(gradient: Optional[Tensor], tensor: Tensor) -> Optional[Tensor]:
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


def once(backward: Any) -> Any:
    """A backward pass whose results refuse to be differentiated."""

    def refusing(ctx: Any, *upstream: Tensor) -> Any:
        with torch.no_grad():
            results = backward(ctx, *upstream)
        if not torch.is_grad_enabled():
            return results
        return _Refusal.apply(
            *(None if result is None else result.requires_grad_() for result in results))

    return refusing


class TermSettings(NamedTuple):
    """What of a term is not a tensor."""

    has_positions: bool
    has_features: bool
    normalization: str
    self_term: str
    unsymmetric: bool = False


class Settings(NamedTuple):
    """What of a mean field layer is not a tensor."""

    terms: Tuple[TermSettings, ...]
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
    settings: TermSettings, features: Optional[Tensor], sigmas: Tensor, compatibility: Tensor,
    transform: Optional[Tensor] = None,
) -> _learning.Term:
    """`features`: (channels, …grid) of float64 on the CPU."""
    return _learning.Term(
        sigmas.detach().double().flatten().tolist(), compatibility.detach().double().flatten().tolist(),
        None if features is None else numbers(features), 0 if features is None else features.shape[0],
        settings.has_positions, settings.normalization, settings.self_term,
        None if transform is None else transform.detach().double().flatten().tolist(),
        settings.unsymmetric,
    )


class MeanField(torch.autograd.Function):
    """Marginals (or logits) from logits (B, L, …grid), and for each term its compatibility, sigmas, transform
    or None, and features (B, channels, …grid) or None."""

    @staticmethod
    def forward(ctx: Any, settings: Settings, logits: Tensor, *tensors: Optional[Tensor]) -> Tensor:
        dtype = _dtype(settings.filter, logits)
        scores = host(logits, dtype)
        result = torch.empty_like(scores)
        noting = any(ctx.needs_input_grad)
        labels, extents = scores.shape[1], scores.shape[2:]
        features = [
            None if tensor is None else host(tensor, torch.float64) for tensor in tensors[3::4]]
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
            target = numbers(result[image])
            records.append(learner.run(
                numbers(energies), settings.iterations, settings.damping, settings.recomputes,
                None if settings.of_logits else target, target if settings.of_logits else None, noting,
            ))
        ctx.settings, ctx.records, ctx.dtype = settings, records, dtype
        ctx.save_for_backward(logits, *tensors)
        return result.to(device=logits.device, dtype=logits.dtype)

    @staticmethod
    @once
    def backward(ctx: Any, upstream: Tensor) -> Tuple[Optional[Tensor], ...]:
        logits, *tensors = ctx.saved_tensors
        needed = ctx.needs_input_grad[1:]
        terms = ctx.settings.terms
        gradient = host(upstream, ctx.dtype)
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
                numbers(gradient[image]), ctx.settings.of_logits,
                unary=None if unary is None else numbers(unary[image]),
                **{name: numbers(target) for name, target in targets.items()},
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
            results.append(None if value is None else like(value, tensor))
        # Energies are the negative logits.
        return (None, None if unary is None else like(unary.neg_(), logits), *results)


class _KernelFilter(torch.autograd.Function):
    """K' of values (B, C, …grid) for features (B, channels, …grid) or None, and sigmas."""

    @staticmethod
    def forward(
        ctx: Any, settings: TermSettings, filter: str, recipe: str, threads: int, values: Tensor,
        features: Optional[Tensor], sigmas: Tensor,
    ) -> Tensor:
        dtype = _dtype(filter, values)
        given = host(values, dtype)
        compared = None if features is None else host(features, torch.float64)
        result = torch.empty_like(given)
        channels, extents = given.shape[1], given.shape[2:]
        one = torch.ones((), dtype=torch.float64)
        learners = []
        for image in range(given.shape[0]):
            learner = _learner(extents, 1, dtype, filter, recipe, threads)
            learner.add(_term(settings, None if compared is None else compared[image], sigmas, one))
            learner.filter(0, numbers(given[image]), channels, False, numbers(result[image]))
            learners.append(learner)
        ctx.learners, ctx.dtype = learners, dtype
        ctx.save_for_backward(values, features, sigmas)
        return result.to(device=values.device, dtype=values.dtype)

    @staticmethod
    @once
    def backward(ctx: Any, upstream: Tensor) -> Tuple[Optional[Tensor], ...]:
        values, features, sigmas = ctx.saved_tensors
        needs_values, needs_features, needs_sigmas = ctx.needs_input_grad[4:]
        gradient = host(upstream, ctx.dtype)
        given = host(values, ctx.dtype)
        by_values = torch.empty_like(gradient) if needs_values else None
        by_features = (
            torch.zeros(features.shape, dtype=torch.float64) if needs_features else None)
        by_sigmas = torch.zeros(sigmas.shape, dtype=torch.float64) if needs_sigmas else None
        for image, learner in enumerate(ctx.learners):
            channels = gradient.shape[1]
            if by_values is not None:
                learner.filter(
                    0, numbers(gradient[image]), channels, True, numbers(by_values[image]))
            if by_features is None and by_sigmas is None:
                continue
            own = torch.zeros_like(sigmas, dtype=torch.float64, device="cpu").contiguous()
            learner.filter_gradient(
                0, numbers(gradient[image]), numbers(given[image]), channels,
                None if by_sigmas is None else numbers(own),
                None if by_features is None else numbers(by_features[image]),
            )
            if by_sigmas is not None:
                by_sigmas += own
        return (
            None, None, None, None, like(by_values, values),
            None if by_features is None else like(by_features, features),
            None if by_sigmas is None else like(by_sigmas, sigmas),
        )


def kernel_filter(
    values: Tensor, features: Optional[Tensor], sigmas: Tensor, normalization: str, self_term: str,
    filter: str, recipe: str = "default", threads: int = 0,
) -> Tensor:
    settings = TermSettings(True, features is not None, normalization, self_term)
    return _KernelFilter.apply(settings, filter, recipe, threads, values, features, sigmas)


def log_parameter(values: Sequence[float], learns: bool) -> nn.Parameter:
    for value in values:
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{value} must be above 0: its logarithm is learned")
    return nn.Parameter(
        torch.tensor([math.log(value) for value in values]), requires_grad=learns)


def floats(value: Any) -> List[float]:
    return [float(value)] if isinstance(value, (int, float)) else [float(item) for item in value]
