"""latticecrf.torch: gradients against differences, and against golden cases where those are there."""
from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import golden
import numpy as np

import latticecrf.torch as lt

CASES = golden.cases(
    "crfrnn", "dense_crf_loss", "domain_transform", "gated_crf_loss", "joint_bilateral",
    "meanfield_gradient",
    folder=golden.FOLDER.parent / "learning")


@pytest.fixture(autouse=True)
def one_seed():
    torch.manual_seed(1)


def of_kind(kind):
    found = [case for case in CASES if case.kind == kind]
    return pytest.mark.parametrize(
        "case", found or [pytest.param(None, marks=pytest.mark.skip(reason=golden.ABSENCE))], ids=repr)


class Run:
    """What is expected of a run, and how far it may be off."""

    def __init__(self, case, run, precision):
        self.case, self.run, self.table = case, run, case.description["tolerance"][precision]

    def check(self, name, found):
        expected = self.run["expected"][name]
        if isinstance(expected, dict):
            expected = self.case.array(expected["file"])[expected["index"]]
        expected = np.asarray(expected)
        found = found.detach().double().numpy().reshape(expected.shape)
        scale = np.abs(expected).max() or 1
        error = np.abs(found - expected).max() / scale
        limit = self.table.get(name, self.table["default"])
        assert np.isfinite(found).all() and error <= limit, (self.run["id"], name, error, limit)


def tensor(case, name, dtype, grad=True):
    return torch.tensor(case.input(name)).to(dtype).requires_grad_(grad)


PRECISIONS = pytest.mark.parametrize(
    "precision, dtype", [("float64", torch.float64), ("float32", torch.float32)])


def small(dtype=torch.float64, batch=2):
    logits = torch.randn(batch, 3, 4, 5, dtype=dtype, requires_grad=True)
    image = (torch.rand(batch, 3, 4, 5, dtype=dtype) * 60).requires_grad_()
    return logits, image


def module(filter="exact", **options):
    return lt.DenseCRF(
        3, [lt.Gaussian(1.5, 1.2, compatibility="matrix"), lt.Bilateral([2, 3], 25, 2)], filter=filter,
        **options)


@pytest.mark.parametrize("options", [
    {}, {"output": "logits"}, {"damping": 0.6, "iterations": 3}, {"recomputes": True}, {"iterations": 0}])
def test_gradcheck(options):
    crf = module(**options).double()
    logits, image = small()
    assert torch.autograd.gradcheck(
        lambda logits, image, *parameters: crf(logits, image), (logits, image, *crf.parameters()),
        eps=1e-5, atol=1e-6)


def test_features_and_diagonal_gradcheck():
    crf = lt.DenseCRF(3, [lt.Features([1.0, 2.0], compatibility="diagonal")], filter="exact").double()
    logits = torch.randn(1, 3, 12, dtype=torch.float64, requires_grad=True)
    features = torch.randn(1, 2, 12, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda logits, features, *parameters: crf(logits, features=[features]),
        (logits, features, *crf.parameters()), eps=1e-5, atol=1e-6)


def test_marginals_are_those_of_the_crf():
    import latticecrf

    logits, image = small(torch.float32, batch=1)
    crf = lt.DenseCRF(3, [lt.Gaussian(1.5, 1.2), lt.Bilateral(2, 25, 2)], iterations=4)
    peer = latticecrf.CRF((4, 5), 3)
    peer.set_scores(logits[0].detach().numpy())
    peer.add_position_kernel(1.5, 1.2)
    peer.add_bilateral_kernel(2, 25, image[0].detach().permute(1, 2, 0).numpy(), 2)
    # The same float32 computation; logits are converted to energies by other roundings.
    assert np.abs(crf(logits, image)[0].detach().numpy() - peer.infer(4)).max() < 1e-5


