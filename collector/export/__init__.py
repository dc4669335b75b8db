"""From stored records to what people open: sound, packets, conversations, tables. Reads the store, changes nothing."""
