"""What writes files of this repository from its code: pages of docs/ and the JSON Schemas. Not shipped."""
