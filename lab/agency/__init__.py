"""The systems around the collector, simulated: covert recorders, cameras and handhelds (`devices`), record management
(`records`). They speak to it only as strangers may: by its links, its API and its evidence bundles."""
