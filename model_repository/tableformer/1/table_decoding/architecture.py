"""TableFormer v1 in torch: docling's `TableModel04_rs`, with its tensors' names, as three batched parts.

`Encoder` is run once for a picture, `Step` once for a tag, `Boxes` once for a table's cells. Keys and values
of the attentions are kept between steps, so a step costs the same wherever in the table it is. The tensors
have the names and shapes of docling's checkpoints (docling-ibm-models 4.0.4), so those load strictly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

__all__ = [
    "HEADS",
    "HEAD_WIDTH",
    "PIXELS",
    "SIDE",
    "VARIANTS",
    "WIDTH",
    "Boxes",
    "Encoder",
    "Step",
    "TableModel",
    "Variant",
    "load_checkpoint",
]

SIDE = 448
WIDTH = 512
HEADS = 8
HEAD_WIDTH = WIDTH // HEADS
#: Places of the encoded picture: 28 by 28.
PIXELS = (SIDE // 16) ** 2
_TAGS = 13
_POSITIONS = 1024
_FEED_FORWARD = 1024
_BOX_HIDDEN = 256
_CLASSES = 3
_SCALE = 1.0 / math.sqrt(HEAD_WIDTH)


@dataclass(frozen=True)
class Variant:
    """How many layers a checkpoint has."""

    encoder_layers: int
    decoder_layers: int


VARIANTS = {"accurate": Variant(6, 6), "fast": Variant(4, 2)}


class _Block(nn.Module):
    """Two convolutions and a way around them: ResNet's basic block."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, project: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Sequential | None = None
        if project:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        around = x if self.downsample is None else self.downsample(x)
        return functional.relu(self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x))))) + around)


def _stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    first = _Block(inputs, outputs, stride, project=stride != 1 or inputs != outputs)
    return nn.Sequential(first, _Block(outputs, outputs))


class _Attention(nn.Module):
    """The weights of `nn.MultiheadAttention`."""

    def __init__(self) -> None:
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.empty(3 * WIDTH, WIDTH))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * WIDTH))
        self.out_proj = nn.Linear(WIDTH, WIDTH)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def queries(self, x: Tensor) -> Tensor:
        """Queries for x [N, 512], scaled: with the scale in the weights, attention is only products."""
        return functional.linear(x, self.in_proj_weight[:WIDTH] * _SCALE, self.in_proj_bias[:WIDTH] * _SCALE)

    def keys(self, x: Tensor) -> Tensor:
        """Keys for x [N, 512]."""
        rows = slice(WIDTH, 2 * WIDTH)
        return functional.linear(x, self.in_proj_weight[rows], self.in_proj_bias[rows])

    def keys_across(self, x: Tensor) -> Tensor:
        """Keys [B, 8, 64, 784] for pictures x [B * 784, 512]: written as attention reads them."""
        rows = slice(WIDTH, 2 * WIDTH)
        turned = x.reshape(-1, PIXELS, WIDTH).transpose(1, 2)
        keys = self.in_proj_weight[rows] @ turned + self.in_proj_bias[rows].unsqueeze(1)
        return keys.reshape(-1, HEADS, HEAD_WIDTH, PIXELS)

    def values(self, x: Tensor) -> Tensor:
        """Values for x [N, 512]."""
        rows = slice(2 * WIDTH, 3 * WIDTH)
        return functional.linear(x, self.in_proj_weight[rows], self.in_proj_bias[rows])


def _attend(queries: Tensor, keys: Tensor, values: Tensor, allowed: Tensor | None = None) -> Tensor:
    """Queries [B, 8, Q, 64], keys [B, 8, 64, K], values [B, 8, K, 64]; `allowed` [K] is 0, or -inf: no."""
    scores = queries @ keys
    if allowed is not None:
        scores = scores + allowed
    return torch.softmax(scores, dim=-1) @ values


