"""The routing rules that a site brings along: `decant.toml`, `_redirects` and `_headers`.

Pure. They lie at the site's root, are read when a version is made, travel with it, and are never
served. What is wrong with them is told as findings, each with its line.
"""
