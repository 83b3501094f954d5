"""Where a score comes from; `craft_core.attribution` calls these, one file a family."""