def test_batch_is_its_images():
    logits, image = small()
    crf = module().double()
    upstream = torch.randn_like(logits)
    crf(logits, image).backward(upstream)
    whole = [logits.grad.clone(), image.grad.clone(), *(p.grad.clone() for p in crf.parameters())]
    crf.zero_grad()
    logits.grad = image.grad = None
    for index in range(2):
        crf(logits[index:index + 1], image[index:index + 1]).backward(upstream[index:index + 1])
    for a, b in zip(whole, [logits.grad, image.grad, *(p.grad for p in crf.parameters())]):
        assert torch.allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_types_and_strides(dtype):
    logits, image = small(torch.float32)
    crf = module("permutohedral")
    expected = crf(logits, image)
    strided = logits.detach().permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).to(dtype)
    strided.requires_grad_()
    found = crf(strided, image.detach().to(dtype))
    assert found.dtype == dtype
    # Eight bits of a mantissa, twice.
    assert torch.allclose(found.float(), expected, atol={torch.float32: 0}.get(dtype, 0.05))
    found.sum().backward()
    assert strided.grad.dtype == dtype and strided.grad.shape == strided.shape


def test_second_backward_and_no_third_order():
    logits, image = small()
    crf = module().double()
    loss = (crf(logits, image) ** 2).sum()
    loss.backward(retain_graph=True)
    first = logits.grad.clone()
    logits.grad = None
    loss.backward()
    assert torch.equal(first, logits.grad)
    (gradient,) = torch.autograd.grad(crf(logits, image).sum(), logits, create_graph=True)
    with pytest.raises(RuntimeError, match="no gradients of gradients"):
        gradient.sum().backward()


def test_only_what_is_needed():
    logits, image = small(torch.float32)
    crf = module("permutohedral")
    for parameter in crf.parameters():
        parameter.requires_grad_(False)
    crf(logits, image.detach()).sum().backward()
    assert logits.grad is not None and all(p.grad is None for p in crf.parameters())
    with torch.no_grad():
        assert not crf(logits, image).requires_grad


def test_compiled_models_break_their_graph_at_worst():
    logits, image = small(torch.float32)
    crf = module("permutohedral")
    expected = crf(logits, image)
    found = torch.compile(crf, backend="eager")(logits, image)
    assert torch.equal(found, expected)
    found.sum().backward()
    assert logits.grad is not None


def test_wrong_shapes():
    crf = module()
    with pytest.raises(ValueError, match="logits have shape"):
        crf(torch.zeros(1, 4, 4, 5), torch.zeros(1, 3, 4, 5))
    with pytest.raises(ValueError, match="image"):
        crf(torch.zeros(1, 3, 4, 5))
    with pytest.raises(ValueError, match="finite"):
        crf(torch.full((1, 3, 4, 5), float("nan")), torch.zeros(1, 3, 4, 5))


