"""The receiver trained to read the text itself (by peft), in the same loop and on the same loss as a bridge."""
