"""The numerics on every device: real ones where there are any, and a GPU that is none.

Each kernel, that is, each function that loops over rows, concepts, masks, sweeps or rounds, runs on
fake tensors of a fake GPU. They refuse mixed devices, and every question to the device whose answer
the host waits for. The solvers around the kernels ask as often as they look whether they are done;
how often that is stands in the last tests.
"""

import pytest
import torch

from craft_core import admm, implicit_nmf, minres, nmf, sobol
from craft_core.active_set import active_set_step
from craft_core.affine import split_affine
from craft_core.backbones import Backbone, load_backbone
from craft_core.coders import Coder
from craft_core.coordinate_descent import sweep
from craft_core.designs import SobolDesign, sobol_design
from craft_core.free_systems import FreeSystems, factorise_part, gram, solve_free, unit_concepts
from craft_core.graph import tail
from craft_core.implicit import nnls_derivative, nnls_jacobian
from craft_core.layouts import Layout
from craft_core.maps.cam import weighted_channels
from craft_core.masked_decoding import decode_masks, fold_concepts
from craft_core.nmf_starts import nndsvd_start, random_start
from craft_core.nnls import nnls
from craft_core.pivoting import PivotState, exchange
from craft_core.transforms import Transform

N, P, R = 40, 30, 6


def drawn(*shape, device, dtype=torch.float32):
    return torch.rand(shape, device=device, dtype=dtype)


def systems_on(device, *, rank_tol=None):
    """A Gram matrix, and every row's block of it."""
    G = gram(unit_concepts(drawn(R, P, device=device, dtype=torch.float64))[0])
    free = drawn(N, R, device=device) < 0.5
    rows = torch.arange(N, device=device)
    part = factorise_part(G, free, rows, width=R, rank_tol=rank_tol)
    return G, free, FreeSystems(parts=(part,))


@pytest.mark.parametrize("rank_tol", [None, 1e-12])
def test_linear_systems_run_on_a_fake_gpu(fake_gpu, rank_tol):
    with fake_gpu() as device:
        G, _, systems = systems_on(device, rank_tol=rank_tol)
        x = solve_free(G, drawn(N, R, device=device, dtype=torch.float64), systems)
        assert x.device == device


def test_rounds_of_the_nnls_run_on_a_fake_gpu(fake_gpu):
    with fake_gpu() as device:
        G, free, _ = systems_on(device)
        T, x = (drawn(N, R, device=device, dtype=torch.float64) for _ in range(2))
        count = torch.zeros(N, dtype=torch.long, device=device)
        state = PivotState(free=free, fewest=count, patience=count)
        assert exchange(G, T, x, state, tol=1e-12)[0].free.device == device
        assert active_set_step(G, T, x, free, aim=x, tol=1e-12)[0].device == device


def test_derivative_of_the_nnls_runs_on_a_fake_gpu(fake_gpu, dtype):
    with fake_gpu() as device:
        A, W, U = (drawn(*s, device=device, dtype=dtype) for s in ((N, P), (R, P), (N, R)))
        _, _, systems = systems_on(device)
        for grad in nnls_derivative(A, W, U, torch.ones_like(U), systems=systems):
            assert grad.device == device and grad.dtype == dtype


@pytest.mark.parametrize("penalties", [nmf.Penalties(), nmf.Penalties(l1=0.1, l2=0.1)])
def test_rounds_of_the_nmf_run_on_a_fake_gpu(fake_gpu, dtype, penalties):
    with fake_gpu() as device:
        A = drawn(N, P, device=device, dtype=dtype)
        state = nmf.begin(
            A, drawn(R, N, device=device, dtype=dtype), drawn(R, P, device=device, dtype=dtype)
        )
        state = nmf.run_rounds(A, state, penalties, n_rounds=3)
        assert state.W.device == device and state.W.dtype == dtype
        assert nmf.violation(A, state, penalties).device == device
        assert sweep(state.U, state.U, state.U @ state.U.T, n_sweeps=2).device == device


@pytest.mark.parametrize("start", [nndsvd_start, random_start])
@pytest.mark.parametrize("width", [P, 100])
def test_starts_of_the_nmf_run_on_a_fake_gpu(fake_gpu, start, width):
    generator = torch.Generator().manual_seed(0)  # on the host: its draws are sent once
    with fake_gpu() as device:
        U, W = start(drawn(200, width, device=device), 4, generator=generator)
        assert U.device == W.device == device


def test_rounds_of_the_admm_run_on_a_fake_gpu(fake_gpu, dtype):
    with fake_gpu() as device:
        A, U, W = (drawn(*s, device=device, dtype=dtype) for s in ((N, P), (N, R), (R, P)))
        state = admm.AdmmFactors(U=U, W=W, dual_U=U, dual_W=W)
        state = admm.run_rounds(A, state, n_rounds=2)
        assert admm.stationarity(A, state).device == state.dual_W.device == device


def test_derivative_of_the_nmf_runs_on_a_fake_gpu(fake_gpu):
    with fake_gpu() as device:
        U, W, A = (drawn(*s, device=device).double() for s in ((N, R), (R, P), (N, P)))
        block = implicit_nmf.NmfBlock(
            U=U, W=W, R=U @ W - A, scale=U.norm(dim=0)[:, None], tol=1e-10, max_steps=10
        )
        rows = drawn(3, N * R + R * P, device=device).double()
        state = minres.run_steps(
            implicit_nmf.hessian(block), minres.begin(rows, tol=1e-10), n_steps=3
        )
        assert state.X.device == device


