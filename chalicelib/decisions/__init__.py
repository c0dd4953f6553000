"""Decisions as pure functions on records: nothing here reads a clock, a client or a store."""
