"""Parts of pages are drawn once for each study, and each study has its own."""

import re
from dataclasses import replace

from flask import render_template_string

from stimuli_builder.sessions import Group
from study_app.fragments import Example

SOURCE = "{{ picture(study, name, 'Image 1', 'stimulus') }}"


def test_picture_is_drawn_once(app, bundle):
    study = replace(bundle.manifest, media=dict(bundle.manifest.media))
    name = next(iter(study.media))
    with app.test_request_context():
        first = render_template_string(SOURCE, study=study, name=name)
        del study.media[name]
        assert render_template_string(SOURCE, study=study, name=name) == first
    assert f'src="/media/{name}"' in first


def test_another_study_and_another_address_have_pictures_of_their_own(app, bundle):
    study = bundle.manifest
    name = next(iter(study.media))
    wide = replace(study, media=study.media | {name: replace(study.media[name], width_px=99)})
    with app.test_request_context():
        assert 'width="99"' not in render_template_string(SOURCE, study=study, name=name)
        assert 'width="99"' in render_template_string(SOURCE, study=wide, name=name)
    with app.test_request_context(base_url="http://localhost/study"):
        shown = render_template_string(SOURCE, study=study, name=name)
    assert f'src="/study/media/{name}"' in shown


def test_names_of_classes_are_read_as_words(app, bundle):
    study = bundle.manifest
    seen = Example(session=1, image=next(iter(study.media)), prediction="red_fox", groups=())
    source = "{{ reservoir(study, [seen]) }}"
    with app.test_request_context():
        shown = render_template_string(source, study=study, seen=seen)
    assert "red fox" in shown
    assert "red_fox" not in shown


def test_concepts_of_one_colour_have_signs_of_their_own(app, bundle):
    group = Group(title="Concept", color="#0072b2", importance=0.1, crops=(), map=None)
    source = "{{ explanation(study, groups) }}"
    with app.test_request_context():
        shown = render_template_string(source, study=bundle.manifest, groups=(group,) * 25)
    signs = re.findall(r'<svg class="swatch".*?</svg>', shown, re.DOTALL)
    assert len(signs) == 25 and [len(set(signs[i::6])) for i in range(6)] == [5, 4, 4, 4, 4, 4]
