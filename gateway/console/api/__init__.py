"""The console's own API for the command line: one module for each noun, with the permissions and actions of the pages."""
