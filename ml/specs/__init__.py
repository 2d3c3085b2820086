"""What a YAML of `models/` says, as typed objects whose errors name file and field."""
