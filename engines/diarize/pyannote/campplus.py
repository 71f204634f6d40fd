"""CAM++: from 80 mel features per 10 ms to an embedding of the speaker, 192 numbers.

A convolutional head that keeps time and reduces frequency, a densely connected time-delay network
whose layers weight their channels by the context (context-aware masking), then mean and standard
deviation over time. The names of the layers are those of the published weights.

Reference: Wang et al., "CAM++: A Fast and Efficient Network for Speaker Verification Using
Context-Aware Masking", Interspeech 2023, https://arxiv.org/abs/2303.00332
"""

# mypy: disable-error-code="misc"
# To mypy, PyTorch has no types, and each of these classes has a base class without any.

from collections import OrderedDict

import torch
from torch import Tensor, nn

NUM_MELS = 80
DIMENSION = 192
TIME_STRIDE = 2
"""Frames of features per frame of the network."""

_HEAD_CHANNELS = 32
_HEAD_STRIDE = 8
_TDNN_CHANNELS = 128
_GROWTH = 32
_BOTTLENECK = 128
_BLOCKS = ((12, 1), (24, 2), (16, 2))
"""Layers and dilation of each densely connected block."""

_CONTEXT_FRAMES = 100
"""Frames of the network over which the local part of the context is averaged."""


class CampPlus(nn.Module):
    """The network."""

    def __init__(self) -> None:
        super().__init__()
        self.head = _Head()
        self.xvector = nn.Sequential(_layers())

    def forward(self, features: Tensor, weights: Tensor) -> Tensor:
        """Return an embedding of every speaker, shape (batch, num_speakers, 192).

        Args:
            features: Mel features without their mean over time, shape (batch, num_frames, 80).
            weights: Share of each frame of the network in each speaker, shape (batch,
                num_speakers, ``num_network_frames(num_frames)``); NaN results where all are 0.
        """
        *before, dense = self.xvector
        maps: Tensor = self.head(features.transpose(1, 2))
        for layer in before:
            maps = layer(maps)
        statistics = _statistics(maps, weights)
        embeddings: Tensor = dense(statistics.flatten(0, 1))
        return embeddings.unflatten(0, statistics.shape[:2])


def num_network_frames(num_frames: int) -> int:
    """Return the number of frames of the network for a number of frames of features."""
    return -(-num_frames // TIME_STRIDE)


class _Head(nn.Module):
    """Two-dimensional convolutions; frequency is reduced by eight, time is kept."""

    def __init__(self) -> None:
        super().__init__()
        channels = _HEAD_CHANNELS
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.layer1 = nn.Sequential(_Residual(channels, stride=2), _Residual(channels, stride=1))
        self.layer2 = nn.Sequential(_Residual(channels, stride=2), _Residual(channels, stride=1))
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, features: Tensor) -> Tensor:
        """Turn (batch, mels, frames) into (batch, channels x mels / 8, frames)."""
        maps = torch.relu(self.bn1(self.conv1(features[:, None])))
        maps = self.layer2(self.layer1(maps))
        maps = torch.relu(self.bn2(self.conv2(maps)))
        return maps.flatten(1, 2)


