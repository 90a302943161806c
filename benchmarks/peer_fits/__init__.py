"""How each peer fits: in a process of its own, which is told a number of passes and says how long it took."""
