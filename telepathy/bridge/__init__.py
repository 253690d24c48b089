"""The bridge's parts, one small file each; `telepathy.config.methods` holds their settings."""
