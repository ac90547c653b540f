"""The losses of `latticecrf.torch`, and rloss's filter calls."""
from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from ._learning import Association
from ._torch_functions import host, kernel_filter, like, log_parameter, numbers, once


class _AssociationSum(torch.autograd.Function):
    """Σ ⟨vᵢ, vⱼ⟩·k(i,j)·mᵢ·mⱼ of values v (B, C, …grid), a mask m (B, …grid) and images, in float32: a
    lattice has the sum before any point's own, so that one pass over the values suffices each way."""

    @staticmethod
    def forward(
        ctx: Any, filter: str, threads: int, sigmas: Sequence[float], images: Tensor, values: Tensor,
        mask: Tensor,
    ) -> Tensor:
        given, compared = host(values, torch.float32), host(images, torch.float32)
        batch, channels, *extents = given.shape
        ctx.association = Association(
            extents, numbers(compared), compared.shape[1], sigmas, numbers(given), channels,
            numbers(host(mask.expand(batch, *extents), torch.float32)), batch, filter, threads,
            ctx.needs_input_grad[4])
        ctx.shape, ctx.like = given.shape, values.new_empty(0)
        return torch.tensor(sum(ctx.association.sums), dtype=values.dtype, device=values.device)

    @staticmethod
    @once
    def backward(ctx: Any, upstream: Tensor) -> Tuple[Optional[Tensor], ...]:
        gradient = torch.empty(ctx.shape, dtype=torch.float32)
        # K is symmetric as far as the lattice is.
        ctx.association.write(2 * upstream.item(), numbers(gradient))
        return None, None, None, None, like(gradient, ctx.like), None


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
        self.log_sigma_rgb = log_parameter([sigma_rgb], learns_bandwidths)
        self.log_sigma_xy = log_parameter([sigma_xy], learns_bandwidths)
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
        sigmas = torch.cat([
            (self.log_sigma_xy.to(dtype).exp() * self.scale_factor).expand(2),
            self.log_sigma_rgb.to(dtype).exp().expand(image.shape[1])])
        factor = self.weight / batch
        if self._is_plain(labels, image, roi, sigmas, p):
            return -factor * _AssociationSum.apply(
                self.filter, self.threads, sigmas.tolist(), image, p, roi)
        masked = p * roi.unsqueeze(1)

        def summed(values: Tensor) -> Tensor:
            return kernel_filter(
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

    def _is_plain(self, labels: Optional[Tensor], *others: Tensor) -> bool:
        """Whether the loss is an association, differentiated by nothing but the last of the tensors."""
        *held, values = others
        differentiates = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in held)
        return (
            labels is None and self.form == "association" and self.self_term == "included"
            and self.filter != "exact" and values.dtype == torch.float32 and not differentiates)

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
    @once
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
        result = kernel_filter(values, pictures, sigmas, "none", "included", "permutohedral")
    outs[:] = result.numpy().reshape(np.shape(outs))


def bilateralfilter(
    image: Any, ins: Any, outs: Any, H: int, W: int, sigmargb: float, sigmaxy: float
) -> None:
    """The same for one channel of one image."""
    bilateralfilter_batch(image, ins, outs, 1, 1, H, W, sigmargb, sigmaxy)
