"""The commands, a module each; `decant.cli.app` composes them."""
