"""The stages of a deployment, one module each, in this order:

receive   (on_upload)  check the zip, take a version number, start the pipeline
plan                   cut the zip into shards
copy      (per shard)  store the shard's files in the version's layer
finish                 verify what is stored against the zip, write the manifest
activate               point the alias at the version: the only stage that viewers notice
prune                  delete versions that nothing needs any more
fail                   (instead) say why on the deployment record

Every stage may be repeated, or die half way and be retried, with the same end state.
"""
