"""The forms of older Rays."""
