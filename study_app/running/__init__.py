"""The command line that steers a running study; what it does is in `study_app.services`."""
