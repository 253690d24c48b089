"""Training a bridge: the objective, the loop, checkpoints."""
