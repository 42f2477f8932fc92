"""One module per measured path: `DATABASES` it runs on, and `measure(house) -> Figure`."""
