"""An integer discrete flow whose latents a circuit codes (PC + IDF)."""
