"""Serve studies to participants in a browser and export their answers."""
