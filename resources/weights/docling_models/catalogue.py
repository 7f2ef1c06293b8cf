"""docling's models: where their checkpoints are, pinned, and which of Triton's models are made of them.

The pins are those of docling 2.143: TableFormer at the tag v2.3.0 of docling-project/docling-models, and what
`main` of docling-project/docling-layout-heron was in 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from docmill.resources.weights.hub import HubFile

__all__ = [
    "HERON",
    "TABLEFORMER",
    "Checkpoint",
    "Export",
    "Kind",
    "Served",
    "Variant",
    "export_of",
]

Kind = Literal["layout", "tables"]
Variant = Literal["accurate", "fast"]


@dataclass(frozen=True)
class Checkpoint:
    """What an exporter needs of one of docling's repositories."""

    repository: str
    revision: str
    licence: str
    files: tuple[HubFile, ...]

    @property
    def folder(self) -> str:
        """The repository's folder among docling's artifacts."""
        return self.repository.replace("/", "--")


@dataclass(frozen=True)
class Served:
    """A model of Triton's: its folder, and for each file of its version the exporter's file."""

    folder: str
    files: Mapping[str, str]


@dataclass(frozen=True)
class Export:
    """A checkpoint, the script that exports it, and what is served then."""

    kind: Kind
    checkpoint: Checkpoint
    #: In deploy/export; takes --checkpoint DIR and --out DIR, and these.
    script: str
    arguments: tuple[str, ...]
    served: tuple[Served, ...]
    #: Whether the script measures parity on pictures of pages, given as --pictures DIR.
    pictures: bool


HERON = Checkpoint(
    repository="docling-project/docling-layout-heron",
    revision="8f39ad3c0b4c58e9c2d2c84a38465abf757272d8",
    licence="Apache-2.0",
    files=(
        HubFile("config.json", 3_268, "fdea30805ce2f5666b147fca941dcdd27ad468e27d6ed21902207d3da056a97d"),
        HubFile(
            "preprocessor_config.json",
            444,
            "cd38cd59999e7a95d68e487fbe5132df3d4e5c32a0836add57e6126ba0c4eaf1",
        ),
        HubFile(
            "model.safetensors",
            171_658_996,
            "00333a43451945aaf89db8ca9c0a17e75d1537c17db60fdb91aa95f4c7929e0c",
        ),
    ),
)

_TABLE_FILES: Mapping[Variant, tuple[HubFile, ...]] = {
    "accurate": (
        HubFile(
            "model_artifacts/tableformer/accurate/tm_config.json",
            7_060,
            "984e122ceb8ccf84d84c9d2882f6f2302a44b4f1e577babd6289892c36f3cffd",
        ),
        HubFile(
            "model_artifacts/tableformer/accurate/tableformer_accurate.safetensors",
            212_758_388,
            "2a7d6c924b3cd12fb99a09280ca9c33a89c5d60b93253617d2e088c1a40374d9",
        ),
    ),
    "fast": (
        HubFile(
            "model_artifacts/tableformer/fast/tm_config.json",
            7_060,
            "dca6762508dddfae6d57d6cb4ef822c6000119dff0f3b6489db7413118c2622a",
        ),
        HubFile(
            "model_artifacts/tableformer/fast/tableformer_fast.safetensors",
            145_453_276,
            "3119563aab5a7c96fda4d621119b63fd8806272b86c30936d15507616422f718",
        ),
    ),
}
#: The checkpoint of each variant.
TABLEFORMER: Mapping[Variant, Checkpoint] = {
    variant: Checkpoint(
        repository="docling-project/docling-models",
        revision="fc0f2d45e2218ea24bce5045f58a389aed16dc23",
        licence="CDLA-Permissive-2.0",
        files=files,
    )
    for variant, files in _TABLE_FILES.items()
}

_LAYOUT = Export(
    kind="layout",
    checkpoint=HERON,
    script="heron.py",
    arguments=(),
    served=(
        Served(
            "docling-project--docling-layout-heron",
            {"model.onnx": "model.onnx"},
        ),
        Served(
            "docling-project--docling-layout-heron-uint8",
            {"model.onnx": "model-uint8.onnx"},
        ),
    ),
    pictures=True,
)


def export_of(kind: Kind, variant: Variant) -> Export:
    """How the models of a kind are made; `variant` is TableFormer's."""
    if kind == "layout":
        return _LAYOUT
    graphs = ("encoder.onnx", "step.onnx", "boxes.onnx")
    return Export(
        kind="tables",
        checkpoint=TABLEFORMER[variant],
        script="tableformer.py",
        arguments=("--variant", variant),
        served=(Served("tableformer", {name: name for name in graphs}),),
        pictures=False,
    )