class _Residual(nn.Module):
    """Two convolutions and a way around them; the stride is that of frequency."""

    def __init__(self, channels: int, *, stride: int) -> None:
        super().__init__()
        step = (stride, 1)
        self.conv1 = nn.Conv2d(channels, channels, 3, stride=step, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride > 1:
            around = nn.Conv2d(channels, channels, 1, stride=step, bias=False)
            self.shortcut = nn.Sequential(around, nn.BatchNorm2d(channels))

    def forward(self, maps: Tensor) -> Tensor:
        """Keep the shape, but for the stride."""
        inner = torch.relu(self.bn1(self.conv1(maps)))
        return torch.relu(self.bn2(self.conv2(inner)) + self.shortcut(maps))


def _layers() -> OrderedDict[str, nn.Module]:
    """Build the layers behind the head, by the names of the published weights."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    first = nn.Conv1d(
        *(_HEAD_CHANNELS * NUM_MELS // _HEAD_STRIDE, _TDNN_CHANNELS, 5),
        stride=TIME_STRIDE,
        padding=2,
        bias=False,
    )
    channels = _TDNN_CHANNELS
    layers["tdnn"] = _named(linear=first, nonlinear=_normalised(channels))
    for number, (depth, dilation) in enumerate(_BLOCKS, start=1):
        block: OrderedDict[str, nn.Module] = OrderedDict()
        for layer in range(1, depth + 1):
            block[f"tdnnd{layer}"] = _DenseLayer(channels, dilation)
            channels += _GROWTH
        layers[f"block{number}"] = nn.Sequential(block)
        halved = nn.Conv1d(channels, channels // 2, 1, bias=False)
        layers[f"transit{number}"] = _named(nonlinear=_normalised(channels), linear=halved)
        channels //= 2
    layers["out_nonlinear"] = _normalised(channels)
    layers["dense"] = _Dense(2 * channels)
    return layers


class _DenseLayer(nn.Module):
    """Adds channels to those that it gets."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.nonlinear1 = _normalised(channels)
        self.linear1 = nn.Conv1d(channels, _BOTTLENECK, 1, bias=False)
        self.nonlinear2 = _normalised(_BOTTLENECK)
        self.cam_layer = _ContextMasking(dilation)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the maps with new channels after them."""
        inner = self.linear1(self.nonlinear1(maps))
        return torch.cat([maps, self.cam_layer(self.nonlinear2(inner))], dim=1)


class _ContextMasking(nn.Module):
    """A convolution over time whose channels are weighted by the context, 0 to 1."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(
            _BOTTLENECK, _GROWTH, 3, padding=dilation, dilation=dilation, bias=False
        )
        self.linear1 = nn.Conv1d(_BOTTLENECK, _BOTTLENECK // 2, 1)
        self.linear2 = nn.Conv1d(_BOTTLENECK // 2, _GROWTH, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """The context is the mean of all frames plus the mean of the hundred around each."""
        near = nn.functional.avg_pool1d(maps, _CONTEXT_FRAMES, _CONTEXT_FRAMES, ceil_mode=True)
        context = maps.mean(dim=-1, keepdim=True) + near
        weights = torch.sigmoid(self.linear2(torch.relu(self.linear1(context))))
        num_frames = maps.shape[-1]
        spread = weights.repeat_interleave(_CONTEXT_FRAMES, dim=-1)[..., :num_frames]
        weighted: Tensor = self.linear_local(maps) * spread
        return weighted


def _statistics(maps: Tensor, weights: Tensor) -> Tensor:
    """Return mean and standard deviation over time, by speaker.

    Args:
        maps: Shape (batch, channels, frames).
        weights: Shape (batch, speakers, frames).

    Returns:
        Shape (batch, speakers, 2 x channels).
    """
    maps, weights = maps[:, None], weights[:, :, None]
    total = weights.sum(dim=-1)
    mean = (maps * weights).sum(dim=-1) / total
    squares = ((maps - mean[..., None]).square() * weights).sum(dim=-1)
    return torch.cat([mean, (squares / (total - 1).clamp(min=1)).sqrt()], dim=-1)


class _Dense(nn.Module):
    """The last layer."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, DIMENSION, 1, bias=False)
        self.nonlinear = _named(batchnorm=nn.BatchNorm1d(DIMENSION, affine=False))

    def forward(self, statistics: Tensor) -> Tensor:
        """Turn (batch, channels) into (batch, 192)."""
        embeddings: Tensor = self.nonlinear(self.linear(statistics[..., None])[..., 0])
        return embeddings


def _normalised(channels: int) -> nn.Sequential:
    return _named(batchnorm=nn.BatchNorm1d(channels), relu=nn.ReLU())


def _named(**layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(OrderedDict(layers))
