"""Scripts that run in processes of their own, some in another program's interpreter."""
