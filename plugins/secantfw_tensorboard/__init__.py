"""Log runs to TensorBoard, where the environment asks for it."""
