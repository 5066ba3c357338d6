"""The forms of a document, one module each: HTML, JUnit XML, Markdown, text. None of them knows what it is about."""