class _FeedForward(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear1 = nn.Linear(WIDTH, _FEED_FORWARD)
        self.linear2 = nn.Linear(_FEED_FORWARD, WIDTH)

    def feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(functional.relu(self.linear1(x)))


class _EncoderLayer(_FeedForward):
    def __init__(self) -> None:
        super().__init__()
        self.self_attn = _Attention()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Encode x [B * 784, 512], pictures one after another."""
        attention, shape = self.self_attn, (-1, PIXELS, HEADS, HEAD_WIDTH)
        queries = attention.queries(x).reshape(shape).transpose(1, 2)
        values = attention.values(x).reshape(shape).transpose(1, 2)
        seen = _attend(queries, attention.keys_across(x), values).transpose(1, 2).reshape(-1, WIDTH)
        x = self.norm1(x + attention.out_proj(seen))
        return self.norm2(x + self.feed_forward(x))


class _DecoderLayer(_FeedForward):
    def __init__(self) -> None:
        super().__init__()
        self.self_attn = _Attention()
        self.multihead_attn = _Attention()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.norm3 = nn.LayerNorm(WIDTH)

    def remember(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Keys [B, 8, 64, 784] and values [B, 8, 784, 64] of encoded pictures [B * 784, 512]."""
        values = self.multihead_attn.values(picture).reshape(-1, PIXELS, HEADS, HEAD_WIDTH)
        return self.multihead_attn.keys_across(picture), values.transpose(1, 2)


class _Transformer(nn.Module):
    def __init__(self, variant: Variant) -> None:
        super().__init__()
        self._embedding = nn.Embedding(_TAGS, WIDTH)
        self._positional_encoding = nn.Module()
        self._positional_encoding.register_buffer("pe", _positions())
        self._encoder = nn.Module()
        self._encoder.layers = nn.ModuleList(_EncoderLayer() for _ in range(variant.encoder_layers))
        self._decoder = nn.Module()
        self._decoder.layers = nn.ModuleList(_DecoderLayer() for _ in range(variant.decoder_layers))
        self._input_filter = _stage(256, WIDTH, 1)
        self._fc = nn.Linear(WIDTH, _TAGS)


def _positions() -> Tensor:
    """Sines and cosines [1024, 1, 512]; checkpoints bring their own, which are the same."""
    place = torch.arange(_POSITIONS, dtype=torch.float).unsqueeze(1)
    rate = torch.exp(torch.arange(0, WIDTH, 2).float() * (-math.log(10000.0) / WIDTH))
    encoded = torch.zeros(_POSITIONS, WIDTH)
    encoded[:, 0::2] = torch.sin(place * rate)
    encoded[:, 1::2] = torch.cos(place * rate)
    return encoded.unsqueeze(1)


class _BoxAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self._encoder_att = nn.Linear(WIDTH, WIDTH)
        self._tag_decoder_att = nn.Linear(WIDTH, WIDTH)
        self._language_att = nn.Linear(WIDTH, WIDTH)
        self._full_att = nn.Linear(WIDTH, 1)


class _BoxDecoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self._input_filter = _stage(256, WIDTH, 1)
        self._attention = _BoxAttention()
        self._init_h = nn.Linear(WIDTH, WIDTH)
        self._f_beta = nn.Linear(WIDTH, WIDTH)
        self._class_embed = nn.Linear(WIDTH, _CLASSES)
        self._bbox_embed = nn.Module()
        sizes = (WIDTH, _BOX_HIDDEN, _BOX_HIDDEN, 4)
        self._bbox_embed.layers = nn.ModuleList(
            nn.Linear(inputs, outputs) for inputs, outputs in pairwise(sizes)
        )


class _Backbone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self._resnet = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, padding=3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, padding=1),
            _stage(64, 64, 1),
            _stage(64, 128, 2),
            _stage(128, 256, 2),
        )


class TableModel(nn.Module):
    """All tensors of a checkpoint; `Encoder`, `Step` and `Boxes` compute with them."""

    def __init__(self, variant: Variant) -> None:
        super().__init__()
        self.variant = variant
        self._encoder = _Backbone()
        self._tag_transformer = _Transformer(variant)
        self._bbox_decoder = _BoxDecoder()


