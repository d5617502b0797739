"""What canvases show, and what people ask for on them."""
