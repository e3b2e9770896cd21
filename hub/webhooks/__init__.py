"""An agency's own systems: the addresses that it registers, and events without content that are sent there."""
