"""The US dialects of the handover: T1.678 (ATIS-1000678), PCESP (PacketCable), IAS (ATIS-1000013).

Call data (CDC) is a run of BER records, call content (CCC) a run of CC-APDUs or of datagrams. Nobody here has read the
ATIS documents: the tables follow third-party compiled modules, and what those leave open is called assumed.
"""
