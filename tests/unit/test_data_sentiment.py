"""Reviews: word order alone decides in the made ones, the real ones are read safely."""

import io
import tarfile
from collections import Counter

import numpy as np
import pytest

from course_utils import data
from course_utils.errors import CourseError


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch):
    monkeypatch.delenv("COURSE_DATA", raising=False)


# --- order-only reviews ---


@pytest.fixture(scope="module")
def made():
    return data.order_reviews(3000, seed=0)


def test_each_positive_review_has_a_negative_one_with_the_same_bag_of_words(made):
    assert made.labels.tolist() == [1, 0] * 3000
    assert (made.groups[0::2] == made.groups[1::2]).all()
    for positive, negative in zip(made.texts[0::2], made.texts[1::2], strict=True):
        assert positive != negative
        assert Counter(data.tokenize(positive)) == Counter(data.tokenize(negative))


def test_no_review_comes_twice_so_that_order_decides_every_label():
    many = data.order_reviews(20_000)
    assert len(set(many.texts)) == len(many) == 40_000


GOOD = {"good", "great", "lovely", "excellent", "wonderful"}
GOOD |= {"pleasant", "delightful", "superb", "impressive", "brilliant"}
BAD = {"bad", "terrible", "horrible", "poor", "dreadful"}
BAD |= {"unpleasant", "dismal", "awful", "disappointing", "dull"}
ADVERBS = {"really", "truly", "very", "simply"}


def opinions(text):
    """Return the words of a review without adverbs, and the places of its two opinions."""
    words = [word for word in data.tokenize(text) if word not in ADVERBS]
    first, second = (i for i, word in enumerate(words) if word in GOOD | BAD)
    return words, first, second


def test_a_rule_of_order_reads_every_label(made):
    for text, label in zip(made.texts, made.labels, strict=True):
        words, first, second = opinions(text)
        first_is_denied = words[first - 1] in {"not", "it"} or "never" in words[:first]
        meant = words[second if first_is_denied else first]
        assert meant in (GOOD if label else BAD)


def test_which_opinion_comes_first_is_no_help(made):
    starts_good = []
    for text in made.texts:
        words, first, _ = opinions(text)
        starts_good.append(words[first] in GOOD)
    assert 0.47 < np.mean(np.array(starts_good) == made.labels) < 0.53


def test_order_reviews_repeat_with_their_seed(made):
    assert data.order_reviews(3000, seed=0).texts == made.texts
    assert data.order_reviews(3000, seed=1).texts != made.texts
    assert len(data.order_reviews(0)) == 0
    with pytest.raises(ValueError, match="were asked"):
        data.order_reviews(10**9)


def test_reviews_keep_pairs_on_one_side_and_say_which_they_are():
    reviews = data.reviews(n_train=400, n_test=100)
    assert (len(reviews.train), len(reviews.test)) == (400, 100)
    assert not set(reviews.train.groups) & set(reviews.test.groups)
    assert not set(reviews.train.texts) & set(reviews.test.texts)
    assert reviews.test.labels.mean() == 0.5
    assert "order" in reviews.note


def test_reviews_refuse_what_they_cannot_give():
    with pytest.raises(CourseError, match="COURSE_DATA"):
        data.reviews("real")
    with pytest.raises(ValueError, match="'imdb'"):
        data.reviews("imdb")
    with pytest.raises(ValueError, match="even"):
        data.reviews(n_train=3)


# --- real reviews, here six tiny ones written by the test ---

FILES = {
    "train/pos/0_9.txt": "Fine.<br /><br />Très bien!",
    "train/pos/1_8.txt": "Go and see it.",
    "train/neg/0_2.txt": "Dreary.",
    "train/neg/1_1.txt": "I left early.",
    "train/unsup/0_0.txt": "No verdict here.",
    "test/pos/0_10.txt": "A joy.",
    "test/neg/0_3.txt": "No.",
}


def write_folder(root, files=FILES):
    for name, text in files.items():
        path = root / "aclImdb" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def write_archive(root, files, prefix="aclImdb/"):
    path = root / "aclImdb_v1.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(prefix + name)
            content = text.encode("utf-8")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("write", [write_folder, write_archive])
def test_real_reviews_are_read_from_folder_or_archive(tmp_path, write):
    write(tmp_path, FILES)
    before = sorted(tmp_path.rglob("*"))
    real = data.load_imdb(tmp_path)
    assert real.train.texts == ("Dreary.", "I left early.", "Fine.  Très bien!", "Go and see it.")
    assert real.train.labels.tolist() == [0, 0, 1, 1]
    assert real.test.texts == ("No.", "A joy.")
    assert sorted(tmp_path.rglob("*")) == before  # nothing was unpacked


def test_auto_takes_the_real_reviews_where_they_are(tmp_path, monkeypatch):
    write_folder(tmp_path)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    reviews = data.reviews(n_train=2, n_test=100)
    assert "real" in reviews.note
    assert sorted(reviews.train.labels) == [0, 1]
    assert len(reviews.test) == 2  # there are no more
    assert "order" in data.reviews("order", n_train=2, n_test=2).note


def test_auto_makes_reviews_where_the_folder_holds_none(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert data.load_imdb() is None
    assert "order" in data.reviews(n_train=2, n_test=2).note


def test_absent_folder_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="does not exist"):
        data.load_imdb(tmp_path / "nowhere")


def test_incomplete_reviews_are_one_sentence(tmp_path):
    write_folder(tmp_path, {k: v for k, v in FILES.items() if not k.startswith("test/neg")})
    with pytest.raises(CourseError, match="no reviews in test/neg"):
        data.load_imdb(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "noise", "empty"])
def test_damaged_archive_is_one_sentence(tmp_path, damage):
    rng = np.random.default_rng(0)  # incompressible text, so that a cut falls inside a member
    long = {name: "".join(map(chr, rng.integers(97, 123, 5000))) for name in FILES}
    path = write_archive(tmp_path, long)
    whole = path.read_bytes()
    path.write_bytes(
        {"cut": whole[: len(whole) // 2], "noise": b"no archive", "empty": b""}[damage]
    )
    with pytest.raises(CourseError, match="cannot be read"):
        data.load_imdb(tmp_path)


def test_text_in_another_encoding_is_one_sentence(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "aclImdb" / "train" / "pos" / "0_9.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(CourseError, match="cannot be read"):
        data.load_imdb(tmp_path)


def test_links_and_paths_out_of_the_archive_reach_no_file(tmp_path):
    outside = tmp_path / "secret.txt"
    outside.write_text("secret", encoding="utf-8")
    inside = tmp_path / "in"
    inside.mkdir()
    with tarfile.open(inside / "aclImdb_v1.tar.gz", "w:gz") as archive:
        for name, text in FILES.items():
            member = tarfile.TarInfo("aclImdb/" + name)
            member.size = len(text.encode("utf-8"))
            archive.addfile(member, io.BytesIO(text.encode("utf-8")))
        link = tarfile.TarInfo("aclImdb/train/pos/2_9.txt")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        archive.addfile(link)
        climbing = tarfile.TarInfo("../../train/pos/3_9.txt")
        climbing.size = 4
        archive.addfile(climbing, io.BytesIO(b"evil"))
    texts = data.load_imdb(inside).train.texts
    assert "secret" not in texts and "evil" not in texts
    assert len(texts) == 4
    assert sorted(p.name for p in tmp_path.rglob("*")) == sorted(
        ["secret.txt", "in", "aclImdb_v1.tar.gz"]
    )
