"""Proof by attack: cases of the catalogue → attacks, benign twins and ablations on a user's plan. Decides nothing."""