class Encoder(nn.Module):
    """What the steps and the boxes need to know of a picture."""

    def __init__(self, model: TableModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Images [B, 3, 448, 448] to features, box keys [B, 784, 512] each, and gate [B, 512].

        After these, for every layer of the decoder, keys [B, 8, 64, 784] and values [B, 8, 784, 64].
        """
        picture = self.model._encoder._resnet(images)
        tags, boxes = self.model._tag_transformer, self.model._bbox_decoder
        seen = _places(tags._input_filter(picture)).reshape(-1, WIDTH)
        for layer in tags._encoder.layers:
            seen = layer(seen)
        memory = [part for layer in tags._decoder.layers for part in layer.remember(seen)]
        features = _places(boxes._input_filter(picture))
        start = boxes._init_h(features.mean(1))
        attention = boxes._attention
        keys = attention._encoder_att(features) + attention._language_att(start).unsqueeze(1)
        gate = torch.sigmoid(boxes._f_beta(start)) * start
        return (features, keys, gate, *memory)


def _places(picture: Tensor) -> Tensor:
    """[B, 512, 28, 28] as a sequence [B, 784, 512]."""
    return picture.flatten(2).transpose(1, 2)


class Step(nn.Module):
    """One more tag for each table."""

    def __init__(self, model: TableModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, tags: Tensor, position: Tensor, *caches: Tensor) -> tuple[Tensor, ...]:
        """Tags [B] at position [1] to logits [B, 13], hidden [B, 512], and the caches with this step in.

        `caches`: for each layer the picture's keys and values, as `Encoder` gives them, then for each layer
        the keys [B, 8, P, 64] and values [B, 8, P, 64] of the tags so far, of which `position` count.
        Returned are the latter, alike, so that they can be written in place.
        """
        transformer = self.model._tag_transformer
        layers = transformer._decoder.layers
        memory, past = caches[: 2 * len(layers)], caches[2 * len(layers) :]
        x = transformer._embedding(tags) + transformer._positional_encoding.pe[position, 0]
        allowed, at = _until(position, past[0])
        kept: list[Tensor] = []
        for index, layer in enumerate(layers):
            attention, shape = layer.self_attn, (-1, HEADS, HEAD_WIDTH)
            keys = past[2 * index].index_put(at, attention.keys(x).reshape(shape))
            values = past[2 * index + 1].index_put(at, attention.values(x).reshape(shape))
            queries = attention.queries(x).reshape(-1, HEADS, 1, HEAD_WIDTH)
            seen = _attend(queries, keys.transpose(2, 3), values, allowed)
            x = layer.norm1(x + attention.out_proj(seen.reshape(-1, WIDTH)))
            queries = layer.multihead_attn.queries(x).reshape(-1, HEADS, 1, HEAD_WIDTH)
            seen = _attend(queries, memory[2 * index], memory[2 * index + 1])
            x = layer.norm2(x + layer.multihead_attn.out_proj(seen.reshape(-1, WIDTH)))
            x = layer.norm3(x + layer.feed_forward(x))
            kept += (keys, values)
        return (transformer._fc(x), x, *kept)


def _until(position: Tensor, cache: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """What a step may look at in a cache [B, 8, P, 64], and where in it the step's own part goes."""
    device = cache.device
    places = torch.arange(cache.shape[2], device=device)
    allowed = torch.where(places <= position, 0.0, -math.inf).to(cache.dtype)
    rows = torch.arange(cache.shape[0], device=device).unsqueeze(1)
    heads = torch.arange(HEADS, device=device).unsqueeze(0)
    return allowed, (rows, heads, position.expand(1, 1))


class Boxes(nn.Module):
    """The boxes of cells of one table."""

    def __init__(self, model: TableModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Tensor, keys: Tensor, gate: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden states [C, 512] to boxes [C, 4], middle and size as fractions, and class logits [C, 3].

        `features` and `keys` [1, 784, 512] and `gate` [1, 512] are `Encoder`'s for the table.
        """
        decoder = self.model._bbox_decoder
        attention = decoder._attention
        asked = attention._tag_decoder_att(hidden).unsqueeze(1)
        weights = attention._full_att(functional.relu(keys + asked)).squeeze(2)
        x = gate * (torch.softmax(weights, dim=1) @ features.reshape(PIXELS, WIDTH))
        classes = decoder._class_embed(x)
        *hiddens, last = decoder._bbox_embed.layers
        for layer in hiddens:
            x = functional.relu(layer(x))
        return torch.sigmoid(last(x)), classes


def load_checkpoint(paths: Sequence[Path], variant: str) -> TableModel:
    """The model of a checkpoint, safetensors in one or several files, in evaluation mode.

    Raises `ValueError` when its tensors are not those of the variant.
    """
    tensors = {name: tensor for path in paths for name, tensor in load_file(path).items()}
    model = TableModel(VARIANTS[variant]).eval()
    try:
        model.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        names = ", ".join(path.name for path in paths)
        raise ValueError(f"{names}: not a checkpoint of TableFormer v1, {variant}: {error}") from error
    return model
