"""How rows are shared out, what an environment says, pieces of a batch, plans for elsewhere."""

from __future__ import annotations

import json

import pytest
from training.small_experiment import write

from secantfw.errors import UserError
from secantfw.parallel.pieces import Pieces
from secantfw.parallel.processes import Processes, processes_of

LAUNCHED = {"RANK": "1", "WORLD_SIZE": "3", "MASTER_ADDR": "here", "MASTER_PORT": "1"}


@pytest.mark.parametrize("total", [3, 7, 64])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_every_row_falls_to_one_process(total, size):
    shares = [Processes(rank, size).rows(total) for rank in range(size)]
    assert [row for share in shares for row in share] == list(range(total))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize("micro", [None, 1, 3, 100])
def test_pieces_are_the_rows_in_order_and_none_is_too_large(micro):
    rows = range(5, 12)
    pieces = list(Pieces(rows, 20, micro))
    assert [k for piece in pieces for k in range(7)[piece]] == list(range(7))
    assert all(piece.stop - piece.start <= (micro or 7) for piece in pieces)


def test_the_environment_of_torchrun_is_understood():
    assert processes_of({}) == Processes()
    assert processes_of(LAUNCHED | {"LOCAL_RANK": "0"}) == Processes(1, 3, 0, launched=True)
    with pytest.raises(UserError, match="missing: MASTER_ADDR"):
        processes_of({"RANK": "0", "WORLD_SIZE": "2", "MASTER_PORT": "1"})
    with pytest.raises(UserError, match="WORLD_SIZE: expected a number, got 'two'"):
        processes_of(LAUNCHED | {"WORLD_SIZE": "two"})
    with pytest.raises(UserError, match="0 <= RANK < WORLD_SIZE"):
        processes_of(LAUNCHED | {"RANK": "3"})


@pytest.mark.plugin("basics", "data", "fid", "picard")
def test_a_plan_counts_what_a_step_costs_on_other_machines(secantfw, tmp_path):
    file = write(tmp_path)
    plans = {}
    for gpus in (1, 2):
        said = secantfw("plan", file, "--gpus", gpus, "--gpu", "a100-80", "--mfu", "0.5", "--json")
        assert said.code == 0, said.err
        (plans[gpus],) = json.loads(said.out)
    one, two = plans[1], plans[2]
    assert one["fits"]
    assert (one["rows"], two["rows"]) == (64, 32)
    assert two["engine"] == "parallel:ddp"
    assert two["tflop_per_step"] == pytest.approx(one["tflop_per_step"])
    assert two["images_per_second"] == pytest.approx(2 * one["images_per_second"])
    assert one["seconds_per_step"] == pytest.approx(one["tflop_per_step"] / (19.5 * 0.5))
    assert one["days"] == pytest.approx(12 * one["seconds_per_step"] / 86400)


@pytest.mark.plugin("basics", "data", "fid", "picard")
def test_a_plan_under_fsdp_keeps_shares_and_what_is_gathered(secantfw, tmp_path):
    """On 8 GPUs student, average, moments and gradient are in 8 shares; gathered is the student,
    or by blocks what is in none of them and two of them: an mlp of 8 blocks has 6 to save."""
    file, found = write(tmp_path), []
    for words in (["ddp"], ["fsdp", "engine.shard=whole"], ["fsdp"]):
        keys = ["backbone.depth=8", f"engine.use={words[0]}", *words[1:]]
        said = secantfw("plan", file, "--gpus", 8, "--json", *keys)  # keys behind the options
        assert said.code == 0, said.err
        found.append(json.loads(said.out)[0])
    ddp, whole, blocks = (plan["memory_gb"] for plan in found)
    numbers = found[0]["gradient_gb"]  # 4 bytes a parameter
    assert ddp - whole == pytest.approx((4 - 5 / 8 - 1) * numbers, rel=1e-3)
    assert 0 < whole - blocks < 6 / 8 * numbers


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--gpu", "h1000"), "--gpu h1000: expected one of h200, h100"),
        (("--gpus", "0"), "--gpus must be at least 1"),
        (("--mfu", "1.5"), "--mfu must be above 0 and at most 1, got 1.5"),
    ],
)
def test_a_plan_for_no_machine_is_refused(secantfw, tmp_path, words, said):
    done = secantfw("plan", write(tmp_path), *words)
    assert done.code == 2
    assert said in done.err
