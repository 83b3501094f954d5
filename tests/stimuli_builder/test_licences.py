from stimuli_builder.licences import image_licences


def test_licences_are_read_where_they_are_given(tmp_path):
    assert image_licences(tmp_path) == {}
    (tmp_path / "images.csv").write_text("file,label\na/1.png,a\n")
    assert image_licences(tmp_path) == {}
    (tmp_path / "images.csv").write_text("file,label,licence\na/1.png,a,CC BY 4.0\na/2.png,a,\n")
    assert image_licences(tmp_path) == {"a/1.png": "CC BY 4.0"}
