"""The dialect `flatfile`: CSV batches with control totals, as a fictional older case system writes them."""
