"""The forms of older Rays, on today's."""
