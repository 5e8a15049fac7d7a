"""The conformance kit: an oracle with known answers, and checks for components."""
