"""Where rooms meet: one function a handler; gate.py is the one way in for what people write."""
