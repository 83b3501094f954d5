"""Other ways to find concepts, behind the interface of `craft_core.bank.ConceptBank`."""
