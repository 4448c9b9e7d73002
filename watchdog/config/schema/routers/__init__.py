"""What moves traffic: one module per kind of router, with its keys."""
