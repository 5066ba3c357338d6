"""What a proxy has to survive, as a command: `python -m bench.soak`. tests/soak has the same in small."""
