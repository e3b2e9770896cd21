"""Paper: the form to sign, the giver's receipt, the card with a code and nothing else. Plaintext; never on a server."""
