"""Where nobody helps: area by need by group, in layers."""
