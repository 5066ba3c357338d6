"""What can be read without a page of the web: topics, and the schemas of files."""
