"""What each condition shows beside a training image: one file a kind, one entry in the registry."""
