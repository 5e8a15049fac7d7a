"""The abstract interfaces and the records that cross them. Imports torch and attrs only."""
