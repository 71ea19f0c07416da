"""The whole of Herald on one machine: the same template.yaml on an embedded AWS, a simulator, the dashboard."""
