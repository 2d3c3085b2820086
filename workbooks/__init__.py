"""The Excel lists between the nights and people: how they look and how they are known."""
