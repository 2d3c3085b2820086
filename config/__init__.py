"""Settings, and the YAML files that a company edits."""

from config.settings import PROJECT_ROOT, ConfigurationError, Settings, load_settings, read_yaml

__all__ = ["PROJECT_ROOT", "ConfigurationError", "Settings", "load_settings", "read_yaml"]
