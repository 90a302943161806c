"""What mixtura claims about speed, memory and accuracy, one file a claim: `python -m benchmarks`."""
