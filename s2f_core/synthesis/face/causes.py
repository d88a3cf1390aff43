"""Every correlation that the synthetic faces were given: one row per cause and effect, read by the sampler.

Nothing here is a finding about people. "african", "asian", "caucasian" are MakeHuman's names for three morph targets.
"""

from s2f_core.synthesis.arrows import Arrow

OURS = "ours"
_W, _Z = "target weight per sd", "target weight"


def _latent(cause: str, effects: dict[str, float]) -> tuple[Arrow, ...]:
    return tuple(Arrow(cause, effect, strength, _W, OURS) for effect, strength in effects.items())


def _group(cause: str, effects: dict[str, float], unit: str = _Z) -> tuple[Arrow, ...]:
    return tuple(Arrow(cause, effect, strength, unit, OURS) for effect, strength in effects.items())


FACE_ARROWS: tuple[Arrow, ...] = (
    # The latents: each drives one measured dimension; the small rows undo what it would do to the others.
    Arrow("masculinity_z", "sex_slider", 0.09, "slider per sd", OURS),
    *_latent("masculinity_z", {"eyebrows/eyebrows-trans-forward": 0.10, "chin/chin-prominent-incr": 0.04}),
    *_latent("face_width_z", {"head/head-scale-horiz-incr": 0.18, "head/head-oval": 0.02, "nose/nose-scale-horiz-incr": -0.13,
                              "mouth/mouth-scale-horiz-incr": -0.12, "head/head-triangular": -0.09}),
    *_latent("jaw_width_z", {"head/head-triangular": 0.155, "head/head-square": 0.16, "chin/chin-width-incr": 0.2,
                             "head/head-diamond": -0.08}),
    *_latent("lower_face_z", {"chin/chin-height-incr": 0.26}),
    *_latent("mouth_width_z", {"mouth/mouth-scale-horiz-incr": 0.40}),
    *_latent("nose_width_z", {"nose/nose-scale-horiz-incr": 0.28, "nose/nose-width3-incr": 0.18, "nose/nose-flaring-incr": 0.08,
                              "nose/nose-nostrils-width-incr": 0.05}),
    *_latent("nose_height_z", {"nose/nose-scale-vert-incr": 0.58, "nose/nose-trans-up": 0.56}),
    *_latent("lip_height_z", {"mouth/mouth-lowerlip-height-incr": 0.32, "mouth/mouth-upperlip-middle-up": 0.40,
                              "mouth/mouth-scale-vert-incr": 0.22, "chin/chin-height-incr": -0.02}),
    Arrow("build_z", "build", 0.34, "weight scale per sd", OURS),
    *_latent("build_z", {"head/head-fat-incr": 0.11, "neck/neck-double-incr": 0.06, "cheek/cheek-volume-incr": 0.12,
                         "neck/neck-scale-horiz-incr": 0.12}),
    # Sex.
    Arrow("female", "sex_slider", -0.14, "slider (0 female, 1 male)", OURS),
    Arrow("male", "sex_slider", 0.98, "slider (0 female, 1 male)", OURS),
    Arrow("male", "muscle", 0.25, "muscle scale", OURS),
    *_group("female", {
        "eyebrows/eyebrows-trans-forward": -0.35, "eyebrows/eyebrows-trans-up": 0.22, "eyebrows/eyebrows-angle-up": 0.42,
        "forehead/forehead-nubian-incr": 0.18, "eyes/eye-scale-incr": 0.15, "eyes/eye-height2-incr": 0.08,
        "head/head-triangular": -0.11,
        "neck/neck-scale-horiz-incr": -0.35, "chin/chin-width-incr": -0.2, "nose/nose-volume-incr": -0.15,
        "mouth/mouth-upperlip-volume-incr": 0.15, "mouth/mouth-lowerlip-volume-incr": 0.15, "chin/chin-prominent-incr": -0.08,
        "chin/chin-jaw-drop-incr": -0.15, "cheek/cheek-bones-incr": 0.25, "nose/nose-point-up": 0.15,
        "nose/nose-width1-incr": -0.12, "nose/nose-hump-incr": -0.2, "mouth/mouth-cupidsbow-incr": 0.1}),
    *_group("male", {"eyebrows/eyebrows-trans-forward": 0.08, "chin/chin-prominent-incr": 0.04}),
    Arrow("female", "makeup", 0.55, "strength, 0–1", OURS),
    Arrow("female", "lash", 1.0, "share with painted lashes", OURS),
    Arrow("female", "brow_density", -0.35, "of the density", OURS),
    *_group("female", {"hair long": 0.40, "hair bob": 0.49, "hair braid": 0.09, "hair ponytail": 0.02}, "weight of that style"),
    *_group("male", {"hair side": 0.27, "hair crop": 0.26, "hair combed": 0.22, "hair buzz": 0.14, "hair bald": 0.03,
                     "hair long": 0.02, "hair ponytail": 0.02}, "weight of that style"),
    Arrow("male", "beard", 0.42, "share with more than a shadow", OURS),
    # Everybody: MakeHuman's neutral face looks stern.
    *_group("everybody", {
        "eyebrows/eyebrows-trans-up": 0.12, "eyebrows/eyebrows-angle-up": 0.40, "mouth/mouth-angles-up": 0.20,
        "eyes/eye-height2-incr": 0.10, "head/head-triangular": -0.14,
        "expression/browInnerUp": 0.24, "expression/mouthSmileLeft": 0.07,
        "expression/mouthSmileRight": 0.07}),
    # Age: `ageing` is 0 at 30 years, 1 at 80, and below 0 before 30; the young–old target acts besides.
    *_group("ageing", {
        "head/head-age-incr": 1.26, "eyes/eye-bag-incr": 1.59, "eyebrows/eyebrows-trans-up": -0.39,
        "cheek/cheek-volume-incr": -0.61,
        "mouth/mouth-laugh-lines-out": -0.96, "mouth/mouth-upperlip-height-incr": -0.44, "neck/neck-double-incr": 0.60,
        "nose/nose-point-up": -0.26, "ears/ear-lobe-incr": 0.35, "ears/ear-scale-vert-incr": 0.44,
        "eyes/eye-eyefold-up": -0.61, "mouth/mouth-angles-up": -0.26}),
    Arrow("age", "grey_half_years", 60.0, "years at which half the hair is grey", "Panhard et al. 2012, Br J Dermatol 167"),
    Arrow("individual", "grey_half_years", 10.0, "years, sd", "Panhard et al. 2012, Br J Dermatol 167"),
    Arrow("female", "dyed", 0.4, "share of the greying whose hair is dyed", OURS),
    Arrow("age", "bald", 0.008, "share of men per year over 25", "Hamilton 1951, Ann N Y Acad Sci 53"),
    Arrow("age", "glasses", 0.004, "share per year over 18", OURS),
    Arrow("everybody", "glasses", 0.10, "share at 18", OURS),
    # Ancestry: shape through the three morph targets, colour through pigments.
    Arrow("ancestry", "shape", 1.0, "of the distance to the mean of the three targets", OURS),
    *_group("asian", {"eyes/eye-epicanthus-out": -0.30, "eyes/eye-eyefold-up": 0.15}),
    *_group("african", {"melanin": 0.73}, "melanin, 0–1"),
    *_group("asian", {"melanin": 0.27}, "melanin, 0–1"),
    *_group("caucasian", {"melanin": 0.15}, "melanin, 0–1"),
    Arrow("individual", "melanin", 0.12, "melanin, sd", OURS),
    Arrow("asian", "yellow", 0.40, "carotene scale", OURS),
    Arrow("caucasian", "fair_hair", 1.05, "reach of hair lightness", OURS),
    Arrow("caucasian", "light_eyes", 1.0, "reach of iris lightness", OURS),
    Arrow("caucasian", "red_hair", 0.08, "share", OURS),
    Arrow("caucasian", "freckles", 1.0, "of the strength", OURS),
    Arrow("african", "hair afro", 0.6, "weight of that style above a share of 0.3", OURS),
    Arrow("female", "hair afro", -0.75, "of that weight", OURS),
)
STRENGTH: dict[tuple[str, str], float] = {(arrow.cause, arrow.effect): arrow.strength for arrow in FACE_ARROWS}
