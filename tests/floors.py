"""The floors of the house: which room of s2f_core may import from which."""

# From the ground up. A room may import from its own floor and from those before it; each door is a floor of its own,
# so that `cli` may open every other door and none opens `cli`.
FLOORS = (
    {"errors", "artifacts", "config", "provenance", "workers", "memory"},
    {"data"},
    {"features", "synthesis"},  # fixed, not trained by us; neither sees the other (tests/test_house.py)
    {"models"},    # what we train
    {"training"},
    {"reconstruct"},
    {"evaluate"},
    {"figures"},
    {"progress"}, {"blocks"}, {"notebook"}, {"measure"}, {"verify"}, {"site_pages"}, {"site"},
    {"corpus"}, {"train"},
    {"train_published"}, {"held_out"}, {"samples"}, {"voicebank"}, {"corpus_measures"}, {"corpus_checks"},
    {"show"},
    {"corpus_counts", "croissant"}, {"cards"},
    {"speaking"}, {"jury"}, {"listening"}, {"world_training"}, {"worlds"},
    {"lessons"},
    {"app"},
    {"imports"}, {"stage_code"},
    {"machine"}, {"doctor"}, {"cli_options"},
    {"cli_corpus"}, {"cli_doctor"}, {"cli_reconstruct"}, {"cli_results"}, {"cli_train"}, {"cli_audit"}, {"cli_published"},
    {"cli_manners"}, {"cli"},
)
DOORS = set().union(*FLOORS[FLOORS.index({"figures"}) + 1:])
