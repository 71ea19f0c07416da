"""The weights of the encoder, as `make encoder` writes them; herald/moderate/encoder.py runs them."""
