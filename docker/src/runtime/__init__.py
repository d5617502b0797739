"""What both processes stand on: settings, logs, metrics, the server, threads and time limits."""