def test_training_lowers_a_loss():
    logits, image = small(torch.float32)
    crf = module("permutohedral")
    labels = torch.randint(0, 3, (2, 4, 5))
    optimizer = torch.optim.Adam(crf.parameters(), 0.05)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = torch.nn.functional.nll_loss(
            crf(logits.detach(), image.detach()).clamp_min(1e-20).log(), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_crf_as_rnn_gradcheck_and_checkpoint():
    layer = lt.CRFasRNN(
        3, iterations=3, alpha=3, beta=25, gamma=1.5, learns_bandwidths=True, filter="exact").double()
    logits, image = small(batch=1)
    assert torch.autograd.gradcheck(
        lambda image, logits, *parameters: layer(image, logits), (image, logits, *layer.parameters()),
        eps=1e-5, atol=1e-5)
    names = {"spatial_ker_weights", "bilateral_ker_weights", "compatibility_matrix"}
    state = {name: value for name, value in layer.state_dict().items() if name in names}
    lt.CRFasRNN(3).load_state_dict(state)


@pytest.mark.parametrize("options", [
    {}, {"diagonal": False}, {"scale_factor": 1.0}, {"form": "cut", "scale_factor": 1.0}])
def test_dense_crf_loss_gradcheck(options):
    loss = lt.DenseCRFLoss(
        1.0, 25, 2, **{"scale_factor": 0.5, **options}, learns_bandwidths=True, filter="exact").double()
    image = torch.rand(2, 3, 6, 7, dtype=torch.float64) * 60
    p = torch.rand(2, 3, 6, 7, dtype=torch.float64).softmax(1).requires_grad_()
    roi = torch.ones(2, 6, 7, dtype=torch.float64)
    roi[:, 2] = 0
    assert torch.autograd.gradcheck(
        lambda p, *parameters: loss(image, p, roi), (p, *loss.parameters()), eps=1e-6, atol=1e-5)


@pytest.mark.parametrize("filter", ["permutohedral", "accurate"])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_dense_crf_loss_in_one_pass_is_what_filters_give(filter, scale):
    image = torch.rand(3, 3, 20, 31) * 60
    p = torch.rand(3, 5, 20, 31).softmax(1)
    roi = torch.rand(3, 20, 31)
    roi[0] = 1
    found = []
    # Where a bandwidth learns, sums are filtered point by point.
    for learns in (False, True):
        loss = lt.DenseCRFLoss(0.1, 25, 8, scale, learns_bandwidths=learns, filter=filter)
        own = p.clone().requires_grad_()
        value = loss(image, own, roi)
        (3 * value).backward()
        with torch.no_grad():
            assert loss(image, own, roi) == value or learns
        found.append((value.item(), own.grad))
    # Two orders of sums of some thousand numbers in float32.
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    assert torch.allclose(found[0][1], found[1][1], rtol=1e-4, atol=1e-6 * found[1][1].abs().max())


def test_dense_crf_loss_types_masks_and_errors():
    image, roi = torch.rand(2, 3, 8, 9) * 60, torch.ones(2, 8, 9)
    logits = torch.rand(2, 3, 8, 9)
    loss = lt.DenseCRFLoss(0.1, 25, 4)
    expected = loss(image, logits.softmax(1), roi)
    for dtype in (torch.float16, torch.bfloat16):
        p = logits.softmax(1).to(dtype).requires_grad_()
        value = loss(image, p, roi.to(dtype))
        value.backward()
        # Eight bits of a mantissa.
        assert value.item() == pytest.approx(expected.item(), rel=0.02)
        assert p.grad.dtype == dtype and p.grad.abs().max() > 0
    # A mask for all images, and strides of another order.
    p = logits.softmax(1).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).requires_grad_()
    value = loss(image, p, roi[:1])
    assert value == expected
    value.backward(retain_graph=True)
    first, p.grad = p.grad, None
    value.backward()
    assert torch.equal(first, p.grad)
    with pytest.raises(ValueError, match="finite"):
        loss(image, torch.full_like(p, float("nan")), roi)


def test_gated_crf_loss_gradcheck():
    loss, y = lt.GatedCRFLoss(), torch.rand(2, 3, 5, 6, dtype=torch.float64).softmax(1).requires_grad_()
    sample = {"rgb": torch.rand(2, 3, 10, 12, dtype=torch.float64)}
    kernels = [{"weight": 0.9, "xy": 6, "rgb": 0.1}, {"weight": 0.1, "xy": 6}]
    mask = torch.ones(2, 1, 10, 12, dtype=torch.float64)
    mask[:, :, :3] = 0
    for options in ({}, {"mask_src": mask, "mask_dst": mask}, {"compatibility": torch.rand(3, 3)}):
        assert torch.autograd.gradcheck(
            lambda y: loss(y, kernels, 2, sample, 10, 12, **options)["loss"], (y,), eps=1e-6, atol=1e-6)


@pytest.mark.parametrize("radius", [None, 1])
def test_joint_bilateral_gradcheck(radius):
    filter = lt.JointBilateral([1.0, 2.0], 25.0, radius, filter="exact").double()
    x = torch.randn(2, 2, 4, 5, dtype=torch.float64, requires_grad=True)
    guide = (torch.rand(2, 3, 4, 5, dtype=torch.float64) * 60).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x, guide, *parameters: filter(x, guide), (x, guide, *filter.parameters()), eps=1e-5,
        atol=1e-6)


# These filters compute in float32: a value of 1 is 1e-7 off, and a quotient of steps of 1e-2 1e-5 times
# the values that it sums; the rest of atol is for the third derivative.
COARSE = {"eps": 1e-2, "atol": 1e-3, "rtol": 1e-2, "nondet_tol": 0.0}


