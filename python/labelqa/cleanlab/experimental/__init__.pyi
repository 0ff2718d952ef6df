"""cleanlab.experimental over labelqa's core."""
from labelqa.cleanlab.experimental import label_issues_batched as label_issues_batched

__all__ = ["label_issues_batched"]
