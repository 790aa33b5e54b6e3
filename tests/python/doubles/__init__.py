"""Doubles for vLLM and torch: packages with the documented outline of five generations of
vLLM's interface and none of its work. They stand in for the real thing on machines without a
GPU; nothing measured with them means anything."""
