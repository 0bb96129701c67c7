"""Neighbours tell their facts here: over HTTP, each what it was granted, about contacts it opened.

The portal serves `routes`. What comes in is checked in `domain`, told once in `posting`.
"""
