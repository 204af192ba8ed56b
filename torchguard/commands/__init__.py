"""The commands of ``python -m torchguard``: a module each, with ``main(arguments)`` that returns the exit status."""
