"""Examples applied to accounts that have what they need."""
