"""Turn concepts and images into trial sets for human studies."""
