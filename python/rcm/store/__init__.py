"""Store: chunks, vectors and the file table under one commit (`writer`), and one epoch of them (`reader`)."""
