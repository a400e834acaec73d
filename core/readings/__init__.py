"""What can be read of a network beside its answer, in tensors: each file is one way to look."""
