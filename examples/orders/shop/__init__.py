"""The vulnerable shop: each fault stands behind a comment that begins with FAULT, and nothing here may mend one."""
