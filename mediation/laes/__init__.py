"""The US dialects at the sending side: from what a point of interception saw to call data (CDC) and content (CCC).

    calls      the state machine of a call: which acts a SIP message is, by a table
    moment     what an act happened to: who, when, in which leg, and what of the message may be told
    t1678, pcesp, jstd025      one builder a message, and what causes it (or why nothing here does)
    ias        internet access: accounting and packets
    content    a packet of content under the label of its link
    convert    one X2 or X3 PDU in, messages and content out

Pure. How much of a PDU may be used was decided before (`mediation.scope`); under a pen register the converters are
given a message that was written anew without content (`mediation.redact`): what they never see cannot leave.
"""
