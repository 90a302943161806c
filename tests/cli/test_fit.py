"""`mixtura fit`: what it finds, what it says, what it writes."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mixtura


def groups(*, n=60, seed=0):
    """Return the lines of two far groups in two columns."""
    rng = np.random.default_rng(seed)
    X = np.concatenate([rng.normal(m, 1, (n // 2, 2)) for m in (0, 20)])
    return [f"{a:.4f},{b:.4f}" for a, b in X]


def csv(header, lines):
    return "\n".join([header, *lines]) + "\n"


def test_old_faithful(run, faithful):
    told = run("fit", faithful, "-k", "1:6")
    assert (told.status, told.err) == (0, "")
    table = told.out.split("\n\n")[1].splitlines()
    assert table[0] == "BIC by number of components and covariance: lower is better, * is the best"
    assert table[1].split() == ["K", "full", "tied", "diag", "spherical", "tied_diag", "tied_spherical"]
    cells = [line.split() for line in table[2:]]
    assert [row[0] for row in cells] == list("123456")
    assert [(row[0], j) for row in cells for j, cell in enumerate(row) if "*" in cell] == [("3", 2)]
    assert cells[2][2] == "2314.3*"
    assert float(cells[1][1]) == 2322.2
    assert "Chosen: 3 components, covariance tied\nBIC 2314.3, AIC 2274.6, ICL 2358." in told.out
    assert "11 parameters\nlog-likelihood -1126.32, -4.1408" in told.out
    assert re.search(r"component +weight +rows +eruptions +waiting\n", told.out)
    components = re.findall(r"^\d +(0\.\d{3}) +(\d+) +\d\.\d+ ± (\S+) +\d+\.\d+ ± (\S+)$", told.out, re.M)
    assert len(components) == 3
    assert sum(float(weight) for weight, *_ in components) == pytest.approx(1, abs=2e-3)
    assert sum(int(rows) for _, rows, *_ in components) == 272
    assert all((a, b) == ("0.279", "5.80") for _, _, a, b in components)
    sure = re.findall(r"^(?:at least|below|0\.\d+ to) ?\S+ +(\d+) +(\S+)%$", told.out, re.M)
    assert sum(int(rows) for rows, _ in sure) == 272
    assert sum(float(share) for _, share in sure) == pytest.approx(100, abs=0.2)


def test_no_table_is_wider_than_a_page_and_no_line_ends_in_blanks(quickly, faithful):
    # The first line names the file, whatever its length.
    lines = quickly(faithful, "-k", "1:2").out.splitlines()
    assert max(map(len, lines[1:])) <= 100
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("criterion", ["bic", "aic", "icl", "ICL"])
def test_the_criterion_that_is_asked_for_chooses(quickly, faithful, criterion):
    told = quickly(faithful, "-k", "2:3", "--criterion", criterion)
    assert f"{criterion.upper()} by number of components" in told.out
    shown = [float(cell.rstrip("*~ ")) for cell in re.findall(r"\d{4}\.\d[*~]?", told.out.split("Chosen")[0])]
    assert len(shown) == 4
    assert f"{criterion.upper()} {min(shown):.1f}" in told.out.split("Chosen")[1]


def test_structures_and_counts_are_tried_once_each(run, faithful):
    told = run("fit", faithful, "-k", "2,1,2:2", "--covariance", "diag,DIAG, tied", "--n-init", 1)
    table = told.out.split("\n\n")[1].splitlines()
    assert table[1].split() == ["K", "diag", "tied"]
    assert [line.split()[0] for line in table[2:]] == ["2", "1"]


def test_one_candidate_needs_no_table(run, faithful):
    told = run("fit", faithful, "-k", 2, "--covariance", "tied", "--n-init", 1)
    assert "by number of components" not in told.out
    assert "Fitted: 2 components, covariance tied" in told.out


def test_more_components_are_suggested_where_the_most_won(quickly, write):
    told = quickly(write("a.csv", csv("x,y", groups())), "-k", "1:2")
    assert "try more with -k 1:4" in told.out


def test_a_positive_log_density_is_explained(quickly, write):
    tiny = write("a.csv", csv("x,y", [f"{i * 1e-5},{(i * 7 % 10) * 1e-5}" for i in range(40)]))
    assert "positive, and may be: a density is a probability per unit" in quickly(tiny, "-k", 1).out
    wide = write("b.csv", csv("x,y", groups()))
    assert "positive, and may be" not in quickly(wide, "-k", 1).out


def test_what_is_left_out_is_said(quickly, write):
    lines = [f'a,"b, c",{line},{7}' for line in groups()]
    lines[3] = lines[3].replace(",7", ",")
    path = write("a.csv", csv('who,"what, where",x,y,z', lines))
    quickly(path, "-k", 1).one_error("'z' in data row 4", "--drop-missing")
    told = quickly(path, "-k", 1, "--drop-missing")
    assert "a.csv: 59 rows, 3 columns: x, y, z" in told.out
    assert 'left out: who, "what, where" (text)' in told.out
    assert "left out: 1 of 60 rows, with missing values" in told.out
    assert "the same in every row, so of no use to tell groups apart: z" in told.out


def test_columns_by_name(quickly, write):
    path = write("a.csv", csv('x,"y, in mm"', groups()))
    told = quickly(path, "-k", 1, "--columns", '"y, in mm"')
    assert '60 rows, 1 column: "y, in mm"' in told.out
    quickly(path, "--columns", "y, in mm").one_error("'\"y, in mm\"' is meant")


@pytest.mark.parametrize("name", ["a.tsv", "a.parquet", "a.jsonl", "a.npy", "a.npz", "bom.csv", "semi.csv"])
def test_the_same_fit_from_any_kind_of_file(quickly, write, tmp_path, name):
    lines = groups()
    path = tmp_path / name
    X = np.array([line.split(",") for line in lines], dtype=float)
    match name:
        case "a.tsv":
            write(name, csv("x,y", lines).replace(",", "\t"))
        case "a.parquet":
            pq.write_table(pa.table({"x": X[:, 0], "y": X[:, 1]}), path)
        case "a.jsonl":
            write(name, "".join(f'{{"x": {a}, "y": {b}}}\n' for a, b in X))
        case "a.npy":
            np.save(path, X)
        case "a.npz":
            np.savez(path, X=X)
        case "bom.csv":
            write(name, "\ufeff" + csv("x,y", lines))
        case "semi.csv":
            write(name, csv("x,y", lines).replace(",", ";").replace(".", ","))
    reference = quickly(write("reference.csv", csv("x,y", lines)), "-k", "1:2")
    told = quickly(path, "-k", "1:2")
    assert (told.status, told.err) == (0, "")
    columns = "column_1, column_2" if name.startswith("a.np") else "x, y"
    assert f"60 rows, 2 columns: {columns}" in told.out
    if columns == "x, y":
        assert told.out.split("\n\n", 1)[1] == reference.out.split("\n\n", 1)[1]


def test_names_cannot_steer_the_terminal(quickly, write):
    told = quickly(write("a.csv", csv('"x \x1b[31mred\x07","y\nz"', groups())), "-k", 1)
    assert told.status == 0
    assert r"x \x1b[31mred\x07, y\nz" in told.out
    assert not {"\x1b", "\x07"} & set(told.out)


def test_long_names_stay_different(quickly, write):
    header = ",".join(f"a_very_long_name_of_a_quantity_that_is_measured_{j}" for j in range(2))
    told = quickly(write("a.csv", csv(header, groups())), "-k", 6)
    names = {line.split()[0] for line in told.out.splitlines() if line.startswith("a_very")}
    assert {name[-2:] for name in names} == {"_0", "_1"}
    assert all("…" in name for name in names)


def test_more_components_than_rows(quickly, write):
    path = write("a.csv", "x,y\n1,2\n2,5\n4,5.5\n6,1\n")
    told = quickly(path, "-k", "1,5:9")
    assert told.status == 0
    assert "not fitted (10): more components than the 4 rows" in told.out
    quickly(path, "-k", "5:9").one_error("more components than the 4 rows")


def test_not_converged_is_said_with_the_option(quickly, faithful):
    told = quickly(faithful, "-k", 3, "--max-iter", 2)
    assert told.status == 0
    assert told.err == "warning: the best candidate did not converge in 2 passes: --max-iter gives more\n"
    assert re.search(r"  ~ not converged \([12]\): --max-iter gives more passes", told.out)


def test_model_and_labels_are_written(quickly, faithful, tmp_path):
    out, labels, table = (tmp_path / name for name in ("a.mixtura", "a.csv", "a.parquet"))
    told = quickly(faithful, "-k", 2, "--out", out, "--labels", labels, "--proba")
    assert f"wrote the model to {out}" in told.out
    assert f"wrote the labels of 272 rows to {labels}" in told.out
    model = mixtura.load(out)
    assert list(model.feature_names_in_) == ["eruptions", "waiting"]
    X = np.loadtxt(faithful, delimiter=",", skiprows=1)
    header, *rows = [line.split(",") for line in labels.read_text(encoding="utf-8").splitlines()]
    assert header == ["row", "label", "certainty", "p0", "p1"]
    numbers = np.array(rows, dtype=float)
    P = model.mixture_.posterior(X)
    np.testing.assert_array_equal(numbers[:, 0], np.arange(1, 273))
    np.testing.assert_array_equal(numbers[:, 1], P.argmax(axis=1))
    np.testing.assert_allclose(numbers[:, 2], P.max(axis=1), rtol=1e-15)
    np.testing.assert_allclose(numbers[:, 3:], P, rtol=1e-12)
    assert quickly(faithful, "-k", 2, "--labels", table, "--quiet").out == ""
    written = pq.read_table(table)
    assert written.column_names == ["row", "label", "certainty"]
    np.testing.assert_array_equal(written["label"].to_numpy(), numbers[:, 1])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.mixtura", "a.parquet"]


def test_rows_of_labels_count_those_that_were_dropped(quickly, write, tmp_path):
    lines = groups(n=20)
    lines[0] = "NA,1"
    path, labels = write("a.csv", csv("x,y", lines)), tmp_path / "l.csv"
    assert quickly(path, "-k", 2, "--drop-missing", "--labels", labels).status == 0
    numbers = [int(line.split(",")[0]) for line in labels.read_text().splitlines()[1:]]
    assert numbers == list(range(2, 21))


def test_the_same_seed_gives_the_same_fit(run, faithful, tmp_path):
    contents = []
    for jobs in (1, 3):
        out = tmp_path / f"{jobs}.mixtura"
        words = ("-k", "3", "--covariance", "full", "--n-init", 2, "--seed", 5, "--jobs", jobs)
        assert run("fit", faithful, *words, "--out", out).status == 0
        contents.append(mixtura.load(out).mixture_)
    assert contents[0] == contents[1]


def test_fits_that_the_data_do_not_settle_are_marked(run, tmp_path):
    rows = np.random.default_rng(0).normal(size=(24, 3))
    rows[21:] += 50  # three rows for a covariance of three features
    file = tmp_path / "few.csv"
    file.write_text("a,b,c\n" + "\n".join(",".join(f"{x:.6f}" for x in row) for row in rows))
    told = run("fit", file, "-k", "1,2", "--covariance", "full,spherical", "--n-init", 1)
    assert told.status == 0
    marked = "! says nothing of the data (1)" in told.out
    refused = "not fitted (1): the fit ended with a component without extent" in told.out
    assert marked or refused
    assert "Chosen: 2 components, covariance spherical" in told.out


def test_a_chosen_fit_that_the_data_do_not_settle_says_so(run, tmp_path):
    file = tmp_path / "few.csv"
    rows = np.random.default_rng(0).normal(size=(3, 4))
    file.write_text("a,b,c,d\n" + "\n".join(",".join(f"{x:.6f}" for x in row) for row in rows))
    told = run("fit", file, "-k", "1", "--covariance", "full", "--n-init", 1)
    assert told.status == 0
    assert "! component 0 has no more than 4 effective rows" in told.out
