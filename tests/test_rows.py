"""Rows that many calls read: values and gradients are those of torch's own reads."""

import torch

from nmn.modules.rows import Rows

READS: tuple[list[int], ...] = ([0, 2, 2], [2, 4], [])


def gradient(shared: bool) -> tuple[list[torch.Tensor], torch.Tensor]:
    torch.manual_seed(0)
    table = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    rows = Rows(table * 2)
    read = rows.read if shared else lambda places: (table * 2).index_select(0, places)
    parts = [read(torch.tensor(places, dtype=torch.long)) for places in READS]
    further = parts[0] * parts[1].sum()  # what was read depends on what was read
    (further.square().sum() + parts[2].sum()).backward()  # type: ignore[no-untyped-call]
    assert table.grad is not None
    return [part.detach() for part in parts], table.grad


def test_reads_and_gradients_are_those_of_index_select() -> None:
    (shared, grad), (apart, wanted) = gradient(True), gradient(False)
    assert all(torch.equal(one, other) for one, other in zip(shared, apart, strict=True))
    assert wanted[1].abs().sum() == 0 and wanted[2].abs().sum() > 0
    torch.testing.assert_close(grad, wanted)


def test_a_graph_that_is_kept_gives_the_same_gradient_again() -> None:
    table = torch.ones(2, 2, requires_grad=True)
    loss = Rows(table).read(torch.tensor([1, 1])).sum()
    (first,), (again,) = torch.autograd.grad(loss, table, retain_graph=True), torch.autograd.grad(loss, table)
    assert torch.equal(first, torch.tensor([[0.0, 0.0], [2.0, 2.0]])) and torch.equal(first, again)


def test_nothing_is_noted_where_no_gradient_is_wanted() -> None:
    assert Rows(torch.ones(2, 2)).read(torch.tensor([0])).grad_fn is None
    table = torch.ones(2, 2, requires_grad=True)
    with torch.no_grad():
        assert Rows(table).read(torch.tensor([0])).grad_fn is None
