"""Two numbers of different protocols can be told apart, whatever runs they are of."""

import json

import attrs

from secantfw.evaluation.stamp import Stamp, differences, stamp_of

STAMP = Stamp(
    metric="frechet_distance",
    features="inception",
    features_sha256="ab",
    samples=50_000,
    seeds=(0, 1),
    guidance=1.5,
    compute_batch=64,
)


def evaluation(stamp):
    """As it is read again from its file."""
    row = {"nfe": 4, "frechet_distance": 2.0, "stamps": {"frechet_distance": stamp.name}}
    return json.loads(json.dumps({"stamps": {stamp.name: stamp.as_json()}, "rows": [row]}))


def test_a_stamp_survives_its_file():
    found = evaluation(STAMP)
    read = stamp_of(found, found["rows"][0], "frechet_distance")
    assert read == attrs.evolve(STAMP, nfe=4)
    assert read.name == STAMP.name  # the NFE is the row's


def test_every_field_makes_a_difference():
    for field in attrs.fields(Stamp):
        other = attrs.evolve(STAMP, **{field.name: "other"})
        (found,) = differences(STAMP, other)
        assert found.field == field.name
        assert field.name == "nfe" or other.name != STAMP.name
    assert differences(STAMP, attrs.evolve(STAMP)) == ()


def test_a_number_without_a_stamp_is_like_no_other():
    old = {"rows": [{"frechet_distance": 2.0}]}
    assert stamp_of(old, old["rows"][0], "frechet_distance") is None
    assert differences(None, STAMP)
    assert differences(None, None)
    (found,) = differences(STAMP, attrs.evolve(STAMP, samples=10_000))
    assert str(found) == "samples: 50000 and 10000"
