"""The subcommands of ``craft-analysis`` but for the report, one a file."""
