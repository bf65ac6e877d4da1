"""Durable jobs: queue, workflow, recovery, subscribers."""
