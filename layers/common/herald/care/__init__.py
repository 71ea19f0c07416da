"""Care: cases a person must deal with, and the clocks that run on them in business hours."""
