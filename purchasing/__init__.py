"""The paid POST: bought once, every doubt settled by the vendor's own list. It knows no Prefect."""
