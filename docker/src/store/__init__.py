"""A package in S3: what an export's ZIP holds, and how it is stored and described."""
