"""Data files in: what is read, what is left out with a word, what is refused."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mixtura.data.files import read_table
from mixtura.errors import FileFormatError, InputError


def refused(path, *parts, error=InputError, **options):
    with pytest.raises(error) as caught:
        read_table(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    for part in (path.name, *parts):
        assert part in message
    return message


def test_numbers_names_and_what_is_left_out(write):
    table = read_table(
        write("a.csv", "name,x,when,ok,y,nothing\nbo,1,2020-01-01,true,2.5,\nlu,3,2020-01-02,false,1e2,\n")
    )
    assert table.feature_names == ("x", "y")
    assert table.X.dtype == np.float64
    assert table.X.flags.c_contiguous
    assert table.X.tolist() == [[1, 2.5], [3, 100]]
    assert table.left_out == (
        ("name", "text"),
        ("when", "dates or times"),
        ("ok", "true/false"),
        ("nothing", "empty"),
    )
    assert table.has_names
    assert table.n_rows_file == 2
    assert table.row_numbers.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "content", "notes"),
    [
        ("a.csv", "x,y\n1,2.5\n3,4\n", ()),
        ("a.csv", "\ufeffx,y\r\n1,2.5\r\n3,4\r\n", ()),
        ("a.csv", "x,y\n\n1,2.5\n\n3,4", ()),
        ("a.csv", " x , y\n 1, 2.5\n 3 ,4 \n", ()),
        ("a.csv", "x,y\n+1,+2.5\n+3,+4\n", ()),
        ("a.csv", "x;y\n1;2,5\n3;4\n", ("separated by semicolons", "decimal comma")),
        ("a.csv", "x;y\n1;2.5\n3;4\n", ("separated by semicolons",)),
        ("a.csv", 'x,y\n"1","2.5"\n"3","4"\n', ()),
        ("a.tsv", "x\ty\n1\t2.5\n3\t4\n", ()),
        ("a.txt", "x\ty\n1\t2.5\n3\t4\n", ("separated by tabs",)),
        ("a.CSV", "x,y\n1,2.5\n3,4\n", ()),
        ("a.csv", '"",x,y\n"1",1,2.5\n"2",3,4\n', ()),
        ("a.csv", "Unnamed: 0,x,y\n0,1,2.5\n1,3,4\n", ()),
        ("a.jsonl", '{"x": 1, "y": 2.5}\n{"x": 3, "y": 4}\n', ()),
        ("a.csv.gz", gzip.compress(b"x,y\n1,2.5\n3,4\n", mtime=0), ()),
    ],
)
def test_the_same_table_in_many_dialects(write, name, content, notes):
    table = read_table(write(name, content))
    assert table.feature_names == ("x", "y")
    assert table.X.tolist() == [[1, 2.5], [3, 4]]
    assert table.notes == notes


def test_row_numbers_are_left_out_but_can_be_asked_for(write):
    path = write("a.csv", '"",x\n1,5\n2,7\n')
    assert read_table(path).left_out == (("Unnamed: 0", "row numbers"),)
    assert read_table(path, columns=["Unnamed: 0"]).X.tolist() == [[1], [2]]


def test_an_unnamed_column_that_is_no_row_number_stays(write):
    assert read_table(write("a.csv", ",x\n4,5\n2,7\n")).feature_names == ("Unnamed: 0", "x")


def test_columns_come_in_the_order_asked(write):
    table = read_table(write("a.csv", "x,y,z\n1,2,a\n3,4,b\n"), columns=["y", "x"])
    assert table.X.tolist() == [[2, 1], [4, 3]]
    assert table.left_out == ()


def test_a_column_that_is_not_there(write):
    refused(
        write("a.csv", "eruptions,waiting\n1,2\n"),
        "'waitin', perhaps 'waiting' is meant",
        "has eruptions, waiting",
        columns=["waitin"],
    )


def test_a_column_asked_for_that_is_text(write):
    refused(write("a.csv", "x,who\n1,\n2,bo\n"), "'who' holds text", "data row 2 is 'bo'", columns=["who"])


def test_a_column_asked_for_twice(write):
    refused(write("a.csv", "x,y\n1,2\n"), "'x' is named 2 times", columns=["x", "x"])


@pytest.mark.parametrize("hole", ["", "NA", "NaN", "nan", "null", "N/A", " "])
def test_missing_values_stop_with_the_remedy(write, hole):
    path = write("a.csv", f"x,y\n1,2\n3,{hole}\n5,6\n{hole},\n")
    refused(path, "'x' in data row 4", "'y' in data rows 2, 4", "--drop-missing")
    table = read_table(path, drop_missing=True)
    assert table.X.tolist() == [[1, 2], [5, 6]]
    assert table.row_numbers.tolist() == [0, 2]
    assert (table.n_rows_file, table.n_dropped) == (4, 2)


def test_many_missing_values_are_counted(write):
    refused(write("a.csv", "x,y\n" + "1,\n" * 9 + "1,2\n"), "data rows 1, 2, 3, 4, 5, … (9 in all)")


def test_missing_in_every_row(write):
    refused(write("a.csv", "x,y\n1,\n2,\n,3\n"), "every row", "2 of 3 in column 'y'", drop_missing=True)


@pytest.mark.parametrize("value", ["inf", "-inf", "1e400"])
def test_infinities(write, value):
    refused(write("a.csv", f"x,y\n1,2\n3,{value}\n"), "'y'", "infinity", "data row 2", drop_missing=True)


def test_text_among_numbers_is_no_text_column(write):
    path = write("a.csv", "x,y\n1,2\nabc,3\n5,4\n7,8\n")
    refused(path, "'x' holds numbers, but not in data row 2: 'abc'", "--columns")
    assert read_table(path, columns=["y"]).feature_names == ("y",)


def test_a_few_numbers_among_words_are_words(write):
    assert read_table(write("a.csv", "x,y\nflat 1,2\nflat 2,3\n3,4\n")).left_out == (("x", "text"),)


@pytest.mark.parametrize("cells", [("1,5", "2,5"), ("1.234.567", "2.000.000"), ("1'000", "2'000")])
def test_numbers_in_a_foreign_spelling_are_not_words(write, cells):
    path = write("a.csv", f'x,y\n"{cells[0]}",2\n"{cells[1]}",3\n')
    refused(path, "'x' holds numbers, but not in", cells[0])


@pytest.mark.parametrize("value", ["17.03.2020", "10.0.0.1", "2020/03/17", "12:30"])
def test_dates_and_addresses_are_not_numbers(write, value):
    assert read_table(write("a.csv", f"x,y\n{value},2\n{value},3\n")).feature_names == ("y",)


def test_ragged_rows(write):
    path = write("a.csv", "x,y\n1,2\n1,2,3\n")
    refused(path, "line 3 has 3 fields where the first has 2", error=FileFormatError)


def test_no_header(write):
    path = write("a.csv", "1,2\n3,4\n")
    refused(path, "--no-header", "1,2", error=FileFormatError)
    table = read_table(path, header=False)
    assert table.feature_names == ("column_1", "column_2")
    assert table.X.tolist() == [[1, 2], [3, 4]]
    assert table.notes == ("no header",)
    years = read_table(path, header=True)
    assert years.feature_names == ("1", "2")
    assert years.X.tolist() == [[3, 4]]


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.csv", "", "empty"),
        ("a.csv", "\n\n", "empty"),
        ("a.csv", "x,y\n", "no rows"),
        ("a.csv", "x,y", "no rows"),
        ("a.csv", "x,y\na,b\n", "no column of numbers"),
        ("a.csv", "x,x\n1,2\n", "'x' is named 2 times"),
        ("a.csv", "x,y\n1,2\n".encode("utf-16"), "UTF-8"),
        ("a.csv", "größe,y\n1,2\n".encode("latin-1"), "UTF-8"),
        ("a.csv.gz", b"not gzip", "damaged"),
        ("a.csv.gz", gzip.compress(b"x,y\n" + b"1,2\n" * 50_000, mtime=0)[:-40], "damaged"),
        ("a.parquet", b"", "damaged"),
        ("a.parquet", b"x,y\n1,2\n" * 9, "damaged"),
        ("a.jsonl", "", "JSON lines"),
        ("a.jsonl", "[1, 2]\n", "JSON lines"),
        ("a.jsonl", '{"x": 1}\n{"x": "a"}\n', "string"),
        ("a.npy", b"x,y\n1,2\n", "NumPy"),
        ("a.npy", b"", "NumPy"),
        ("a.npz", b"x,y\n1,2\n", "NumPy"),
        ("a.xlsx", b"PK", "CSV"),
        ("a", "x,y\n1,2\n", "CSV"),
    ],
)
def test_files_that_are_not_what_they_say(write, name, content, part):
    refused(write(name, content), part)


def test_a_file_that_is_not_there(tmp_path, write):
    write("faithful.csv", "x\n1\n")
    with pytest.raises(FileNotFoundError, match=r"'faithful\.csv'"):
        read_table(tmp_path / "faithfull.csv")
    with pytest.raises(IsADirectoryError):
        read_table(tmp_path)


def test_a_very_wide_file(write):
    names, row = ",".join(f"gene_number_{j}" for j in range(9000)), ",".join(["1.5"] * 9000)
    assert read_table(write("a.csv", f"{names}\n{row}\n")).X.shape == (1, 9000)
    assert read_table(write("b.csv", f"{row}\n{row}"), header=False).X.shape == (2, 9000)


def test_latin_1_words_do_not_matter(write):
    table = read_table(write("a.csv", "who,x\nJürgen,1\nBärbel,2\n".encode("latin-1")))
    assert table.left_out == (("who", "text"),)


def test_text_after_a_million_rows_is_found(write):
    refused(write("a.csv", "x,y\n" + "1,2\n" * 300_000 + "oops,2\n"), "data row 300001: 'oops'")


def test_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    table = pa.table(
        {
            "id": ["a", "b"],
            "x.y": pa.array([1, None], pa.int16()),
            "z": pa.array([1.5, 2.5], pa.float32()),
            "c": pa.array(["u", "v"]).dictionary_encode(),
            "l": [[1.0], [2.0]],
        }
    )
    pq.write_table(table, path)
    refused(path, "'x.y' in data row 2")
    read = read_table(path, drop_missing=True)
    assert read.feature_names == ("x.y", "z")
    assert read.X.tolist() == [[1, 1.5]]
    assert read.left_out == (("id", "text"), ("c", "categories"), ("l", "nested values"))
    assert read_table(path, columns=["z"]).X.tolist() == [[1.5], [2.5]]
    refused(path, "'id' holds text", columns=["id"])
    refused(path, "'k'", "x.y", columns=["k"])


def test_truncated_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": np.arange(10_000.0)}), path)
    path.write_bytes(path.read_bytes()[:-100])
    refused(path, "damaged", error=FileFormatError)


def test_numpy(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(6, dtype=np.float32).reshape(3, 2))
    table = read_table(tmp_path / "a.npy")
    assert not table.has_names
    assert table.feature_names == ("column_1", "column_2")
    assert table.X.tolist() == [[0, 1], [2, 3], [4, 5]]
    np.save(tmp_path / "b.npy", np.arange(3))
    assert read_table(tmp_path / "b.npy").X.shape == (3, 1)
    np.savez(tmp_path / "c.npz", X=np.eye(2), y=np.zeros(2))
    table = read_table(tmp_path / "c.npz")
    assert table.X.tolist() == np.eye(2).tolist()
    assert table.left_out == (("y", "another array"),)
    np.savez(tmp_path / "d.npz", a=np.eye(2), b=np.zeros(2))
    refused(tmp_path / "d.npz", "arrays a, b")
    np.save(tmp_path / "e.npy", np.zeros((2, 2, 2)))
    refused(tmp_path / "e.npy", "(2, 2, 2)", error=FileFormatError)
    np.save(tmp_path / "f.npy", np.array([{}], dtype=object), allow_pickle=True)
    refused(tmp_path / "f.npy", "NumPy", error=FileFormatError)
