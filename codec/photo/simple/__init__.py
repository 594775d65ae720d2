"""Images that are no photographs: screens, text, charts, icons, gradients, masks, noise."""
