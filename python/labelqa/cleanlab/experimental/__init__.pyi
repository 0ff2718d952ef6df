"""cleanlab.experimental: label_issues_batched only."""
