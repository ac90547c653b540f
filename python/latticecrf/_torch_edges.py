"""Edge-aware filters of `latticecrf.torch`: domain transforms and guided filters, with gradients."""
from __future__ import annotations

import ctypes
from typing import Any, Callable, List, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from . import _native
from ._torch_functions import host, like, log_parameter, numbers, once


def _place(tensor: Optional[Tensor]) -> Tuple[Optional[int], int]:
    if tensor is None:
        return None, 0
    place = numbers(tensor)
    return place.address, place.count


class _Call:
    """A filter as the C interface has it, over one image of a batch."""

    def __init__(self, name: str, settings: Any, extents: Sequence[int], guide_channels: Optional[int]) -> None:
        self._name, self._settings, self._extents = name, settings, _native.int64s(extents)
        self._guide_channels = () if guide_channels is None else (guide_channels,)

    def _make(self, call: str, values: Tensor, guide: Tensor, *rest: Any) -> None:
        # A way back costs about as much as a few dozen updates of a point's label.
        _native.long_call(
            values.numel() * 32, f"{self._name}_{call}", ctypes.byref(self._settings), self._extents,
            len(self._extents), *_place(values), values.shape[0], *_place(guide), *self._guide_channels, *rest)

    def apply(self, values: Tensor, guide: Tensor, output: Tensor) -> None:
        self._make("apply", values, guide, *_place(output))

    def gradient(
        self, values: Tensor, guide: Tensor, upstream: Tensor, by_values: Optional[Tensor],
        by_guide: Optional[Tensor], parameters: Optional[Tensor],
    ) -> None:
        targets = _native.FilterGradients(*_place(by_values), *_place(by_guide), *_place(parameters))
        self._make("gradient", values, guide, *_place(upstream), ctypes.byref(targets))


class _EdgeFilter(torch.autograd.Function):
    """`make(parameters, extents, guide channels)` gives the call; values (B, C, …grid), a guide (B, …, …grid)
    and a vector of parameters."""

    @staticmethod
    def forward(
        ctx: Any, make: Callable[[List[float], Sequence[int], int], _Call], values: Tensor, guide: Tensor,
        parameters: Tensor,
    ) -> Tensor:
        given, compared = host(values, torch.float32), host(guide, torch.float32)
        result = torch.empty_like(given)
        ctx.call = make(
            parameters.detach().double().tolist(), given.shape[2:], compared.shape[1])
        for image in range(given.shape[0]):
            ctx.call.apply(given[image], compared[image], result[image])
        ctx.save_for_backward(values, guide, parameters)
        return result.to(device=values.device, dtype=values.dtype)

    @staticmethod
    @once
    def backward(ctx: Any, upstream: Tensor) -> Tuple[Optional[Tensor], ...]:
        values, guide, parameters = ctx.saved_tensors
        needs_values, needs_guide, needs_parameters = ctx.needs_input_grad[1:]
        given, compared = host(values, torch.float32), host(guide, torch.float32)
        gradient = host(upstream, torch.float32)
        by_values = torch.empty_like(given) if needs_values else None
        by_guide = torch.empty_like(compared) if needs_guide else None
        sums = torch.zeros(parameters.shape, dtype=torch.float64) if needs_parameters else None
        for image in range(given.shape[0]):
            own = None if sums is None else torch.zeros_like(sums)
            ctx.call.gradient(
                given[image], compared[image], gradient[image],
                None if by_values is None else by_values[image],
                None if by_guide is None else by_guide[image], own)
            if sums is not None:
                sums += own
        return None, like(by_values, values), like(by_guide, guide), like(sums, parameters)


def _check(x: Tensor, guide: Tensor, name: str) -> None:
    if x.dim() < 3 or guide.dim() != x.dim() or guide.shape[0] != x.shape[0] or guide.shape[2:] != x.shape[2:]:
        raise ValueError(
            f"{name} of shape {tuple(guide.shape)} for values of shape {tuple(x.shape)}: both must be "
            "(batch, channels, …grid) on one grid")


class DomainTransform(nn.Module):
    """A domain transform over an edge map, which can be a network's: Chen et al. (2016), after Gastal &
    Oliveira (2011). Far smoothing where edges are 0, hardly any across large ones.

    Args:
        sigma_space: σ in steps of the grid, learned as its logarithm.
        sigma_range: σ in units of the edge map, learned as its logarithm.
        iterations: K, rounds over all axes.
        learns_bandwidths: whether the logarithms learn.
        threads: 0 for one per processor.
    """

    def __init__(
        self, sigma_space: float, sigma_range: float, iterations: int = 3, learns_bandwidths: bool = False,
        threads: int = 0,
    ) -> None:
        super().__init__()
        self.log_sigma_space = log_parameter([sigma_space], learns_bandwidths)
        self.log_sigma_range = log_parameter([sigma_range], learns_bandwidths)
        self.iterations, self.threads = iterations, threads

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        """Of the shape of `x`; computed in float32.

        Args:
            x: (B, channels, …grid).
            edges: (B, 1, …grid) or (B, …grid), 0 or more: the link of a point with the one before it along
                every axis.
        """
        if edges.dim() == x.dim() - 1:
            edges = edges.unsqueeze(1)
        _check(x, edges, "an edge map")
        if edges.shape[1] != 1:
            raise ValueError(f"an edge map has one channel, not {edges.shape[1]}")

        def make(parameters: List[float], extents: Sequence[int], _: int) -> _Call:
            return _Call(
                "domain_transform",
                _native.DomainTransform(*parameters, self.iterations, self.threads), extents, None)

        sigmas = torch.cat([self.log_sigma_space, self.log_sigma_range]).exp()
        return _EdgeFilter.apply(make, x, edges, sigmas)


class GuidedFilter(nn.Module):
    """Values as linear functions of a guide in every window: He, Sun & Tang (2013).

    Args:
        radius: of windows of (2r + 1) points along each axis.
        epsilon: in squared units of the guide; contrasts below its root are smoothed away. Learned as its
            logarithm.
        border: "clip" or "reflect".
        learns_epsilon: whether the logarithm learns.
        threads: 0 for one per processor.
    """

    def __init__(
        self, radius: int, epsilon: float, border: str = "clip", learns_epsilon: bool = False,
        threads: int = 0,
    ) -> None:
        super().__init__()
        if border not in ("clip", "reflect"):
            raise ValueError(f"border is {border!r}, but must be 'clip' or 'reflect'")
        self.log_epsilon = log_parameter([epsilon], learns_epsilon)
        self.radius, self.border, self.threads = radius, border, threads

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        """Of the shape of `x`; computed in float32.

        Args:
            x: (B, channels, …grid).
            guide: (B, channels, …grid), at most 64 channels.
        """
        _check(x, guide, "a guide")

        def make(parameters: List[float], extents: Sequence[int], channels: int) -> _Call:
            return _Call(
                "guided_filter",
                _native.GuidedFilter(
                    parameters[0], self.radius, int(self.border == "reflect"), self.threads, 0),
                extents, channels)

        return _EdgeFilter.apply(make, x, guide, self.log_epsilon.exp())
