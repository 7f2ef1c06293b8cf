"""How many servers a queue asks for: the autoscaler's arithmetic, and a cluster simulated on it."""
