"""provisional"""
def extent(shape, rotation):
    return (1.0, 0.6) if shape in ("rectangle", "ellipse") else (1.0, 1.0)
