"""What axes, tables and sentences call the settings that a sweep varies."""

NAMES = {
    "soft_tokens": "soft tokens",
    "layer": "source layer, share of depth",
    "body.depth": "depth",
    "body.width": "width",
    "body.heads": "heads",
    "losses.batch_div": "weight of batch diversity",
    "training.lr": "learning rate",
    "training.batch": "batch",
    "training.rows": "training rows",
}


def title(key: str) -> str:
    """Name of a setting, from its key in a recipe."""
    return NAMES.get(key, key.replace("_", " ").replace(".", ", "))
