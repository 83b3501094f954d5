"""Panel files as a study would have them, with the real parameters of each panel's links."""

import json

CODES = {"completed": "C1DONE77", "screened_out": "C2SCREEN", "attention": "C3ATTEND"}
PROLIFIC_LINK = (
    "/?PROLIFIC_PID={0}&STUDY_ID=671b8ae84509b9a624b95e13&SESSION_ID=671b8e95b17f88050648883e"
)
PERSON, OTHER = "5e9088a8a4b6ed018b45ba7b", "60fd1c9a1f5e2d7b3c4a5b6c"
SONA_END = (
    "https://school.sona-systems.com/webstudy_credit.aspx?experiment_id=123"
    "&credit_token=4e48f9b638a&survey_code=[survey_code]"
)
CONNECT_END = "https://connect.cloudresearch.com/participant/project/570B52049B/complete"
CONNECT_PART = "https://connect.cloudresearch.com/participant/project/570B52049B/partial"
LINKS = {
    "prolific": PROLIFIC_LINK.format(PERSON),
    "sona": "/?survey_code=48213",
    "connect": "/?participantId=0B1F2C3D4E5F60718293A4B5C6D7E8F9&assignmentId="
    "1A2B3C4D5E6F708192A3B4C5D6E7F809&projectId=570B52049B",
    "mturk": "/?workerId=A1QLW5L3ABCDE&assignmentId=3OHYZ19UG2NAXHXWT8ABCDEFGHIJKL&hitId="
    "3X7837UUADYRI3KZW8ABCDEFGHIJKL",
    "volunteers": "/",
}
WAYS_BACK = {
    "prolific": "https://app.prolific.com/submissions/complete?cc=C1DONE77",
    "sona": SONA_END.replace("[survey_code]", "48213"),
    "connect": CONNECT_END,
    "mturk": None,
    "volunteers": None,
}


def write_panel(file, panel, **tables):
    """Write a panel's file: tables of strings, and lists."""
    lines = [f"panel = {json.dumps(panel)}"]
    for name, value in tables.items():
        if isinstance(value, dict):
            lines += [f"[{name}]", *(f"{key} = {json.dumps(v)}" for key, v in value.items())]
        else:
            lines.insert(1, f"{name} = {json.dumps(value)}")
    file.write_text("\n".join(lines) + "\n")
    return str(file)


def write_usual(folder, panel):
    """Write the file that a study on this panel has."""
    own = {
        "prolific": {"codes": CODES},
        "sona": {"ends": {"completed": SONA_END}},
        "connect": {"ends": {"completed": CONNECT_END, "screened_out": CONNECT_PART}},
    }
    return write_panel(folder / f"{panel}.toml", panel, **own.get(panel, {}))
