"""What all widgets share: the frontend's kind, markup, colours."""
