"""Stage 10, present: values to text for people and JSON for programs; computes no answer."""
