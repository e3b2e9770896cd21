"""The command line `hub`: rich output for people, `--json` for machines, documented exit codes."""
