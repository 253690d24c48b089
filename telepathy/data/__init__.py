"""The data stage: from declared sources to fixed splits of items, and the reader of those splits."""
