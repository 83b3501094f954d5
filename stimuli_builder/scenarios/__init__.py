"""Generated scenarios: images with known parts and a known bias, drawn from a seed."""
