"""Tensors: values, devices, and the autograd graph."""
