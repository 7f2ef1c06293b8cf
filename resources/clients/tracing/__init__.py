"""Traces: `spans` are values that any process may make, `otlp` sends them to OpenTelemetry's collectors."""
