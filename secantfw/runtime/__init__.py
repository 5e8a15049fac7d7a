"""What everything stands on: files, JSON and text that strangers may have written, output."""