def test_sobol_indices_run_on_a_fake_gpu(fake_gpu, dtype):
    with fake_gpu() as device:
        design = SobolDesign(masks=drawn(8, R + 2, 16, R, device=device, dtype=torch.float64))
        found = sobol.estimate_indices(
            drawn(8, R + 2, 16, 5, device=device, dtype=dtype), design, level=0.95
        )
        assert found.first_high.device == found.effect.device == device


@pytest.mark.parametrize("layer", ["rectify:0", "rectify:1"])
def test_masks_are_decoded_on_a_fake_gpu(fake_gpu, colour_net, layer):
    colour_net.eval()
    split = split_affine(tail(colour_net, layer))
    with fake_gpu() as device:
        for part in (split.affine, split.rest):
            if part is not None:
                _fake_parameters(part, device)
        backbone = Backbone(module=colour_net, name="module", layer=layer, device=device)
        backbone.__dict__["split_tail"] = split
        backbone.__dict__["layout"] = Layout(kind="channels_first")
        coder = object.__new__(Coder)  # its checks ask for data
        coder.__dict__.update(W=drawn(3, 6, device=device), kind="nnls", mean=None)
        folded = fold_concepts(backbone, drawn(64, 3, device=device), coder, (6, 8, 8))
        assert decode_masks(backbone, folded, drawn(7, 3, device=device)).device == device


def _fake_parameters(module, device):
    """Put parameters without data on the fake device, as `to` would."""
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            fake = torch.empty(parameter.shape, device=device)
            part._parameters[name] = torch.nn.Parameter(fake, requires_grad=False)


def test_grad_cam_runs_on_a_fake_gpu(fake_gpu):
    with fake_gpu() as device:
        features, W = drawn(N, P, 7, 7, device=device), drawn(R, P, device=device)
        _, _, systems = systems_on(device)
        slopes = nnls_jacobian(W, drawn(N, R, device=device), [0, 3], systems=systems)
        assert weighted_channels(features, slopes).device == device


def test_answers_are_the_cpus_in_float64(device, dtype, generator):
    """Where there is a GPU, this runs on it."""
    wide = torch.rand(60, P, generator=generator, dtype=torch.float64)
    bank = torch.rand(R, P, generator=generator, dtype=torch.float64)
    A, W = wide.to(device, dtype), bank.to(device, dtype)
    exact = torch.float64 if dtype == torch.float64 else torch.float32
    tolerance = 1e-9 if exact == torch.float64 else 1e-4

    A.requires_grad_()
    U = nnls(A, W)
    (slope,) = torch.autograd.grad(U.sum(), A)
    reference = wide.clone().requires_grad_()
    expected_U = nnls(reference, bank)
    (expected_slope,) = torch.autograd.grad(expected_U.sum(), reference)
    for found, expected in ((U, expected_U), (slope, expected_slope)):
        assert found.device.type == device.type and found.dtype == dtype
        torch.testing.assert_close(found.cpu().double(), expected, rtol=tolerance, atol=tolerance)

    start = expected_U.detach() + 0.1, bank
    fits = [
        nmf.fit_nmf(tensor, R, generator=generator, init=start, tol=1e-6, max_rounds=20_000)
        for tensor in (A.detach(), wide)
    ]
    products = [(U @ W).cpu().double() for U, W in fits]
    torch.testing.assert_close(*products, rtol=1e-2, atol=1e-2)


def test_importance_is_the_cpus(device, colour_net, colour_images, generator):
    backbone = load_backbone(
        colour_net, layer="rectify:0", device=str(device), transform=Transform(size_px=32)
    )
    U, W = torch.rand(64, 3, generator=generator), torch.rand(3, 6, generator=generator)
    masks = sobol_design(3, generator=generator).masks.flatten(0, 2)[:50]
    folded = fold_concepts(backbone, U.to(device), Coder(W=W.to(device)), (6, 8, 8))
    logits = decode_masks(backbone, folded, masks.to(device))
    rebuilt = torch.stack([((U * mask) @ W).T.reshape(6, 8, 8) for mask in masks.float()])
    expected = load_backbone(colour_net, layer="rectify:0", device="cpu").decode(rebuilt)
    torch.testing.assert_close(logits.cpu(), expected.detach())


@pytest.mark.parametrize("n", [100, 4000])
def test_nnls_asks_a_few_questions_whatever_the_number_of_rows(round_trips, n, generator):
    A = torch.rand(n, P, generator=generator)
    W = torch.rand(R, P, generator=generator)
    with round_trips() as trips:
        nnls(A, W)
    assert sum(trips.counts.values()) <= 20, trips.counts


def test_nmf_asks_once_in_ten_rounds(round_trips, generator):
    A = torch.rand(200, P, generator=generator)
    questions = []
    for rounds in (100, 200):
        with round_trips() as trips, pytest.warns(match=f"max_rounds={rounds}"):
            nmf.fit_nmf(A, R, generator=generator, tol=0, max_rounds=rounds)
        questions.append(sum(trips.counts.values()))
    assert questions[1] - questions[0] == 10


def test_importance_asks_nothing_mask_by_mask(round_trips, colour_net, colour_images, generator):
    from craft_core.concepts import fit_concepts
    from craft_core.importance import concept_importance

    backbone = load_backbone(
        colour_net, layer="rectify:0", device="cpu", transform=Transform(size_px=32)
    )
    bank = fit_concepts(
        backbone, colour_images, class_id=0, n_concepts=3, crop_size=12, generator=generator
    )
    questions = []
    for n_points in (8, 64):
        with round_trips() as trips:
            concept_importance(bank, colour_images[:3], 0, generator=generator, n_points=n_points)
        questions.append(sum(trips.counts.values()))
    assert questions[0] == questions[1]
