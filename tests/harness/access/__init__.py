"""Who may do what with which key: probes, expectations, the matrix."""
