"""The rules that sites bring along, sentence by sentence, from the folder to what viewers get.

Each test is one sentence of what Cloudflare or Netlify documents, or of how Decant differs, with a
site, addresses and what these give by the functions that are shipped to the edge.
"""
