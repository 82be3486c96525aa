"""Plans, draws and proves the yearly random joint inspection of firms (双随机、一公开)."""
