"""What judges a trained model: the gate, groups treated alike, and what people decide."""
