"""The trials of each task: utility, intruder, binary choice."""
