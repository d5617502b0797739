"""The service's routes, one blueprint a module."""
