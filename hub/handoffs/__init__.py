"""What every kind of handoff shares: packets and statements taken in, stored, logged, receipted, passed on.

Decides no state: the machine of the handoff's kind does (`hub.handoffs.ports.Machine`). Reads no packet.
"""
