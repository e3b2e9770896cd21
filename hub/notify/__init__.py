"""Mail that says that something waits, and never what. No content, ever."""
