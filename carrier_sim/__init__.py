"""The network: subscribers, their traffic, the points of interception. All identities are fictional."""
