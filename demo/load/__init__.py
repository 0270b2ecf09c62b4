"""Many clients at once: do all of their changes arrive, each under the name of who made it?"""
