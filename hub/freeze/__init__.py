"""The giver's receipt: any agency that is shown it stops the packets of that consent until the sender has decided."""
