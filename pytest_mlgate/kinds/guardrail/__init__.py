"""Gates on guardrails."""
