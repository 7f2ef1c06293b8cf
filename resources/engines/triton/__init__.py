"""Models on a Triton server: docling's own (heron, TableFormer), and the small ones that docmill embeds.

The latter give what the embedded engines give: only where the model runs is another.
"""

from docmill.resources.engines.triton.cdla import TritonCdlaLayout
from docmill.resources.engines.triton.docling_ocr import TritonDoclingOcr
from docmill.resources.engines.triton.heron import TritonLayout
from docmill.resources.engines.triton.ocr import TritonOcr
from docmill.resources.engines.triton.slanet import TritonSlanetTables
from docmill.resources.engines.triton.tableformer import TritonTables

__all__ = [
    "TritonCdlaLayout",
    "TritonDoclingOcr",
    "TritonLayout",
    "TritonOcr",
    "TritonSlanetTables",
    "TritonTables",
]
