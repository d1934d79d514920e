"""STS calls, sessions and role trust."""
