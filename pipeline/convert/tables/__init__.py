"""Table regions to grids of cells: rulings, word geometry and SLANet+, and the choice between them."""
