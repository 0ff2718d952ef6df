"""cleanlab's modules over labelqa's core."""
from labelqa.cleanlab import (
    count as count,
    dataset as dataset,
    experimental as experimental,
    filter as filter,
    multiannotator as multiannotator,
    outlier as outlier,
    rank as rank,
)

__version__: str
__all__ = [
    "count", "dataset", "experimental", "filter", "multiannotator", "outlier", "rank",
]
