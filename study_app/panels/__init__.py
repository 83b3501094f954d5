"""Panels: where participants come from by a link's parameters, and where they are sent back to."""
