"""Devices and dtypes of the numerics, and a small network whose answers are known."""

from collections import Counter
from contextlib import ExitStack, contextmanager

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode

DEVICES = ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])


@pytest.fixture(params=DEVICES)
def device(request):
    return torch.device(request.param)


@pytest.fixture(params=[torch.float32, torch.float64], ids=["float32", "float64"])
def dtype(request):
    return request.param


class RoundTrips(TorchFunctionMode):
    """Counts what makes the host wait for the device."""

    NAMES = frozenset(["cpu", "item", "nonzero", "numpy", "tolist"])
    CASTS = frozenset(["__bool__", "__float__", "__index__", "__int__"])

    def __init__(self) -> None:
        super().__init__()
        self.counts = Counter()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        name = getattr(function, "__name__", str(function))
        if name in self.NAMES | self.CASTS or self._selects_by_mask(name, args):
            self.counts[name] += 1
        return function(*args, **(kwargs or {}))

    @staticmethod
    def _selects_by_mask(name, args):
        if name not in ("__getitem__", "__setitem__"):
            return False
        index = args[1] if isinstance(args[1], tuple) else (args[1],)
        return any(isinstance(part, Tensor) and part.dtype == torch.bool for part in index)


@pytest.fixture
def round_trips():
    """A context in which round trips are counted."""
    return RoundTrips


@pytest.fixture
def fake_gpu():
    """A context in which tensors have a device and no data.

    It refuses mixed devices, and whatever depends on data, and needs no hardware. Round trips are
    counted beside it, and an error at its end.
    """

    @contextmanager
    def enter():
        with ExitStack() as stack:
            stack.enter_context(FakeTensorMode())
            trips = stack.enter_context(RoundTrips())
            yield torch.device("cuda", 0)
        assert not trips.counts, f"the host waits for the device: {dict(trips.counts)}"

    return enter


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


class ColourNet(nn.Module):
    """Its layer finds red, green and blue; class 0 is red, class 1 green plus blue."""

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Conv2d(3, 6, kernel_size=1)
        self.rectify = nn.ReLU()
        self.later = nn.Conv2d(6, 6, kernel_size=1, bias=False)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(6, 2)
        with torch.no_grad():
            self.filters.weight.zero_()
            for channel in range(6):
                self.filters.weight[channel, channel // 2] = 1 + channel % 2
            self.filters.bias.zero_()
            self.later.weight.copy_(torch.eye(6)[:, :, None, None])
            self.head.weight.copy_(
                torch.tensor([[1.0, 1.0, 0, 0, 0, 0], [0, 0, 1.0, 1.0, 1.0, 1.0]])
            )
            self.head.bias.zero_()

    def forward(self, images: Tensor) -> Tensor:
        found = self.later(self.rectify(self.filters(images)))
        return self.head(self.dropout(self.flatten(self.pool(self.rectify(found)))))


@pytest.fixture
def colour_net():
    return ColourNet()


@pytest.fixture
def colour_images(generator):
    """(24, 3, 32, 32): the left half of one pure colour, the right half of another."""
    images = torch.zeros(24, 3, 32, 32)
    for index in range(24):
        left, right = index % 3, (index // 3) % 3
        images[index, left, :, :16] = 1
        images[index, right, :, 16:] = 1
    return images + 0.01 * torch.rand(images.shape, generator=generator)
