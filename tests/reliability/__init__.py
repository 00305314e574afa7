"""What the index promises when processes die, disks fill up and files are damaged."""
