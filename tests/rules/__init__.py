"""The rule files that are shipped: they load, they say what they promise, and their scenarios end as expected."""
