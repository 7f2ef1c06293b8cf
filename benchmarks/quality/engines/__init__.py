"""What is scored: docmill, Markdown in a folder, and other converters in an environment of their own."""