@pytest.mark.parametrize("extents", [(5, 6), (9,), (3, 4, 3)])
def test_domain_transform_gradcheck(extents):
    transform = lt.DomainTransform(4.0, 0.7, iterations=2, learns_bandwidths=True)
    x = torch.rand(2, 3, *extents, dtype=torch.float64, requires_grad=True)
    edges = (torch.rand(2, *extents, dtype=torch.float64) + 0.05).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, edges: transform(x, edges), (x, edges), **COARSE)
    upstream = torch.rand(2, 3, *extents)
    (transform(x, edges) * upstream).sum().backward()
    for logs in transform.parameters():
        value = logs.item()

        def loss(log):
            with torch.no_grad():
                logs.fill_(log)
                return (transform(x, edges).float() * upstream).sum().item()

        slope = (loss(value + 0.02) - loss(value - 0.02)) / 0.04
        loss(value)
        # Sums of up to 216 values that are 1e-7 off, over a step of 0.04.
        assert abs(logs.grad.item() - slope) < 2e-3


@pytest.mark.parametrize("border", ["clip", "reflect"])
def test_guided_filter_gradcheck(border):
    guided = lt.GuidedFilter(2, 0.05, border, learns_epsilon=True)
    x = torch.rand(2, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    guide = torch.rand(2, 3, 5, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, guide: guided(x, guide), (x, guide), **COARSE)
    (guided(x, guide) * x.detach()).sum().backward()
    assert torch.isfinite(guided.log_epsilon.grad).all() and guided.log_epsilon.grad.abs() > 0
    # A shift of the guide changes nothing.
    shifted = guided(x, guide + 3)
    assert torch.allclose(shifted, guided(x, guide), atol=1e-5)


def test_edge_filters_types_and_errors():
    x, edges = torch.rand(1, 3, 6, 7), torch.rand(1, 1, 6, 7)
    for filter in (lt.DomainTransform(3.0, 1.0), lt.GuidedFilter(1, 0.1)):
        expected = filter(x, edges)
        for dtype in (torch.float16, torch.bfloat16, torch.float64):
            found = filter(x.to(dtype).requires_grad_(), edges.to(dtype))
            assert found.dtype == dtype
            # bfloat16 has eight bits.
            assert torch.allclose(found.float(), expected, atol=0.03)
            found.sum().backward()
        strided = x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
        assert torch.equal(filter(strided, edges), expected)
        with pytest.raises(ValueError, match="one grid"):
            filter(x, edges[..., :5])
    with pytest.raises(ValueError, match="edge"):
        lt.DomainTransform(3.0, 1.0)(x, -edges)
    with pytest.raises(ValueError, match="one channel"):
        lt.DomainTransform(3.0, 1.0)(x, x)
    with pytest.raises(ValueError, match="radius"):
        lt.GuidedFilter(0, 0.1)(x, edges)


def test_bilateralfilter_as_rloss_calls_it():
    n, k, h, w = 2, 3, 8, 9
    images = np.random.default_rng(0).uniform(0, 255, (n, 3, h, w)).astype(np.float32)
    ins = np.random.default_rng(1).uniform(size=(n, k, h, w)).astype(np.float32)
    outs = np.zeros(ins.size, np.float32)
    lt.bilateralfilter_batch(images.flatten(), ins.flatten(), outs, n, k, h, w, 15.0, 10.0)
    import latticecrf

    y, x = np.mgrid[:h, :w]
    features = np.concatenate([np.stack([x, y]).reshape(2, -1) / 10, images[1].reshape(3, -1) / 15])
    expected = latticecrf.Filter(features.astype(np.float32)).apply(ins[1].reshape(k, -1))
    assert np.allclose(outs.reshape(n, k, -1)[1], expected, rtol=1e-5)
    single = np.zeros(h * w, np.float32)
    lt.bilateralfilter(images[0].flatten(), ins[0, 0].flatten(), single, h, w, 15.0, 10.0)
    assert np.array_equal(single, outs.reshape(n, k, -1)[0, 0])


@of_kind("meanfield_gradient")
@PRECISIONS
def test_golden_gradients(case, precision, dtype):
    if "image" not in case.description["inputs"] or "labels" in case.description["inputs"]:
        pytest.skip("a case without an image, or with an objective")
    for run in case.runs:
        kernels = run["kernels"]
        if any("precision" in kernel or kernel["compat"]["type"] != "potts" for kernel in kernels):
            continue
        if run.get("converged"):
            continue
        options = {"self_term": run["self_term"]}
        terms = []
        for kernel in kernels:
            own = dict(options, normalization=kernel["normalization"])
            weight = kernel["compat"]["weight"]
            terms.append(
                lt.Gaussian(kernel["sxy"], weight, **own) if kernel["type"] == "gaussian"
                else lt.Bilateral(kernel["sxy"], kernel["srgb"], weight, **own))
        crf = lt.DenseCRF(
            case.description["labels"], terms, run["iterations"], "exact",
            damping=run.get("damping", 1.0)).to(dtype)
        with torch.no_grad():  # Made in float32.
            for term, kernel in zip(crf.kernels, kernels):
                term.log_weight.copy_(torch.tensor([kernel["compat"]["weight"]], dtype=dtype).log())
                for logs, name in zip(term.log_bandwidths, ("sxy", "srgb")):
                    logs.copy_(torch.tensor(kernel[name], dtype=dtype).log())
        unary, image = tensor(case, "unary", dtype), tensor(case, "image", dtype)
        q = crf(-unary.unsqueeze(0), image.unsqueeze(0))
        loss = (q[0] * tensor(case, "upstream", dtype, grad=False)).sum()
        loss.backward()
        expected = Run(case, run, precision)
        expected.check("loss", loss)
        expected.check("Q", q)
        expected.check("grad_unary", unary.grad)
        if any(kernel["type"] == "bilateral" for kernel in kernels):
            expected.check("grad_image", image.grad)
        for index, (term, kernel) in enumerate(zip(crf.kernels, kernels)):
            expected.check(f"k{index}.grad_weight", term.log_weight.grad / kernel["compat"]["weight"])
            expected.check(
                f"k{index}.grad_log_sigma", torch.cat([logs.grad for logs in term.log_bandwidths]))


@of_kind("crfrnn")
@PRECISIONS
def test_golden_crf_as_rnn(case, precision, dtype):
    labels = torch.tensor(case.input("labels").astype(np.int64))
    labels[labels >= case.description["labels"]] = 255
    for run in case.runs:
        layer = lt.CRFasRNN(
            case.description["labels"], run["iterations"], learns_bandwidths=True, filter="exact").to(dtype)
        with torch.no_grad():
            layer.spatial_ker_weights.copy_(torch.tensor(run["spatial_weights"]))
            layer.bilateral_ker_weights.copy_(torch.tensor(run["bilateral_weights"]))
            layer.compatibility_matrix.copy_(-torch.tensor(run["compatibility"]))
            for logs, value in (
                (layer.log_alpha, run["sxy_bilateral"][0]), (layer.log_beta, run["srgb"][0]),
                (layer.log_gamma, run["sxy_spatial"][0]),
            ):
                logs.copy_(torch.tensor([value], dtype=dtype).log())
            for parameter, name in (
                (layer.spatial_ker_weights, "spatial_weights"),
                (layer.bilateral_ker_weights, "bilateral_weights"),
            ):
                parameter.copy_(torch.tensor(run[name], dtype=dtype))
            layer.compatibility_matrix.copy_(-torch.tensor(run["compatibility"], dtype=dtype))
        logits, image = tensor(case, "logits", dtype), tensor(case, "image", dtype)
        output = layer(image, logits)
        loss = torch.nn.functional.cross_entropy(output, labels, ignore_index=255)
        loss.backward()
        expected = Run(case, run, precision)
        expected.check("loss", loss)
        expected.check("output_logits", output)
        expected.check("grad_logits", logits.grad)
        expected.check("grad_image", image.grad)
        expected.check("grad_spatial_weights", layer.spatial_ker_weights.grad)
        expected.check("grad_bilateral_weights", layer.bilateral_ker_weights.grad)
        expected.check("grad_compatibility", -layer.compatibility_matrix.grad)


@of_kind("dense_crf_loss")
@PRECISIONS
def test_golden_dense_crf_loss(case, precision, dtype):
    labels = torch.tensor(case.input("labels").astype(np.int64))
    for run in case.runs:
        gates = [("constant", "grad_probabilities")]
        if run.get("gate"):
            gates += [("peer", "grad_probabilities_peer"), ("through", "grad_probabilities_through_gate")]
        for gate, name in gates:
            loss = lt.DenseCRFLoss(
                run["weight"], run["sigma_rgb"], run["sigma_xy"], run["scale_factor"],
                diagonal=run["diagonal"], form="cut" if run.get("form") == "cut" else "association",
                gate=gate, learns_bandwidths=True, filter="exact").to(dtype)
            with torch.no_grad():
                loss.log_sigma_rgb.copy_(torch.tensor([run["sigma_rgb"]], dtype=dtype).log())
                loss.log_sigma_xy.copy_(torch.tensor([run["sigma_xy"]], dtype=dtype).log())
            p = tensor(case, "probabilities", dtype)
            value = loss(
                tensor(case, "image", dtype, False), p, tensor(case, "roi", dtype, False),
                labels if run.get("gate") else None)
            value.backward()
            expected = Run(case, run, precision)
            expected.check("loss", value)
            expected.check(name, p.grad)
            if gate == "constant":
                expected.check(
                    "grad_log_sigma", torch.cat([loss.log_sigma_xy.grad, loss.log_sigma_rgb.grad]))


@of_kind("gated_crf_loss")
@PRECISIONS
def test_golden_gated_crf_loss(case, precision, dtype):
    for run in case.runs:
        kernels = [
            {"weight": kernel["weight"], "xy": kernel["sxy"], **(
                {"rgb": kernel["srgb"]} if "srgb" in kernel else {})} for kernel in run["kernels"]]
        y = tensor(case, "probabilities", dtype)
        masks = {
            name: tensor(case, name, dtype, False) for name in ("mask_src", "mask_dst") if run.get(name)}
        costs = run.get("compatibility")
        loss = lt.GatedCRFLoss()(
            y, kernels, run["radius"], {"rgb": tensor(case, "image", dtype, False)}, **masks,
            compatibility=None if costs is None else torch.tensor(costs, dtype=dtype))["loss"]
        loss.backward()
        expected = Run(case, run, precision)
        expected.check("loss", loss)
        expected.check("grad_probabilities", y.grad)


@of_kind("joint_bilateral")
@PRECISIONS
def test_golden_joint_bilateral(case, precision, dtype):
    for run in case.runs:
        filter = lt.JointBilateral(
            run["sigma_space"], run["sigma_guide"], run.get("radius"), filter="exact").to(dtype)
        with torch.no_grad():
            filter.log_sigma_space.copy_(torch.tensor(run["sigma_space"], dtype=dtype).log())
            filter.log_sigma_guide.copy_(torch.tensor(run["sigma_guide"], dtype=dtype).log())
        x = tensor(case, "x", dtype)
        guide = None if run["guide"] == "x" else tensor(case, run["guide"], dtype)
        y = filter(x.unsqueeze(0), None if guide is None else guide.unsqueeze(0))
        loss = (y[0] * tensor(case, "upstream", dtype, False)).sum()
        loss.backward()
        expected = Run(case, run, precision)
        expected.check("loss", loss)
        expected.check("y", y)
        expected.check("grad_x", x.grad)
        expected.check("grad_log_sigma_space", filter.log_sigma_space.grad)
        expected.check("grad_log_sigma_guide", filter.log_sigma_guide.grad)
        if guide is not None:
            expected.check("grad_guide", guide.grad)


@of_kind("domain_transform")
def test_golden_domain_transform(case):
    for run in case.runs:
        transform = lt.DomainTransform(
            run["sigma_s"], run["sigma_r"], run["iterations"], learns_bandwidths=True)
        weight = torch.tensor(run["conv_weight"]).unsqueeze(0).requires_grad_()
        bias = torch.tensor(run["conv_bias"]).requires_grad_()
        x, image = tensor(case, "x", torch.float32), tensor(case, "image", torch.float32, False)
        edges = torch.nn.functional.conv2d(image.unsqueeze(0) / 255, weight, bias, padding=1).relu()
        y = transform(x.unsqueeze(0), edges)
        loss = (y[0] * tensor(case, "upstream", torch.float32, False)).sum()
        loss.backward()
        expected = Run(case, run, "float32")
        expected.check("loss", loss)
        expected.check("edge", edges)
        expected.check("y", y)
        expected.check("grad_x", x.grad)
        expected.check("grad_conv_weight", weight.grad)
        expected.check("grad_conv_bias", bias.grad)
        expected.check("grad_log_sigma_s", transform.log_sigma_space.grad)
        expected.check("grad_log_sigma_r", transform.log_sigma_range.grad)
