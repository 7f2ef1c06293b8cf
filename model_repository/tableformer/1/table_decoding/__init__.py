"""TableFormer v1 for many tables at once: what a tag leads to, the loop, and the engines that compute."""
