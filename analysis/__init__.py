"""Turn a study's export into exclusions, accuracies, Utility scores and a report."""
