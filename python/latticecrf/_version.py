"""The release that this is; a test compares it with the library's own."""
VERSION = "0.1.0"
