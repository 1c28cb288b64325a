Bx5J
