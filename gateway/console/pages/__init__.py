"""The console's pages: one module each, all listed in `gateway.console.app`."""
