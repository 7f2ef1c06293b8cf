"""Models on a Triton server: docling's own (heron, TableFormer), and the small ones that docmill embeds.

The latter give what the embedded engines give: only where the model runs is another.
"""

from resources.triton_engines.cdla import TritonCdlaLayout
from resources.triton_engines.docling_ocr import TritonDoclingOcr
from resources.triton_engines.heron import TritonLayout
from resources.triton_engines.ocr import DETECTOR, RECOGNISER, TritonOcr
from resources.triton_engines.slanet import TritonSlanetTables
from resources.triton_engines.tableformer import TritonTables

__all__ = [
    "DETECTOR",
    "RECOGNISER",
    "TritonCdlaLayout",
    "TritonDoclingOcr",
    "TritonLayout",
    "TritonOcr",
    "TritonSlanetTables",
    "TritonTables",
]
